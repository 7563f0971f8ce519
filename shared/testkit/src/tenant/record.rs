//! The record of what the tenant was asked, in the order it was asked.

use std::collections::{BTreeMap, VecDeque};

use axum::http::{HeaderMap, Method, Uri};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// Requests that are kept; the oldest goes when one more comes
pub(super) const REQUESTS_MAX: usize = 10_000;

/// Headers that are kept. `authorization` is not among them, and must not be.
const HEADERS_KEPT: [&str; 9] = [
    "accept",
    "client-request-id",
    "consistencylevel",
    "content-type",
    "prefer",
    "user-agent",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
];

/// One request as it was received, and how it was answered
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedRequest {
    /// Counts up from 1, without gaps
    pub number: u64,
    /// By the tenant's own clock
    pub received_at: Timestamp,
    /// `GET`, `POST`, …
    pub method: String,
    /// Path with query, as it was sent
    pub path: String,
    /// Some of the headers, by name in lower case; never a token or key
    pub headers: BTreeMap<String, String>,
    /// JSON as it is, other text as a string, null for none; a client secret or assertion is left out
    pub body: Value,
    /// Status of the answer; none while it is under way, or when the connection broke instead
    pub status: Option<u16>,
}

impl RecordedRequest {
    pub(super) fn new(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Self {
        let headers = HEADERS_KEPT.iter().filter_map(|&name| {
            let value = headers.get(name)?;
            Some((name.to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        });
        Self {
            number: 0,
            received_at: Timestamp::now(),
            method: method.to_string(),
            path: uri.path_and_query().map_or_else(|| uri.to_string(), ToString::to_string),
            headers: headers.collect(),
            body: body_of(body),
            status: None,
        }
    }

    /// The path without its query
    pub fn path_only(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }
}

/// Everything that was asked, at most [`REQUESTS_MAX`] of it
#[derive(Debug, Default)]
pub(super) struct Record {
    requests: VecDeque<RecordedRequest>,
    n_received: u64,
}

impl Record {
    /// Keeps a request that came in, and gives it its number
    pub(super) fn open(&mut self, mut request: RecordedRequest) -> u64 {
        self.n_received += 1;
        request.number = self.n_received;
        if self.requests.len() == REQUESTS_MAX {
            self.requests.pop_front();
        }
        self.requests.push_back(request);
        self.n_received
    }

    /// Notes how request `number` was answered
    pub(super) fn close(&mut self, number: u64, status: u16) {
        if let Some(it) = self.requests.iter_mut().rev().find(|it| it.number == number) {
            it.status = Some(status);
        }
    }

    pub(super) fn to_vec(&self) -> Vec<RecordedRequest> {
        self.requests.iter().cloned().collect()
    }

    pub(super) fn clear(&mut self) {
        self.requests.clear();
    }
}

fn body_of(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(bytes)
        .unwrap_or_else(|_| Value::String(without_secret(&String::from_utf8_lossy(bytes))))
}

/// A form without what proves who sent it; other text as it is
fn without_secret(text: &str) -> String {
    let parts = text.split('&').map(|part| match part.split_once('=') {
        Some((name @ ("client_secret" | "client_assertion"), _)) => format!("{name}=<secret>"),
        Some(_) | None => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_secret_is_never_kept() {
        assert_eq!(
            body_of(b"client_id=a&client_secret=b%20c&scope=d"),
            "client_id=a&client_secret=<secret>&scope=d"
        );
        let assertion = body_of(b"client_assertion_type=a&client_assertion=b.c.d");
        assert_eq!(assertion, "client_assertion_type=a&client_assertion=<secret>");
    }

    #[test]
    fn a_body_is_kept_as_what_it_is() {
        assert_eq!(body_of(b""), Value::Null);
        assert_eq!(body_of(b"{\"a\":1}"), serde_json::json!({ "a": 1 }));
        assert_eq!(body_of(b"plain"), "plain");
    }

    #[test]
    fn the_oldest_request_goes_when_there_are_too_many() {
        let request =
            RecordedRequest::new(&Method::GET, &Uri::from_static("/"), &HeaderMap::new(), b"");
        let mut record = Record::default();
        for _ in 0..=REQUESTS_MAX {
            record.open(request.clone());
        }

        let kept = record.to_vec();
        assert_eq!(kept.len(), REQUESTS_MAX);
        assert_eq!(kept.first().map(|it| it.number), Some(2));
    }
}
