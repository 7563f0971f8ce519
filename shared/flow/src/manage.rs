//! What a person does to an alert: shown, changed on condition of the version that they saw, and
//! told with everything else that happened to it.

use defuse_domain::{
    Act, Actor, AlertId, EffectState, Entry, ManageError, Standing, Wish, history,
};
use jiff::Timestamp;
use tracing::info;

use crate::ports::{ActStore, Acted, Acts, HistoryStore, ManagedAlert, StoreError};

/// Manages alerts
#[derive(Clone, Debug)]
pub struct Manage<S> {
    store: S,
}

/// How much an alert's source may not yet have been told
const UNTOLD_MAX: usize = 16;

/// What came of a wish
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The alert stands like that now
    Done(Box<ManagedAlert>),
    /// Somebody changed the alert since it was seen: nothing happened
    Overtaken,
    /// It cannot be
    Refused(ManageError),
}

/// Everything that happened to an alert
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// What its source sent, what we decided, what was done
    pub entries: Vec<Entry>,
    /// What persons did
    pub acts: Acts,
}

impl ManagedAlert {
    /// How it stands, for people
    pub fn standing(&self) -> Standing {
        self.managed.standing(&self.alert, self.tags.clone())
    }
}

impl<S: ActStore + HistoryStore> Manage<S> {
    /// The step, on that store
    pub const fn new(store: S) -> Self {
        Self { store }
    }

    /// The alert, as it stands now
    pub async fn show(&self, id: &AlertId) -> Result<Option<ManagedAlert>, StoreError> {
        self.store.managed(id).await
    }

    /// Does what the wish says to the alert as it was shown; `request` names what asked for it
    pub async fn act(
        &self,
        shown: ManagedAlert,
        wish: &Wish,
        (by, request): (Actor, Option<String>),
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let on = (&shown.alert, &shown.managed, &shown.tags);
        let number = shown.n_acts.saturating_add(1);
        let (act, managed) = match Act::of(wish, on, by, now, (number, shown.last_act.clone())) {
            Ok(Some((act, managed))) => (Act { request, ..act }, managed),
            Ok(None) => return Ok(Outcome::Done(Box::new(shown))),
            Err(error) => return Ok(Outcome::Refused(error)),
        };
        let untold = shown.asked.values().filter(|it| **it == EffectState::Outstanding).count();
        if untold >= UNTOLD_MAX && !act.effects().is_empty() {
            return Ok(Outcome::Refused(ManageError::TooMuchUntold(untold)));
        }
        if self.store.act(&act, &managed, shown.version).await? == Acted::Overtaken {
            return Ok(Outcome::Overtaken);
        }
        let (id, stands) = (&act.alert_id, self.store.managed(&act.alert_id).await?);
        let chained = stands.as_ref().filter(|it| it.n_acts == act.number);
        // The digest stands where who can write the table cannot change it.
        info!(alert.id = %id, act = act.number, steps = act.steps.len(),
            digest = chained.map_or("", |it| &it.last_act), "a person changed alert `{id}`");
        Ok(stands.map_or(Outcome::Overtaken, |it| Outcome::Done(Box::new(it))))
    }

    /// Everything that happened to the alert of that id, if we have it
    pub async fn told(&self, id: &AlertId) -> Result<Option<Told>, StoreError> {
        let Some(kept) = self.store.history(id).await? else { return Ok(None) };
        let entries = history(&kept.revisions, &kept.runs, &kept.effects, kept.released.as_ref());
        Ok(Some(Told { entries, acts: self.store.acts(id).await? }))
    }
}
