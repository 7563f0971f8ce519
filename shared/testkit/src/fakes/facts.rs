//! A directory whose answers a test fixes beforehand.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
};

use defuse_domain::{Answer, Fact, Facts, Need, Question, Sighting, Unknown, UnknownReason, User};
use defuse_flow::{FactSource, Mailboxes};
use jiff::Timestamp;

use super::locked;

type Answers = dyn Fn(&Question, Timestamp) -> Result<Answer, Unknown> + Send + Sync;

/// Answers as it was told to, and remembers what it was asked
#[derive(Clone)]
pub struct FixedFacts {
    answers: Arc<Answers>,
    asked: Arc<Mutex<Vec<Question>>>,
}

impl FixedFacts {
    /// Answers each question by that function
    pub fn new(
        answers: impl Fn(&Question, Timestamp) -> Result<Answer, Unknown> + Send + Sync + 'static,
    ) -> Self {
        Self { answers: Arc::new(answers), asked: Arc::default() }
    }

    /// Every question that was asked, in order, as often as it was asked
    pub fn asked(&self) -> Vec<Question> {
        locked(&self.asked).clone()
    }
}

impl From<BTreeMap<Question, Result<Answer, Unknown>>> for FixedFacts {
    /// What is not in the map is unknown, as not given
    fn from(answers: BTreeMap<Question, Result<Answer, Unknown>>) -> Self {
        Self::new(move |question, _| {
            let given = answers.get(question).cloned();
            given.unwrap_or_else(|| Err(Unknown::because(UnknownReason::NotGiven)))
        })
    }
}

impl FactSource for FixedFacts {
    async fn answer(&self, needs: &[Need], now: Timestamp) -> Facts {
        let questions = || needs.iter().map(|it| &it.question);
        locked(&self.asked).extend(questions().cloned());
        questions()
            .map(|question| Fact {
                question: question.clone(),
                answer: (self.answers)(question, now),
                source: "test".to_owned(),
                read: now,
                history: None,
            })
            .collect()
    }
}

impl fmt::Debug for FixedFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FixedFacts").field("asked", &self.asked).finish_non_exhaustive()
    }
}

/// Mailboxes whose looks a test fixes beforehand; who is not named cannot be looked at
#[derive(Clone, Debug, Default)]
pub struct FixedMailboxes {
    /// What is seen, by principal name
    pub seen: BTreeMap<String, Sighting>,
}

impl Mailboxes for FixedMailboxes {
    async fn look(&self, users: &[User]) -> Vec<(User, Result<Sighting, Unknown>)> {
        let seen = |user: &User| user.principal_name.as_ref().and_then(|it| self.seen.get(it));
        let look = |user: &User| {
            let seen = seen(user).copied();
            seen.ok_or_else(|| Unknown::because(UnknownReason::MailboxMissing))
        };
        users.iter().map(|user| (user.clone(), look(user))).collect()
    }
}
