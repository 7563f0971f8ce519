//! Tuning rules and what is said of them, as they are sent and answered.

use defuse_domain::{ServiceSource, tuning_rule_schema};
use serde_json::{Map, Value, json};

use crate::shape::{Shape, list, object, or_null, text, time, words};

/// How a rule may stand
pub(super) const STATES: [&str; 4] = ["on", "off", "expired", "unreadable"];
/// Where a rule may be from
pub(super) const PLACES: [&str; 2] = ["saved", "deployed"];

/// A word that is true or false
pub(super) const FLAG: Shape = Shape { name: "Flag", schema: flag };
/// A rule as its author writes it
pub(super) const DOCUMENT: Shape = Shape { name: DOCUMENT_NAME, schema: document };
/// Rules, a page of them
pub(super) const RULES: Shape = Shape {
    name: "TuningRules",
    schema: || object(&[("rules", list(object(&summary(), &[])))], &[("next", text())]),
};
/// A rule with everything that is told of it
pub(super) const RULE: Shape = Shape { name: "TuningRule", schema: rule };
/// That a rule is deleted
pub(super) const DELETED: Shape = Shape {
    name: "DeletedTuningRule",
    schema: || object(&[("name", text()), ("released", or_null(released()))], &[]),
};
/// What was taken out again
pub(super) const RELEASED: Shape = Shape { name: "ReleasedAlerts", schema: released };
/// Why a rule holds
pub(super) const WHY: Shape = Shape {
    name: "TuningRuleWhy",
    schema: || {
        let answer = words(["true", "false", "unknown"]);
        let (alert, missing) = (text(), or_null(text()));
        let trace = json!({ "type": "object" });
        object(&[("alert", alert), ("answer", answer), ("missing", missing), ("trace", trace)], &[])
    },
};
/// Whether a rule could be saved
pub(super) const CHECKED: Shape = Shape { name: "CheckedTuningRule", schema: checked };
/// What a rule would have done
pub(super) const PREVIEW: Shape = Shape { name: "TuningRulePreview", schema: preview };
/// A rule that was filled in from an alert
pub(super) const FILLED: Shape = Shape {
    name: "FilledTuningRule",
    schema: || {
        let rule = json!({ "type": "object" });
        object(&[("rule", rule), ("text", text()), ("leftToWrite", list(text()))], &[])
    },
};

const DOCUMENT_NAME: &str = "TuningRuleDocument";

fn flag() -> Value {
    words(["true", "false"])
}

pub(super) fn service_source() -> Value {
    words(ServiceSource::ALL.iter().map(|it| it.name()))
}

fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn counts() -> Value {
    json!({ "type": "object", "additionalProperties": count() })
}

/// `hide`, or `{ resolve: … }`
fn action() -> Value {
    json!({ "anyOf": [text(), { "type": "object" }] })
}

/// The schema that editors have, with the places of its parts as this document has them
fn document() -> Value {
    let mut schema = tuning_rule_schema();
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("$schema");
        schema.remove("$id");
    }
    moved(schema)
}

fn moved(schema: Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let moved: Map<String, Value> =
                fields.into_iter().map(|(name, it)| moved_field(name, it)).collect();
            Value::Object(moved)
        }
        Value::Array(items) => items.into_iter().map(moved).collect(),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
    }
}

fn moved_field(name: String, value: Value) -> (String, Value) {
    let place = value.as_str().and_then(|it| it.strip_prefix("#/$defs/"));
    let value = match place {
        Some(place) if name == "$ref" => {
            Value::from(format!("#/components/schemas/{DOCUMENT_NAME}/$defs/{place}"))
        }
        Some(_) | None => moved(value),
    };
    (name, value)
}

fn summary() -> Vec<(&'static str, Value)> {
    vec![
        ("name", text()),
        ("state", words(STATES.into_iter().chain(["deleted"]))),
        ("action", or_null(action())),
        ("scope", or_null(text())),
        ("serviceSources", list(service_source())),
        ("owner", or_null(text())),
        ("expires", or_null(time())),
        ("since", or_null(time())),
        ("matches", or_null(count())),
        ("lastMatch", or_null(time())),
        ("from", words(PLACES)),
        ("version", or_null(count())),
    ]
}

fn window() -> Value {
    object(&[("from", text()), ("to", text())], &[])
}

fn rule() -> Value {
    let change = object(
        &[
            ("version", count()),
            ("what", words(["saved", "turnedOn", "turnedOff", "deleted"])),
            ("by", text()),
            ("at", time()),
            ("text", or_null(text())),
        ],
        &[],
    );
    let mut fields = summary();
    fields.extend([
        ("reason", or_null(text())),
        ("ticket", or_null(text())),
        ("changedBy", or_null(text())),
        ("changed", or_null(time())),
        ("nextWindows", list(window())),
        ("perDay", or_null(counts())),
        ("history", list(change)),
        ("text", text()),
        ("rule", json!({})),
    ]);
    object(&fields, &[])
}

fn released() -> Value {
    object(&[("released", list(text())), ("failed", list(text()))], &[("next", text())])
}

fn checked() -> Value {
    let outlook = object(
        &[
            ("rule", text()),
            ("version", text()),
            ("action", action()),
            ("enabled", json!({ "type": "boolean" })),
            ("expires", time()),
            ("inForce", json!({ "type": "boolean" })),
            ("nextWindows", list(window())),
        ],
        &[],
    );
    let demands = object(
        &[
            ("administrator", json!({ "type": "boolean" })),
            ("serviceSources", list(service_source())),
            ("deviceGroups", or_null(list(text()))),
        ],
        &[],
    );
    object(
        &[
            ("rule", outlook),
            ("demands", demands),
            ("maySave", json!({ "type": "boolean" })),
            ("denied", or_null(text())),
        ],
        &[],
    )
}

fn preview() -> Value {
    let taken = object(
        &[
            ("at", time()),
            ("alert", text()),
            ("title", or_null(text())),
            ("severity", or_null(text())),
            ("classification", or_null(text())),
            ("determination", or_null(text())),
        ],
        &[],
    );
    let part = object(
        &[("part", text()), ("held", count()), ("unknown", count())],
        &[("morePieces", json!({ "type": "boolean" }))],
    );
    object(
        &[
            ("rule", text()),
            ("version", text()),
            ("alerts", count()),
            ("about", count()),
            ("taken", count()),
            ("truePositives", count()),
            ("unknown", count()),
            ("missing", counts()),
            ("warnings", list(action())),
            ("takenTruePositives", list(taken.clone())),
            ("newest", list(taken)),
            ("overlaps", counts()),
            ("parts", list(part)),
            ("since", time()),
            ("unreadable", or_null(count())),
            ("isWhole", json!({ "type": "boolean" })),
        ],
        &[],
    )
}
