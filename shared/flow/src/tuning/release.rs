//! Hidden alerts that people take out again: each is decided anew at once, and no rule hides or
//! resolves it any more.

use defuse_domain::{AlertId, Outcome, Release, TuningRuleName};
use jiff::Timestamp;

use crate::ports::{
    AlertState, MatchReport, ReleaseStore, Released, RunStore, StoreError, StoredAlert,
};

/// Releases hidden alerts
#[derive(Clone, Debug)]
pub struct Releasing<S> {
    store: S,
}

/// An alert was not released
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// There is none of that id
    #[error("there is no alert `{0}`")]
    Missing(AlertId),
    /// It is not hidden
    #[error("alert `{0}` is not hidden")]
    NotHidden(AlertId),
    /// It changed at the same time
    #[error("alert `{0}` changed at the same time: try again")]
    Overtaken(AlertId),
    /// The store failed
    #[error("alert `{id}` cannot be read or released")]
    Store {
        /// Which
        id: AlertId,
        /// Why
        #[source]
        source: StoreError,
    },
}

impl<S: RunStore + MatchReport + ReleaseStore> Releasing<S> {
    /// Releases alerts there
    pub const fn new(store: S) -> Self {
        Self { store }
    }

    /// Every alert that `rule` keeps hidden now, whether there still is such a rule or not
    pub async fn hidden_by(&self, rule: &TuningRuleName) -> Result<Vec<AlertId>, StoreError> {
        let mut hidden = Vec::new();
        for id in self.store.matched_alerts(rule).await? {
            if self.is_hidden_by(&id, rule).await? {
                hidden.push(id);
            }
        }
        Ok(hidden)
    }

    /// Whether the run that hid the alert did so by that rule
    async fn is_hidden_by(&self, id: &AlertId, rule: &TuningRuleName) -> Result<bool, StoreError> {
        let Some(StoredAlert { state: AlertState::Hidden, last_run: Some(key), .. }) =
            self.store.load(id).await?
        else {
            return Ok(false);
        };
        let run = self.store.run(&key).await?;
        Ok(run.is_some_and(|it| {
            it.decision.outcome == Outcome::Hidden && it.decision.tuned_by.contains(rule)
        }))
    }

    /// Releases one alert
    pub async fn release(
        &self,
        id: &AlertId,
        by: &str,
        now: Timestamp,
    ) -> Result<(), ReleaseError> {
        let failed = |source| ReleaseError::Store { id: id.clone(), source };
        let stored = self.store.load(id).await.map_err(failed)?;
        let stored = stored.ok_or_else(|| ReleaseError::Missing(id.clone()))?;
        if stored.state != AlertState::Hidden {
            return Err(ReleaseError::NotHidden(id.clone()));
        }
        let release = Release { at: now, by: by.to_owned() };
        match self.store.release(id, stored.version, &release).await.map_err(failed)? {
            Released::Released => Ok(()),
            Released::Overtaken => Err(ReleaseError::Overtaken(id.clone())),
        }
    }
}
