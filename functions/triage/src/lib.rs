//! Triages each alert that the table's stream says is pending.

use std::time::Instant;

use aws_lambda_events::{dynamodb::Event, streams::DynamoDbEventResponse};
use defuse_adapters::{Work, work_of};
use defuse_lambda::{TriageApp, each_record};
use jiff::Timestamp;

/// Triages every alert of the batch that is pending, each at the time that it is by then: leases
/// and turns are shared with others. Whether people changed tuning rules is looked up once.
pub async fn handle(app: &TriageApp, event: Event, now: Timestamp) -> DynamoDbEventResponse {
    let started = Instant::now();
    let mut is_fresh = false;
    each_record(event, async |record| match work_of(&record.change.new_image) {
        Some(Work::Triage(id)) => {
            if !is_fresh {
                app.refresh(now).await?;
                is_fresh = true;
            }
            let now = now.saturating_add(started.elapsed()).unwrap_or(now);
            app.triage(&id, now).await.map(drop)
        }
        Some(Work::Deliver(_) | Work::Allow(_)) | None => Ok(()),
    })
    .await
}
