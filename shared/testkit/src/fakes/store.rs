//! The store in memory: heads, runs, counters and notes, each change under one lock.

mod acts;
mod allow_list;
mod effects;
mod facts;
mod tuning;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use defuse_domain::{
    Alert, AlertId, Effect, EffectId, EffectState, Indicator, Notification, Outcome, Run, RunKey,
    Unreadable,
};
use defuse_flow::{
    AlertExport, AlertHistory, AlertState, AlertStore, CLAIM_SECONDS, Claim, ExportPage,
    ExportedAlert, FeedPlace, FeedStore, HistoryStore, Kept, LeftOut, LeftOutLog, LimitClaim,
    LimitStore, NotificationLog, Outbox, Outstanding, Pace, PartStore, Rate, Recorded, RejectStore,
    RunStore, StoreError, Stored, StoredAlert, StoredEntry, StoredPlace, Turn, WebhookLog,
};
use jiff::Timestamp;

use self::{effects::Effects, facts::KeptFacts, tuning::TuningState};
use super::locked;

/// Keeps everything that the flow keeps, for as long as a test lasts
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    heads: BTreeMap<AlertId, Head>,
    revisions: BTreeMap<AlertId, Vec<Alert>>,
    left_out: BTreeSet<AlertId>,
    parts: BTreeMap<AlertId, BTreeSet<String>>,
    rejected: Vec<Unreadable>,
    places: BTreeMap<String, StoredPlace>,
    runs: BTreeMap<RunKey, Run>,
    counted: BTreeMap<String, BTreeSet<AlertId>>,
    taken: BTreeSet<String>,
    notes: BTreeMap<String, Note>,
    acts: BTreeMap<AlertId, acts::Kept>,
    facts: KeptFacts,
    tuning: TuningState,
    allowed: BTreeMap<Indicator, StoredEntry>,
}

#[derive(Debug)]
struct Head {
    stored: StoredAlert,
    effects: Effects,
}

#[derive(Debug)]
struct Note {
    claimed: Timestamp,
    posted: bool,
}

impl MemoryStore {
    /// What could not be read
    pub fn rejected(&self) -> Vec<Unreadable> {
        locked(&self.state).rejected.clone()
    }

    /// The effects of an alert's last run, done or not
    pub fn effects(&self, id: &AlertId) -> Vec<(EffectId, EffectState)> {
        let state = locked(&self.state);
        state.heads.get(id).map(|it| it.effects.states()).unwrap_or_default()
    }

    /// How many alerts a limit has counted
    pub fn n_counted(&self, counter: &str) -> usize {
        locked(&self.state).counted.get(counter).map_or(0, BTreeSet::len)
    }
}

impl AlertStore for MemoryStore {
    async fn store(&self, alert: &Alert, now: Timestamp) -> Result<Stored, StoreError> {
        let mut state = locked(&self.state);
        let older = state.heads.get(&alert.id);
        if older.is_some_and(|it| it.stored.alert.revision() >= alert.revision()) {
            return Ok(Stored::Again);
        }
        state.revisions.entry(alert.id.clone()).or_default().push(alert.clone());
        let older = state.heads.get(&alert.id);
        let came = if older.is_some() { Stored::Newer } else { Stored::New };
        let received = older.map_or(Some(now), |it| it.stored.alert.received);
        let stored = StoredAlert {
            alert: Alert { received, ..alert.clone() },
            state: AlertState::Pending,
            version: older.map_or(0, |it| it.stored.version) + 1,
            looks: 0,
            last_run: older.and_then(|it| it.stored.last_run.clone()),
            effects: BTreeMap::new(),
            refused: false,
            tags: older.map(|it| it.stored.tags.clone()).unwrap_or_default(),
            managed: older.map(|it| it.stored.managed.clone()).unwrap_or_default(),
            released: older.and_then(|it| it.stored.released.clone()),
        };
        let effects = older.map(|it| it.effects.clone()).unwrap_or_default();
        state.heads.insert(alert.id.clone(), Head { stored, effects });
        Ok(came)
    }
}

impl LeftOutLog for MemoryStore {
    async fn leave_out(&self, alert: &Alert, _now: Timestamp) -> Result<LeftOut, StoreError> {
        let mut state = locked(&self.state);
        if state.heads.contains_key(&alert.id) {
            return Ok(LeftOut::IsStored);
        }
        let is_new = state.left_out.insert(alert.id.clone());
        Ok(if is_new { LeftOut::Counted } else { LeftOut::Again })
    }
}

impl PartStore for MemoryStore {
    async fn keep(
        &self,
        id: &AlertId,
        parts: &[String],
        _now: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        let mut state = locked(&self.state);
        let kept = state.parts.entry(id.clone()).or_default();
        kept.extend(parts.iter().cloned());
        Ok(kept.iter().cloned().collect())
    }
}

impl RejectStore for MemoryStore {
    async fn reject(&self, unreadable: &Unreadable, _now: Timestamp) -> Result<(), StoreError> {
        let mut state = locked(&self.state);
        if !state.rejected.contains(unreadable) {
            state.rejected.push(unreadable.clone());
        }
        Ok(())
    }
}

impl Pace for MemoryStore {
    /// There is always a turn
    async fn turn(
        &self,
        _rate: Rate,
        _patience: Duration,
        _now: Timestamp,
    ) -> Result<Turn, StoreError> {
        Ok(Turn::Now)
    }
}

impl FeedStore for MemoryStore {
    async fn place(&self, feed: &str) -> Result<Option<StoredPlace>, StoreError> {
        Ok(locked(&self.state).places.get(feed).cloned())
    }

    async fn keep_place(
        &self,
        feed: &str,
        place: &FeedPlace,
        version: u64,
    ) -> Result<Kept, StoreError> {
        let mut state = locked(&self.state);
        if state.places.get(feed).map_or(0, |it| it.version) != version {
            return Ok(Kept::Overtaken);
        }
        let stored = StoredPlace { place: place.clone(), version: version + 1 };
        state.places.insert(feed.to_owned(), stored);
        Ok(Kept::Kept)
    }
}

impl RunStore for MemoryStore {
    async fn load(&self, id: &AlertId) -> Result<Option<StoredAlert>, StoreError> {
        Ok(locked(&self.state).heads.get(id).map(|it| StoredAlert {
            effects: it.effects.states().into_iter().collect(),
            refused: it.effects.refused(),
            ..it.stored.clone()
        }))
    }

    async fn record(
        &self,
        run: &Run,
        tags: &BTreeSet<String>,
        version: u64,
    ) -> Result<Recorded, StoreError> {
        let mut state = locked(&self.state);
        let Some(head) = state.heads.get_mut(&run.key.alert_id) else {
            return Ok(Recorded::Overtaken);
        };
        if head.stored.version != version {
            return Ok(Recorded::Overtaken);
        }
        head.stored.state = match run.decision.outcome {
            Outcome::Open => AlertState::Open,
            Outcome::Hidden => AlertState::Hidden,
            Outcome::Resolved(_) | Outcome::ResolvedAtSource => AlertState::Resolved,
        };
        head.stored.version += 1;
        head.stored.looks += 1;
        head.stored.last_run = Some(run.key.clone());
        head.stored.tags.clone_from(tags);
        head.effects = Effects::of(&run.effects);
        state.runs.insert(run.key.clone(), run.clone());
        Ok(Recorded::New)
    }

    async fn run(&self, key: &RunKey) -> Result<Option<Run>, StoreError> {
        Ok(locked(&self.state).runs.get(key).cloned())
    }
}

impl HistoryStore for MemoryStore {
    async fn history(&self, id: &AlertId) -> Result<Option<AlertHistory>, StoreError> {
        let state = locked(&self.state);
        let Some(head) = state.heads.get(id) else { return Ok(None) };
        let runs = state.runs.values().filter(|it| it.key.alert_id == *id);
        Ok(Some(AlertHistory {
            revisions: state.revisions.get(id).cloned().unwrap_or_default(),
            runs: runs.cloned().collect(),
            effects: head.effects.states().into_iter().collect(),
            released: head.stored.released.clone(),
        }))
    }
}

impl AlertExport for MemoryStore {
    /// Everything on one page
    async fn export(
        &self,
        since: Timestamp,
        _next: Option<&str>,
    ) -> Result<ExportPage, StoreError> {
        let state = locked(&self.state);
        let exported = state.revisions.values().filter_map(|revisions| {
            let (came, newest) = (revisions.first()?, revisions.last()?);
            let is_young = came.came().is_none_or(|it| it >= since);
            is_young.then(|| ExportedAlert { came: came.clone(), later: newest.into() })
        });
        Ok(ExportPage { alerts: exported.collect(), ..ExportPage::default() })
    }
}

impl LimitStore for MemoryStore {
    async fn claim(
        &self,
        alert: &AlertId,
        claims: &[LimitClaim],
        _now: Timestamp,
    ) -> Result<Vec<LimitClaim>, StoreError> {
        let mut state = locked(&self.state);
        let mut used_up = Vec::new();
        for claim in claims {
            let counted = state.counted.entry(claim.counter.clone()).or_default();
            let has_room = usize::try_from(claim.max).is_ok_and(|max| counted.len() < max);
            if has_room {
                counted.insert(alert.clone());
            } else if !counted.contains(alert) {
                used_up.push(claim.clone());
            }
        }
        Ok(used_up)
    }
}

impl Outbox for MemoryStore {
    async fn outstanding(&self, id: &AlertId) -> Result<Option<Outstanding>, StoreError> {
        let state = locked(&self.state);
        let Some(head) = state.heads.get(id) else { return Ok(None) };
        if head.stored.state == AlertState::Pending {
            return Ok(None);
        }
        let Some(run) = head.stored.last_run.as_ref().and_then(|it| state.runs.get(it)) else {
            return Ok(None);
        };
        let effects: Vec<Effect> = head.effects.outstanding();
        Ok((!effects.is_empty()).then(|| Outstanding {
            alert: head.stored.alert.clone(),
            run: run.clone(),
            effects,
            refused: head.effects.refused(),
        }))
    }

    async fn mark(
        &self,
        run: &Run,
        effect: &EffectId,
        state: &EffectState,
    ) -> Result<(), StoreError> {
        let mut all = locked(&self.state);
        let head = all.heads.get_mut(&run.key.alert_id);
        let Some(head) = head.filter(|it| it.stored.last_run.as_ref() == Some(&run.key)) else {
            return Ok(());
        };
        let was_refused = head.effects.refused();
        if head.effects.mark(run, effect, state) {
            head.stored.version += 1;
        }
        let is_pending = head.stored.state == AlertState::Pending;
        if head.effects.refused() && !was_refused && !is_pending {
            head.stored.state = AlertState::Open;
        }
        Ok(())
    }
}

impl WebhookLog for MemoryStore {
    async fn was_taken(&self, id: &str) -> Result<bool, StoreError> {
        Ok(locked(&self.state).taken.contains(id))
    }

    async fn took(&self, id: &str, _now: Timestamp) -> Result<(), StoreError> {
        locked(&self.state).taken.insert(id.to_owned());
        Ok(())
    }
}

impl NotificationLog for MemoryStore {
    async fn claim(
        &self,
        notification: &Notification,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        let mut state = locked(&self.state);
        let Some(note) = state.notes.get_mut(&notification.id) else {
            state.notes.insert(notification.id.clone(), Note { claimed: now, posted: false });
            return Ok(Claim::First);
        };
        if note.posted {
            return Ok(Claim::Posted);
        }
        if now.duration_since(note.claimed).as_secs() < CLAIM_SECONDS {
            return Ok(Claim::InHand);
        }
        note.claimed = now;
        Ok(Claim::Unsure)
    }

    async fn posted(
        &self,
        notification: &Notification,
        _answer: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let note = Note { claimed: now, posted: true };
        locked(&self.state).notes.insert(notification.id.clone(), note);
        Ok(())
    }

    async fn not_posted(&self, notification: &Notification) -> Result<(), StoreError> {
        let mut state = locked(&self.state);
        if state.notes.get(&notification.id).is_some_and(|it| !it.posted) {
            state.notes.remove(&notification.id);
        }
        Ok(())
    }
}
