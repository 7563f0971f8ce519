//! `userTagged`: a user has one of our own tags.

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

/// Every user of the alert has one of the tags; where only some, nothing is known
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserTagged {
    named: Named,
}

impl UserTagged {
    pub(super) const MAKER: Maker = Maker::Organisation;

    pub(super) fn read(at: &Cursor<'_>, body: Option<&Cursor<'_>>) -> Option<Self> {
        Some(Self { named: Named::read("userTagged", at, body)? })
    }

    pub(super) fn schema() -> Shape {
        let about = "Every user of the alert has one of our own tags.";
        Shape { alone: false, body: Named::schema(about) }
    }

    pub(super) const fn max_age(&self) -> SignedDuration {
        self.named.max_age
    }

    pub(super) fn questions(alert: &Alert, _: &Organisation) -> Vec<Question> {
        alert.users().into_iter().map(Question::Tags).collect()
    }

    pub(super) fn evaluate(&self, name: &str, situation: Situation<'_>) -> Explanation {
        fn has(answer: &Answer) -> Result<&BTreeSet<String>, Unknown> {
            match answer {
                Answer::Tags(found) => Ok(found),
                Answer::AutomaticReplies(_)
                | Answer::Risk(_)
                | Answer::Groups(_)
                | Answer::OpenAlerts(_)
                | Answer::AllowListed(_) => Err(mismatch()),
            }
        }
        self.named.evaluate(
            name,
            situation,
            (Question::Tags, has),
            ["has the tag", "has not the tag"],
        )
    }
}
