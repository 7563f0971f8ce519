//! Alerts as they arrive.

use std::future::Future;

use defuse_domain::{Alert, Unreadable};
use jiff::Timestamp;

use super::StoreError;

/// What came of storing an alert
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Never seen before
    New,
    /// A newer revision than the one we had
    Newer,
    /// The revision that we have, or an older one: nothing changed
    Again,
}

/// Where alerts are kept when they arrive
pub trait AlertStore {
    /// Keeps the alert in state `pending`, unless this or a newer revision is there already
    fn store(
        &self,
        alert: &Alert,
        now: Timestamp,
    ) -> impl Future<Output = Result<Stored, StoreError>> + Send;
}

/// Where that is kept which is no alert
pub trait RejectStore {
    /// Keeps what could not be read, with its reason
    fn reject(
        &self,
        unreadable: &Unreadable,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Which webhook messages were taken, so that none is taken twice
pub trait WebhookLog {
    /// Whether the message of that id was taken
    fn was_taken(&self, id: &str) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Remembers that it was
    fn took(&self, id: &str, now: Timestamp)
    -> impl Future<Output = Result<(), StoreError>> + Send;
}
