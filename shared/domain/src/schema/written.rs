//! A schema as text, the same wherever it is written.

use serde_json::{Map, Value};

/// The longest line that is not broken up
const WIDTH: usize = 100;

/// What stands first in a map, so that a reader of the file sees first what it is
const FIRST: [&str; 5] = ["$schema", "$id", "title", "description", "type"];

/// What stands last
const LAST: &str = "$defs";

/// The schema as the text of a file: the order of keys does not depend on how they are kept
pub fn schema_text(schema: &Value) -> String {
    let mut text = String::new();
    write(schema, 0, 0, &mut text);
    text.push('\n');
    text
}

/// Writes a value that `before` characters stand in front of on its line
fn write(value: &Value, indent: usize, before: usize, text: &mut String) {
    let short = in_one_line(value);
    // Why: one for the comma that may follow.
    let fits = indent + before + short.chars().count() < WIDTH;
    match value {
        Value::Object(map) if !fits || indent == 0 => {
            let parts = ordered(map).into_iter().map(|(key, value)| (key_text(key), value));
            write_parts(('{', '}'), parts, indent, text);
        }
        Value::Array(items) if !fits => {
            write_parts(('[', ']'), items.iter().map(|it| (String::new(), it)), indent, text);
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => text.push_str(&short),
    }
}

fn write_parts<'a>(
    (open, close): (char, char),
    parts: impl Iterator<Item = (String, &'a Value)>,
    indent: usize,
    text: &mut String,
) {
    text.push(open);
    for (index, (key, value)) in parts.enumerate() {
        text.push_str(if index == 0 { "\n" } else { ",\n" });
        text.push_str(&" ".repeat(indent + 2));
        text.push_str(&key);
        write(value, indent + 2, key.chars().count(), text);
    }
    text.push('\n');
    text.push_str(&" ".repeat(indent));
    text.push(close);
}

fn in_one_line(value: &Value) -> String {
    match value {
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::Object(map) => {
            let parts = ordered(map).into_iter();
            let parts: Vec<String> =
                parts.map(|(key, value)| key_text(key) + &in_one_line(value)).collect();
            format!("{{ {} }}", parts.join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(in_one_line).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

fn key_text(key: &str) -> String {
    format!("{}: ", Value::from(key))
}

fn ordered(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut entries: Vec<(&String, &Value)> = map.iter().collect();
    entries.sort_by_key(|(key, _)| {
        let first = FIRST.iter().position(|it| it == key).unwrap_or(FIRST.len());
        (*key == LAST, first, *key)
    });
    entries
}
