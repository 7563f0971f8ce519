//! Sends each question to who can answer it.

use std::collections::BTreeMap;

use defuse_adapters::{GraphFacts, StoredAlertFacts};
use defuse_domain::{Answer, Fact, Facts, Organisation, Question, Unknown, UnknownReason, User};
use defuse_flow::FactSource;
use jiff::Timestamp;

/// Who knows which alerts of a user are open
#[derive(Clone, Debug)]
pub enum OpenAlertFacts {
    /// Our own table
    Stored(StoredAlertFacts),
    /// The source, where nothing is stored
    AtSource,
}

/// Every source of facts that is configured
#[derive(Clone, Debug)]
pub struct AllFacts {
    /// The directory, and the alerts at their source
    pub graph: Option<GraphFacts>,
    /// Open alerts
    pub open_alerts: OpenAlertFacts,
    /// Tags of users
    pub organisation: Organisation,
}

/// Who answers a question
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Graph,
    Store,
    Settings,
}

impl AllFacts {
    fn who(&self, question: &Question) -> Who {
        match (question, &self.open_alerts) {
            (Question::OpenAlerts(_), OpenAlertFacts::Stored(_)) => Who::Store,
            (Question::OpenAlerts(_), OpenAlertFacts::AtSource)
            | (Question::AutomaticReplies(_) | Question::Risk(_) | Question::Groups(_), _) => {
                Who::Graph
            }
            (Question::Tags(_), _) => Who::Settings,
        }
    }

    fn tags(&self, user: &User) -> Result<Answer, Unknown> {
        match user.directory_key() {
            Some(_) => Ok(Answer::Tags(self.organisation.tags_of(user))),
            None => Err(Unknown::because(UnknownReason::UserNotNamed)),
        }
    }
}

impl FactSource for AllFacts {
    async fn answer(&self, questions: &[Question], now: Timestamp) -> Facts {
        let mut asked: BTreeMap<Who, Vec<Question>> = BTreeMap::new();
        for question in questions {
            asked.entry(self.who(question)).or_default().push(question.clone());
        }
        let mut facts = Vec::new();
        for (who, questions) in asked {
            let fact = |question: Question, answer, source: &str| Fact {
                question,
                answer,
                source: source.to_owned(),
                read: now,
            };
            match (who, &self.graph, &self.open_alerts) {
                (Who::Settings, _, _) => facts.extend(questions.into_iter().map(|question| {
                    let answer = self.tags(question.user());
                    fact(question, answer, "settings")
                })),
                (Who::Store, _, OpenAlertFacts::Stored(store)) => {
                    facts.extend(store.answer(&questions, now).await.iter().cloned());
                }
                (Who::Graph, Some(graph), _) => {
                    facts.extend(graph.answer(&questions, now).await.iter().cloned());
                }
                (Who::Graph | Who::Store, _, _) => {
                    let why = Unknown::with_detail(
                        UnknownReason::NotConfigured,
                        "the settings name no Microsoft Graph",
                    );
                    let unknown = |question| fact(question, Err(why.clone()), "settings");
                    facts.extend(questions.into_iter().map(unknown));
                }
            }
        }
        Facts::new(facts)
    }
}
