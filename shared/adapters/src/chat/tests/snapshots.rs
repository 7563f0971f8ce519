//! What people see, whole.

use std::collections::BTreeMap;

use defuse_domain::{Notification, SourceTemplate, Template};
use insta::assert_snapshot;
use serde_json::Value;

use super::{about_a_source, notification};
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

fn event(notification: &Notification) -> String {
    let now = "2026-11-20T10:00:00Z".parse().unwrap();
    let body = webhook::body(notification, now).unwrap();
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
    assert_snapshot!(event(&notification(Template::Resolved)));
}

#[test]
fn a_webhook_is_told_what_needs_eyes() {
    assert_snapshot!(event(&notification(Template::NeedsEyes)));
}

#[test]
fn teams_shows_that_a_source_is_down() {
    assert_snapshot!(shown(&teams::card(&about_a_source(SourceTemplate::Down), false)));
}

#[test]
fn slack_shows_that_a_source_is_down_and_may_be_a_repeat() {
    assert_snapshot!(shown(&slack::message(&about_a_source(SourceTemplate::Down), true)));
}

#[test]
fn teams_shows_that_a_source_works_again() {
    assert_snapshot!(shown(&teams::card(&about_a_source(SourceTemplate::Up), false)));
}

#[test]
fn a_webhook_is_told_that_a_source_is_down() {
    assert_snapshot!(event(&about_a_source(SourceTemplate::Down)));
}
