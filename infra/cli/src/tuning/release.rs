//! `defuse tuning release`: hidden alerts back into the queue, one by one or all of a rule.

use std::io::{self, Write as _};

use defuse_domain::AlertId;
use defuse_flow::{ReleaseError, Releasing};
use defuse_lambda::Chain;
use jiff::Timestamp;
use serde_json::json;

use super::{
    rules::named,
    state::{State, who},
};
use crate::{args::TuningReleaseArguments, failure::Failure, report::shown};

pub(crate) async fn run(arguments: TuningReleaseArguments) -> Result<(), Failure> {
    let by = who(arguments.by.as_ref())?;
    let mut ids = Vec::new();
    for id in &arguments.alert_ids {
        let id = AlertId::parse(id)
            .map_err(|error| Failure::NotFound(format!("no such alert: {error}")))?;
        ids.push(id);
    }
    let rule = arguments.rule.as_deref().map(named).transpose()?;
    let state = State::open(&arguments.state).await?;
    let releasing = Releasing::new(state.store.clone());
    let mut out = io::stdout().lock();
    if let Some(rule) = &rule {
        ids = releasing.hidden_by(rule).await?;
        if ids.is_empty() && !arguments.json {
            writeln!(out, "tuning rule `{rule}` keeps no alert hidden").map_err(Failure::Output)?;
        }
    }
    let (n_alerts, mut n_failed) = (ids.len(), 0_usize);
    for (index, id) in ids.iter().enumerate() {
        let released = releasing.release(id, &by, Timestamp::now()).await;
        let is_released = released.is_ok();
        n_failed += usize::from(!is_released);
        let error = released.err().map(|it| explained(&it));
        let written = if arguments.json {
            let line = json!({ "alert": id, "released": is_released, "error": error });
            writeln!(out, "{line}")
        } else {
            let (number, id) = (index + 1, shown(id.as_str()));
            match error {
                None => writeln!(out, "{number} of {n_alerts}: released {id}"),
                Some(error) => writeln!(out, "{number} of {n_alerts}: {}", shown(&error)),
            }
        };
        written.and_then(|()| out.flush()).map_err(Failure::Output)?;
    }
    if n_failed > 0 {
        let what = format!("{n_failed} of {n_alerts} alerts were not released");
        return Err(Failure::NotFound(what));
    }
    Ok(())
}

fn explained(error: &ReleaseError) -> String {
    Chain(error).to_string()
}
