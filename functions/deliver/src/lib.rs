//! Carries out the effects of each alert that the table's stream says has some outstanding, and writes
//! our allow list to where it is to stand too.

use std::time::Instant;

use aws_lambda_events::{dynamodb::Event, streams::DynamoDbEventResponse};
use defuse_adapters::{Work, work_of};
use defuse_lambda::{DeliverApp, each_record};
use jiff::Timestamp;

/// Carries out what is outstanding for every alert of the batch
pub async fn handle(app: &DeliverApp, event: Event, now: Timestamp) -> DynamoDbEventResponse {
    let started = Instant::now();
    each_record(event, async |record| match work_of(&record.change.new_image) {
        Some(Work::Deliver(id)) => app.deliver.deliver(&id, now).await,
        Some(Work::Allow(indicator)) => {
            // By then it is later: turns are shared with others.
            let now = now.saturating_add(started.elapsed()).unwrap_or(now);
            app.allow.allow(&indicator, now).await
        }
        Some(Work::Triage(_)) | None => Ok(()),
    })
    .await
}
