//! Everything that is kept of one alert.

use std::{collections::BTreeMap, future::Future};

use defuse_domain::{Alert, AlertId, EffectId, EffectState, Release, Run};

use super::StoreError;

/// How many revisions a history goes back, and how many runs
pub const HISTORY_MAX: usize = 100;

/// What is kept of one alert
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlertHistory {
    /// Its newest revisions, oldest first
    pub revisions: Vec<Alert>,
    /// The newest runs that happened, oldest first
    pub runs: Vec<Run>,
    /// What became of the effects of the last of them
    pub effects: BTreeMap<EffectId, EffectState>,
    /// The release by a person, if there was one
    pub released: Option<Release>,
}

/// Where old revisions and runs are looked up
pub trait HistoryStore {
    /// Everything kept of the alert of that id, if we have it; at most [`HISTORY_MAX`] of each
    fn history(
        &self,
        id: &AlertId,
    ) -> impl Future<Output = Result<Option<AlertHistory>, StoreError>> + Send;
}
