//! `userRisk`: the risk that Entra ID sees in a user is at least so high.

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
    fact::{Answer, Question, RiskLevel},
    organisation::Organisation,
    schema::form::{described, object, optional, required, words},
};

/// At least one user of the alert has at least that risk
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserRisk {
    at_least: RiskLevel,
    max_age: SignedDuration,
}

impl UserRisk {
    pub(super) const MAKER: Maker = Maker::Platform;

    const FIELDS: [&'static str; 2] = ["atLeast", "maxAge"];

    pub(super) fn read(at: &Cursor<'_>, body: Option<&Cursor<'_>>) -> Option<Self> {
        let fields = needs_body("userRisk", at, body)?.fields(&Self::FIELDS)?;
        let known: Vec<&'static str> =
            RiskLevel::ALL.iter().filter(|it| **it > RiskLevel::None).map(|it| it.name()).collect();
        let at_least = fields.require("atLeast").and_then(|it| it.word("level of risk", &known));
        let max_age = max_age(&fields);
        Some(Self { at_least: RiskLevel::from_name(at_least?)?, max_age: max_age? })
    }

    pub(super) fn schema() -> Shape {
        let levels = RiskLevel::ALL.iter().filter(|it| **it > RiskLevel::None).map(|it| it.name());
        let fields = [required(words(levels)), optional(max_age_schema())];
        let about = "The risk that Entra ID sees in a user of the alert is at least so high.";
        Shape { alone: false, body: described(object(Self::FIELDS, fields), about) }
    }

    pub(super) const fn max_age(&self) -> SignedDuration {
        self.max_age
    }

    pub(super) fn questions(alert: &Alert, _: &Organisation) -> Vec<Question> {
        alert.users().into_iter().map(Question::Risk).collect()
    }

    pub(super) fn evaluate(&self, name: &str, situation: Situation<'_>) -> Explanation {
        let part = format!("{name} is at least {}", self.at_least);
        each_user(name, &part, situation, Over::One, |user| {
            let question = Question::Risk(user.clone());
            let seen = known(situation, &question, self.max_age).and_then(|answer| match answer {
                Answer::Risk(risk) => {
                    let holds = risk.level >= self.at_least || risk.confirmed_compromised;
                    Ok((holds.into(), format!("risk in Entra ID is {}", risk.level)))
                }
                Answer::AutomaticReplies(_)
                | Answer::Groups(_)
                | Answer::Tags(_)
                | Answer::OpenAlerts(_)
                | Answer::AllowListed(_) => Err(mismatch()),
            });
            about(name, situation, &question, seen)
        })
    }
}
