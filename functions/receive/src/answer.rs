//! What a sender is answered: a receipt, or a problem with code, message and help (RFC 9457).

use defuse_domain::{ALERTS_MAX, BODY_BYTES_MAX, Unreadable};
use defuse_flow::{Receipt, Stored};
use lambda_http::{
    Body, Response,
    http::{HeaderValue, header},
};
use serde_json::{Value, json};

/// How long a sender is asked to wait before it sends again, in seconds
const RETRY_AFTER_SECONDS: &str = "5";

/// Why a request is refused
#[derive(Debug)]
pub(crate) enum Refusal {
    Method,
    TooLarge,
    Unsigned,
    SignatureIncomplete(&'static str),
    SignatureMalformed(&'static str),
    Stale,
    WrongSignature,
    WrongToken,
    WrongClientState,
    ValidationToken,
    Replayed,
    Unreadable { status: u16, rejected: Vec<Unreadable> },
    Busy,
}

impl Refusal {
    pub(crate) const fn status(&self) -> u16 {
        match self {
            Self::Method => 405,
            Self::TooLarge => 413,
            Self::Unsigned
            | Self::SignatureIncomplete(_)
            | Self::SignatureMalformed(_)
            | Self::Stale
            | Self::WrongSignature
            | Self::WrongToken
            | Self::WrongClientState => 401,
            Self::ValidationToken => 400,
            Self::Replayed => 409,
            Self::Unreadable { status, .. } => *status,
            Self::Busy => 503,
        }
    }

    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Method => "methodNotAllowed",
            Self::TooLarge => "tooLarge",
            Self::Unsigned => "unsigned",
            Self::SignatureIncomplete(_) => "signatureIncomplete",
            Self::SignatureMalformed(_) => "signatureMalformed",
            Self::Stale => "staleTimestamp",
            Self::WrongSignature => "wrongSignature",
            Self::WrongToken => "wrongToken",
            Self::WrongClientState => "wrongClientState",
            Self::ValidationToken => "badValidationToken",
            Self::Replayed => "replayed",
            Self::Unreadable { .. } => "unreadable",
            Self::Busy => "busy",
        }
    }

    /// What is wrong, and what to do
    fn words(&self) -> (String, String) {
        let (detail, help) = match self {
            Self::Method => ("only POST is taken here", "send alerts with POST"),
            Self::TooLarge => {
                let detail = format!("body is larger than {BODY_BYTES_MAX} bytes");
                let help = format!("send at most {ALERTS_MAX} alerts at once, in smaller bodies");
                return (detail, help);
            }
            Self::Unsigned => (
                "request has neither a signature nor a token",
                "sign it (headers webhook-id, webhook-timestamp, webhook-signature), or send \
                 `Authorization: Token …`",
            ),
            Self::SignatureIncomplete(name) => {
                let help = "each of webhook-id, webhook-timestamp and webhook-signature once";
                return (format!("header `{name}` is missing"), format!("send {help}"));
            }
            Self::SignatureMalformed(name) => {
                let help = "write the signature as `v1,<base64>` and the time in whole seconds";
                return (format!("header `{name}` cannot be read"), help.to_owned());
            }
            Self::Stale => (
                "webhook-timestamp is more than five minutes from now",
                "check the sender's clock, and sign each try anew",
            ),
            Self::WrongSignature => (
                "no signature fits the body",
                "sign id, timestamp and the raw body, joined by dots, with the shared key",
            ),
            Self::WrongToken => ("token is not one of ours", "check the token"),
            Self::WrongClientState => (
                "no notification shows a client state of ours",
                "make the subscription with one that `receive.graphNotifications` names",
            ),
            Self::ValidationToken => (
                "validationToken is empty or longer than 1 KiB",
                "send the token of a subscription's handshake",
            ),
            Self::Replayed => {
                ("a message of this webhook-id was taken before", "give each message its own id")
            }
            Self::Unreadable { .. } => (
                "nothing in the body could be read as an alert; it is kept as rejected",
                "send an alert, a list, or one alert a line, as JSON",
            ),
            Self::Busy => ("not everything could be stored", "send the same again later"),
        };
        (detail.to_owned(), help.to_owned())
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let (detail, help) = self.words();
        let mut problem = json!({
            "type": "about:blank",
            "title": self.code(),
            "status": self.status(),
            "code": self.code(),
            "detail": detail,
            "help": help,
        });
        if let (Self::Unreadable { rejected, .. }, Some(object)) = (&self, problem.as_object_mut())
        {
            object.insert("rejected".to_owned(), listed(rejected));
        }
        let mut response = response(self.status(), "application/problem+json", &problem);
        let headers = response.headers_mut();
        match self {
            Self::Busy => {
                let seconds = HeaderValue::from_static(RETRY_AFTER_SECONDS);
                headers.insert(header::RETRY_AFTER, seconds);
            }
            Self::Method => {
                headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
            }
            Self::TooLarge
            | Self::Unsigned
            | Self::SignatureIncomplete(_)
            | Self::SignatureMalformed(_)
            | Self::Stale
            | Self::WrongSignature
            | Self::WrongToken
            | Self::WrongClientState
            | Self::ValidationToken
            | Self::Replayed
            | Self::Unreadable { .. } => {}
        }
        response
    }
}

/// Everything is stored or left out (202), or everything that could be read (207)
pub(crate) fn accepted(receipt: &Receipt) -> Response<Body> {
    let alerts: Vec<Value> = receipt
        .stored
        .iter()
        .map(|(id, revision, stored)| {
            let stored = match stored {
                Stored::New => "new",
                Stored::Newer => "newer",
                Stored::Again => "again",
            };
            json!({ "alert": id, "revision": revision.to_string(), "stored": stored })
        })
        .chain(receipt.left_out.iter().map(|(id, revision)| {
            json!({ "alert": id, "revision": revision.to_string(), "stored": "leftOut" })
        }))
        .chain(receipt.waiting.iter().map(|id| json!({ "alert": id, "stored": "waiting" })))
        .collect();
    let status = if receipt.rejected.is_empty() { 202 } else { 207 };
    let body = json!({ "alerts": alerts, "rejected": listed(&receipt.rejected) });
    response(status, "application/json", &body)
}

/// The token of a handshake and nothing else, which no browser may take for a page
pub(crate) fn validated(token: String) -> Response<Body> {
    let mut response = with_headers(200, "text/plain", token);
    let nosniff = HeaderValue::from_static("nosniff");
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}

/// Notifications are in the log, but for those that showed what is not ours
pub(crate) fn noted(n_noted: usize, n_left_out: usize) -> Response<Body> {
    response(202, "application/json", &json!({ "noted": n_noted, "leftOut": n_left_out }))
}

fn listed(rejected: &[Unreadable]) -> Value {
    rejected
        .iter()
        .map(|it| json!({ "code": it.code.name(), "line": it.line, "detail": it.message }))
        .collect()
}

fn response(status: u16, content_type: &'static str, body: &Value) -> Response<Body> {
    with_headers(status, content_type, body.to_string())
}

fn with_headers(status: u16, content_type: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::Text(body));
    if let Ok(status) = status.try_into() {
        *response.status_mut() = status;
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
