//! The shapes of alerts and of what is done to them.

use defuse_domain::{CLASSIFICATIONS, Classification, Severity, Status, TAGS_MAX, Wish};
use serde_json::{Value, json};

use crate::shape::{Shape, list, object, or_null, short, text, time, words};

/// An alert, as it stands
pub(crate) const ALERT: Shape = Shape { name: "Alert", schema: alert };
/// What is to change of an alert
pub(super) const CHANGE: Shape = Shape { name: "AlertChange", schema: change };
/// What is said of an alert
pub(super) const COMMENT: Shape =
    Shape { name: "NewComment", schema: || object(&[("comment", short(1_000))], &[]) };
/// Everything that happened
pub(super) const HISTORY: Shape = Shape { name: "History", schema: history };

/// A determination belongs to its classification
fn classification() -> Value {
    let pairs = CLASSIFICATIONS.into_iter().map(|name| {
        let determinations = words(Classification::determinations_of(name));
        object(&[(name, determinations)], &[])
    });
    json!({ "oneOf": pairs.collect::<Vec<Value>>() })
}

fn alert() -> Value {
    let told = object(
        &[
            ("id", text()),
            ("state", words(["outstanding", "done", "overtaken", "refused"])),
            ("at", or_null(time())),
            ("answer", or_null(text())),
        ],
        &[],
    );
    object(
        &[
            ("id", text()),
            ("version", json!({ "type": "integer" })),
            ("state", words(["pending", "open", "hidden", "resolved"])),
            ("status", or_null(words(Status::ALL.iter().map(|it| it.name())))),
            ("assignedTo", or_null(text())),
            ("classification", or_null(classification())),
            ("tags", list(text())),
            ("decidedBy", or_null(text())),
            ("source", text()),
            ("sourceTold", list(told)),
            ("revision", text()),
            ("title", or_null(text())),
            ("description", or_null(text())),
            ("severity", or_null(words(Severity::ALL.iter().map(|it| it.name())))),
            ("serviceSource", or_null(text())),
            ("productName", or_null(text())),
            ("category", or_null(text())),
            ("incidentId", or_null(text())),
            ("deviceGroups", list(text())),
            ("users", list(text())),
            ("created", or_null(time())),
            ("firstActivity", or_null(time())),
            ("lastActivity", or_null(time())),
            ("url", or_null(text())),
        ],
        &[],
    )
}

fn change() -> Value {
    let [status, assigned_to, classified, tags] = Wish::FIELDS;
    let [add, remove] = Wish::TAGS;
    let tag_list = json!({
        "type": "array", "items": short(64), "minItems": 1, "maxItems": TAGS_MAX,
    });
    let person = json!({
        "type": "string", "maxLength": 113, "pattern": "^[^@\\s]+@[^@\\s]+$",
    });
    object(
        &[],
        &[
            (status, words(Status::ALL.iter().map(|it| it.name()))),
            (assigned_to, or_null(person)),
            (classified, or_null(classification())),
            (tags, object(&[], &[(add, tag_list.clone()), (remove, tag_list)])),
        ],
    )
}

fn history() -> Value {
    let entry = json!({ "type": "object", "minProperties": 1, "maxProperties": 1 });
    object(&[("entries", list(entry))], &[("next", text())])
}
