//! Answers questions about users out of Microsoft Graph.
//!
//! Looking up never fails a run: what cannot be answered is unknown, with its reason.
//!
//! Permissions: those of `directory` and `open_alerts`.

use std::collections::BTreeSet;

use defuse_domain::{Answer, Fact, Facts, Need, Question, Unknown, UnknownReason};
use defuse_flow::{FactSource, Pace};
use jiff::Timestamp;
use tokio::{task::JoinSet, time::timeout_at};
use tracing::{Instrument, warn};

use super::{
    NAME,
    client::{Deadline, Graph},
    directory, open_alerts,
};
use crate::chain::Chain;

/// How many questions are asked at the same time
const AT_ONCE_MAX: usize = 4;

/// The facts that Microsoft Graph knows
#[derive(Clone, Debug)]
pub struct GraphFacts<P> {
    graph: Graph,
    pace: P,
}

impl<P> GraphFacts<P> {
    /// Facts by way of `graph`, risks at that pace
    pub const fn new(graph: Graph, pace: P) -> Self {
        Self { graph, pace }
    }
}

impl<P: Pace + Clone + Send + Sync + 'static> FactSource for GraphFacts<P> {
    async fn answer(&self, needs: &[Need], now: Timestamp) -> Facts {
        let deadline = self.graph.answer_deadline();
        let mut left: BTreeSet<Question> = needs.iter().map(|it| it.question.clone()).collect();
        let mut to_ask: Vec<Question> = left.iter().rev().cloned().collect();
        let mut asked = JoinSet::new();
        let mut facts = Vec::new();
        loop {
            while asked.len() < AT_ONCE_MAX
                && let Some(question) = to_ask.pop()
            {
                let source = self.clone();
                let ask = async move { (source.of(&question, now, deadline).await, question) };
                asked.spawn(ask.in_current_span());
            }
            match timeout_at(deadline.at(), asked.join_next()).await {
                Ok(Some(Ok((answer, question)))) => {
                    left.remove(&question);
                    facts.push(fact(question, answer, now));
                }
                // The question stays among those left.
                Ok(Some(Err(error))) => warn!(error = %Chain(&error), "a question was dropped"),
                Ok(None) | Err(_) => break,
            }
        }
        // Dropping the set ends what still runs.
        let reason = if deadline.left().is_zero() {
            UnknownReason::TimedOut
        } else {
            UnknownReason::Unavailable
        };
        facts.extend(left.into_iter().map(|it| fact(it, Err(Unknown::because(reason)), now)));
        Facts::new(facts)
    }
}

fn fact(question: Question, answer: Result<Answer, Unknown>, now: Timestamp) -> Fact {
    Fact { question, answer, source: NAME.to_owned(), read: now, history: None }
}

impl<P: Pace + Sync> GraphFacts<P> {
    async fn of(
        &self,
        question: &Question,
        now: Timestamp,
        deadline: Deadline,
    ) -> Result<Answer, Unknown> {
        let Self { graph, pace } = self;
        let key = directory::key;
        match question {
            Question::AutomaticReplies(user) => {
                directory::automatic_replies(graph, key(user)?, deadline)
                    .await
                    .map(Answer::AutomaticReplies)
            }
            Question::Risk(user) => {
                directory::risk(graph, pace, user, deadline).await.map(Answer::Risk)
            }
            Question::Groups(user) => {
                directory::groups(graph, key(user)?, deadline).await.map(Answer::Groups)
            }
            Question::OpenAlerts(user) => {
                key(user)?;
                open_alerts::open_alerts(graph, user, now, deadline).await.map(Answer::OpenAlerts)
            }
            Question::Tags(_) => {
                let detail = format!("{NAME} does not keep our tags");
                Err(Unknown::with_detail(UnknownReason::NotConfigured, detail))
            }
            Question::AllowListed(_) => {
                let detail = format!("{NAME} does not keep our allow list");
                Err(Unknown::with_detail(UnknownReason::NotConfigured, detail))
            }
        }
    }
}

#[cfg(test)]
mod tests;
