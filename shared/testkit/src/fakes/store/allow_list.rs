//! The allow list in memory.

use std::ops::Bound;

use defuse_domain::{AllowListChange, AllowListEntry, AtEndpoint, Indicator};
use defuse_flow::{
    AllowList, AllowListOutbox, AllowListPage, Marked, Put, StoreError, StoredEntry,
};
use jiff::Timestamp;

use super::MemoryStore;
use crate::fakes::locked;

/// How many entries a page has
const PAGE: usize = 100;

impl AllowList for MemoryStore {
    async fn put(&self, entry: &AllowListEntry, now: Timestamp) -> Result<Put, StoreError> {
        let mut state = locked(&self.state);
        let older = state.allowed.get(entry.indicator());
        let what = older.map(|it| entry.differences(&it.entry)).unwrap_or_default();
        let put = match older {
            None => Put::New,
            Some(_) if !what.is_empty() => Put::Changed,
            Some(older) => match older.endpoint {
                // That a new record of the stream calls for it is nothing to a store in memory.
                AtEndpoint::Outstanding | AtEndpoint::Written { .. } => return Ok(Put::Again),
                AtEndpoint::OursAlone { .. } | AtEndpoint::Refused { .. } => Put::Again,
            },
        };
        let mut history = older.map(|it| it.history.clone()).unwrap_or_default();
        history.push(AllowListChange { at: now, by: entry.by().to_owned(), what });
        let version = older.map_or(0, |it| it.version) + 1;
        let stored = StoredEntry {
            entry: entry.clone(),
            endpoint: AtEndpoint::Outstanding,
            version,
            history,
        };
        state.allowed.insert(entry.indicator().clone(), stored);
        Ok(put)
    }

    async fn page(&self, after: Option<&Indicator>) -> Result<AllowListPage, StoreError> {
        let state = locked(&self.state);
        let begin = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut rest = state.allowed.range::<Indicator, _>((begin, Bound::Unbounded));
        let entries: Vec<StoredEntry> =
            rest.by_ref().take(PAGE).map(|(_, it)| it.clone()).collect();
        let last = entries.last().map(|it| it.entry.indicator().clone());
        let next = last.filter(|_| rest.next().is_some());
        Ok(AllowListPage { entries, next })
    }
}

impl AllowListOutbox for MemoryStore {
    async fn entry(&self, indicator: &Indicator) -> Result<Option<StoredEntry>, StoreError> {
        Ok(locked(&self.state).allowed.get(indicator).cloned())
    }

    async fn mark_entry(
        &self,
        read: &StoredEntry,
        state: &AtEndpoint,
    ) -> Result<Marked, StoreError> {
        let mut all = locked(&self.state);
        match all.allowed.get_mut(read.entry.indicator()) {
            Some(kept) if kept.version == read.version => {
                kept.endpoint = state.clone();
                kept.version += 1;
                Ok(Marked::Marked)
            }
            Some(_) | None => Ok(Marked::Overtaken),
        }
    }
}
