//! The three ways to close an alert, and what comes back.

use defuse_domain::{Activity, Classification, FalseAlarm};
use serde_json::{Value, json};

/// One way to close an alert
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Closing {
    /// The call's name
    pub(super) call: &'static str,
    /// What the answer counts
    count: &'static str,
    /// The reason, where the call takes one
    reason_id: Option<u8>,
}

/// The alert was not closed
#[derive(Debug, thiserror::Error)]
pub(super) enum CloseError {
    /// Cloud Apps says so
    #[error("it has no such alert")]
    NotFound,
    /// The count is not one
    #[error("its answer does not say that it did")]
    NotCounted,
    /// The answer is no JSON
    #[error("its answer is not readable")]
    NotReadable(#[from] serde_json::Error),
}

impl Closing {
    /// How Cloud Apps says that classification.
    ///
    /// Reasons: 5 "confirmed with end user", 6 "triggered by test", 3 "alert is not accurate",
    /// 4 "other".
    pub(super) const fn of(classification: Classification) -> Self {
        match classification {
            Classification::InformationalExpectedActivity(activity) => Self {
                call: "close_benign",
                count: "closed_benign",
                reason_id: Some(match activity {
                    Activity::ConfirmedActivity => 5,
                    Activity::SecurityTesting => 6,
                    Activity::LineOfBusinessApplication | Activity::Other => 4,
                }),
            },
            Classification::FalsePositive(alarm) => Self {
                call: "close_false_positive",
                count: "closed_false_positive",
                reason_id: Some(match alarm {
                    FalseAlarm::NotMalicious => 3,
                    FalseAlarm::NotEnoughDataToValidate | FalseAlarm::Other => 4,
                }),
            },
            Classification::TruePositive(_) => {
                Self { call: "close_true_positive", count: "closed_true_positive", reason_id: None }
            }
        }
    }

    /// What is sent: Microsoft gets no feedback and no way to contact anybody
    pub(super) fn body(self, pk: &str, comment: Option<&str>) -> Value {
        let mut body = json!({
            "filters": { "id": { "eq": [pk] } },
            "sendFeedback": false,
            "allowContact": false,
        });
        if let Some(object) = body.as_object_mut() {
            if let Some(comment) = comment {
                object.insert("comment".to_owned(), comment.into());
            }
            if let Some(reason_id) = self.reason_id {
                object.insert("reasonId".to_owned(), reason_id.into());
            }
        }
        body
    }

    /// Whether the answer, a success by its status, says that the alert was closed
    pub(super) fn read(self, body: &[u8]) -> Result<(), CloseError> {
        let body: Value = serde_json::from_slice(body)?;
        let not_found = body.get("alertsNotFound").and_then(Value::as_array);
        if not_found.is_some_and(|it| !it.is_empty()) {
            return Err(CloseError::NotFound);
        }
        let n_closed = body.get(self.count).and_then(Value::as_u64).unwrap_or_default();
        if n_closed == 0 { Err(CloseError::NotCounted) } else { Ok(()) }
    }
}
