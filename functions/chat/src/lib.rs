//! Posts each notification that SNS hands on to its channel.

use aws_lambda_events::sns::SnsEvent;
use defuse_adapters::read_notification;
use defuse_flow::PostError;
use defuse_lambda::{Chain, PostApp};
use jiff::Timestamp;
use tracing::error;

/// Not every notification of the event is posted; SNS hands it on again
#[derive(Debug, thiserror::Error)]
#[error("cannot post {count} of the event's notifications")]
pub struct ChatError {
    /// How many
    pub count: usize,
    /// The first failure
    #[source]
    pub first: PostError,
}

/// Posts every notification of the event.
///
/// A message that is no notification is logged and let go: it would be none the next time either.
pub async fn handle(app: &PostApp, event: SnsEvent, now: Timestamp) -> Result<(), ChatError> {
    let mut failures = Vec::new();
    for record in event.records {
        let id = record.sns.message_id;
        match read_notification(&record.sns.message) {
            Ok(notification) => {
                if let Err(failure) = Box::pin(app.post(&notification, now)).await {
                    error!(message.id = %id, error = %Chain(&failure), "cannot post `{id}`");
                    failures.push(failure);
                }
            }
            Err(failure) => {
                // Why no causes: they repeat what was read, and that is somebody else's.
                error!(message.id = %id, error = %failure, "message `{id}` is none of ours");
            }
        }
    }
    let count = failures.len();
    match failures.into_iter().next() {
        None => Ok(()),
        Some(first) => Err(ChatError { count, first }),
    }
}
