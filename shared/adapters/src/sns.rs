//! Hands notifications to the chat function, by way of an SNS topic.
//!
//! Needs `sns:Publish` on the topic. Posting to a channel is not done here: see `chat`.

use aws_sdk_sns::{
    Client, error::SdkError, operation::publish::PublishError, types::MessageAttributeValue,
};
use aws_smithy_types::error::operation::BuildError;
use defuse_domain::Notification;
use defuse_flow::{Cause, DeliveryError, Notifier};

/// The largest message we publish, in bytes; SNS takes 256 KiB, attributes included
pub const MESSAGE_BYTES_MAX: usize = 240 * 1024;

/// The longest text within a message that would be larger, in characters
const TEXT_LENGTH_MAX: usize = 1_000;
const TARGET: &str = "notification topic";

/// Publishes notifications to one topic
#[derive(Clone, Debug)]
pub struct SnsNotifier {
    client: Client,
    topic_arn: String,
}

/// The text is no notification
#[derive(Debug, thiserror::Error)]
#[error("message is no notification")]
pub struct NotificationError(#[from] serde_json::Error);

impl SnsNotifier {
    /// Publishes to the topic of that ARN
    pub fn new(client: Client, topic_arn: String) -> Self {
        Self { client, topic_arn }
    }
}

impl Notifier for SnsNotifier {
    async fn publish(&self, notification: &Notification) -> Result<String, DeliveryError> {
        let message = fitting(notification).map_err(|error| refused(error.into()))?;
        let published = self
            .client
            .publish()
            .topic_arn(&self.topic_arn)
            .message(message)
            .message_attributes("channel", attribute(&notification.channel)?)
            .message_attributes("template", attribute(notification.about.template_name())?)
            .send()
            .await
            .map_err(delivery_error)?;
        Ok(published.message_id.unwrap_or_default())
    }
}

/// Reads what [`SnsNotifier`] published
pub fn read_notification(message: &str) -> Result<Notification, NotificationError> {
    Ok(serde_json::from_str(message)?)
}

/// The notification as JSON.
///
/// Why: an alert with an endless title must not keep people from hearing of it, so what SNS would
/// refuse is cut; the alert itself is stored whole.
fn fitting(notification: &Notification) -> Result<String, serde_json::Error> {
    let mut message = serde_json::to_string(notification)?;
    if message.len() <= MESSAGE_BYTES_MAX {
        return Ok(message);
    }
    let mut shorter = notification.clone();
    let Notification { title, facts, reasons, url, .. } = &mut shorter;
    let values = facts.iter_mut().flat_map(|(name, value)| [name, value]);
    for text in values.chain([title]).chain(&mut *reasons) {
        *text = text.chars().take(TEXT_LENGTH_MAX).collect();
    }
    url.take_if(|it| it.len() > TEXT_LENGTH_MAX * 2);
    loop {
        message = serde_json::to_string(&shorter)?;
        if message.len() <= MESSAGE_BYTES_MAX {
            return Ok(message);
        }
        // Halves, so that this ends soon however many there are.
        shorter.reasons.truncate(shorter.reasons.len() / 2);
        if shorter.reasons.is_empty() {
            if shorter.facts.is_empty() {
                return Ok(message);
            }
            shorter.facts.truncate(shorter.facts.len() / 2);
        }
    }
}

fn attribute(value: &str) -> Result<MessageAttributeValue, DeliveryError> {
    MessageAttributeValue::builder()
        .data_type("String")
        .string_value(value)
        .build()
        .map_err(|error: BuildError| refused(error.into()))
}

/// Only what is wrong with the message itself is refused for good: a topic that is gone or closed
/// to us can be put right, and the notification must still come then
fn delivery_error(error: SdkError<PublishError>) -> DeliveryError {
    let about_the_message = matches!(error, SdkError::ConstructionFailure(_))
        || error.as_service_error().is_some_and(|it| {
            it.is_invalid_parameter_exception() || it.is_invalid_parameter_value_exception()
        });
    if about_the_message {
        refused(error.into())
    } else {
        DeliveryError::Busy { target: TARGET.to_owned(), retry_after: None, source: error.into() }
    }
}

fn refused(source: Cause) -> DeliveryError {
    DeliveryError::Refused { target: TARGET.to_owned(), answer: source.to_string(), source }
}

#[cfg(test)]
mod tests;
