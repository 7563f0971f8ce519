//! Mailboxes that are looked at before an alert asks.

use std::future::Future;

use defuse_domain::{Sighting, Unknown, User};
use jiff::Timestamp;

use super::StoreError;

/// Looks at the automatic replies of many users at once
pub trait Mailboxes {
    /// What is seen of each; what cannot be seen is unknown, with its reason
    fn look(
        &self,
        users: &[User],
    ) -> impl Future<Output = Vec<(User, Result<Sighting, Unknown>)>> + Send;
}

/// Whose mailboxes are looked at, and what was seen
pub trait WatchList {
    /// The users whom an alert of the last 30 days asked about
    fn watched(&self, now: Timestamp)
    -> impl Future<Output = Result<Vec<User>, StoreError>> + Send;

    /// Adds what was seen to what was seen before
    fn saw(
        &self,
        user: &User,
        sighting: Sighting,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}
