//! Tuning rules besides those of the deployment: what people saved, and since when each is in force.

use std::future::Future;

use defuse_domain::{Diagnostic, TuningRule, TuningRuleName};
use jiff::Timestamp;

use super::StoreError;
use crate::tuning::DeployedRules;

/// A tuning rule as people saved it
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRule {
    /// Its name
    pub name: TuningRuleName,
    /// Its text, as its author wrote it
    pub text: String,
    /// Whether it is turned on; its text may say that it is not, besides
    pub is_on: bool,
    /// Whether it was deleted: what is left is its history
    pub is_deleted: bool,
    /// Since when it is in force: it acts on alerts that came then or later
    pub since: Timestamp,
    /// When it was changed last
    pub changed: Timestamp,
    /// Who changed it last
    pub by: String,
    /// Counts its changes; a change is conditional on it
    pub version: u64,
}

impl StoredRule {
    /// The rule that its text says, by the checks that it was saved by, or everything that is wrong
    /// with it by now
    pub fn parse(&self, ranges: &[&str]) -> Result<TuningRule, Vec<Diagnostic>> {
        let file = self.name.as_str();
        let rule = TuningRule::parse(file, &self.text)?;
        let problems = rule.check_ranges(file, ranges);
        if problems.is_empty() { Ok(rule.in_force_since(self.since)) } else { Err(problems) }
    }
}

/// Where tuning rules are kept that people saved
pub trait StoredTuning {
    /// Counts the changes of all rules, so that they are read again when there was one; it may be a
    /// moment behind
    fn generation(&self) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Every rule by name, with those that are turned off and those that were deleted
    fn stored_rules(&self) -> impl Future<Output = Result<Vec<StoredRule>, StoreError>> + Send;
}

/// Since when the rules of the deployment are in force
pub trait DeployedTuning {
    /// What is noted of them; nothing before the first was
    fn deployed(&self) -> impl Future<Output = Result<DeployedRules, StoreError>> + Send;

    /// Notes them, if nobody did since they were read; whether it did
    fn keep_deployed(
        &self,
        rules: &DeployedRules,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}
