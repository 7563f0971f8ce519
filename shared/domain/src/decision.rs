//! What becomes of an alert, with why.

use serde::{Deserialize, Serialize};

use crate::{
    classification::Classification,
    explanation::{Explanation, Truth, UnknownFact},
    playbook::{Mode, PlaybookName},
};

/// What becomes of an alert
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It stays in the queue, for a person
    Open,
    /// It is resolved as that
    Resolved(Classification),
    /// Somebody resolved it at its source already; there is nothing to do
    ResolvedAtSource,
}

/// What becomes of an alert, the rules that determined it, and the trace
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// What
    pub outcome: Outcome,
    /// The playbooks that determined it; equals are named together
    pub determined_by: Vec<PlaybookName>,
    /// Why it stays open, a sentence each
    pub reasons: Vec<String>,
    /// What a rule asked and nobody could say
    pub unknown: Vec<UnknownFact>,
    /// Every playbook in force, with every condition and its answer
    pub trace: Vec<PlaybookTrace>,
}

/// How one playbook came out
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaybookTrace {
    /// Which
    pub playbook: PlaybookName,
    /// Which text of it
    pub version: String,
    /// What it may do
    pub mode: Mode,
    /// Whether it holds: trigger and criteria together
    pub answer: Truth,
    /// Whether the alert is one of its
    pub trigger: Explanation,
    /// Whether what it asks is true; absent where the alert is none of its
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub criteria: Option<Explanation>,
}
