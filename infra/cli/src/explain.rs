//! `defuse explain`: the trace of the last run, from a running host or from what it stored.

use std::{
    fs,
    io::{self, Write as _},
    net::SocketAddr,
    path::Path,
    sync::Arc,
};

use defuse_adapters::DynamoDbStore;
use defuse_domain::{Alert, AlertId, Entry, Run, history};
use defuse_flow::{AlertHistory, HistoryStore as _, RunStore as _, StoreError};
use defuse_lambda::{AwsCredentials, Config, Environment, SharedLookup, Wiring};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    args::ExplainArguments,
    failure::Failure,
    host::{self, Folder},
    report,
};

/// The file that says where the host of a folder listens
const ANNOUNCEMENT: &str = "host.json";

#[derive(Debug, Deserialize, Serialize)]
struct Announcement {
    address: SocketAddr,
}

/// An alert, the run that decided it last, and everything that happened to it
pub(crate) struct LastRun {
    pub(crate) alert: Alert,
    pub(crate) run: Option<Run>,
    history: Vec<Entry>,
}

impl LastRun {
    pub(crate) fn to_json(&self) -> Value {
        json!({ "raw": self.alert.raw, "run": self.run, "history": self.history })
    }

    fn from_json(value: &Value) -> Option<Self> {
        let alert = Alert::read(value.get("raw")?.as_str()?).ok()?;
        let run = serde_json::from_value(value.get("run")?.clone()).ok()?;
        let history = serde_json::from_value(value.get("history")?.clone()).ok()?;
        Some(Self { alert, run, history })
    }
}

/// Says where this folder's host listens
pub(crate) fn announce(data: &Path, address: SocketAddr) -> Result<(), Failure> {
    let path = data.join(ANNOUNCEMENT);
    let text = json!(Announcement { address }).to_string();
    fs::write(&path, text).map_err(|source| Failure::File { path, source })
}

/// Where this folder's host listens, or did
pub(crate) fn announced(data: &Path) -> Option<SocketAddr> {
    let text = fs::read_to_string(data.join(ANNOUNCEMENT)).ok()?;
    let Announcement { address } = serde_json::from_str(&text).ok()?;
    Some(address)
}

/// The alert of that id with its last run
pub(crate) async fn last_run(
    store: &DynamoDbStore,
    id: &AlertId,
) -> Result<Option<LastRun>, StoreError> {
    let Some(stored) = store.load(id).await? else {
        return Ok(None);
    };
    let run = match &stored.last_run {
        Some(key) => store.run(key).await?,
        None => None,
    };
    let AlertHistory { revisions, runs, effects } = store.history(id).await?.unwrap_or_default();
    Ok(Some(LastRun { alert: stored.alert, run, history: history(&revisions, &runs, &effects) }))
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

/// What a running host says; `None` where none runs
async fn ask_host(data: &Path, id: &AlertId) -> Option<Option<LastRun>> {
    // Why: whoever listens there now may be somebody else.
    let address = Folder::is_taken(data).then(|| announced(data)).flatten()?;
    let mut url = url::Url::parse(&format!("http://{address}/runs")).ok()?;
    url.path_segments_mut().ok()?.push(id.as_str());
    let http = defuse_adapters::Http::new(
        defuse_adapters::Reach::Anywhere,
        std::time::Duration::from_secs(5),
    )
    .ok()?;
    let request = lambda_http::http::Request::get(url.as_str()).body(Vec::new()).ok()?;
    let answer = http.send(request).await.ok()?;
    match answer.status {
        200 => Some(LastRun::from_json(&serde_json::from_slice(&answer.body).ok()?)),
        404 => Some(None),
        _ => None,
    }
}

/// What is in the folder of a host that does not run
async fn ask_store(data: &Path, id: &AlertId) -> Result<Option<LastRun>, Failure> {
    let database = host::open(data).await?;
    let lookup: SharedLookup = Arc::new(|_: &str| None);
    let environment = Environment {
        dynamodb_endpoint: Some(database.endpoint.clone()),
        credentials: Some(AwsCredentials {
            access_key_id: "embedded".to_owned(),
            secret_access_key: "embedded".to_owned(),
            session_token: None,
        }),
        ..Environment::read(&*lookup)
    };
    let wiring = Wiring::of(environment, Config::default(), lookup);
    Ok(last_run(&wiring.store(), id).await?)
}
