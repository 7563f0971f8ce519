//! `userTagged`: a user has one of our own tags.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::{
    Maker, Shape,
    per_user::{Over, about, each_user, known, max_age, max_age_schema, mismatch, needs_body},
};
use crate::{
    alert::Alert,
    condition::Situation,
    document::Cursor,
    explanation::Explanation,
    fact::{Answer, Question},
    organisation::{Organisation, names, shares},
    schema::form::{any_text, described, either, object, optional, reference, required},
};

/// Every user of the alert has one of the tags; where only some, nothing is known
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserTagged {
    any_of: BTreeSet<String>,
    max_age: SignedDuration,
}

impl UserTagged {
    pub(super) const MAKER: Maker = Maker::Organisation;

    const FIELDS: [&'static str; 2] = ["anyOf", "maxAge"];

    pub(super) fn read(at: &Cursor<'_>, body: Option<&Cursor<'_>>) -> Option<Self> {
        let body = needs_body("userTagged", at, body)?;
        if body.is_scalar() {
            // One name alone is short for a list of one.
            let any_of = BTreeSet::from([body.text()?.to_owned()]);
            return Some(Self { any_of, max_age: super::per_user::MAX_AGE_DEFAULT });
        }
        let fields = body.fields(&Self::FIELDS)?;
        let any_of = fields.require("anyOf").and_then(names);
        let max_age = max_age(&fields);
        Some(Self { any_of: any_of?, max_age: max_age? })
    }

    pub(super) fn schema() -> Shape {
        let fields = [required(reference("names")), optional(max_age_schema())];
        let body = either([any_text(), object(Self::FIELDS, fields)]);
        let about = "Every user of the alert has one of our own tags.";
        Shape { alone: false, body: described(body, about) }
    }

    pub(super) const fn max_age(&self) -> SignedDuration {
        self.max_age
    }

    pub(super) fn questions(alert: &Alert, _: &Organisation) -> Vec<Question> {
        alert.users().into_iter().map(Question::Tags).collect()
    }

    pub(super) fn evaluate(&self, name: &str, situation: Situation<'_>) -> Explanation {
        let wanted: Vec<&str> = self.any_of.iter().map(String::as_str).collect();
        let part = format!("{name} {}", wanted.join(" or "));
        each_user(name, &part, situation, Over::Alike, |user| {
            let question = Question::Tags(user.clone());
            let seen = known(situation, &question, self.max_age).and_then(|answer| match answer {
                Answer::Tags(found) => {
                    let holds = shares(found, &self.any_of);
                    let value = if holds { "has the tag" } else { "has not the tag" };
                    Ok((holds.into(), value.to_owned()))
                }
                Answer::AutomaticReplies(_)
                | Answer::Risk(_)
                | Answer::Groups(_)
                | Answer::OpenAlerts(_) => Err(mismatch()),
            });
            about(name, situation, &question, seen)
        })
    }
}
