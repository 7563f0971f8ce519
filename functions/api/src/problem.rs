//! Why a request is refused: code, detail and help (RFC 9457), and nothing that tells what is hidden.

use defuse_domain::Diagnostic;
use defuse_flow::StoreError;
use defuse_lambda::Chain;
use jiff::Timestamp;
use serde_json::{Value, json};
use tracing::error;

use crate::shape::{Shape, list, text};

/// How many bytes a body may have
pub(crate) const BODY_BYTES_MAX: usize = 64 * 1_024;

/// Why a request is refused, as it is told
pub(crate) const PROBLEM: Shape = Shape { name: "Problem", schema };

/// Why a request is refused
#[derive(Debug)]
pub(crate) enum Problem {
    NoSuchPath,
    Method(Vec<&'static str>),
    TooLarge,
    NotJson(String),
    Invalid(Vec<Diagnostic>),
    Unfit(String),
    CannotUndo(String),
    ChangedSince(String),
    TooLate(Timestamp),
    Unauthenticated,
    Forbidden,
    /// The same, with what is missing
    Denied(String),
    NotFound,
    VersionMissing,
    BadVersion,
    VersionMoved(u64),
    BadKey,
    BadQuery(String),
    KeyOfAnother,
    Underway,
    TooOften(u64),
    Busy,
}

impl Problem {
    pub(crate) const fn status(&self) -> u16 {
        match self {
            Self::NotJson(_) | Self::BadKey | Self::BadQuery(_) | Self::BadVersion => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden | Self::Denied(_) => 403,
            Self::NoSuchPath | Self::NotFound => 404,
            Self::Method(_) => 405,
            Self::Underway | Self::ChangedSince(_) => 409,
            Self::VersionMoved(_) => 412,
            Self::TooLarge => 413,
            Self::Invalid(_)
            | Self::Unfit(_)
            | Self::CannotUndo(_)
            | Self::TooLate(_)
            | Self::KeyOfAnother => 422,
            Self::VersionMissing => 428,
            Self::TooOften(_) => 429,
            Self::Busy => 503,
        }
    }

    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::NoSuchPath => "noSuchPath",
            Self::Method(_) => "methodNotAllowed",
            Self::TooLarge => "tooLarge",
            Self::NotJson(_) => "notJson",
            Self::Invalid(_) => "invalid",
            Self::Unfit(_) => "unfit",
            Self::CannotUndo(_) => "cannotUndo",
            Self::ChangedSince(_) => "changedSince",
            Self::TooLate(_) => "tooLate",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden | Self::Denied(_) => "forbidden",
            Self::NotFound => "notFound",
            Self::VersionMissing => "versionMissing",
            Self::BadVersion => "badVersion",
            Self::VersionMoved(_) => "versionMoved",
            Self::BadKey => "badIdempotencyKey",
            Self::BadQuery(_) => "badQuery",
            Self::KeyOfAnother => "idempotencyKeyOfAnother",
            Self::Underway => "underway",
            Self::TooOften(_) => "tooOften",
            Self::Busy => "busy",
        }
    }

    /// What is wrong, and what to do
    #[expect(clippy::too_many_lines, reason = "one arm for each problem")]
    fn words(&self) -> (String, &'static str) {
        let (detail, help) = match self {
            Self::NoSuchPath => ("there is nothing at this path", "see /v1/openapi.json"),
            Self::Method(methods) => {
                let detail = format!("this path takes {}", methods.join(", "));
                return (detail, "see /v1/openapi.json");
            }
            Self::TooLarge => {
                let detail = format!("the body has more than {BODY_BYTES_MAX} bytes");
                return (detail, "send less at once");
            }
            Self::NotJson(why) => {
                let detail = format!("the body is not readable JSON: {why}");
                return (detail, "send one JSON object");
            }
            Self::Invalid(problems) => {
                let detail = problems.first().map_or_else(String::new, |it| it.message.clone());
                return (detail, "every mistake is in `problems`, with what to do");
            }
            Self::BadQuery(why) | Self::Unfit(why) => return (why.clone(), "see /v1/openapi.json"),
            Self::CannotUndo(why) => {
                return (why.clone(), "change the alert as you want it to stand");
            }
            Self::ChangedSince(why) => {
                return (why.clone(), "see its history; undo what came later first, or change it");
            }
            Self::TooLate(until) => {
                let detail = format!("this could be undone until {until}");
                return (detail, "undo its actions one by one: GET /v1/actions");
            }
            Self::Unauthenticated => (
                "nobody is let in without a good token",
                "send `Authorization: Bearer <token>`: one of your issuer's, or one made by \
                 `defuse tokens create`",
            ),
            Self::Forbidden => {
                ("none of your roles allows that", "GET /v1/me shows your roles; ask for another")
            }
            Self::Denied(why) => {
                return (why.clone(), "GET /v1/me shows your roles; ask for another");
            }
            Self::NotFound => (
                "there is nothing of that id",
                "ids are case-sensitive; GET /v1/me shows your scope",
            ),
            Self::VersionMissing => (
                "a change must say which version it is meant for",
                "send `If-Match` with the `ETag` that it was read with",
            ),
            Self::BadVersion => (
                "`If-Match` is no version",
                "send the `ETag` that the alert was read with, quotes and all",
            ),
            Self::VersionMoved(version) => {
                let detail = format!("it changed meanwhile, and is at version {version}");
                return (detail, "read it again, look what changed, and send the change anew");
            }
            Self::BadKey => (
                "the idempotency key is empty, longer than 128 bytes, or not plain text",
                "send a random text, such as a UUID",
            ),
            Self::KeyOfAnother => (
                "another request was sent with the same idempotency key",
                "give each request its own key, and a repeat the same",
            ),
            Self::Underway => {
                ("the same request is being carried out", "send it again in a minute")
            }
            Self::TooOften(_) => ("too many requests", "come again after `Retry-After`"),
            Self::Busy => ("the state cannot be read or written now", "send the same again later"),
        };
        (detail.to_owned(), help)
    }

    pub(crate) fn body(&self, request_id: &str) -> Value {
        let (detail, help) = self.words();
        let mut problem = json!({
            "type": "about:blank",
            "title": self.code(),
            "status": self.status(),
            "code": self.code(),
            "detail": detail,
            "help": help,
            "requestId": request_id,
        });
        if let (Self::Invalid(problems), Some(object)) = (self, problem.as_object_mut()) {
            let listed = problems.iter().map(|it| {
                json!({
                    "code": it.code,
                    "path": it.path,
                    "message": it.message,
                    "help": it.help,
                    "line": it.line,
                    "column": it.column,
                })
            });
            object.insert("problems".to_owned(), listed.collect());
        }
        problem
    }
}

impl From<StoreError> for Problem {
    fn from(failure: StoreError) -> Self {
        error!(error = %Chain(&failure), "cannot read or write what the API needs");
        Self::Busy
    }
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "type": text(), "title": text(), "status": { "type": "integer" }, "code": text(),
            "detail": text(), "help": text(), "requestId": text(),
            "problems": list(json!({ "type": "object" })),
        },
        "required": ["type", "title", "status", "code", "detail", "help", "requestId"],
    })
}
