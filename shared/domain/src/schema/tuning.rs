//! A tuning rule, as JSON Schema.

use serde_json::{Value, json};

use super::{
    condition,
    form::{
        at_least_one, boolean, described, either, list_of, object, optional, positive_duration,
        range, reference, required, short_list_of, text, time, titled, variant, with, word, words,
    },
    names, rule_name,
};
use crate::{
    classification::Classification,
    condition::May,
    playbook::{API_VERSION, DESCRIPTION_LENGTH_MAX},
    source::ServiceSource,
    tuning::{
        ACTIONS, ALERT_TYPES_MAX, ANY, EXDATES_MAX, EXPECTED, ID_LENGTH_MAX, NAME_LENGTH_MAX,
        NAMES_MAX, ORGANISATION, RRULE_LENGTH_MAX, Scope, TIME_ZONE_LENGTH_MAX, TuningRule,
        WINDOWS_MAX, Window,
    },
};

pub(super) fn schema() -> Value {
    let sources = list_of(words(ServiceSource::ALL.iter().map(|it| it.name())));
    let types = short_list_of(text(ID_LENGTH_MAX), ALERT_TYPES_MAX);
    let about_types = "`any`, or detections by `detectorId`; a title names no type.";
    let long = || text(DESCRIPTION_LENGTH_MAX);
    let windows = short_list_of(reference("window"), WINDOWS_MAX);
    let condition = "What must be true: some piece of evidence, up to some severity; unknown is \
        not true.";
    let fields = [
        required(described(word(API_VERSION), "The version of the format.")),
        required(described(word("TuningRule"), "What the document is.")),
        required(described(
            rule_name(),
            "Lower-case letters, digits and hyphens; no two share one.",
        )),
        required(described(long(), "Who answers for it.")),
        required(described(long(), "Why these alerts are expected.")),
        optional(described(text(ID_LENGTH_MAX), "Where that was agreed.")),
        optional(described(reference("boolean"), "Whether it is turned on; it is if not said.")),
        required(described(sources, "Whose alerts it is about.")),
        required(described(either([word(ANY), types]), about_types)),
        required(reference("scope")),
        required(described(reference("condition"), condition)),
        required(reference("action")),
        required(described(reference("time"), "When it ends; a year ahead at the most.")),
        optional(described(windows, "The only times at which it holds; always if not said.")),
    ];
    let about = "Alerts that the organisation expects, and that no person need see.";
    titled(described(object(TuningRule::FIELDS, fields), about), "Tuning rule")
}

pub(super) fn definitions() -> Vec<(String, Value)> {
    let own = [
        ("boolean", boolean()),
        ("positiveDuration", positive_duration()),
        ("time", time()),
        ("range", range()),
        ("names", names()),
        ("scope", scope()),
        ("action", action()),
        ("window", window()),
    ];
    let own = own.into_iter().map(|(name, schema)| (name.to_owned(), schema));
    own.chain(condition::definitions(&[May::AskTheOrganisation])).collect()
}

fn scope() -> Value {
    let list = |about| optional(described(short_list_of(text(NAME_LENGTH_MAX), NAMES_MAX), about));
    let fields = [
        list("By the id of Defender or Entra, or by name."),
        list("By name or id; a device is covered by itself or by its group."),
        list("By id or principal name."),
    ];
    let schema = either([word(ORGANISATION), at_least_one(object(Scope::FIELDS, fields))]);
    let about = "Whom it covers: every device and every user of the alert, where it names any.";
    titled(described(schema, about), "Scope")
}

fn action() -> Value {
    let [hide, resolve] = ACTIONS;
    let pairs = EXPECTED.map(|it| (it, words(Classification::determinations_of(it))));
    let about = "Resolves it at its source, as that.";
    let schema = either([word(hide), variant([(resolve, described(variant(pairs), about))])]);
    let about = "What is done: `hide` leaves it out of the queue, and its source is told nothing.";
    titled(described(schema, about), "Action")
}

fn window() -> Value {
    let like = |pattern: &str, example: &str| json!({ "type": "string", "pattern": pattern, "examples": [example] });
    let rrule = like("^[A-Za-z0-9=;,+-]+$", "FREQ=WEEKLY;BYDAY=SA,SU");
    let rrule = with(rrule, "maxLength", json!(RRULE_LENGTH_MAX));
    let date = "[0-9]{4}-[0-9]{2}-[0-9]{2}";
    let starts =
        like(&format!("^{date}T[0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}})?$"), "2026-01-03T22:00:00");
    let exdates = short_list_of(like(&format!("^{date}$"), "2026-12-26"), EXDATES_MAX);
    let about = "When one begins (RFC 5545): daily, weekly, monthly or yearly.";
    let fields = [
        required(described(rrule, about)),
        required(described(starts, "The first day, and the time of day, where `timeZone` is.")),
        required(described(reference("positiveDuration"), "How long it lasts, up to 31 days.")),
        required(described(text(TIME_ZONE_LENGTH_MAX), "An IANA name such as `Europe/Oslo`.")),
        optional(described(exdates, "Days on which none begins.")),
    ];
    titled(object(Window::FIELDS, fields), "Window")
}
