//! The forms that parts of our documents have, as JSON Schema.
//!
//! Our reader takes a scalar as it is written: `42` is a text too, and `"true"` is true. An editor
//! tells numbers from texts, so the forms allow both.

use serde_json::{Map, Value, json};

/// One field of a map
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    schema: Value,
    required: bool,
}

/// A field that must be there
pub(crate) const fn required(schema: Value) -> Field {
    Field { schema, required: true }
}

/// A field that may be left out
pub(crate) const fn optional(schema: Value) -> Field {
    Field { schema, required: false }
}

/// A map with these fields, one for each of the names that the reader takes
pub(crate) fn object<const N: usize>(names: [&'static str; N], fields: [Field; N]) -> Value {
    let all = names.into_iter().zip(fields);
    let demanded: Vec<&str> =
        all.clone().filter(|(_, it)| it.required).map(|(name, _)| name).collect();
    let schema = properties(all.map(|(name, it)| (name, it.schema)));
    if demanded.is_empty() { schema } else { with(schema, "required", json!(demanded)) }
}

/// A map with these keys and no others, each of which may be left out
pub(crate) fn properties(
    properties: impl IntoIterator<Item = (impl Into<String>, Value)>,
) -> Value {
    let properties: Map<String, Value> =
        properties.into_iter().map(|(name, schema)| (name.into(), schema)).collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

/// A map with one more key, which may be left out
pub(crate) fn with_property(mut map: Value, name: &'static str, schema: Value) -> Value {
    if let Some(properties) = map.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert(name.to_owned(), schema);
    }
    map
}

/// A map of exactly one of these keys
pub(crate) fn variant(variants: impl IntoIterator<Item = (impl Into<String>, Value)>) -> Value {
    with(at_least_one(properties(variants)), "maxProperties", json!(1))
}

/// A map that is not empty
pub(crate) fn at_least_one(map: Value) -> Value {
    with(map, "minProperties", json!(1))
}

/// A map with exactly one of these of its keys
pub(crate) fn with_one_of(map: Value, names: &[&'static str]) -> Value {
    let each: Vec<Value> = names.iter().map(|it| json!({ "required": [it] })).collect();
    with(map, "oneOf", each.into())
}

/// A map from names that the author chooses
pub(crate) fn map_of(schema: Value) -> Value {
    json!({ "type": "object", "additionalProperties": schema })
}

/// A list of at least one
pub(crate) fn list_of(schema: Value) -> Value {
    json!({ "type": "array", "items": schema, "minItems": 1 })
}

/// A list of at least one and at most `max`
pub(crate) fn short_list_of(schema: Value, max: usize) -> Value {
    with(list_of(schema), "maxItems", json!(max))
}

/// One of these forms
pub(crate) fn either(schemas: impl IntoIterator<Item = Value>) -> Value {
    json!({ "anyOf": schemas.into_iter().collect::<Vec<Value>>() })
}

/// What stands under that name in `$defs`
pub(crate) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// One of these words
pub(crate) fn words(words: impl IntoIterator<Item = &'static str>) -> Value {
    json!({ "enum": words.into_iter().collect::<Vec<&str>>() })
}

/// That word
pub(crate) fn word(word: &str) -> Value {
    json!({ "const": word })
}

/// Any scalar
pub(crate) fn any_text() -> Value {
    json!({ "type": ["string", "number", "boolean"] })
}

/// A text of at most `max` characters that is not blank
pub(crate) fn text(max: usize) -> Value {
    // The byte order mark is white space to a pattern and a character to the reader.
    let schema = with(any_text(), "pattern", json!(r"[\S\uFEFF]"));
    with(schema, "maxLength", json!(max))
}

/// `true` or `false`
pub(crate) fn boolean() -> Value {
    json!({ "type": ["boolean", "string"], "pattern": "^(true|false)$" })
}

/// A whole number
pub(crate) fn number() -> Value {
    json!({ "type": ["integer", "string"], "pattern": "^[+-]?[0-9]+$" })
}

/// A whole number within bounds
pub(crate) fn number_between(min: u32, max: u32) -> Value {
    with(with(number(), "minimum", json!(min)), "maximum", json!(max))
}

/// A duration, also one that lies back
pub(crate) fn duration() -> Value {
    let pattern = format!(r"^[+-]{{0,2}}({ISO}|{})(\s+ago)?\s*$", friendly());
    let schema = described(
        json!({ "type": "string", "pattern": pattern, "examples": ["-3d", "4d", "11m"] }),
        "Such as `10m`, `24h`, `-3d`; a day has 24 hours.",
    );
    titled(schema, "Duration")
}

/// A duration above zero
pub(crate) fn positive_duration() -> Value {
    let pattern = format!(r"^\+{{0,2}}({ISO}|{})\s*$", friendly());
    let schema = described(
        json!({ "type": "string", "pattern": pattern, "examples": ["10m", "24h", "3d"] }),
        "Above zero, such as `10m`, `24h`, `3d`; a day has 24 hours.",
    );
    titled(schema, "Duration above zero")
}

/// `PT10M`
const ISO: &str = "[Pp][0-9YyMmWwDdTtHhSs.,]+";

/// `1d 12h`, `2 hours`, `1.5h`, `00:10:00`
fn friendly() -> String {
    let unit = "(w|wks?|weeks?|d|days?|h|hrs?|hours?|m|mins?|minutes?|s|secs?|seconds?\
        |ms|msecs?|millis?|milliseconds?|[uµ]s|[uµ]secs?|micros?|microseconds?\
        |ns|nsecs?|nanos?|nanoseconds?)";
    // Months and years have no fixed length, so that the reader takes none of them and no more.
    let none = "0+\\s*(y|yrs?|years?|mos?|months?)";
    let number = "[0-9]+([.,][0-9]+)?";
    let clock = "[0-9]+:[0-9]+:[0-9]+([.,][0-9]+)?";
    let part = format!(r"({number}\s*{unit}|{none})");
    format!(r"({part},?\s*)*({part}|{clock})")
}

/// A point in time with its offset
pub(crate) fn time() -> Value {
    let date = "[+-]?[0-9]{4,6}-?[0-9]{2}-?[0-9]{2}";
    let clock = "[0-9]{2}[0-9:.,]*";
    let pattern = format!(r"^{date}[Tt ]{clock}([Zz]|[+-]{clock})(\[[^\]]*\])*$");
    let schema = described(
        json!({ "type": "string", "pattern": pattern, "examples": ["2026-11-23T10:00:00Z"] }),
        "Such as `2026-11-23T10:00:00Z`.",
    );
    titled(schema, "Point in time")
}

/// A range of IP addresses
pub(crate) fn range() -> Value {
    let v4 = r"[0-9]{1,3}(\.[0-9]{1,3}){3}";
    let v6 = "[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*";
    let pattern = format!(r"^({v4}|{v6})(/\+?[0-9]+)?$");
    let schema = described(
        json!({ "type": "string", "pattern": pattern, "examples": ["203.0.113.0/24"] }),
        "Such as `203.0.113.0/24`, `2001:db8::/32`, or one address.",
    );
    titled(schema, "Range of addresses")
}

/// The schema with what an editor shows beside it
pub(crate) fn described(schema: Value, description: &str) -> Value {
    with(schema, "description", json!(description))
}

/// The schema with a name for people
pub(crate) fn titled(schema: Value, title: &str) -> Value {
    with(schema, "title", json!(title))
}

/// The schema with words that are usual and not the only ones
pub(crate) fn usual(schema: Value, examples: impl IntoIterator<Item = &'static str>) -> Value {
    with(schema, "examples", json!(examples.into_iter().collect::<Vec<&str>>()))
}

/// The schema with one keyword more
pub(crate) fn with(mut schema: Value, keyword: &str, value: Value) -> Value {
    if let Some(keywords) = schema.as_object_mut() {
        keywords.insert(keyword.to_owned(), value);
    }
    schema
}
