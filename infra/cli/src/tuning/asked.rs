//! What a tuning rule asks besides the alert, as far as that is answered here: by the settings, and
//! by our own allow list where a table is named. Groups are in the directory, which is not asked.

use std::collections::BTreeMap;

use defuse_adapters::DynamoDbStore;
use defuse_domain::{
    Answer, Fact, Facts, Indicator, Listed, Need, Organisation, Question, Unknown, UnknownReason,
};
use defuse_flow::AllowList as _;
use jiff::Timestamp;

use crate::failure::Failure;

/// Answers what a tuning rule asks
pub(super) struct Asked<'a> {
    organisation: &'a Organisation,
    table: Option<&'a DynamoDbStore>,
    /// The allow list as it is now, read when it is asked for first
    allowed: Option<BTreeMap<Indicator, Listed>>,
    /// What was asked and is not answered here, in words
    pub(super) unanswered: Unanswered,
}

/// What was asked and is not answered here
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unanswered {
    groups: bool,
    allow_list: bool,
}

impl Unanswered {
    /// The names of the criteria, and why there is no answer
    pub(super) fn all(self) -> Vec<(&'static str, &'static str)> {
        let groups = "groups of users are in the directory, which is asked only when an alert is \
            decided";
        let allow_list = "no table is named that has an allow list: give --data or --table, or set \
            DEFUSE_TABLE";
        let all =
            [(self.groups, "userInGroup", groups), (self.allow_list, "allowListed", allow_list)];
        all.into_iter().filter(|it| it.0).map(|(_, name, why)| (name, why)).collect()
    }
}

impl<'a> Asked<'a> {
    pub(super) fn new(organisation: &'a Organisation, table: Option<&'a DynamoDbStore>) -> Self {
        Self { organisation, table, allowed: None, unanswered: Unanswered::default() }
    }

    /// Answers as far as it can, as of that moment; the rest is unknown, since nobody was asked
    pub(super) async fn facts(&mut self, needs: &[Need], at: Timestamp) -> Result<Facts, Failure> {
        if self.allowed.is_none()
            && let Some(table) = self.table
            && needs.iter().any(|it| matches!(it.question, Question::AllowListed(_)))
        {
            self.allowed = Some(read(table).await?);
        }
        Ok(needs.iter().map(|need| self.fact(&need.question, at)).collect())
    }

    fn fact(&mut self, question: &Question, at: Timestamp) -> Fact {
        let not_asked = || Err(Unknown::because(UnknownReason::NotAsked));
        let (source, answer) = match question {
            Question::Tags(user) if user.directory_key().is_none() => {
                ("settings", Err(Unknown::because(UnknownReason::UserNotNamed)))
            }
            Question::Tags(user) => ("settings", Ok(Answer::Tags(self.organisation.tags_of(user)))),
            Question::AllowListed(indicator) => {
                self.unanswered.allow_list |= self.allowed.is_none();
                let listed =
                    |it: &BTreeMap<_, Listed>| Ok(Answer::AllowListed(it.get(indicator).cloned()));
                ("own allow list", self.allowed.as_ref().map_or_else(not_asked, listed))
            }
            Question::Groups(_) => {
                self.unanswered.groups = true;
                ("directory", not_asked())
            }
            Question::AutomaticReplies(_) | Question::Risk(_) | Question::OpenAlerts(_) => {
                ("directory", not_asked())
            }
        };
        let (question, source) = (question.clone(), source.to_owned());
        Fact { question, answer, source, read: at, history: None }
    }
}

/// The whole allow list, which has 15,000 entries at the most where it is written elsewhere too
async fn read(table: &DynamoDbStore) -> Result<BTreeMap<Indicator, Listed>, Failure> {
    let (mut all, mut after) = (BTreeMap::new(), None);
    loop {
        let page = table.page(after.as_ref()).await?;
        let listed =
            |it: defuse_flow::StoredEntry| (it.entry.indicator().clone(), it.entry.listed());
        all.extend(page.entries.into_iter().map(listed));
        after = page.next;
        if after.is_none() {
            return Ok(all);
        }
    }
}
