//! The shapes of changes of many alerts.

use defuse_flow::BULK_MAX;
use serde_json::{Value, json};

use crate::{
    alerts::CHANGE as ALERT_CHANGE,
    shape::{Shape, list, object, or_null, short, text, time, words},
};

/// What is to be done to which alerts
pub(super) const CHANGE: Shape = Shape { name: "BulkChange", schema: change };
/// What came of it
pub(super) const CHANGED: Shape = Shape {
    name: "BulkChanged",
    schema: || {
        let fields = [("bulkId", text()), ("undoUntil", time()), ("results", results())];
        object(&fields, &[])
    },
};
/// What came of undoing it
pub(super) const UNDONE: Shape =
    Shape { name: "BulkUndone", schema: || object(&[("results", results())], &[]) };

fn change() -> Value {
    let id = json!({ "type": "string", "minLength": 1, "maxLength": 256, "pattern": "^[^\\s]+$" });
    let version = json!({ "type": "integer", "minimum": 0 });
    let alerts = json!({
        "type": "array", "minItems": 1, "maxItems": BULK_MAX,
        "items": object(&[("id", id), ("version", version)], &[]),
    });
    let change = json!({ "$ref": format!("#/components/schemas/{}", ALERT_CHANGE.name) });
    object(&[("alerts", alerts)], &[("change", change), ("comment", short(1_000))])
}

fn results() -> Value {
    let names = ["done", "versionMoved", "notFound", "forbidden", "unfit", "nothing"];
    let version = or_null(json!({ "type": "integer" }));
    let fields = [
        ("id", text()),
        ("result", words(names)),
        ("version", version),
        ("detail", or_null(text())),
    ];
    list(object(&fields, &[]))
}
