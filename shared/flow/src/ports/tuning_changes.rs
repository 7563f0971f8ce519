//! Changes of tuning rules by people.

use std::future::Future;

use defuse_domain::TuningRuleName;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{StoreError, StoredRule};

/// What was done to a rule
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RuleVerb {
    /// A text was saved under its name
    Saved,
    /// It was turned on
    TurnedOn,
    /// It was turned off
    TurnedOff,
    /// It was deleted
    Deleted,
}

/// One change of a rule
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleChange {
    /// The rule's version since
    pub version: u64,
    /// What was done
    pub what: RuleVerb,
    /// Who did it
    pub by: String,
    /// When
    pub at: Timestamp,
    /// The text that it has since
    pub text: String,
}

/// What came of a change
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangedRule {
    /// It was made
    Changed,
    /// Somebody changed the rule since it was read: nothing was done
    Overtaken,
}

/// Where people change tuning rules
pub trait TuningStore {
    /// The rule of that name, also if it was deleted
    fn stored_rule(
        &self,
        name: &TuningRuleName,
    ) -> impl Future<Output = Result<Option<StoredRule>, StoreError>> + Send;

    /// Makes the rule what `rule` says, who changed it and when included, and keeps that change in
    /// its history, if the rule still has the version of `rule`; 0 is for one that never was
    fn change(
        &self,
        rule: &StoredRule,
        what: RuleVerb,
    ) -> impl Future<Output = Result<ChangedRule, StoreError>> + Send;

    /// Every change of a rule, oldest first
    fn changes(
        &self,
        name: &TuningRuleName,
    ) -> impl Future<Output = Result<Vec<RuleChange>, StoreError>> + Send;
}
