//! Sends each question to who can answer it.

use std::collections::BTreeMap;

use defuse_adapters::{GraphFacts, StoredAlertFacts};
use defuse_domain::{
    Answer, Fact, Facts, Need, Organisation, Question, Unknown, UnknownReason, User,
};
use defuse_flow::FactSource;
use jiff::Timestamp;

use crate::turns::Turns;

/// Who knows what is stored: which alerts of a user are open, and our own allow list
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
    pub graph: Option<GraphFacts<Turns>>,
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
            (Question::OpenAlerts(_), OpenAlertFacts::Stored(_))
            | (Question::AllowListed(_), _) => Who::Store,
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
    async fn answer(&self, needs: &[Need], now: Timestamp) -> Facts {
        let mut asked: BTreeMap<Who, Vec<Need>> = BTreeMap::new();
        for need in needs {
            asked.entry(self.who(&need.question)).or_default().push(need.clone());
        }
        let mut facts = Vec::new();
        for (who, needs) in asked {
            let fact = |question: Question, answer, source: &str| Fact {
                question,
                answer,
                source: source.to_owned(),
                read: now,
                history: None,
            };
            match (who, &self.graph, &self.open_alerts) {
                (Who::Settings, _, _) => facts.extend(needs.into_iter().map(|need| {
                    let unnamed = Unknown::because(UnknownReason::UserNotNamed);
                    let answer = need.question.user().map_or(Err(unnamed), |it| self.tags(it));
                    fact(need.question, answer, "settings")
                })),
                (Who::Store, _, OpenAlertFacts::Stored(store)) => {
                    facts.extend(store.answer(&needs, now).await.iter().cloned());
                }
                (Who::Graph, Some(graph), _) => {
                    facts.extend(graph.answer(&needs, now).await.iter().cloned());
                }
                (Who::Store, _, OpenAlertFacts::AtSource) => {
                    let why = Unknown::with_detail(
                        UnknownReason::NotConfigured,
                        "our own allow list stands in the table, and there is none here",
                    );
                    let unknown =
                        |need: Need| fact(need.question, Err(why.clone()), "own allow list");
                    facts.extend(needs.into_iter().map(unknown));
                }
                (Who::Graph, None, _) => {
                    let why = Unknown::with_detail(
                        UnknownReason::NotConfigured,
                        "the settings name no Microsoft Graph",
                    );
                    let unknown = |need: Need| fact(need.question, Err(why.clone()), "settings");
                    facts.extend(needs.into_iter().map(unknown));
                }
            }
        }
        Facts::new(facts)
    }
}
