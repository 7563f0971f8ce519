//! What a tuning rule does with an alert.

use serde::{Deserialize, Serialize};

use crate::{
    classification::Classification, diagnostic::Code, document::Cursor,
    playbook::action::read_classification,
};

/// What can be done with an expected alert
pub(crate) const ACTIONS: [&str; 2] = ["hide", "resolve"];

/// What an expected alert can turn out to be: a true positive is not expected
pub(crate) const EXPECTED: [&str; 2] = ["informationalExpectedActivity", "falsePositive"];

/// What a tuning rule does with an alert
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum TuningAction {
    /// Leaves it out of the queue; it is kept, can be found, and can be released. Its source is
    /// told nothing.
    Hide,
    /// Resolves it at its source, as that
    Resolve(Classification),
}

impl TuningAction {
    pub(super) fn read(at: &Cursor<'_>) -> Option<Self> {
        let (name, body) = at.variant("action", &ACTIONS)?;
        match (name, body) {
            ("hide", None) => Some(Self::Hide),
            ("hide", Some(body)) => {
                let help = "write `action: hide`".to_owned();
                body.problem(Code::WrongType, "`hide` takes nothing", Some(help));
                None
            }
            (_, Some(body)) => read_expected(&body).map(Self::Resolve),
            (_, None) => {
                let help = "write `resolve: { informationalExpectedActivity: … }`".to_owned();
                at.problem(Code::MissingKey, "the classification is missing", Some(help));
                None
            }
        }
    }

    /// What it does, in words
    pub fn in_words(self) -> String {
        match self {
            Self::Hide => "hide".to_owned(),
            Self::Resolve(classification) => format!("resolve as {}", classification.in_words()),
        }
    }
}

/// A classification that an expected alert can have
fn read_expected(at: &Cursor<'_>) -> Option<Classification> {
    let classification = read_classification(at)?;
    if !EXPECTED.contains(&classification.name()) {
        let message = "a true positive is not expected, and is not to be tuned";
        let help = EXPECTED.map(|it| format!("`{it}`")).join(" or ");
        at.problem(Code::BadValue, message, Some(format!("resolve as {help}")));
        return None;
    }
    Some(classification)
}
