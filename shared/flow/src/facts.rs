//! Facts that are asked for once, however many alerts need them.
//!
//! Open alerts, our own tags and our own allow list are never kept: they are at hand, and change at
//! any time.

use std::time::Duration;

use defuse_domain::{Fact, Facts, Need, Question, Unknown, UnknownReason};
use futures_util::future::{join, join_all};
use jiff::Timestamp;
use tracing::warn;

use crate::ports::{FactCache, FactSource, Found, Lease, StoreError};

/// How long somebody else's answer is waited for: as long as our own asking may take
const PATIENCE: Duration = Duration::from_secs(20);

/// Who is named for an answer that never came
const SOURCE: &str = "kept facts";

/// A source of facts behind what is kept of its answers
#[derive(Clone, Debug)]
pub struct Remembered<F, C> {
    source: F,
    cache: C,
}

/// What a first look gave
#[derive(Debug, Default)]
struct Looked {
    facts: Vec<Fact>,
    /// To be asked now, with the lease where we have one
    ours: Vec<(Need, Option<Lease>)>,
    /// Being asked by somebody else
    theirs: Vec<Need>,
}

impl<F: FactSource + Sync, C: FactCache + Sync> Remembered<F, C> {
    /// That source, behind that cache
    pub const fn new(source: F, cache: C) -> Self {
        Self { source, cache }
    }

    async fn look(&self, needs: &[Need], now: Timestamp) -> Looked {
        let finds = needs.iter().map(|need| async move {
            if !is_kept(&need.question) {
                return (need.clone(), None);
            }
            (need.clone(), Some(self.cache.find(need, Duration::ZERO, now).await))
        });
        let mut looked = Looked::default();
        for (need, found) in join_all(finds).await {
            match found {
                Some(Ok(Found::Answered(fact))) => looked.facts.push(fact),
                Some(Ok(Found::Ask(lease))) => looked.ours.push((need, Some(lease))),
                Some(Ok(Found::InHand)) => looked.theirs.push(need),
                Some(Err(error)) => {
                    without_cache(&error);
                    looked.ours.push((need, None));
                }
                None => looked.ours.push((need, None)),
            }
        }
        looked
    }

    /// Asks, and keeps what was asked for under a lease
    async fn ask(&self, asked: Vec<(Need, Option<Lease>)>, now: Timestamp) -> Vec<Fact> {
        if asked.is_empty() {
            return Vec::new();
        }
        let needs: Vec<Need> = asked.iter().map(|(need, _)| need.clone()).collect();
        let answers = self.source.answer(&needs, now).await;
        let keeps = asked.into_iter().filter_map(|(need, lease)| {
            let fact = answers.get(&need.question)?.clone();
            Some(async move {
                let Some(lease) = lease else { return fact };
                self.cache.keep(&lease, fact.clone(), now).await.unwrap_or_else(|error| {
                    without_cache(&error);
                    fact
                })
            })
        });
        join_all(keeps).await
    }

    /// Waits for who asks already, and asks in their place should nothing come of it
    async fn wait(&self, need: Need, now: Timestamp) -> Vec<Fact> {
        match self.cache.find(&need, PATIENCE, now).await {
            Ok(Found::Answered(fact)) => vec![fact],
            Ok(Found::Ask(lease)) => self.ask(vec![(need, Some(lease))], now).await,
            Ok(Found::InHand) => vec![Fact {
                question: need.question,
                answer: Err(Unknown::because(UnknownReason::TimedOut)),
                source: SOURCE.to_owned(),
                read: now,
                history: None,
            }],
            Err(error) => {
                without_cache(&error);
                self.ask(vec![(need, None)], now).await
            }
        }
    }
}

impl<F: FactSource + Sync, C: FactCache + Sync> FactSource for Remembered<F, C> {
    async fn answer(&self, needs: &[Need], now: Timestamp) -> Facts {
        let Looked { mut facts, ours, theirs } = self.look(needs, now).await;
        let waits = theirs.into_iter().map(|need| self.wait(need, now));
        let (asked, waited) = join(self.ask(ours, now), join_all(waits)).await;
        facts.extend(asked);
        facts.extend(waited.into_iter().flatten());
        Facts::new(facts)
    }
}

/// Whether an answer is kept; who cannot be named cannot be told from others
fn is_kept(question: &Question) -> bool {
    let kind_is_kept = match question {
        Question::AutomaticReplies(_) | Question::Risk(_) | Question::Groups(_) => true,
        Question::Tags(_) | Question::OpenAlerts(_) | Question::AllowListed(_) => false,
    };
    kind_is_kept && question.user().is_some_and(|it| it.directory_key().is_some())
}

/// A cache that fails keeps nobody from asking
fn without_cache(error: &StoreError) {
    warn!(error = %error, "kept facts are out of reach");
}
