//! Answers about users: one item for each user and kind of question, with the lease of who asks.
//!
//! Every change of an item counts its version up and is made only to the version that was read, so
//! that of many who find nothing one asks. A lease runs out by itself; who waits for it looks again
//! at growing intervals.
//!
//! DynamoDB actions: `dynamodb:GetItem`, `dynamodb:UpdateItem`.

use std::time::Duration;

use defuse_domain::{
    Answer, Fact, Need, Question, Sighting, Snapshot, Unknown, UnknownReason, User,
};
use defuse_flow::{FactCache, Found, Lease, StoreError};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use super::{
    DynamoDbStore, TRIES_MAX,
    change::{Change, Written},
    errors::{StateError, busy, refused},
    items::{self, Item, bytes, expires, number, text},
    keys::Key,
};

/// How long an answer is kept, whatever a criterion would still take
const KEPT_DAYS: i64 = 1;
/// How long it is kept how automatic replies were seen
pub(super) const SNAPSHOT_DAYS: i64 = 90;
/// The largest answer that is kept, compressed, in bytes: what is longer costs more than asking
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// How long a lease lasts, in milliseconds: most answers take less, and who waits for one that was
/// left by a crash has time left to ask
const LEASE_MS: i64 = 12_000;
/// For how long nobody asks again after having asked too often, in milliseconds
const THROTTLED_MS: i64 = 10_000;
/// The pause before the second look; it doubles up to the longest
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Others were always faster
#[derive(Debug, thiserror::Error)]
#[error("the kept fact was changed by others on each of {TRIES_MAX} tries")]
pub(super) struct Contended;

/// What is kept of one question
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Kept {
    pub(super) version: u64,
    /// The answer, compressed
    #[serde(skip)]
    answer: Option<Vec<u8>>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    read: Option<Timestamp>,
    #[serde(default)]
    lease: Option<String>,
    /// Until when the lease lasts, in milliseconds since the epoch
    #[serde(default)]
    lease_until: Option<i64>,
    /// The lease under which nothing came of asking, why, and when, in milliseconds since the epoch
    #[serde(default)]
    failed: Option<String>,
    #[serde(default)]
    why: Option<String>,
    #[serde(default)]
    failed_at: Option<i64>,
    /// How automatic replies were seen
    #[serde(default)]
    snapshot: Option<String>,
    /// The last day on which the user was put on the list of mailboxes to look at
    #[serde(default)]
    listed: Option<String>,
}

impl Kept {
    pub(super) fn read(what: &str, item: Option<Item>) -> Result<Self, StoreError> {
        let Some(mut item) = item else { return Ok(Self::default()) };
        let answer = item.remove("answer").and_then(|it| it.as_b().ok().cloned());
        let answer = answer.map(aws_sdk_dynamodb::primitives::Blob::into_inner);
        Ok(Self { answer, ..items::read(what, item)? })
    }

    /// The answer, where there is one that is young enough
    fn fact(&self, need: &Need, now: Timestamp) -> Option<Fact> {
        let (read, source) = (self.read?, self.source.clone()?);
        let age = now.duration_since(read);
        if age > need.max_age || age > SignedDuration::from_hours(24 * KEPT_DAYS) {
            return None;
        }
        // What a later version of ours wrote may be none to us; then it is asked for anew.
        let answer = items::decompress(self.answer.as_ref()?).ok()?;
        let answer: Answer = serde_json::from_slice(&answer).ok()?;
        let mut history = None;
        if let (Some(seen), Some(snapshot)) = (sighting(&answer), self.snapshot()) {
            if !snapshot.agrees_with(seen, read) {
                // It was seen otherwise since.
                return None;
            }
            history = Some(snapshot.history());
        }
        Some(Fact { question: need.question.clone(), answer: Ok(answer), source, read, history })
    }

    pub(super) fn snapshot(&self) -> Option<Snapshot> {
        self.snapshot.as_deref().and_then(|it| serde_json::from_str(it).ok())
    }

    /// Why nothing came of asking, where that concerns who waited for the lease `waited`, or
    /// everybody for some seconds
    fn failure(&self, waited: Option<&str>, now: i64) -> Option<Unknown> {
        let why: Unknown = serde_json::from_str(self.why.as_deref()?).ok()?;
        let is_awaited = waited.is_some() && waited == self.failed.as_deref();
        let since = now.saturating_sub(self.failed_at?);
        let is_throttled = why.reason == UnknownReason::Throttled.name()
            && (-THROTTLED_MS..THROTTLED_MS).contains(&since);
        (is_awaited || is_throttled).then_some(why)
    }

    /// The lease of somebody who is still asking
    fn in_hand(&self, now: i64) -> Option<&str> {
        let until = self.lease_until?;
        // Why: further away than any lease lasts, it was set by a clock that is wrong.
        let lasts = now < until && until <= now.saturating_add(2 * LEASE_MS);
        self.lease.as_deref().filter(|_| lasts)
    }
}

impl FactCache for DynamoDbStore {
    async fn find(
        &self,
        need: &Need,
        patience: Duration,
        now: Timestamp,
    ) -> Result<Found, StoreError> {
        let what = "to find a kept fact";
        let key = key(what, &need.question)?;
        let started = Instant::now();
        let (mut waited, mut pause, mut n_lost) = (None, FIRST_PAUSE, 0);
        let mut item = self.get(what, key.clone()).await?;
        loop {
            let kept = Kept::read(what, item)?;
            // Its age is what it is to who decides, by the time that the decision is made at.
            if let Some(fact) = kept.fact(need, now) {
                return Ok(Found::Answered(fact));
            }
            let now = now.saturating_add(started.elapsed()).unwrap_or(now);
            let now_ms = now.as_millisecond();
            if let Some(why) = kept.failure(waited.as_deref(), now_ms) {
                return Ok(Found::Answered(unknown(need, why, now)));
            }
            if let Some(lease) = kept.in_hand(now_ms) {
                waited = Some(lease.to_owned());
                if started.elapsed().saturating_add(pause) > patience {
                    return Ok(Found::InHand);
                }
                sleep(pause).await;
                pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
                item = self.get(what, key.clone()).await?;
                continue;
            }
            let days = days(&need.question);
            match self.lease((what, key.clone()), kept.version, days, now).await? {
                Leased::Ours(lease) => return Ok(Found::Ask(lease)),
                // What they are about shows in the item.
                Leased::ByOthers(theirs) => item = theirs,
            }
            n_lost += 1;
            if n_lost > TRIES_MAX {
                return Err(busy(Contended));
            }
        }
    }

    async fn keep(&self, lease: &Lease, fact: Fact, now: Timestamp) -> Result<Fact, StoreError> {
        let what = "to keep a fact";
        let key = key(what, &fact.question)?;
        for _ in 0..TRIES_MAX {
            let kept = Kept::read(what, self.get(what, key.clone()).await?)?;
            let seen = fact.answer.as_ref().ok().and_then(sighting);
            let snapshot = seen.map(|seen| {
                let first = || Snapshot::first(seen, fact.read);
                kept.snapshot().map_or_else(first, |it| it.and(seen, fact.read))
            });
            let mut change = outcome((what, lease), &fact, &kept, snapshot, now)?;
            let today = now.strftime("%Y-%m-%d").to_string();
            let lists = self.lists_mailboxes && is_of_mailbox(&fact.question);
            if lists && kept.listed.as_ref() != Some(&today) {
                // Once a day will do.
                if let Some(user) = fact.question.user() {
                    self.list(what, user, now).await?;
                }
                change = change.set("listed", text(today));
            }
            match self.change(what, key.clone(), at_version(change, kept.version)).await? {
                Written::Changed(_) => {
                    let history = seen.zip(snapshot);
                    let history = history.map(|(seen, it)| it.history_of(seen, fact.read));
                    return Ok(Fact { history, ..fact });
                }
                Written::Kept(_) => {}
            }
        }
        Err(busy(Contended))
    }
}

/// Who got the lease
enum Leased {
    Ours(Lease),
    /// Somebody else was faster; this is the item as they left it
    ByOthers(Option<Item>),
}

impl DynamoDbStore {
    /// The lease, unless somebody else changed the item meanwhile
    async fn lease(
        &self,
        (what, key): (&str, Key),
        version: u64,
        days: i64,
        now: Timestamp,
    ) -> Result<Leased, StoreError> {
        let lease = format!("{:016x}", fastrand::u64(..));
        let until = now.as_millisecond().saturating_add(LEASE_MS);
        let change = Change::default()
            .set("lease", text(lease.clone()))
            .set("leaseUntil", number(until))
            .set("expires", expires(now, days));
        match self.change(what, key, at_version(change, version)).await? {
            Written::Changed(_) => Ok(Leased::Ours(Lease(lease))),
            Written::Kept(item) => Ok(Leased::ByOthers(item)),
        }
    }
}

/// What an answer tells of automatic replies
const fn sighting(answer: &Answer) -> Option<Sighting> {
    match answer {
        Answer::AutomaticReplies(replies) => Some(Sighting::Setting(*replies)),
        Answer::Risk(_)
        | Answer::Groups(_)
        | Answer::Tags(_)
        | Answer::OpenAlerts(_)
        | Answer::AllowListed(_) => None,
    }
}

/// What came of asking, as a change of the item
fn outcome(
    (what, lease): (&str, &Lease),
    fact: &Fact,
    kept: &Kept,
    snapshot: Option<Snapshot>,
    now: Timestamp,
) -> Result<Change, StoreError> {
    let mut change = Change::default();
    if kept.lease.as_ref() == Some(&lease.0) {
        change = change.remove("lease").remove("leaseUntil");
    }
    if let Some(snapshot) = snapshot {
        let snapshot = serde_json::to_string(&snapshot).map_err(|error| refused(what, error))?;
        change = change.set("snapshot", text(snapshot));
    }
    match &fact.answer {
        Ok(answer) => {
            let answer = serde_json::to_vec(answer).map_err(|error| refused(what, error))?;
            let answer = items::compress(what, &answer)?;
            let is_newer = kept.read.is_none_or(|it| it <= fact.read);
            if is_newer && answer.len() <= ANSWER_BYTES_MAX {
                change = change
                    .set("answer", bytes(answer))
                    .set("source", text(fact.source.clone()))
                    .set("read", text(fact.read.to_string()));
            }
            change = change.remove("failed").remove("failedAt").remove("why");
        }
        Err(why) => {
            let why = serde_json::to_string(why).map_err(|error| refused(what, error))?;
            change = change
                .set("failed", text(lease.0.clone()))
                .set("failedAt", number(now.as_millisecond()))
                .set("why", text(why));
        }
    }
    Ok(change.set("expires", expires(now, days(&fact.question))))
}

/// The change, made only to the item as it was read
pub(super) fn at_version(change: Change, version: u64) -> Change {
    let change = change.set("version", number(version.saturating_add(1)));
    if version == 0 {
        return change.only_if("attribute_not_exists(#version)", &["version"]);
    }
    change.only_if("#version = :seen", &["version"]).given("seen", number(version))
}

const fn is_of_mailbox(question: &Question) -> bool {
    matches!(question, Question::AutomaticReplies(_))
}

/// How long the item is kept
const fn days(question: &Question) -> i64 {
    if is_of_mailbox(question) { SNAPSHOT_DAYS } else { KEPT_DAYS }
}

fn unknown(need: &Need, why: Unknown, now: Timestamp) -> Fact {
    let (question, source) = (need.question.clone(), "kept facts".to_owned());
    Fact { question, answer: Err(why), source, read: now, history: None }
}

pub(super) fn key(what: &str, question: &Question) -> Result<Key, StoreError> {
    let kind = match question {
        Question::AutomaticReplies(_) => "automaticReplies",
        Question::Risk(_) => "risk",
        Question::Groups(_) => "groups",
        Question::Tags(_) => "tags",
        Question::OpenAlerts(_) => "openAlerts",
        Question::AllowListed(_) => "allowListed",
    };
    let user = question.user().and_then(User::directory_key);
    let user = user.ok_or_else(|| refused(what, StateError::NamelessUser))?;
    Ok(Key::fact(user, kind))
}
