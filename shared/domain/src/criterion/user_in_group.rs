//! `userInGroup`: a user is in a group, directly or through other groups.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::{Maker, Shape, named::Named, per_user::mismatch};
use crate::{
    alert::Alert,
    condition::Situation,
    document::Cursor,
    explanation::Explanation,
    fact::{Answer, Question, Unknown},
    organisation::Organisation,
};

/// Every user of the alert is in one of the groups; where only some, nothing is known
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserInGroup {
    named: Named,
}

impl UserInGroup {
    pub(super) const MAKER: Maker = Maker::Organisation;

    pub(super) fn read(at: &Cursor<'_>, body: Option<&Cursor<'_>>) -> Option<Self> {
        Some(Self { named: Named::read("userInGroup", at, body)? })
    }

    pub(super) fn schema() -> Shape {
        let about = "Every user of the alert is in one of the groups, by id or display name.";
        Shape { alone: false, body: Named::schema(about) }
    }

    pub(super) const fn max_age(&self) -> SignedDuration {
        self.named.max_age
    }

    pub(super) fn questions(alert: &Alert, _: &Organisation) -> Vec<Question> {
        alert.users().into_iter().map(Question::Groups).collect()
    }

    pub(super) fn evaluate(&self, name: &str, situation: Situation<'_>) -> Explanation {
        fn has(answer: &Answer) -> Result<&BTreeSet<String>, Unknown> {
            match answer {
                Answer::Groups(found) => Ok(found),
                Answer::AutomaticReplies(_)
                | Answer::Risk(_)
                | Answer::Tags(_)
                | Answer::OpenAlerts(_)
                | Answer::AllowListed(_) => Err(mismatch()),
            }
        }
        self.named.evaluate(
            name,
            situation,
            (Question::Groups, has),
            ["is in the group", "is not in the group"],
        )
    }
}
