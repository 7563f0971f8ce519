//! What the criteria share that ask whether a user has one of some names: of groups, of tags.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::Value;

use super::per_user::{
    MAX_AGE_DEFAULT, Over, Seen, about, each_user, known, max_age, max_age_schema, needs_body,
};
use crate::{
    condition::Situation,
    document::Cursor,
    explanation::Explanation,
    fact::{Answer, Question, Unknown},
    organisation::{names, shares},
    schema::form::{any_text, described, either, object, optional, reference, required},
    user::User,
};

const FIELDS: [&str; 2] = ["anyOf", "maxAge"];

/// One of these names, and how old the answer may be
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    any_of: BTreeSet<String>,
    pub(super) max_age: SignedDuration,
}

impl Named {
    pub(super) fn read(name: &str, at: &Cursor<'_>, body: Option<&Cursor<'_>>) -> Option<Self> {
        let body = needs_body(name, at, body)?;
        if body.is_scalar() {
            // One name alone is short for a list of one.
            let any_of = BTreeSet::from([body.text()?.to_owned()]);
            return Some(Self { any_of, max_age: MAX_AGE_DEFAULT });
        }
        let fields = body.fields(&FIELDS)?;
        let any_of = fields.require("anyOf").and_then(names);
        let max_age = max_age(&fields);
        Some(Self { any_of: any_of?, max_age: max_age? })
    }

    pub(super) fn schema(about: &str) -> Value {
        let fields = [required(reference("names")), optional(max_age_schema())];
        described(either([any_text(), object(FIELDS, fields)]), about)
    }

    /// Answers for each user of the alert: `has` takes the names out of an answer, `words` are for
    /// people, where one of them is there and where none is
    pub(super) fn evaluate(
        &self,
        name: &str,
        situation: Situation<'_>,
        (question, has): (
            impl Fn(User) -> Question,
            impl Fn(&Answer) -> Result<&BTreeSet<String>, Unknown>,
        ),
        words: [&str; 2],
    ) -> Explanation {
        let wanted: Vec<&str> = self.any_of.iter().map(String::as_str).collect();
        let part = format!("{name} {}", wanted.join(" or "));
        let [yes, no] = words;
        let seen = |question: &Question| -> Seen {
            let holds = shares(has(known(situation, question, self.max_age)?)?, &self.any_of);
            Ok((holds.into(), if holds { yes } else { no }.to_owned()))
        };
        each_user(name, &part, situation, Over::Alike, |user| {
            let question = question(user.clone());
            about(name, situation, &question, seen(&question))
        })
    }
}
