//! `defuse history`: whether what was kept of alerts still is what it was, over the API.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::{
    api::Api,
    args::{HistoryArguments, HistoryCommand},
    failure::Failure,
};

/// What was found so far
#[derive(Default)]
struct Found {
    alerts: u64,
    entries: u64,
    broken: Vec<Value>,
}

/// `defuse history verify`: fails where an entry is missing or was changed
pub(crate) async fn run(arguments: HistoryArguments) -> Result<(), Failure> {
    let api = Api::at(&arguments.api)?;
    let HistoryCommand::Verify { alert_id } = &arguments.command;
    let mut found = Found::default();
    match alert_id {
        Some(id) => {
            let path = ["alerts", id, "history", "check"];
            found.add(&api.ask("GET", &path, None, None).await?);
        }
        None => every(&api, &mut found).await?,
    }
    let mut out = io::stdout().lock();
    let (alerts, entries) = (found.alerts, found.entries);
    if arguments.api.json {
        let answer = json!({
            "alerts": alerts, "entries": entries,
            "isWhole": found.broken.is_empty(), "broken": found.broken,
        });
        writeln!(out, "{answer}").map_err(Failure::Output)?;
    }
    if !found.broken.is_empty() {
        let lines: Vec<String> = found.broken.iter().map(told).collect();
        return Err(Failure::NotFound(lines.join("\n")));
    }
    if !arguments.api.json {
        writeln!(out, "{alerts} alerts, {entries} entries, none missing and none changed")
            .map_err(Failure::Output)?;
    }
    Ok(())
}

/// Looks at every alert, page by page
async fn every(api: &Api, found: &mut Found) -> Result<(), Failure> {
    let mut after: Option<String> = None;
    loop {
        let query: Vec<(&str, &str)> = after.iter().map(|it| ("after", it.as_str())).collect();
        let page = api.list(&["history", "check"], &query).await?;
        found.add(&page);
        let next = page.get("next").and_then(Value::as_str).map(str::to_owned);
        if next.is_none() || next == after {
            return Ok(());
        }
        eprint_progress(found)?;
        after = next;
    }
}

/// Long work says how far it is, where nobody reads it for an answer
fn eprint_progress(found: &Found) -> Result<(), Failure> {
    let (alerts, entries) = (found.alerts, found.entries);
    writeln!(io::stderr(), "  {alerts} alerts, {entries} entries").map_err(Failure::Output)
}

impl Found {
    fn add(&mut self, page: &Value) {
        let count = |name: &str| page.get(name).and_then(Value::as_u64).unwrap_or_default();
        self.alerts = self.alerts.saturating_add(count("alerts"));
        self.entries = self.entries.saturating_add(count("entries"));
        let broken = page.get("broken").and_then(Value::as_array);
        self.broken.extend(broken.into_iter().flatten().cloned());
    }
}

fn told(broken: &Value) -> String {
    let text = |name: &str| broken.get(name).and_then(Value::as_str).unwrap_or("-");
    let is_changed = broken.get("isChanged").and_then(Value::as_bool) == Some(true);
    let what = if is_changed { "was changed" } else { "is missing" };
    format!("{} of alert {} {what}", text("entry"), text("alertId"))
}
