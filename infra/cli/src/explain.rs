//! `defuse explain`: the trace of the last run, from a running host or from what it stored.

use std::{
    io::{self, Write as _},
    path::Path,
};

use defuse_adapters::DynamoDbStore;
use defuse_domain::{Alert, AlertId, Entry, Run, history};
use defuse_flow::{
    AlertHistory, HistoryStore as _, LeftOutNote, LeftOutReport as _, RunStore as _, StoreError,
};
use serde_json::{Value, json};

use crate::{args::ExplainArguments, failure::Failure, host, report};

/// An alert, the run that decided it last, and everything that happened to it
pub(crate) struct LastRun {
    pub(crate) alert: Alert,
    pub(crate) run: Option<Run>,
    history: Vec<Entry>,
}

/// What there is under an id
pub(crate) enum Found {
    Alert(Box<LastRun>),
    /// It is no alert of ours, since the settings leave it out
    LeftOut(LeftOutNote),
}

impl Found {
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Alert(found) => found.to_json(),
            Self::LeftOut(note) => json!({ "leftOut": note }),
        }
    }

    fn from_json(value: &Value) -> Option<Self> {
        match value.get("leftOut") {
            Some(note) => serde_json::from_value(note.clone()).ok().map(Self::LeftOut),
            None => LastRun::from_json(value).map(|it| Self::Alert(Box::new(it))),
        }
    }
}

impl LastRun {
    fn to_json(&self) -> Value {
        json!({ "raw": self.alert.raw, "run": self.run, "history": self.history })
    }

    fn from_json(value: &Value) -> Option<Self> {
        let alert = Alert::read(value.get("raw")?.as_str()?).ok()?;
        let run = serde_json::from_value(value.get("run")?.clone()).ok()?;
        let history = serde_json::from_value(value.get("history")?.clone()).ok()?;
        Some(Self { alert, run, history })
    }
}

/// The alert of that id with its last run
pub(crate) async fn found(
    store: &DynamoDbStore,
    id: &AlertId,
) -> Result<Option<Found>, StoreError> {
    let Some(stored) = store.load(id).await? else {
        return Ok(store.left_out(id).await?.map(Found::LeftOut));
    };
    let run = match &stored.last_run {
        Some(key) => store.run(key).await?,
        None => None,
    };
    let AlertHistory { revisions, runs, effects, released } =
        store.history(id).await?.unwrap_or_default();
    let history = history(&revisions, &runs, &effects, released.as_ref());
    Ok(Some(Found::Alert(Box::new(LastRun { alert: stored.alert, run, history }))))
}

pub(crate) async fn run(arguments: ExplainArguments) -> Result<(), Failure> {
    let id = AlertId::parse(&arguments.alert_id)
        .map_err(|error| Failure::NotFound(format!("no such alert: {error}")))?;
    let found = match ask_host(&arguments.data, &id).await {
        Some(found) => found,
        None if host::has_state(&arguments.data) => ask_store(&arguments.data, &id).await?,
        None => {
            let data = arguments.data.display();
            return Err(Failure::NotFound(format!("there is no state in {data}; give --data")));
        }
    };
    let Some(found) = found else {
        return Err(Failure::NotFound(format!("there is no alert `{id}`")));
    };
    let mut out = io::stdout().lock();
    let found = match found {
        Found::Alert(found) => found,
        Found::LeftOut(note) => {
            return write_left_out(&mut out, &id, &note, arguments.json).map_err(Failure::Output);
        }
    };
    let written = match (&found.run, arguments.json) {
        (Some(run), true) => {
            let mut object = report::as_json(&found.alert, &run.decision);
            if let Some(object) = object.as_object_mut() {
                object.insert("decided".to_owned(), json!(run.decided));
                object.insert("bundle".to_owned(), json!(run.bundle));
                object.insert("facts".to_owned(), json!(run.facts));
                object.insert("history".to_owned(), json!(found.history));
            }
            writeln!(out, "{object}")
        }
        (Some(run), false) => report::write_summary(&mut out, &found.alert, &run.decision)
            .and_then(|()| write_when(&mut out, run))
            .and_then(|()| report::write_trace(&mut out, &run.decision))
            .and_then(|()| report::write_history(&mut out, &found.history)),
        (None, true) => {
            let history = &found.history;
            writeln!(out, "{}", json!({ "alert": id, "outcome": "pending", "history": history }))
        }
        (None, false) => writeln!(out, "{id} is stored and not yet decided")
            .and_then(|()| report::write_history(&mut out, &found.history)),
    };
    written.map_err(Failure::Output)
}

/// When it was decided, and by which bundle, where that has a name
fn write_when(out: &mut impl io::Write, run: &Run) -> io::Result<()> {
    let by =
        if run.bundle.is_empty() { String::new() } else { format!(" by bundle {}", run.bundle) };
    writeln!(out, "  decided {}{by}", run.decided)
}

/// That an alert was left out, and by what
fn write_left_out(
    out: &mut impl io::Write,
    id: &AlertId,
    note: &LeftOutNote,
    as_json: bool,
) -> io::Result<()> {
    if as_json {
        return writeln!(out, "{}", json!({ "alert": id, "outcome": "leftOut", "leftOut": note }));
    }
    let LeftOutNote { at, severity, .. } = note;
    writeln!(out, "{id} is left out by the service settings: its severity is {severity}")?;
    writeln!(out, "  noted {at}; see `services` in settings.yaml")
}

/// What a running host says; `None` where none runs
async fn ask_host(data: &Path, id: &AlertId) -> Option<Option<Found>> {
    let (status, body) = host::ask(data, &["runs", id.as_str()]).await?;
    match status {
        200 => Some(Found::from_json(&serde_json::from_slice(&body).ok()?)),
        404 => Some(None),
        _ => None,
    }
}

/// What is in the folder of a host that does not run
async fn ask_store(data: &Path, id: &AlertId) -> Result<Option<Found>, Failure> {
    let (store, _database) = host::store(data).await?;
    Ok(found(&store, id).await?)
}
