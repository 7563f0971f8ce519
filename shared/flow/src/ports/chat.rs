//! What people are told, once.

use std::future::Future;

use defuse_domain::Notification;
use jiff::Timestamp;

use super::{DeliveryError, StoreError};

/// How long whoever claimed a notification has to post it, in seconds
pub const CLAIM_SECONDS: i64 = 60;

/// What is known of a notification
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nobody tried to post it yet
    First,
    /// Somebody began to post it within the last [`CLAIM_SECONDS`]: leave it to them
    InHand,
    /// Somebody began to post it and never said how that went: it may be there already
    Unsure,
    /// It was posted
    Posted,
}

/// Which notifications were posted
pub trait NotificationLog {
    /// Says that we are about to post it, and what was known before
    fn claim(
        &self,
        notification: &Notification,
        now: Timestamp,
    ) -> impl Future<Output = Result<Claim, StoreError>> + Send;

    /// Remembers that it was posted, and what the channel answered
    fn posted(
        &self,
        notification: &Notification,
        answer: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Forgets the claim: nothing reached the channel
    fn not_posted(
        &self,
        notification: &Notification,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Posts to chat
pub trait Chat {
    /// Posts to the notification's channel, marked as a possible repeat where `unsure`
    fn post(
        &self,
        notification: &Notification,
        unsure: bool,
    ) -> impl Future<Output = Result<String, DeliveryError>> + Send;
}
