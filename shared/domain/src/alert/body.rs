//! Reads a whole body: one alert, a list of them, or a line each (NDJSON).

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    Alert, AlertError,
    envelope::{Part, has_json_lines, joined, lines, unpack},
};
use crate::wire_name::wire_names;

/// The largest body we take, in bytes
pub const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The most alerts that one body may bring
pub const ALERTS_MAX: usize = 1_000;

wire_names! {
    /// Why a body, or a part of it, could not be read
    UnreadableCode {
        /// Nothing in it
        Empty = "empty",
        /// Over [`BODY_BYTES_MAX`]
        TooLarge = "tooLarge",
        /// Over [`ALERTS_MAX`]
        TooMany = "tooMany",
        /// Not UTF-8
        NotText = "notText",
        /// Not JSON, or nested too deep
        NotJson = "notJson",
        /// JSON, but no alert
        NotAnAlert = "notAnAlert",
    }
}

/// A part of a body that is no alert: kept with its reason, and answered
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Unreadable {
    /// Why
    pub code: UnreadableCode,
    /// The line of the body it begins on, from 1
    pub line: usize,
    /// What is wrong, for the sender
    pub message: String,
    /// The part as it came
    #[serde(skip)]
    pub raw: String,
}

/// Reads every alert of `body`, in order; what is none is given with its reason. An empty list is
/// no alerts and no mistake.
///
/// A body is one alert, `{"value": [...]}` (Graph), `{"data": [...]}` (Cloud Apps), a list, an
/// incident with its `alerts`, an event of EventBridge with a finding or more in its `detail`, an
/// incident of Sentinel, records of a stream (each alert of all of its records), or one of those on
/// each line.
///
/// ```
/// let alerts = defuse_domain::read_body(b"{\"id\":\"a\"}\n{\"id\":\"b\"}\noops\n");
/// assert_eq!(alerts.len(), 3);
/// assert_eq!(alerts[2].as_ref().unwrap_err().line, 3);
/// ```
pub fn read_body(body: &[u8]) -> Vec<Result<Alert, Unreadable>> {
    let refuse = |code, line, message: String, raw: &str| {
        vec![Err(Unreadable { code, line, message, raw: raw.to_owned() })]
    };
    if body.len() > BODY_BYTES_MAX {
        let message = format!("body has {} bytes, at most {BODY_BYTES_MAX} are taken", body.len());
        return refuse(UnreadableCode::TooLarge, 1, message, "");
    }
    let text = match str::from_utf8(body) {
        Ok(text) => text.strip_prefix('\u{FEFF}').unwrap_or(text),
        Err(error) => {
            let message = format!("body is not UTF-8 text: {error}");
            let raw = String::from_utf8_lossy(body);
            return refuse(UnreadableCode::NotText, 1, message, &raw);
        }
    };
    if text.trim().is_empty() {
        return refuse(UnreadableCode::Empty, 1, "body is empty".to_owned(), text);
    }
    let parts = match serde_json::from_str::<&RawValue>(text) {
        Ok(document) => unpack(text, document.get()),
        Err(_) if has_json_lines(text) => lines(text),
        Err(error) => {
            let message = format!("body is not JSON: {error}");
            return refuse(UnreadableCode::NotJson, error.line().max(1), message, text);
        }
    };
    let parts = joined(parts);
    if parts.len() > ALERTS_MAX {
        let message = format!("body has {} alerts, at most {ALERTS_MAX} are taken", parts.len());
        return refuse(UnreadableCode::TooMany, 1, message, text);
    }
    parts.into_iter().map(Part::read).collect()
}

impl Part<'_> {
    fn read(self) -> Result<Alert, Unreadable> {
        Alert::read(&self.text).map_err(|error| Unreadable {
            code: match error {
                AlertError::NotJson(_) => UnreadableCode::NotJson,
                AlertError::NotAnObject(_) | AlertError::NoId | AlertError::BadId(_) => {
                    UnreadableCode::NotAnAlert
                }
            },
            line: self.line,
            message: match &error {
                AlertError::BadId(cause) => format!("{error}: {cause}"),
                AlertError::NotJson(_) | AlertError::NotAnObject(_) | AlertError::NoId => {
                    error.to_string()
                }
            },
            raw: self.text.into_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_one_alert_a_list_or_lines() {
        check(r#"{"id":"a"}"#, &["a"]);
        check(r#"{"@odata.context":"x","value":[{"id":"a"},{"id":"b"}]}"#, &["a", "b"]);
        check(r#"{"data":[{"_id":"1"}],"total":1}"#, &["ca1"]);
        check(r#"[{"id":"a"},{"id":"b"}]"#, &["a", "b"]);
        check("{\"id\":\"a\"}\n\n{\"value\":[{\"id\":\"b\"}]}\n", &["a", "b"]);
        check(r#"{"value":[{"incidentId":1,"alerts":[{"alertId":"fa1"}]}]}"#, &["fa1"]);
        check(r#"{"value":[]}"#, &[]);
        check("\u{FEFF}{\"id\":\"a\"}", &["a"]);
        // An alert may have a property of that name: its id tells that it is one.
        check(r#"{"id":"a","value":[]}"#, &["a"]);
    }

    #[track_caller]
    fn check(body: &str, expected: &[&str]) {
        let ids: Vec<String> = read_body(body.as_bytes())
            .into_iter()
            .map(|it| it.map_or_else(|error| error.message, |alert| alert.id.to_string()))
            .collect();
        assert_eq!(ids, expected, "for {body}");
    }

    #[test]
    fn what_cannot_be_read_says_why_and_where() {
        refused("", UnreadableCode::Empty, 1);
        refused(" \n ", UnreadableCode::Empty, 1);
        refused("hello", UnreadableCode::NotJson, 1);
        refused("{\n \"id\": \"a\",\n oops\n}", UnreadableCode::NotJson, 3);
        refused("{\"title\":\"x\"}", UnreadableCode::NotAnAlert, 1);
        refused("7", UnreadableCode::NotAnAlert, 1);
        refused("{\"id\":\"a b\"}", UnreadableCode::NotAnAlert, 1);
        refused(&"x".repeat(BODY_BYTES_MAX + 1), UnreadableCode::TooLarge, 1);
        refused(&"[".repeat(10_000), UnreadableCode::NotJson, 1);
        let deep = format!("{{\"id\":\"a\",\"x\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        refused(&deep, UnreadableCode::NotJson, 1);
        let many = format!("[{}]", vec!["{\"id\":\"a\"}"; ALERTS_MAX + 1].join(","));
        refused(&many, UnreadableCode::TooMany, 1);
    }

    #[track_caller]
    fn refused(body: &str, code: UnreadableCode, line: usize) {
        let read = read_body(body.as_bytes());
        let [Err(refused)] = read.as_slice() else { panic!("read as {read:?}") };
        assert_eq!((refused.code, refused.line), (code, line), "{}", refused.message);
    }

    #[test]
    fn one_bad_line_does_not_sink_the_others() {
        let read = read_body(b"{\"id\":\"a\"}\nnonsense\n{\"id\":\"b\"}");
        assert_eq!(read.iter().filter(|it| it.is_ok()).count(), 2);
        let refused = read[1].as_ref().unwrap_err();
        assert_eq!((refused.line, refused.raw.as_str()), (2, "nonsense"));
    }

    #[test]
    fn the_raw_payload_is_kept_byte_for_byte() {
        let odd = r#"{ "id":"a",  "n": 1, "n": 9007199254740993, "id2":"\u00e9" }"#;
        let read = read_body(odd.as_bytes());
        assert_eq!(read[0].as_ref().map(|it| it.raw.as_str()), Ok(odd));
    }
}
