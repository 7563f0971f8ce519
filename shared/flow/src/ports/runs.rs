//! Alerts as they stand, and the runs that decided them.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
};

use defuse_domain::{Alert, AlertId, EffectId, EffectState, Managed, Release, Run, RunKey};

use super::StoreError;

/// Where an alert stands with us
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertState {
    /// Stored, and not yet decided
    Pending,
    /// For a person
    Open,
    /// Left out of the queue by a tuning rule; kept, and can be found
    Hidden,
    /// Resolved by a rule, or at its source
    Resolved,
}

/// An alert as stored: its newest revision, and how it stands
#[derive(Clone, Debug, PartialEq)]
pub struct StoredAlert {
    /// The newest revision
    pub alert: Alert,
    /// Where it stands
    pub state: AlertState,
    /// Counts every change of the head; a write is conditional on it
    pub version: u64,
    /// How often this revision was decided
    pub looks: u32,
    /// The run that decided it last, be it an older revision
    pub last_run: Option<RunKey>,
    /// What became of that run's effects
    pub effects: BTreeMap<EffectId, EffectState>,
    /// Whether the source refused to resolve the alert as that run decided
    pub refused: bool,
    /// Our own tags
    pub tags: BTreeSet<String>,
    /// What persons made of it
    pub managed: Managed,
    /// The release by a person, if there was one: no rule hides or resolves it again
    pub released: Option<Release>,
}

/// What came of recording a run
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// The run is what happened
    New,
    /// Somebody else changed the alert since it was read: this run did not happen
    Overtaken,
}

/// Where runs are kept
pub trait RunStore {
    /// The alert of that id, if we have it
    fn load(
        &self,
        id: &AlertId,
    ) -> impl Future<Output = Result<Option<StoredAlert>, StoreError>> + Send;

    /// Keeps the run and makes state, tags and effects of the alert what it says, in one write
    /// that holds only if the alert still has `version`
    fn record(
        &self,
        run: &Run,
        tags: &BTreeSet<String>,
        version: u64,
    ) -> impl Future<Output = Result<Recorded, StoreError>> + Send;

    /// A run that was recorded
    fn run(&self, key: &RunKey) -> impl Future<Output = Result<Option<Run>, StoreError>> + Send;
}
