//! What tuning rules did.

use std::{collections::BTreeMap, future::Future};

use defuse_domain::{AlertId, TuningRuleName};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::StoreError;

/// What a tuning rule did
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Matches {
    /// How many alerts it hid or resolved, each counted once
    pub total: u64,
    /// When it did last
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
    /// How many on each day (UTC)
    pub per_day: BTreeMap<Date, u64>,
}

/// Counts what tuning rules do
pub trait MatchLog {
    /// Counts the alert for each of the rules; one that was counted for a rule is not again
    fn count(
        &self,
        rules: &[TuningRuleName],
        alert: &AlertId,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Says what tuning rules did
pub trait MatchReport {
    /// What that rule did
    fn matches(
        &self,
        rule: &TuningRuleName,
    ) -> impl Future<Output = Result<Matches, StoreError>> + Send;

    /// Every alert that it ever hid or resolved, whatever became of it since
    fn matched_alerts(
        &self,
        rule: &TuningRuleName,
    ) -> impl Future<Output = Result<Vec<AlertId>, StoreError>> + Send;
}
