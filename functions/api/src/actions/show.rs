//! Actions, as JSON and as CSV.

use defuse_domain::{AsRead, EffectState, Part, ServiceSource, Stay, TakenBy};
use defuse_flow::{ActionOnAlert, ManagedAlert};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{alerts::alert_json, csv::csv};

/// What a spreadsheet has over its columns
const HEADER: [&str; 16] = [
    "id",
    "at",
    "state",
    "alertId",
    "title",
    "serviceSource",
    "person",
    "rules",
    "kind",
    "from",
    "to",
    "partState",
    "partAt",
    "answer",
    "undoneBy",
    "bulk",
];

pub(super) fn action(shown: &ActionOnAlert) -> Value {
    let (action, alert) = (&shown.action, &shown.alert);
    let (person, playbooks, tuning) = match &action.by {
        TakenBy::Person(actor) => (Some(actor), Vec::new(), Vec::new()),
        TakenBy::Rules { playbooks, tuning } => (
            None,
            playbooks.iter().map(ToString::to_string).collect(),
            tuning.iter().map(ToString::to_string).collect(),
        ),
    };
    let parts: Vec<Value> = action.parts.iter().map(part).collect();
    let undo = match (&action.undone_by, &shown.undo) {
        (Some(by), _) => {
            json!({ "isPossible": false, "why": format!("undone by `{by}`"), "stays": [] })
        }
        (None, Ok(stays)) => json!({ "isPossible": true, "why": null, "stays": listed(stays) }),
        (None, Err(error)) => {
            json!({ "isPossible": false, "why": error.to_string(), "stays": [] })
        }
    };
    json!({
        "id": action.id,
        "at": action.at,
        "state": action.state(),
        "alert": { "id": alert.id, "title": alert.title, "serviceSource": source(shown) },
        "by": { "person": person, "playbooks": playbooks, "tuningRules": tuning },
        "parts": parts,
        "undo": undo,
        "undoes": action.undoes,
        "undoneBy": action.undone_by,
        "bulk": action.bulk,
    })
}

fn part(part: &Part) -> Value {
    let (state, at, answer) = state(&part.state);
    json!({
        "kind": part.kind, "from": part.from, "to": part.to,
        "state": state, "at": at, "answer": answer,
    })
}

fn state(state: &EffectState) -> (&'static str, Option<Timestamp>, Option<&str>) {
    match state {
        EffectState::Outstanding => ("outstanding", None, None),
        EffectState::Done { at, answer } => ("done", Some(*at), Some(answer)),
        EffectState::Overtaken { at } => ("overtaken", Some(*at), None),
        EffectState::Refused { at, answer } => ("refused", Some(*at), Some(answer)),
    }
}

fn source(shown: &ActionOnAlert) -> Option<String> {
    shown.alert.service_source.as_ref().map(|it| match it {
        AsRead::Known(source) => ServiceSource::name(*source).to_owned(),
        AsRead::Other(text) => text.clone(),
    })
}

fn listed(stays: &[Stay]) -> Value {
    stays.iter().map(|it| json!({ "kind": it.kind, "why": it.why })).collect()
}

pub(super) fn undone(stands: &ManagedAlert, stays: &[Stay], was_undone: bool) -> Value {
    json!({ "alert": alert_json(stands), "stays": listed(stays), "wasUndone": was_undone })
}

/// Actions as they were answered, as CSV: a line for each part.
///
/// Why from JSON: a command that asks the API page by page writes the same.
pub fn actions_csv(actions: &[Value], has_header: bool) -> String {
    let rows = actions.iter().flat_map(|action| {
        let parts = action.get("parts").and_then(Value::as_array);
        parts.into_iter().flatten().map(move |part| row(action, part))
    });
    csv(has_header.then_some(HEADER), rows)
}

fn row(action: &Value, part: &Value) -> [String; 16] {
    let rules = ["/by/playbooks", "/by/tuningRules"].into_iter();
    let rules = rules.filter_map(|it| action.pointer(it)?.as_array()).flatten();
    let rules: Vec<&str> = rules.filter_map(Value::as_str).collect();
    [
        text(action, "/id"),
        text(action, "/at"),
        text(action, "/state"),
        text(action, "/alert/id"),
        text(action, "/alert/title"),
        text(action, "/alert/serviceSource"),
        text(action, "/by/person/name"),
        rules.join(" "),
        text(part, "/kind"),
        text(part, "/from"),
        text(part, "/to"),
        text(part, "/state"),
        text(part, "/at"),
        text(part, "/answer"),
        text(action, "/undoneBy"),
        text(action, "/bulk"),
    ]
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}
