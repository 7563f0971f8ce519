//! Stores to poll into: one that counts, and one in memory that keeps turns.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use defuse_domain::{Alert, Unreadable};
use defuse_flow::{
    AlertStore, FeedPlace, FeedStore, Kept, LeftOut, LeftOutLog, LevelChange, Pace, Rate,
    RejectStore, ServiceLevels, StoreError, Stored, StoredPlace, Turn,
};
use defuse_testkit::MemoryStore;
use jiff::Timestamp;

/// A store that counts what came new
#[derive(Clone)]
pub(crate) struct Counting<S> {
    pub(crate) store: S,
    pub(crate) n_new: Arc<AtomicUsize>,
}

impl<S: AlertStore + Sync> AlertStore for Counting<S> {
    async fn store(&self, alert: &Alert, now: Timestamp) -> Result<Stored, StoreError> {
        let stored = self.store.store(alert, now).await?;
        self.n_new.fetch_add(usize::from(stored == Stored::New), Ordering::SeqCst);
        Ok(stored)
    }
}

impl<S: ServiceLevels + Sync> ServiceLevels for Counting<S> {
    async fn last_level(&self) -> Result<Option<LevelChange>, StoreError> {
        self.store.last_level().await
    }
}

impl<S: LeftOutLog + Sync> LeftOutLog for Counting<S> {
    async fn leave_out(&self, alert: &Alert, now: Timestamp) -> Result<LeftOut, StoreError> {
        self.store.leave_out(alert, now).await
    }
}

impl<S: RejectStore + Sync> RejectStore for Counting<S> {
    async fn reject(&self, unreadable: &Unreadable, now: Timestamp) -> Result<(), StoreError> {
        self.store.reject(unreadable, now).await
    }
}

impl<S: Pace + Sync> Pace for Counting<S> {
    async fn turn(
        &self,
        rate: Rate,
        patience: Duration,
        now: Timestamp,
    ) -> Result<Turn, StoreError> {
        self.store.turn(rate, patience, now).await
    }
}

impl<S: FeedStore + Sync> FeedStore for Counting<S> {
    async fn place(&self, feed: &str) -> Result<Option<StoredPlace>, StoreError> {
        self.store.place(feed).await
    }

    async fn keep_place(
        &self,
        feed: &str,
        place: &FeedPlace,
        version: u64,
    ) -> Result<Kept, StoreError> {
        self.store.keep_place(feed, place, version).await
    }
}

/// The store in memory, with turns; the one that tests share has a turn whenever it is asked
#[derive(Clone, Default)]
pub(crate) struct InMemory {
    pub(crate) store: MemoryStore,
    turns: Arc<Mutex<BTreeMap<&'static str, Timestamp>>>,
}

impl Pace for InMemory {
    async fn turn(
        &self,
        rate: Rate,
        _patience: Duration,
        now: Timestamp,
    ) -> Result<Turn, StoreError> {
        let mut turns = self.turns.lock().unwrap();
        let next = turns.entry(rate.name).or_insert(now);
        if *next > now {
            return Ok(Turn::TooLate { free: *next });
        }
        *next = now + rate.every;
        Ok(Turn::Now)
    }
}

impl AlertStore for InMemory {
    async fn store(&self, alert: &Alert, now: Timestamp) -> Result<Stored, StoreError> {
        self.store.store(alert, now).await
    }
}

impl RejectStore for InMemory {
    async fn reject(&self, unreadable: &Unreadable, now: Timestamp) -> Result<(), StoreError> {
        self.store.reject(unreadable, now).await
    }
}

impl ServiceLevels for InMemory {
    async fn last_level(&self) -> Result<Option<LevelChange>, StoreError> {
        self.store.last_level().await
    }
}

impl LeftOutLog for InMemory {
    async fn leave_out(&self, alert: &Alert, now: Timestamp) -> Result<LeftOut, StoreError> {
        self.store.leave_out(alert, now).await
    }
}

impl FeedStore for InMemory {
    async fn place(&self, feed: &str) -> Result<Option<StoredPlace>, StoreError> {
        self.store.place(feed).await
    }

    async fn keep_place(
        &self,
        feed: &str,
        place: &FeedPlace,
        version: u64,
    ) -> Result<Kept, StoreError> {
        self.store.keep_place(feed, place, version).await
    }
}
