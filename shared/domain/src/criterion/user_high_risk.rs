//! `userHighRisk`: a user whom the organisation holds to be at high risk.
//!
//! Any one sign is enough; for "not at high risk" every sign must be known to be absent.

use jiff::SignedDuration;

use super::{
    Maker, Shape,
    per_user::{
        MAX_AGE_DEFAULT, Over, about, each_user, known, max_age, max_age_schema, mismatch, unknown,
    },
};
use crate::{
    alert::Alert,
    condition::Situation,
    document::Cursor,
    explanation::{Explanation, Truth},
    fact::{Answer, Question, Unknown, UnknownReason},
    organisation::{Organisation, shares},
    schema::form::{described, object, optional},
    user::User,
};

/// At least one user of the alert is at high risk
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserHighRisk {
    max_age: SignedDuration,
}

impl UserHighRisk {
    pub(super) const MAKER: Maker = Maker::Platform;

    const FIELDS: [&'static str; 1] = ["maxAge"];

    pub(super) fn read(_: &Cursor<'_>, body: Option<&Cursor<'_>>) -> Option<Self> {
        let Some(body) = body else {
            return Some(Self { max_age: MAX_AGE_DEFAULT });
        };
        let fields = body.fields(&Self::FIELDS)?;
        Some(Self { max_age: max_age(&fields)? })
    }

    pub(super) fn schema() -> Shape {
        let body = object(Self::FIELDS, [optional(max_age_schema())]);
        let about = "A user of the alert is at high risk, as `highRisk` in the settings says.";
        Shape { alone: true, body: described(body, about) }
    }

    pub(super) const fn max_age(&self) -> SignedDuration {
        self.max_age
    }

    pub(super) fn questions(alert: &Alert, organisation: &Organisation) -> Vec<Question> {
        alert.users().iter().flat_map(|user| signs(user, organisation)).collect()
    }

    pub(super) fn evaluate(&self, name: &str, situation: Situation<'_>) -> Explanation {
        each_user(name, name, situation, Over::One, |user| {
            let signs = signs(user, situation.organisation);
            if signs.is_empty() {
                let detail = "the settings do not say who is at high risk";
                let why = Unknown::with_detail(UnknownReason::NotConfigured, detail);
                return unknown(name, name, Some(user.to_string()), why);
            }
            let mut because: Vec<Explanation> = signs
                .iter()
                .map(|question| {
                    let seen = known(situation, question, self.max_age);
                    let seen = seen.and_then(|it| sign(it, situation.organisation));
                    about(name, situation, question, seen)
                })
                .collect();
            if because.len() == 1
                && let Some(only) = because.pop()
            {
                return only;
            }
            let answer = because.iter().map(|it| it.answer).max().unwrap_or(Truth::Unknown);
            Explanation::group(&format!("{name} of {user}"), answer, because)
        })
    }
}

/// The questions whose answers can be a sign of high risk
fn signs(user: &User, organisation: &Organisation) -> Vec<Question> {
    let high_risk = &organisation.high_risk;
    let mut questions = Vec::new();
    if high_risk.user_risk.is_some() {
        questions.push(Question::Risk(user.clone()));
    }
    if !high_risk.groups.is_empty() {
        questions.push(Question::Groups(user.clone()));
    }
    if !high_risk.tags.is_empty() {
        questions.push(Question::Tags(user.clone()));
    }
    questions
}

/// Whether an answer is a sign of high risk, and what was seen
fn sign(answer: &Answer, organisation: &Organisation) -> Result<(Truth, String), Unknown> {
    let high_risk = &organisation.high_risk;
    match answer {
        Answer::Risk(risk) => {
            let high = high_risk.user_risk.is_some_and(|it| risk.level >= it);
            let confirmed = if risk.confirmed_compromised { ", confirmed compromised" } else { "" };
            let value = format!("risk in Entra ID is {}{confirmed}", risk.level);
            Ok(((high || risk.confirmed_compromised).into(), value))
        }
        Answer::Groups(groups) => {
            let shared = shares(groups, &high_risk.groups);
            let value =
                if shared { "is in a group at high risk" } else { "is in no group at high risk" };
            Ok((shared.into(), value.to_owned()))
        }
        Answer::Tags(tags) => {
            let shared = shares(tags, &high_risk.tags);
            let value =
                if shared { "is tagged as high risk" } else { "is not tagged as high risk" };
            Ok((shared.into(), value.to_owned()))
        }
        Answer::AutomaticReplies(_) | Answer::OpenAlerts(_) | Answer::AllowListed(_) => {
            Err(mismatch())
        }
    }
}
