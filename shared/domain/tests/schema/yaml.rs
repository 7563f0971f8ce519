//! Reads YAML as an editor does: by the core schema of YAML 1.2, with numbers and booleans.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

/// The document as JSON; `None` where it is no YAML, or a map has a key that is no scalar
pub(crate) fn read(text: &str) -> Option<Value> {
    let mut events = Vec::new();
    for event in Parser::new_from_str(text) {
        events.push(event.ok()?.0);
    }
    let mut reader = Reader { events: events.into_iter(), anchors: BTreeMap::new() };
    let begins = |it: &Event<'_>| matches!(it, Event::StreamStart | Event::DocumentStart(_));
    let first = reader.events.find(|it| !begins(it))?;
    reader.value(first)
}

struct Reader<'a> {
    events: std::vec::IntoIter<Event<'a>>,
    anchors: BTreeMap<usize, Value>,
}

impl Reader<'_> {
    fn value(&mut self, event: Event<'_>) -> Option<Value> {
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, _) => {
                let is_plain = style == ScalarStyle::Plain;
                (if is_plain { plain(&text) } else { text.into_owned().into() }, anchor)
            }
            Event::SequenceStart(anchor, _) => {
                let mut items = Vec::new();
                while let Some(event) = self.events.next().filter(|it| *it != Event::SequenceEnd) {
                    items.push(self.value(event)?);
                }
                (Value::Array(items), anchor)
            }
            Event::MappingStart(anchor, _) => {
                let mut map = Map::new();
                while let Some(event) = self.events.next().filter(|it| *it != Event::MappingEnd) {
                    let Event::Scalar(key, ..) = event else { return None };
                    let event = self.events.next()?;
                    map.insert(key.into_owned(), self.value(event)?);
                }
                (Value::Object(map), anchor)
            }
            Event::Alias(anchor) => return self.anchors.get(&anchor).cloned(),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => return None,
        };
        if anchor != 0 {
            self.anchors.insert(anchor, value.clone());
        }
        Some(value)
    }
}

fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => true.into(),
        "false" | "False" | "FALSE" => false.into(),
        _ => number(text).unwrap_or_else(|| text.into()),
    }
}

fn number(text: &str) -> Option<Value> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_digits = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    if is_digits(digits) {
        let whole = text.parse::<i64>().ok().map(Value::from);
        return whole.or_else(|| text.parse::<f64>().ok().map(Value::from));
    }
    let radix = |prefix, radix| i64::from_str_radix(text.strip_prefix(prefix)?, radix).ok();
    if let Some(number) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return Some(number.into());
    }
    let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_number = is_digits(exponent)
        && (is_digits(whole) || whole.is_empty() && !fraction.is_empty())
        && (is_digits(fraction) || fraction.is_empty());
    is_number.then(|| text.parse::<f64>().ok()).flatten().map(Value::from)
}

#[test]
fn scalars_are_what_an_editor_takes_them_for() {
    for (yaml, json) in [
        ("a: NO", r#"{"a":"NO"}"#),
        ("a: 0x10", r#"{"a":16}"#),
        ("a: 007", r#"{"a":7}"#),
        ("a: 1e3", r#"{"a":1000.0}"#),
        ("a: -.5", r#"{"a":-0.5}"#),
        ("a: 10m", r#"{"a":"10m"}"#),
        ("a: 'true'", r#"{"a":"true"}"#),
        ("a: True", r#"{"a":true}"#),
        ("a: ~", r#"{"a":null}"#),
        ("a: &x [1]\nb: *x", r#"{"a":[1],"b":[1]}"#),
        ("1: 2026-11-23T10:00:00Z", r#"{"1":"2026-11-23T10:00:00Z"}"#),
    ] {
        assert_eq!(read(yaml).unwrap(), serde_json::from_str::<Value>(json).unwrap(), "{yaml}");
    }
}
