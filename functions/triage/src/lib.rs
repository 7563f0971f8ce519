//! Triages each alert that the table's stream says is pending.

use aws_lambda_events::{dynamodb::Event, streams::DynamoDbEventResponse};
use defuse_adapters::{Work, work_of};
use defuse_lambda::{TriageApp, each_record};
use jiff::Timestamp;

/// Triages every alert of the batch that is pending
pub async fn handle(app: &TriageApp, event: Event, now: Timestamp) -> DynamoDbEventResponse {
    each_record(event, async |record| match work_of(&record.change.new_image) {
        Some(Work::Triage(id)) => app.triage(&id, now).await.map(drop),
        Some(Work::Deliver(_)) | None => Ok(()),
    })
    .await
}
