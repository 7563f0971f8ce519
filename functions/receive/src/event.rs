//! Events of Amazon EventBridge: findings of `GuardDuty` and Security Hub.
//!
//! They carry no signature. Lambda hands them on only where its resource policy lets the rule of this
//! stack invoke the function, and nobody who comes over HTTP can write one: what they send stands
//! inside of what the API hands on.

use defuse_flow::StoreError;
use defuse_lambda::{Chain, ReceiveApp};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use tracing::error;

/// As much of an event as tells where it came from
#[derive(Debug, Deserialize)]
struct Origin<'a> {
    #[serde(borrow, default, rename = "detail-type")]
    detail_type: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "requestContext")]
    request_context: Option<&'a RawValue>,
}

/// Whether Lambda was invoked by `EventBridge`, and not by an HTTP API or a function URL
pub fn is_event(payload: &str) -> bool {
    serde_json::from_str::<Origin<'_>>(payload)
        .is_ok_and(|it| it.detail_type.is_some() && it.request_context.is_none())
}

/// Stores the findings of an event.
///
/// What cannot be read is kept as rejected, and is no failure: it would be none the better the next
/// time. After a failure Lambda tries twice more, and then hands the event to a queue.
pub async fn handle_event(app: &ReceiveApp, event: &str, now: Timestamp) -> Result<(), StoreError> {
    match app.receive.receive(event.as_bytes(), now).await {
        Ok(_) => Ok(()),
        Err(failure) => {
            error!(error = %Chain(&failure), "cannot store what arrived");
            Err(failure)
        }
    }
}
