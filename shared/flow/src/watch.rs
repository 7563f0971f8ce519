//! Beside the way of an alert: mailboxes are looked at time and again, so that it is known since
//! when automatic replies stand as they do, should an alert ask.

use std::{collections::BTreeMap, time::Duration};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use tracing::{info, warn};

use crate::ports::{Mailboxes, Pace, Rate, StoreError, Turn, WatchList};

/// How often mailboxes are looked at, by all of us together
const LOOKS: Rate = Rate { name: "mailboxes", every: Duration::from_hours(1) };

/// How many users are looked at before what was seen is kept: who is stopped then loses no more
const USERS_AT_ONCE: usize = 100;

/// How many of them are kept at the same time
const KEPT_AT_ONCE: usize = 16;

/// Looks at mailboxes
#[derive(Clone, Debug)]
pub struct Watch<M, S> {
    mailboxes: M,
    store: S,
}

/// What came of it
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watched {
    /// Mailboxes were looked at
    Looked {
        /// Of how many users something was seen, and kept
        seen: usize,
        /// Of how many nobody could say
        unknown: usize,
    },
    /// Somebody looked less than an hour ago
    TooSoon {
        /// When it is time again
        free: Timestamp,
    },
}

impl<M: Mailboxes + Sync, S: WatchList + Pace + Sync> Watch<M, S> {
    /// The step
    pub const fn new(mailboxes: M, store: S) -> Self {
        Self { mailboxes, store }
    }

    /// Looks at the mailbox of everybody on the list, unless somebody did less than an hour ago.
    ///
    /// It may be stopped at any time. An error means that some were looked at in vain; the next
    /// look makes up for it.
    pub async fn watch(&self, now: Timestamp) -> Result<Watched, StoreError> {
        match self.store.turn(LOOKS, Duration::ZERO, now).await? {
            Turn::Now => {}
            Turn::TooLate { free } => return Ok(Watched::TooSoon { free }),
        }
        let mut users = self.store.watched(now).await?;
        // Why: should there be no time for all of them, it is not always the same who are left.
        let hour = usize::try_from(now.as_second() / 3_600).unwrap_or_default();
        let first = hour.wrapping_mul(USERS_AT_ONCE).checked_rem(users.len()).unwrap_or_default();
        users.rotate_left(first);
        let (mut n_seen, mut unseen) = (0, BTreeMap::<String, usize>::new());
        for some in users.chunks(USERS_AT_ONCE) {
            let mut seen = Vec::new();
            for (user, sighting) in self.mailboxes.look(some).await {
                match sighting {
                    Ok(sighting) => seen.push((user, sighting)),
                    Err(why) => *unseen.entry(why.reason).or_default() += 1,
                }
            }
            n_seen += seen.len();
            stream::iter(seen)
                .map(Ok)
                .try_for_each_concurrent(KEPT_AT_ONCE, |(user, sighting)| async move {
                    self.store.saw(&user, sighting, now).await
                })
                .await?;
        }
        for (reason, n) in &unseen {
            warn!(reason, mailboxes = n, "mailboxes cannot be looked at");
        }
        let n_unknown = unseen.values().sum();
        info!(seen = n_seen, unknown = n_unknown, "looked at mailboxes");
        Ok(Watched::Looked { seen: n_seen, unknown: n_unknown })
    }
}
