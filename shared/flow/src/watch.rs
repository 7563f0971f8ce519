//! Beside the way of an alert: mailboxes are looked at time and again, so that it is known since
//! when automatic replies stand as they do, should an alert ask.

use jiff::Timestamp;
use tracing::{info, warn};

use crate::ports::{Mailboxes, StoreError, WatchList};

/// Looks at mailboxes
#[derive(Clone, Debug)]
pub struct Watch<M, S> {
    mailboxes: M,
    store: S,
}

/// What came of looking
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// Of how many users something was seen, and kept
    pub seen: usize,
    /// Of how many nobody could say
    pub unknown: usize,
}

impl<M: Mailboxes + Sync, S: WatchList + Sync> Watch<M, S> {
    /// The step
    pub const fn new(mailboxes: M, store: S) -> Self {
        Self { mailboxes, store }
    }

    /// Looks at the mailbox of everybody on the list once.
    ///
    /// An error means that some were looked at in vain; the next look makes up for it.
    pub async fn watch(&self, now: Timestamp) -> Result<Watched, StoreError> {
        let users = self.store.watched(now).await?;
        let mut watched = Watched::default();
        for (user, seen) in self.mailboxes.look(&users).await {
            match seen {
                Ok(sighting) => {
                    self.store.saw(&user, sighting, now).await?;
                    watched.seen += 1;
                }
                Err(why) => {
                    warn!(reason = why.reason, "a mailbox cannot be looked at");
                    watched.unknown += 1;
                }
            }
        }
        info!(seen = watched.seen, unknown = watched.unknown, "looked at mailboxes");
        Ok(watched)
    }
}
