//! The same change of several alerts, over the API, with a result for each.

use std::io::{self, BufRead as _, Write};

use serde_json::{Value, json};

use crate::{
    api::Api,
    args::{ApiArguments, ChosenAlerts},
    failure::Failure,
};

/// How many alerts one request may change
const ALERTS_MAX: usize = 100;
/// What stands for ids on standard input
const STANDARD_INPUT: &str = "-";

impl ChosenAlerts {
    /// The one alert, if it is one
    pub(crate) fn only(&self) -> Option<&str> {
        (self.also.is_empty() && self.alert_id != STANDARD_INPUT).then_some(&self.alert_id)
    }

    fn ids(&self) -> Result<Vec<String>, Failure> {
        let mut ids = Vec::new();
        for id in std::iter::once(&self.alert_id).chain(&self.also) {
            if id == STANDARD_INPUT {
                for line in io::stdin().lock().lines() {
                    let line = line.map_err(|error| Failure::Input(vec![error.to_string()]))?;
                    ids.extend(Some(line.trim().to_owned()).filter(|it| !it.is_empty()));
                }
            } else {
                ids.push(id.clone());
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        ids.retain(|it| seen.insert(it.clone()));
        if ids.is_empty() {
            return Err(Failure::Input(vec!["no alert is named on standard input".to_owned()]));
        }
        Ok(ids)
    }
}

/// Changes each alert as it stands now; fails where one was not changed
pub(crate) async fn change(
    api: &Api,
    arguments: &ApiArguments,
    alerts: &ChosenAlerts,
    what: &Value,
) -> Result<(), Failure> {
    let (mut n_all, mut n_done) = (0, 0);
    for ids in alerts.ids()?.chunks(ALERTS_MAX) {
        let (mut named, mut missing) = (Vec::new(), Vec::new());
        for id in ids {
            match api.ask("GET", &["alerts", id], None, None).await {
                Ok(alert) => named.push(json!({ "id": id, "version": alert.get("version") })),
                Err(Failure::Refused { status: 404, .. }) => {
                    missing.push(json!({ "id": id, "result": "notFound" }));
                }
                Err(failure) => return Err(failure),
            }
        }
        let mut answer = json!({});
        if !named.is_empty() {
            let mut body = what.clone();
            if let Some(object) = body.as_object_mut() {
                object.insert("alerts".to_owned(), Value::Array(named));
            }
            answer = api.ask("POST", &["alerts", "bulk"], None, Some(&body)).await?;
        }
        if let Some(object) = answer.as_object_mut() {
            let results = object.entry("results").or_insert_with(|| json!([]));
            if let Some(results) = results.as_array_mut() {
                results.extend(missing);
            }
        }
        n_all += ids.len();
        n_done += write(arguments, &answer)?.0;
    }
    all_done(n_all, n_done)
}

/// Undoes such a change
pub(crate) async fn undo(api: &Api, arguments: &ApiArguments, id: &str) -> Result<(), Failure> {
    let answer = api.ask("POST", &["bulk", id, "undo"], None, None).await?;
    let (n_done, n_all) = write(arguments, &answer)?;
    all_done(n_all, n_done)
}

fn all_done(n_all: usize, n_done: usize) -> Result<(), Failure> {
    let left = n_all.saturating_sub(n_done);
    let said = || Failure::NotFound(format!("{left} of {n_all} alerts were not changed"));
    (left == 0).then_some(()).ok_or_else(said)
}

/// Writes the results; of how many it was done, and how many there are
fn write(arguments: &ApiArguments, answer: &Value) -> Result<(usize, usize), Failure> {
    let mut out = io::stdout().lock();
    let text = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).map(str::to_owned);
    let results = answer.get("results").and_then(Value::as_array).cloned().unwrap_or_default();
    let is_done = |it: &&Value| text(it, "result").as_deref() == Some("done");
    let counts = (results.iter().filter(is_done).count(), results.len());
    if arguments.json {
        writeln!(out, "{answer}").map_err(Failure::Output)?;
        return Ok(counts);
    }
    for it in &results {
        let [id, result] = ["id", "result"].map(|name| text(it, name).unwrap_or_default());
        let detail = text(it, "detail").map(|it| format!("  {it}")).unwrap_or_default();
        writeln!(out, "{id}  {result}{detail}").map_err(Failure::Output)?;
    }
    if let (Some(id), Some(until)) = (text(answer, "bulkId"), text(answer, "undoUntil")) {
        writeln!(out, "until {until}: defuse alerts undo-bulk {id}").map_err(Failure::Output)?;
    }
    Ok(counts)
}
