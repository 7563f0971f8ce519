//! The same change of many alerts at once: a result for each, safe to repeat after a crash in the
//! middle, and undone within a quarter of an hour.

use defuse_domain::{Act, ActionId, Actor, Alert, AlertId, UndoError, Wish};
use jiff::{SignedDuration, Timestamp};

use crate::{
    center::{ActionCenter, Undone},
    manage::{Manage, Outcome},
    ports::{ActStore, ActionLog, Bulk, BulkLog, HistoryStore, StoreError},
};

/// How many alerts one change may be of
pub const BULK_MAX: usize = 100;
/// For how long it can be undone
const UNDO_WITHIN: SignedDuration = SignedDuration::from_mins(15);

/// Changes many alerts
#[derive(Clone, Debug)]
pub struct Bulks<S> {
    store: S,
    manage: Manage<S>,
    center: ActionCenter<S>,
}

/// What whoever asks may do to an alert
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Change it
    Change,
    /// See it, and no more
    See,
    /// Nothing: it is as if it were not there
    None,
}

/// What came of one alert
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BulkResult {
    /// It is so now; at that version
    Done(u64),
    /// Somebody changed it meanwhile; it is at that version
    Moved(u64),
    /// There is none
    NotFound,
    /// Not for whoever asks
    Forbidden,
    /// It cannot be, for that reason
    Unfit(String),
    /// Nothing was done to it that could be undone
    Nothing,
}

/// What came of each alert, in the order in which they were named
pub type BulkResults = Vec<(AlertId, BulkResult)>;

/// What came of undoing a change of many
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BulkUndone {
    /// What came of each
    Done(BulkResults),
    /// There is none of that id, or nobody keeps it any more
    NotThere,
    /// It could be undone until then
    TooLate(Timestamp),
}

impl Bulk {
    /// Until when it can be undone, that instant included
    pub fn undo_until(&self) -> Timestamp {
        self.at.saturating_add(UNDO_WITHIN).unwrap_or(Timestamp::MAX)
    }
}

impl<S: ActStore + HistoryStore + ActionLog + BulkLog + Clone> Bulks<S> {
    /// The step, on that store
    pub fn new(store: S, center: ActionCenter<S>) -> Self {
        Self { manage: Manage::new(store.clone()), store, center }
    }

    /// Does what the wish says to each alert that still is at the version that is named for it.
    ///
    /// What an earlier try of the same did already is found by the id, and counts as done.
    pub async fn change(
        &self,
        (bulk, versions): (Bulk, &[u64]),
        wish: &Wish,
        (request, now): (Option<String>, Timestamp),
        access: impl Fn(&Alert) -> Access + Send + Sync,
    ) -> Result<(Bulk, BulkResults), StoreError> {
        // Kept first: what is done can be undone, wherever this ends.
        let bulk = self.store.keep_bulk(&bulk).await?;
        let mut results = Vec::new();
        for (id, version) in bulk.alerts.iter().zip(versions) {
            let origin = (&bulk, request.as_ref(), now);
            let result = self.change_one((id, *version), wish, origin, &access).await?;
            results.push((id.clone(), result));
        }
        Ok((bulk, results))
    }

    async fn change_one(
        &self,
        (id, version): (&AlertId, u64),
        wish: &Wish,
        (bulk, request, now): (&Bulk, Option<&String>, Timestamp),
        access: &(impl Fn(&Alert) -> Access + Send + Sync),
    ) -> Result<BulkResult, StoreError> {
        let Some(shown) = self.manage.show(id).await? else { return Ok(BulkResult::NotFound) };
        match access(&shown.alert) {
            Access::None => return Ok(BulkResult::NotFound),
            Access::See => return Ok(BulkResult::Forbidden),
            Access::Change => {}
        }
        let at = shown.version;
        if at != version {
            let is_done = self.act_of(&bulk.id, id).await?.is_some();
            return Ok(if is_done { BulkResult::Done(at) } else { BulkResult::Moved(at) });
        }
        let stamp =
            |act: Act| Act { request: request.cloned(), bulk: Some(bulk.id.clone()), ..act };
        Ok(match self.manage.act_as(shown, wish, (bulk.by.clone(), now), stamp).await? {
            Outcome::Done(stands) => BulkResult::Done(stands.version),
            Outcome::Refused(error) => BulkResult::Unfit(error.to_string()),
            Outcome::Overtaken => {
                let stands = self.manage.show(id).await?;
                stands.map_or(BulkResult::NotFound, |it| BulkResult::Moved(it.version))
            }
        })
    }

    /// The act on the alert that is a part of that change
    async fn act_of(&self, bulk: &str, id: &AlertId) -> Result<Option<Act>, StoreError> {
        let acts = self.store.acts(id).await?.acts.into_iter().map(|(act, _)| act);
        Ok(acts.into_iter().find(|it| it.bulk.as_deref() == Some(bulk)))
    }

    /// Undoes it, alert by alert
    pub async fn undo(
        &self,
        id: &str,
        (by, request): (Actor, Option<String>),
        access: impl Fn(&Alert) -> Access + Send + Sync,
        now: Timestamp,
    ) -> Result<BulkUndone, StoreError> {
        let Some(bulk) = self.store.bulk(id).await? else { return Ok(BulkUndone::NotThere) };
        let mut allowed = Vec::new();
        for alert in &bulk.alerts {
            let shown = self.manage.show(alert).await?;
            allowed.push(shown.map_or(Access::None, |it| access(&it.alert)));
        }
        if allowed.iter().all(|it| *it == Access::None) {
            return Ok(BulkUndone::NotThere);
        }
        if now > bulk.undo_until() {
            return Ok(BulkUndone::TooLate(bulk.undo_until()));
        }
        let mut results = Vec::new();
        for (alert, access) in bulk.alerts.iter().zip(allowed) {
            let result = match access {
                Access::None => BulkResult::NotFound,
                Access::See => BulkResult::Forbidden,
                Access::Change => {
                    self.undo_one(&bulk.id, alert, (by.clone(), request.clone()), now).await?
                }
            };
            results.push((alert.clone(), result));
        }
        Ok(BulkUndone::Done(results))
    }

    async fn undo_one(
        &self,
        bulk: &str,
        alert: &AlertId,
        by: (Actor, Option<String>),
        now: Timestamp,
    ) -> Result<BulkResult, StoreError> {
        let Some(act) = self.act_of(bulk, alert).await? else { return Ok(BulkResult::Nothing) };
        let id = ActionId::act(alert.clone(), act.number);
        Ok(match self.center.undo(&id, by, now).await? {
            Undone::Done(stands, _) | Undone::Already(stands) => BulkResult::Done(stands.version),
            Undone::Refused(UndoError::NotThere) => BulkResult::Nothing,
            Undone::Refused(error) => BulkResult::Unfit(error.to_string()),
            Undone::Overtaken => {
                let stands = self.manage.show(alert).await?;
                stands.map_or(BulkResult::NotFound, |it| BulkResult::Moved(it.version))
            }
        })
    }
}
