//! Hidden alerts that people take out again: each is decided anew at once, and no rule hides or
//! resolves it any more.

use defuse_domain::{Alert, AlertId, Outcome, Release, TuningRuleName};
use jiff::Timestamp;

use crate::ports::{
    AlertState, MatchReport, ReleaseStore, Released, RunStore, StoreError, StoredAlert,
};

/// How many alerts are released at once at the most
const RELEASED_MAX: usize = 100;

/// Releases hidden alerts
#[derive(Clone, Debug)]
pub struct Releasing<S> {
    store: S,
}

/// What came of releasing the alerts of a rule
#[derive(Debug, Default)]
pub struct ReleasedAlerts {
    /// Those that are released
    pub released: Vec<AlertId>,
    /// Those that are not, and why
    pub failed: Vec<ReleaseError>,
    /// The last that was looked at, where there are more
    pub next: Option<AlertId>,
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

    /// Releases what `rule` keeps hidden of the alerts that somebody `may` release, from the one
    /// after `after` on, while there is time to go on
    pub async fn release_all(
        &self,
        (rule, after): (&TuningRuleName, Option<&AlertId>),
        (by, now): (&str, Timestamp),
        may: impl Fn(&Alert) -> bool,
        goes_on: impl Fn() -> bool,
    ) -> Result<ReleasedAlerts, StoreError> {
        let ids = self.store.matched_alerts(rule).await?;
        let first =
            ids.iter().position(|it| Some(it) == after).map_or(0, |it| it.saturating_add(1));
        let mut result = ReleasedAlerts::default();
        let mut left = ids.into_iter().skip(first).peekable();
        let mut last = None;
        while let Some(id) = left.next() {
            if let Some((alert, is_its)) = self.looked_at(&id, rule).await?
                && may(&alert)
            {
                // Why only then: the place where the next begins must not name what somebody may
                // not see.
                last = Some(id.clone());
                if is_its {
                    match self.release(&id, by, now).await {
                        Ok(()) => result.released.push(id),
                        Err(error) => result.failed.push(error),
                    }
                }
            }
            let n_done = result.released.len().saturating_add(result.failed.len());
            let is_enough = n_done >= RELEASED_MAX || !goes_on();
            // Without a place to go on from it goes on.
            if is_enough && left.peek().is_some() && last.is_some() {
                result.next = last;
                break;
            }
        }
        Ok(result)
    }

    /// Whether the run that hid the alert did so by that rule
    async fn is_hidden_by(&self, id: &AlertId, rule: &TuningRuleName) -> Result<bool, StoreError> {
        Ok(self.looked_at(id, rule).await?.is_some_and(|(_, is_its)| is_its))
    }

    /// The alert, and whether the run that hid it did so by that rule
    async fn looked_at(
        &self,
        id: &AlertId,
        rule: &TuningRuleName,
    ) -> Result<Option<(Alert, bool)>, StoreError> {
        let Some(StoredAlert { alert, state, last_run, .. }) = self.store.load(id).await? else {
            return Ok(None);
        };
        let Some(key) = last_run.filter(|_| state == AlertState::Hidden) else {
            return Ok(Some((alert, false)));
        };
        let is_its = self.store.run(&key).await?.is_some_and(|it| {
            it.decision.outcome == Outcome::Hidden && it.decision.tuned_by.contains(rule)
        });
        Ok(Some((alert, is_its)))
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
