//! Says in the flow's words what a source's refusal, or its silence, means for a delivery.

use std::time::Duration;

use defuse_domain::AlertError;
use defuse_flow::{Cause, DeliveryError, FeedError};

use crate::http::{Answer, HttpError};

/// How much of what a service said is passed on, in characters
const SAID_LENGTH_MAX: usize = 200;

/// A service did not do what it was asked, and said so
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("answered with status {status}: {said}")]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) said: String,
}

/// Trying again will not help
pub(crate) fn refused(
    target: &str,
    answer: impl Into<String>,
    source: impl Into<Cause>,
) -> DeliveryError {
    DeliveryError::Refused {
        target: target.to_owned(),
        answer: answer.into(),
        source: source.into(),
    }
}

/// Trying again later may help
pub(crate) fn busy(
    target: &str,
    retry_after: Option<Duration>,
    source: impl Into<Cause>,
) -> DeliveryError {
    DeliveryError::Busy { target: target.to_owned(), retry_after, source: source.into() }
}

/// What no answer means.
///
/// Where the request may have been done, trying again is right all the same: it begins with a look
/// at how the alert stands.
pub(crate) fn unanswered(target: &str, error: HttpError) -> DeliveryError {
    match &error {
        HttpError::TimedOut | HttpError::Unreachable { .. } | HttpError::Unreadable { .. } => {
            busy(target, None, error)
        }
        HttpError::Forbidden { why } => {
            let answer = format!("{target} must not be asked: {why}");
            refused(target, answer, error)
        }
    }
}

/// What it means that an alert is shown and cannot be read.
///
/// Whatever stands before a source may answer 200 too. What is no JSON is no word of the source's,
/// and passes; what is JSON and no alert does not.
pub(crate) fn unreadable(target: &str, error: AlertError) -> DeliveryError {
    match &error {
        AlertError::NotJson(_) => busy(target, None, error),
        AlertError::NotAnObject(_) | AlertError::NoId | AlertError::BadId(_) => {
            refused(target, format!("{target} showed an alert that is not readable"), error)
        }
    }
}

/// What an answer, or none, means for a feed, which asks again whatever it is
pub(crate) fn feed_error(error: DeliveryError) -> FeedError {
    let display = error.to_string();
    match error {
        DeliveryError::Busy { retry_after, source, .. } => {
            FeedError { said: one_line(&format!("{display}: {source}")), retry_after, source }
        }
        DeliveryError::Refused { answer, source, .. } => {
            FeedError { said: answer, retry_after: None, source }
        }
    }
}

/// Whether the status is one that passes by itself
pub(crate) const fn passes(status: u16) -> bool {
    matches!(status, 408 | 409 | 423 | 425 | 429 | 500..=599)
}

/// What an answer that is no success means, where `answer` is for people
pub(crate) fn unsuccessful(
    target: &str,
    got: &Answer,
    said: String,
    answer: String,
) -> DeliveryError {
    let refusal = Refusal { status: got.status, said };
    if passes(got.status) {
        busy(target, got.retry_after, refusal)
    } else {
        refused(target, answer, refusal)
    }
}

/// What a service said, fit to be shown: one line, not too long
pub(crate) fn one_line(said: &str) -> String {
    let mut line: String = said
        .chars()
        .map(|it| if it.is_control() { ' ' } else { it })
        .take(SAID_LENGTH_MAX)
        .collect();
    line.truncate(line.trim_end().len());
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_busy_and_the_rest_refused() {
        for (status, is_busy) in [
            (400, false),
            (401, false),
            (403, false),
            (404, false),
            (408, true),
            (409, true),
            (410, false),
            (429, true),
            (500, true),
            (503, true),
            (302, false),
        ] {
            let retry_after = Some(Duration::from_secs(9));
            let got = Answer { status, retry_after, date: None, body: Vec::new() };
            let error = unsuccessful("Contoso", &got, "no".to_owned(), "it said no".to_owned());
            match error {
                DeliveryError::Busy { retry_after: asked, .. } => {
                    assert!(is_busy, "for {status}");
                    assert_eq!(asked, retry_after);
                }
                DeliveryError::Refused { answer, .. } => {
                    assert!(!is_busy, "for {status}");
                    assert_eq!(answer, "it said no");
                }
            }
        }
    }

    #[test]
    fn no_answer_is_busy_unless_asking_is_forbidden() {
        let is_busy = |error| matches!(unanswered("x", error), DeliveryError::Busy { .. });
        assert!(is_busy(HttpError::TimedOut));
        assert!(is_busy(HttpError::Unreachable { source: "no route".into() }));
        assert!(is_busy(HttpError::Unreadable { source: "cut".into() }));
        assert!(!is_busy(HttpError::Forbidden { why: "private".into() }));
    }

    #[test]
    fn what_is_passed_on_is_one_short_line() {
        assert_eq!(one_line("no\r\nway\n"), "no  way");
        assert_eq!(one_line(&"é".repeat(500)).chars().count(), SAID_LENGTH_MAX);
    }
}
