//! Batches of stream records: each stands or falls by itself, and only those that failed come
//! again.

use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use tracing::error;

use crate::chain::Chain;

/// Hands each record to `handle`, and names those that failed.
///
/// A shard is read in order: Lambda goes back to the lowest sequence number named and sends
/// everything from there again, which costs nothing but time, because every step can be repeated.
pub async fn each_record<E>(
    event: Event,
    mut handle: impl AsyncFnMut(&EventRecord) -> Result<(), E>,
) -> DynamoDbEventResponse
where
    E: std::error::Error + 'static,
{
    let mut response = DynamoDbEventResponse::default();
    for record in &event.records {
        // Why: generic futures this deep overflow the compiler's queries; one box cures it.
        if let Err(failure) = Box::pin(handle(record)).await {
            let id = record.change.sequence_number.clone().unwrap_or_default();
            error!(record.id = %id, error = %Chain(&failure), "cannot handle record `{id}`");
            let mut failed = DynamoDbBatchItemFailure::default();
            failed.item_identifier = Some(id);
            response.batch_item_failures.push(failed);
        }
    }
    response
}
