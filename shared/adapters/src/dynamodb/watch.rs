//! Whose mailboxes are looked at, and what was seen: the list is one partition, what was seen
//! stands with the kept facts.
//!
//! DynamoDB actions: `dynamodb:GetItem`, `dynamodb:Query`, `dynamodb:UpdateItem`.

use defuse_domain::{Question, Sighting, Snapshot, User};
use defuse_flow::{StoreError, WatchList};
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    DynamoDbStore, TRIES_MAX,
    change::{Change, Written},
    errors::{busy, refused},
    facts::{Contended, Kept, SNAPSHOT_DAYS, at_version, key},
    items::{self, expires, text},
    keys::{Key, WATCHED, watch_list},
};

/// How long after the last alert a mailbox is looked at
const WATCHED_DAYS: i64 = 30;

/// A user on the list
#[derive(Debug, Deserialize)]
struct Listed {
    user: String,
    expires: i64,
}

impl WatchList for DynamoDbStore {
    async fn watched(&self, now: Timestamp) -> Result<Vec<User>, StoreError> {
        let what = "to find whose mailboxes are looked at";
        let mut users = Vec::new();
        for item in self.all(what, watch_list(), WATCHED.to_owned()).await? {
            let listed: Listed = items::read(what, item)?;
            // Why: what has expired may still be there for days.
            if listed.expires > now.as_second() {
                users.push(
                    serde_json::from_str(&listed.user).map_err(|error| refused(what, error))?,
                );
            }
        }
        Ok(users)
    }

    async fn saw(&self, user: &User, sighting: Sighting, now: Timestamp) -> Result<(), StoreError> {
        let what = "to keep what was seen of a mailbox";
        let key = key(what, &Question::AutomaticReplies(user.clone()))?;
        for _ in 0..TRIES_MAX {
            let kept = Kept::read(what, self.get(what, key.clone()).await?)?;
            let first = || Snapshot::first(sighting, now);
            let snapshot = kept.snapshot().map_or_else(first, |it| it.and(sighting, now));
            let snapshot =
                serde_json::to_string(&snapshot).map_err(|error| refused(what, error))?;
            let change = Change::default()
                .set("snapshot", text(snapshot))
                .set("expires", expires(now, SNAPSHOT_DAYS));
            match self.change(what, key.clone(), at_version(change, kept.version)).await? {
                Written::Changed(_) => return Ok(()),
                Written::Kept(_) => {}
            }
        }
        Err(busy(Contended))
    }
}

impl DynamoDbStore {
    /// Puts a user on the list, or keeps them there for longer
    pub(super) async fn list(
        &self,
        what: &str,
        user: &User,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // Why: mailboxes are looked at by address.
        let Some(name) = &user.principal_name else { return Ok(()) };
        let user = serde_json::to_string(user).map_err(|error| refused(what, error))?;
        let change =
            Change::default().set("user", text(user)).set("expires", expires(now, WATCHED_DAYS));
        self.change(what, Key::watched(name), change).await.map(drop)
    }
}
