//! The shapes of what is sent and answered, as JSON Schema, and what they are put together from.

use defuse_domain::ServiceSource;
use serde_json::{Value, json};

/// The shape of a body
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Its name in the document
    pub name: &'static str,
    /// The schema
    pub schema: fn() -> Value,
}

/// An object with those fields, and those that may be left out
pub(crate) fn object(required: &[(&str, Value)], optional: &[(&str, Value)]) -> Value {
    let names: Vec<&str> = required.iter().map(|(name, _)| *name).collect();
    let all = required.iter().chain(optional);
    let properties: serde_json::Map<String, Value> =
        all.map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": names,
        "additionalProperties": false,
    })
}

pub(crate) fn text() -> Value {
    json!({ "type": "string" })
}

pub(crate) fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

pub(crate) fn up_to(max: usize) -> Value {
    json!({ "type": "string", "maxLength": max })
}

pub(crate) fn short(max: usize) -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": max, "pattern": "\\S" })
}

pub(crate) fn integer(min: u64, max: u64) -> Value {
    json!({ "type": "integer", "minimum": min, "maximum": max })
}

pub(crate) fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

pub(crate) fn or_null(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}

pub(crate) fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

pub(crate) fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> Value {
    json!({ "type": "string", "enum": words.into_iter().collect::<Vec<_>>() })
}

pub(crate) fn grants() -> Value {
    let sources = list(words(ServiceSource::ALL.iter().map(|it| it.name())));
    let scope = object(&[], &[("serviceSources", sources), ("deviceGroups", list(text()))]);
    list(object(&[("role", short(64))], &[("scope", scope)]))
}
