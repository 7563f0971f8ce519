//! What people see, whole.

use std::collections::BTreeMap;

use defuse_domain::Template;
use insta::assert_snapshot;
use serde_json::Value;

use super::notification;
use crate::chat::{slack, teams, text::PART, webhook};

/// Keys in order, whatever features of `serde_json` other crates ask for; hair spaces show
fn shown(value: &Value) -> String {
    serde_json::to_string_pretty(&sorted(value)).unwrap().replace(PART, "␣")
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(values) => values.iter().map(sorted).collect(),
        Value::Object(values) => {
            let values: BTreeMap<_, _> = values.iter().collect();
            values.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn event(template: Template) -> String {
    let now = "2026-11-20T10:00:00Z".parse().unwrap();
    let body = webhook::body(&notification(template), now).unwrap();
    shown(&serde_json::from_slice(&body).unwrap())
}

#[test]
fn teams_shows_what_was_resolved() {
    assert_snapshot!(shown(&teams::card(&notification(Template::Resolved), false)));
}

#[test]
fn teams_shows_what_needs_eyes_and_may_be_a_repeat() {
    assert_snapshot!(shown(&teams::card(&notification(Template::NeedsEyes), true)));
}

#[test]
fn slack_shows_what_was_resolved() {
    assert_snapshot!(shown(&slack::message(&notification(Template::Resolved), false)));
}

#[test]
fn slack_shows_what_needs_eyes_and_may_be_a_repeat() {
    assert_snapshot!(shown(&slack::message(&notification(Template::NeedsEyes), true)));
}

#[test]
fn a_webhook_is_told_what_was_resolved() {
    assert_snapshot!(event(Template::Resolved));
}

#[test]
fn a_webhook_is_told_what_needs_eyes() {
    assert_snapshot!(event(Template::NeedsEyes));
}
