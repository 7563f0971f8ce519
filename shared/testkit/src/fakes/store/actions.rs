//! What was done to alerts, listed, and changes of many at once; in memory.

use defuse_domain::{ActionId, ActionKey, AlertId};
use defuse_flow::{
    ActStore, ActionLog, AlertRecord, Bulk, BulkLog, HistoryStore, ListedAction, StoreError,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{MemoryStore, locked};

impl ActionLog for MemoryStore {
    async fn listed(
        &self,
        day: Date,
        (since, until): (Timestamp, Timestamp),
        after: Option<&ListedAction>,
        max: usize,
    ) -> Result<Vec<ListedAction>, StoreError> {
        let mut lines = self.lines().await?;
        lines.sort_by(|left, right| (right.at, &right.id).cmp(&(left.at, &left.id)));
        lines.retain(|it| {
            it.at.to_zoned(TimeZone::UTC).date() == day
                && (since..=until).contains(&it.at)
                && after.is_none_or(|after| (it.at, &it.id) < (after.at, &after.id))
        });
        lines.truncate(max);
        Ok(lines)
    }

    async fn record_of(&self, id: &AlertId) -> Result<Option<AlertRecord>, StoreError> {
        let (Some(stands), Some(kept)) = (self.managed(id).await?, self.history(id).await?) else {
            return Ok(None);
        };
        Ok(Some(AlertRecord {
            stands,
            revisions: kept.revisions,
            runs: kept.runs.into_iter().map(|it| (it, String::new())).collect(),
            effects: kept.effects,
            acts: self.acts(id).await?,
        }))
    }
}

impl MemoryStore {
    async fn lines(&self) -> Result<Vec<ListedAction>, StoreError> {
        let ids: Vec<AlertId> = locked(&self.state).heads.keys().cloned().collect();
        let mut lines = Vec::new();
        for id in ids {
            let Some(record) = self.record_of(&id).await? else { continue };
            let line = |at, key| {
                let id = ActionId { alert_id: id.clone(), key };
                ListedAction { at, id, digest: String::new() }
            };
            let runs = record.runs.iter().filter(|(run, _)| !run.effects.is_empty());
            lines.extend(runs.map(|(run, _)| {
                let (revision, look) = (run.key.revision, run.key.look);
                line(run.decided, ActionKey::Run { revision, look })
            }));
            let acts = record.acts.acts.iter();
            lines.extend(acts.map(|(act, _)| line(act.at, ActionKey::Act { number: act.number })));
        }
        Ok(lines)
    }
}

impl BulkLog for MemoryStore {
    async fn keep_bulk(&self, bulk: &Bulk) -> Result<Bulk, StoreError> {
        let mut state = locked(&self.state);
        Ok(state.bulks.entry(bulk.id.clone()).or_insert_with(|| bulk.clone()).clone())
    }

    async fn bulk(&self, id: &str) -> Result<Option<Bulk>, StoreError> {
        Ok(locked(&self.state).bulks.get(id).cloned())
    }
}
