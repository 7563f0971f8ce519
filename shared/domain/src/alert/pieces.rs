//! What the readers of other shapes share: an alert that says nothing yet, and pieces of evidence
//! written as Graph writes them.

use serde_json::{Map, Value, json};

use super::{Alert, AlertError, Shape, graph, lenient::Lenient};
use crate::{
    alert_id::AlertId,
    flag::{Flag, Oddity},
};

/// An alert of that id that says nothing yet
pub(super) fn blank(id: &AlertId, shape: Shape, raw: &str) -> Result<Alert, AlertError> {
    let frame = Map::from_iter([("id".to_owned(), json!(id))]);
    let mut alert = graph::read(&frame, raw)?;
    alert.shape = shape;
    alert.flags.clear();
    Ok(alert)
}

/// Puts the pieces of evidence into the alert through the reader of Graph's shape, and every flag
pub(super) fn finish(
    mut alert: Alert,
    mut from: Lenient<'_>,
    pieces: Vec<Value>,
) -> Result<Alert, AlertError> {
    let frame = Map::from_iter([
        ("id".to_owned(), json!(alert.id)),
        ("evidence".to_owned(), Value::Array(pieces)),
    ]);
    let read = graph::read(&frame, &alert.raw)?;
    alert.evidence = read.evidence;
    if alert.severity.is_none() {
        from.flag("severity", Oddity::Missing, "");
    }
    if alert.alert_type.is_none() {
        from.flag("alertType", Oddity::Missing, "");
    }
    let of_evidence = |it: &Flag| it.property.starts_with("evidence");
    // Two that look alike here may differ in what only the raw payload has.
    let of_evidence = |it: &Flag| of_evidence(it) && it.problem != Oddity::Repeated;
    from.absorb(read.flags.into_iter().filter(of_evidence).collect());
    alert.flags = from.into_flags();
    Ok(alert)
}

/// The value at a path such as `remoteIpDetails.country`, where a step's first letter may be
/// upper or lower case; null counts as absent
pub(super) fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let mut value = value;
    for step in path.split('.') {
        value = value.get(step).or_else(|| {
            let mut letters = step.chars();
            let first = letters.next()?;
            let other = if first.is_ascii_lowercase() {
                first.to_ascii_uppercase()
            } else {
                first.to_ascii_lowercase()
            };
            value.get(format!("{other}{}", letters.as_str()))
        })?;
    }
    Some(value).filter(|it| !it.is_null())
}

/// The text at such a path, unless it is absent or empty
pub(super) fn text<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    at(value, path).and_then(Value::as_str).filter(|it| !it.is_empty())
}

/// The list at such a path; anything else is empty
pub(super) fn list<'a>(value: &'a Value, path: &str) -> &'a [Value] {
    at(value, path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A piece of evidence of that type
pub(super) fn piece(kind: &str, properties: Value) -> Value {
    let mut piece = properties;
    if let Some(object) = piece.as_object_mut() {
        let name = format!("#microsoft.graph.security.{kind}Evidence");
        object.insert("@odata.type".to_owned(), Value::String(name));
    }
    piece
}

/// The same piece with a role
pub(super) fn with_role(mut piece: Value, role: Option<&str>) -> Value {
    if let (Some(object), Some(role)) = (piece.as_object_mut(), role) {
        object.insert("roles".to_owned(), json!([role]));
    }
    piece
}

/// A file as Graph writes it, where the path is that of its folder
pub(super) fn file_details(path: Option<&str>, name: Option<&str>, sha256: Option<&str>) -> Value {
    let parted = path.and_then(|it| it.rsplit_once(['/', '\\']));
    let own_name = parted.map_or(path, |(_, name)| Some(name));
    json!({
        "fileName": name.or(own_name),
        "filePath": parted.map(|(folder, _)| folder),
        "sha256": sha256,
    })
}
