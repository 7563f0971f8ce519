//! Kept facts in memory, with one asker at a time.

use std::{collections::BTreeMap, time::Duration};

use defuse_domain::{Answer, Fact, Need, Question, Sighting, Snapshot, Unknown, User};
use defuse_flow::{FactCache, Found, Lease, StoreError, WatchList};
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};

use super::MemoryStore;
use crate::fakes::locked;

/// How long a lease lasts
const LEASE: SignedDuration = SignedDuration::from_secs(12);
/// How often somebody who waits looks again
const PAUSE: Duration = Duration::from_millis(100);

/// What is kept of each question
#[derive(Debug, Default)]
pub(super) struct KeptFacts {
    n_leases: u64,
    of: BTreeMap<Question, Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    fact: Option<Fact>,
    lease: Option<(Lease, Timestamp)>,
    failed: Option<(Lease, Unknown)>,
    snapshot: Option<Snapshot>,
}

impl KeptFacts {
    fn look(
        &mut self,
        need: &Need,
        waited: Option<&Lease>,
        (asked, now): (Timestamp, Timestamp),
    ) -> Found {
        let kept = self.of.entry(need.question.clone()).or_default();
        let young = |it: &&Fact| asked.duration_since(it.read) <= need.max_age;
        let stands = |it: &&Fact| match (&it.answer, kept.snapshot) {
            (Ok(Answer::AutomaticReplies(replies)), Some(snapshot)) => {
                snapshot.agrees_with(Sighting::Setting(*replies), it.read)
            }
            (_, _) => true,
        };
        if let Some(fact) = kept.fact.as_ref().filter(young).filter(stands) {
            return Found::Answered(fact.clone());
        }
        if let Some((lease, why)) = &kept.failed
            && Some(lease) == waited
        {
            let question = need.question.clone();
            let (answer, source) = (Err(why.clone()), "kept facts".to_owned());
            return Found::Answered(Fact { question, answer, source, read: now, history: None });
        }
        if kept.lease.as_ref().is_some_and(|(_, since)| now.duration_since(*since) < LEASE) {
            return Found::InHand;
        }
        self.n_leases += 1;
        let lease = Lease(self.n_leases.to_string());
        kept.lease = Some((lease.clone(), now));
        Found::Ask(lease)
    }

    fn lease_of(&self, question: &Question) -> Option<Lease> {
        self.of.get(question)?.lease.as_ref().map(|it| it.0.clone())
    }

    fn keep(&mut self, lease: &Lease, mut fact: Fact) -> Fact {
        let kept = self.of.entry(fact.question.clone()).or_default();
        if kept.lease.as_ref().is_some_and(|it| it.0 == *lease) {
            kept.lease = None;
        }
        if let Ok(Answer::AutomaticReplies(replies)) = &fact.answer {
            let seen = Sighting::Setting(*replies);
            let before = kept.snapshot;
            let after =
                before.map_or(Snapshot::first(seen, fact.read), |it| it.and(seen, fact.read));
            kept.snapshot = Some(after);
            fact.history = Some(after.history_of(seen, fact.read));
        }
        match &fact.answer {
            Ok(_) => kept.fact = Some(fact.clone()),
            Err(why) => kept.failed = Some((lease.clone(), why.clone())),
        }
        fact
    }
}

impl WatchList for MemoryStore {
    /// Everybody whose automatic replies were asked for
    async fn watched(&self, _now: Timestamp) -> Result<Vec<User>, StoreError> {
        let state = locked(&self.state);
        let questions = state.facts.of.keys();
        let of_mailboxes = questions.filter(|it| matches!(it, Question::AutomaticReplies(_)));
        Ok(of_mailboxes.filter_map(|it| it.user().cloned()).collect())
    }

    async fn saw(&self, user: &User, sighting: Sighting, now: Timestamp) -> Result<(), StoreError> {
        let mut state = locked(&self.state);
        let kept = state.facts.of.entry(Question::AutomaticReplies(user.clone())).or_default();
        let before = kept.snapshot;
        let after = before.map_or(Snapshot::first(sighting, now), |it| it.and(sighting, now));
        kept.snapshot = Some(after);
        Ok(())
    }
}

impl FactCache for MemoryStore {
    async fn find(
        &self,
        need: &Need,
        patience: Duration,
        now: Timestamp,
    ) -> Result<Found, StoreError> {
        let started = Instant::now();
        let mut waited = None;
        loop {
            let times = (now, now.saturating_add(started.elapsed()).unwrap_or(now));
            let found = locked(&self.state).facts.look(need, waited.as_ref(), times);
            if found != Found::InHand || started.elapsed() >= patience {
                return Ok(found);
            }
            waited = locked(&self.state).facts.lease_of(&need.question);
            sleep(PAUSE).await;
        }
    }

    async fn keep(&self, lease: &Lease, fact: Fact, _now: Timestamp) -> Result<Fact, StoreError> {
        Ok(locked(&self.state).facts.keep(lease, fact))
    }
}
