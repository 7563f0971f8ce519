//! Facts from a file, in place of a directory.

use defuse_adapters::{read_automatic_replies, read_member_of, read_risky_user};
use defuse_domain::{
    Answer, Fact, Facts, FactsDocument, History, Need, Organisation, Question, Unknown,
    UnknownReason,
};
use defuse_flow::FactSource;
use jiff::Timestamp;

/// Answers from a file
#[derive(Debug)]
pub(crate) struct FileFacts {
    pub(crate) document: FactsDocument,
    pub(crate) organisation: Organisation,
}

impl FileFacts {
    fn history(&self, question: &Question) -> Option<History> {
        match question {
            Question::AutomaticReplies(user) => self.document.of(user)?.automatic_replies_seen,
            Question::Risk(_)
            | Question::Groups(_)
            | Question::Tags(_)
            | Question::OpenAlerts(_)
            | Question::AllowListed(_) => None,
        }
    }

    fn of(&self, question: &Question) -> Result<Answer, Unknown> {
        let not_given = || Unknown::because(UnknownReason::NotGiven);
        let given = question.user().and_then(|it| self.document.of(it));
        match question {
            Question::AutomaticReplies(_) => {
                let setting = given.and_then(|it| it.automatic_replies.clone());
                read_automatic_replies(&setting.ok_or_else(not_given)??)
                    .map(Answer::AutomaticReplies)
            }
            Question::Risk(_) => {
                let risky = given.and_then(|it| it.risky_user.clone()).ok_or_else(not_given)??;
                read_risky_user(&risky).map(Answer::Risk)
            }
            Question::Groups(_) => {
                let groups = given.and_then(|it| it.member_of.clone()).ok_or_else(not_given)??;
                read_member_of(&groups).map(Answer::Groups)
            }
            // Tags are our own: where the file says nothing, the settings do.
            Question::Tags(user) if user.directory_key().is_none() => {
                Err(Unknown::because(UnknownReason::UserNotNamed))
            }
            Question::Tags(user) => match given.and_then(|it| it.tags.clone()) {
                Some(tags) => tags.map(Answer::Tags),
                None => Ok(Answer::Tags(self.organisation.tags_of(user))),
            },
            Question::OpenAlerts(_) => {
                let own = given.and_then(|it| it.open_alerts.clone());
                let open = own.or_else(|| self.document.open_alerts.clone());
                open.ok_or_else(not_given)?.map(Answer::OpenAlerts)
            }
            Question::AllowListed(indicator) => {
                let listed = self.document.allow_listed(indicator).ok_or_else(not_given)?;
                listed.map(Answer::AllowListed)
            }
        }
    }
}

impl FactSource for FileFacts {
    async fn answer(&self, needs: &[Need], now: Timestamp) -> Facts {
        let read = self.document.read.unwrap_or(now);
        let fact = |need: &Need| Fact {
            answer: self.of(&need.question),
            question: need.question.clone(),
            source: "facts file".to_owned(),
            read,
            history: self.history(&need.question),
        };
        needs.iter().map(fact).collect()
    }
}
