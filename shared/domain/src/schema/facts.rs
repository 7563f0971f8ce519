//! A file of facts, as JSON Schema.

use serde_json::{Value, json};

use super::{
    form::{
        described, either, map_of, number_between, object, optional, reference, required, text,
        time, titled, with, words,
    },
    given, names, unknown,
};
use crate::{
    alert_id::ALERT_ID_LENGTH_MAX,
    facts_document::{FactsDocument, OPEN_ALERT, OPEN_ALERTS_MAX, SEEN, UserFacts},
    indicator::INDICATOR_LENGTH_MAX,
    severity::Severity,
};

pub(super) fn schema() -> Value {
    let read = "When it was read; the time of deciding where nothing is said.";
    let open_alerts = "Open alerts of every user who has none of their own.";
    let allow_list = json!({ "type": "array", "items": text(INDICATOR_LENGTH_MAX) });
    let fields = [
        optional(described(reference("time"), read)),
        optional(described(map_of(reference("user")), "By id or principal name.")),
        optional(described(reference("openAlerts"), open_alerts)),
        optional(described(given(allow_list), "Our own allow list, by its values.")),
    ];
    let about = "What a directory would answer; what is absent is unknown.";
    titled(described(object(FactsDocument::FIELDS, fields), about), "Facts")
}

pub(super) fn definitions() -> Vec<(String, Value)> {
    let own = [
        ("user", either([user(), reference("unknown")])),
        ("seen", seen()),
        ("openAlerts", open_alerts()),
        ("openAlert", open_alert()),
        ("names", names()),
        ("time", time()),
        ("unknown", unknown()),
    ];
    own.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

fn user() -> Value {
    // Graph's own answers are read as leniently here as from Graph itself.
    let as_graph = |about| optional(described(json!({}), about));
    let fields = [
        as_graph("As Graph gives it, or unknown: `status`, `scheduledStartDateTime`, …"),
        optional(reference("seen")),
        as_graph("As Graph gives it, or unknown: `riskLevel`, `riskState`, …"),
        as_graph("As Graph gives it, or unknown: a list of `id` and `displayName`."),
        optional(described(given(reference("names")), "Our own tags.")),
        optional(described(reference("openAlerts"), "Other alerts of the user that are open.")),
    ];
    titled(object(UserFacts::FIELDS, fields), "Facts of one user")
}

fn seen() -> Value {
    let since = "The first time they were seen as they are.";
    let other = "The last time they were seen otherwise.";
    let fields = [
        required(described(reference("time"), since)),
        optional(described(reference("time"), other)),
    ];
    let about = "Since when the automatic replies are seen as they are.";
    titled(described(object(SEEN, fields), about), "Automatic replies seen")
}

fn open_alerts() -> Value {
    let about = "How many, each of medium severity and created now.";
    let count = described(number_between(0, OPEN_ALERTS_MAX), about);
    let list = json!({ "type": "array", "items": reference("openAlert") });
    titled(given(either([count, list])), "Open alerts")
}

fn open_alert() -> Value {
    // The byte order mark is white space to a pattern and a character to the reader.
    let id = with(text(ALERT_ID_LENGTH_MAX), "pattern", json!(r"^[\S\uFEFF]+$"));
    let fields = [
        optional(described(id, "The alert's id.")),
        optional(words(Severity::ALL.iter().map(|it| it.name()))),
        optional(described(reference("time"), "When the source created it; now if absent.")),
    ];
    titled(object(OPEN_ALERT, fields), "Open alert")
}
