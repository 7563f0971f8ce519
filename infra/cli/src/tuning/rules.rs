//! `defuse tuning save`, `on`, `off` and `delete`: what people change about tuning rules.

use std::{
    fs,
    io::{self, Write as _},
};

use defuse_adapters::DynamoDbStore;
use defuse_domain::TuningRuleName;
use defuse_flow::{Draft, MatchReport as _, Releasing, Tuned, Tuning, TuningError};
use jiff::Timestamp;

use super::state::{State, who};
use crate::{
    args::{TuningChangeArguments, TuningSaveArguments},
    failure::Failure,
};

/// How many alerts of a rule are looked at to see whether they are hidden
const LOOKED_AT_MAX: usize = 500;

pub(crate) async fn save(arguments: TuningSaveArguments) -> Result<(), Failure> {
    let by = who(arguments.by.as_ref())?;
    let path = &arguments.file;
    let text =
        fs::read_to_string(path).map_err(|source| Failure::File { path: path.clone(), source })?;
    let state = State::open(&arguments.state).await?;
    let tuning = Tuning::new(state.store.clone(), state.ranges()?);
    let (file, now) = (path.display().to_string(), Timestamp::now());
    let saved = tuning
        .save(Draft { file: &file, text: &text, read: arguments.version }, &by, now)
        .await
        .map_err(said)?;
    tell(&state.store, &saved, "saved").await
}

pub(crate) async fn turn_on(arguments: TuningChangeArguments) -> Result<(), Failure> {
    let (state, name, by) = prepared(&arguments).await?;
    let tuning = Tuning::new(state.store.clone(), state.ranges()?);
    let on = tuning.turn_on(&name, &by, Timestamp::now()).await.map_err(said)?;
    tell(&state.store, &on, "turned on").await
}

pub(crate) async fn turn_off(arguments: TuningChangeArguments) -> Result<(), Failure> {
    let (state, name, by) = prepared(&arguments).await?;
    let tuning = Tuning::new(state.store.clone(), Vec::new());
    let off = tuning.turn_off(&name, &by, Timestamp::now()).await.map_err(said)?;
    tell(&state.store, &off, "turned off").await
}

pub(crate) async fn delete(arguments: TuningChangeArguments) -> Result<(), Failure> {
    let (state, name, by) = prepared(&arguments).await?;
    let tuning = Tuning::new(state.store.clone(), Vec::new());
    let deleted = tuning.delete(&name, &by, Timestamp::now()).await.map_err(said)?;
    tell(&state.store, &deleted, "deleted").await
}

async fn prepared(
    arguments: &TuningChangeArguments,
) -> Result<(State, TuningRuleName, String), Failure> {
    let by = who(arguments.by.as_ref())?;
    let name = named(&arguments.name)?;
    Ok((State::open(&arguments.state).await?, name, by))
}

/// The name of a rule, if it can be one
pub(super) fn named(text: &str) -> Result<TuningRuleName, Failure> {
    TuningRuleName::parse(text).ok_or_else(|| {
        let help = "use lower-case letters, digits and hyphens: `backup-agent`";
        Failure::NotFound(format!("`{}` is no name of a rule; {help}", crate::report::shown(text)))
    })
}

/// Says what was done, and offers what the rule still keeps hidden
async fn tell(store: &DynamoDbStore, tuned: &Tuned, done: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let rule = match tuned {
        Tuned::Already(rule) => {
            let (name, version) = (&rule.name, rule.version);
            return writeln!(out, "tuning rule `{name}` is so already, version {version}")
                .map_err(Failure::Output);
        }
        Tuned::Changed(rule) => rule,
    };
    let name = &rule.name;
    writeln!(out, "{done} tuning rule `{name}`, version {}", rule.version)
        .map_err(Failure::Output)?;
    let holds = rule.is_on && !rule.is_deleted;
    let line = match (rule.is_deleted, rule.is_on) {
        (true, _) => "it holds nothing any more; its history stays".to_owned(),
        (false, true) => format!("it acts on alerts that come from {} on", rule.since),
        (false, false) => format!("it is turned off: `defuse tuning on {name}`"),
    };
    writeln!(out, "  {line}").map_err(Failure::Output)?;
    // Of a rule that is new there can be none.
    if holds && rule.version == 1 {
        return Ok(());
    }
    let Some(hidden) = still_hidden(store, name).await? else { return Ok(()) };
    let how = format!("`defuse tuning release --rule {name}`");
    writeln!(out, "  {hidden} that it hid are still hidden; to see them again: {how}")
        .map_err(Failure::Output)
}

/// How many alerts the rule still keeps hidden, in words; they are looked at where that is soon done
async fn still_hidden(
    store: &DynamoDbStore,
    name: &TuningRuleName,
) -> Result<Option<String>, Failure> {
    let n_matched = store.matched_alerts(name).await?.len();
    if n_matched > LOOKED_AT_MAX {
        return Ok(Some(format!("up to {n_matched} alerts")));
    }
    let n_hidden = Releasing::new(store.clone()).hidden_by(name).await?.len();
    Ok((n_hidden > 0).then(|| format!("{n_hidden} alerts")))
}

fn said(error: TuningError) -> Failure {
    match error {
        TuningError::Mistakes(mistakes) => Failure::Documents(mistakes),
        TuningError::Store(error) => error.into(),
        TuningError::Overtaken { ref name, version, .. } => {
            let help = format!("see `defuse tuning show {name}`, and give --version {version}");
            Failure::NotFound(format!("{error}\n  help: {help}"))
        }
        other @ (TuningError::IsDeployed(_)
        | TuningError::Missing(_)
        | TuningError::OffInText(_)) => Failure::NotFound(other.to_string()),
    }
}
