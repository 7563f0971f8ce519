//! What it means for a fact that Graph did not answer.

use defuse_domain::{Unknown, UnknownReason};
use serde_json::Value;

use super::{NAME, client::CallError};
use crate::{
    delivery::one_line,
    http::{Answer, HttpError},
    sign_in::SignInError,
};

/// What Graph says in an error
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// The HTTP status
    pub(super) status: u16,
    /// Graph's word for it
    pub(super) code: String,
    /// Graph's sentence, which may name people
    pub(super) message: String,
}

impl Problem {
    /// Reads the error; an answer that is not Graph's has neither code nor message
    pub(super) fn read(answer: &Answer) -> Self {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let text = |at| body.pointer(at).and_then(Value::as_str).map(one_line).unwrap_or_default();
        Self { status: answer.status, code: text("/error/code"), message: text("/error/message") }
    }

    /// Whether the code is one of `codes`
    pub(super) fn is_one_of(&self, codes: &[&str]) -> bool {
        codes.iter().any(|it| it.eq_ignore_ascii_case(&self.code))
    }

    /// Whether the error is Graph's own, and not one of something before it
    pub(super) const fn is_from_graph(&self) -> bool {
        !self.code.is_empty()
    }

    /// Code and message
    pub(super) fn said(&self) -> String {
        match (self.code.as_str(), self.message.as_str()) {
            ("", _) => "no reason given".to_owned(),
            (code, "") => code.to_owned(),
            (code, message) => format!("{code}: {message}"),
        }
    }

    /// Why a fact is not known, where asking takes `permission`
    pub(super) fn unknown(&self, permission: &str) -> Unknown {
        let Self { status, code, .. } = self;
        let reason = match status {
            401 | 403 if self.is_about_the_licence() => {
                return Unknown::with_detail(
                    UnknownReason::NotLicensed,
                    "the tenant has no licence for it",
                );
            }
            403 => {
                let detail = format!("{NAME} refused ({code}): grant `{permission}`");
                return Unknown::with_detail(UnknownReason::Refused, detail);
            }
            401 => UnknownReason::Refused,
            429 => UnknownReason::Throttled,
            408 => UnknownReason::TimedOut,
            500..=599 => UnknownReason::Unavailable,
            _ => UnknownReason::Unreadable,
        };
        let code = if code.is_empty() { String::new() } else { format!(" ({code})") };
        Unknown::with_detail(reason, format!("{NAME} answered {status}{code}"))
    }

    fn is_about_the_licence(&self) -> bool {
        self.is_one_of(&["Authentication_RequestFromNonPremiumTenantOrB2CTenant"])
            || self.message.to_ascii_lowercase().contains("not licensed")
    }
}

/// Why a fact is not known, where no answer came
pub(super) fn unanswered(error: &CallError) -> Unknown {
    let (reason, detail) = match error {
        CallError::Http(HttpError::TimedOut) => return Unknown::because(UnknownReason::TimedOut),
        CallError::Http(HttpError::Unreachable { .. }) => {
            (UnknownReason::Unavailable, format!("{NAME} cannot be reached"))
        }
        CallError::Http(HttpError::Forbidden { why }) => {
            (UnknownReason::Unavailable, format!("{NAME} must not be asked: {why}"))
        }
        CallError::Http(HttpError::Unreadable { .. }) => {
            (UnknownReason::Unreadable, format!("{NAME}'s answer is cut off or too large"))
        }
        CallError::SignIn(error) => return not_signed_in(error),
        CallError::Url(_) | CallError::Request(_) => {
            (UnknownReason::UserNotNamed, "the user's name cannot be asked for".to_owned())
        }
    };
    Unknown::with_detail(reason, detail)
}

/// Why a fact is not known, where there was no token to ask with
fn not_signed_in(error: &SignInError) -> Unknown {
    let reason = match error {
        SignInError::Http { source: HttpError::TimedOut, .. } => {
            return Unknown::because(UnknownReason::TimedOut);
        }
        SignInError::Refused { status, .. } => match status {
            429 => UnknownReason::Throttled,
            400..=499 => UnknownReason::Refused,
            _ => UnknownReason::Unavailable,
        },
        SignInError::Credential { .. } if error.passes() => UnknownReason::Unavailable,
        SignInError::Credential { .. } => UnknownReason::Refused,
        SignInError::Http { .. } | SignInError::NoToken { .. } | SignInError::Request(_) => {
            UnknownReason::Unavailable
        }
    };
    Unknown::with_detail(reason, error.said())
}

/// An answer that is not as it should be
pub(super) fn unreadable(detail: impl Into<String>) -> Unknown {
    Unknown::with_detail(UnknownReason::Unreadable, one_line(&detail.into()))
}
