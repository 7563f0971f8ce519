//! Alerts that the settings leave out.

use std::{collections::BTreeMap, future::Future};

use defuse_domain::{Alert, AlertId, Revision};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::StoreError;

/// What came of leaving an alert out
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// It is counted
    Counted,
    /// It was counted before
    Again,
    /// We have the alert, so what changed in it must be taken
    IsStored,
}

/// Counts what the settings leave out, so that nothing is dropped unseen
pub trait LeftOutLog {
    /// Notes that an alert is left out, and counts it once, unless we have it already
    fn leave_out(
        &self,
        alert: &Alert,
        now: Timestamp,
    ) -> impl Future<Output = Result<LeftOut, StoreError>> + Send;
}

/// An alert that was left out
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct LeftOutNote {
    /// When
    pub at: Timestamp,
    /// Which revision, the first time
    pub revision: Revision,
    /// How grave, by its name; `unknown` where the source did not say
    pub severity: String,
}

/// Says what was left out
pub trait LeftOutReport {
    /// When the alert of that id was left out, if it was
    fn left_out(
        &self,
        id: &AlertId,
    ) -> impl Future<Output = Result<Option<LeftOutNote>, StoreError>> + Send;

    /// How many alerts were left out on that day (UTC), by severity
    fn left_out_on(
        &self,
        day: Date,
    ) -> impl Future<Output = Result<BTreeMap<String, u64>, StoreError>> + Send;
}
