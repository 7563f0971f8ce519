//! The time, and what is driven by it.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use defuse_domain::Alert;
use defuse_flow::{
    AlertFeed, AlertStore, FeedStore, LeftOutLog, Notifier, Pace, Poll, Reading, RejectStore,
    RunStore, ServiceLevels,
};
use jiff::{SignedDuration, Timestamp};

/// How long a page takes
const PAGE: SignedDuration = SignedDuration::from_millis(200);

/// Tells the time that the test says it is; clones are one clock
#[derive(Clone, Debug)]
pub(crate) struct Clock(Arc<AtomicI64>);

impl Clock {
    /// Begins on a day in November
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(1_795_435_200_000)))
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap()
    }

    /// Goes on to that time, unless it is past
    pub(crate) fn to(&self, time: Timestamp) {
        self.0.fetch_max(time.as_millisecond(), Ordering::SeqCst);
    }

    pub(crate) fn pass(&self, time: SignedDuration) {
        self.to(self.now() + time);
    }
}

/// Reads the next page of the feed that is ready first; the time goes on to when that is
pub(crate) async fn step<F, S, N>(poll: &Poll<F, S, N>, ready: &mut Vec<Timestamp>, clock: &Clock)
where
    F: AlertFeed,
    S: FeedStore + AlertStore + LeftOutLog + RejectStore + Pace + ServiceLevels,
    N: Notifier,
{
    ready.resize(poll.feeds().len(), clock.now());
    let first = ready.iter_mut().zip(poll.feeds()).min_by_key(|(at, _)| **at);
    let (at, feed) = first.unwrap();
    clock.to(*at);
    let now = clock.now();
    *at = match poll.poll(feed, now).await {
        Ok(next) => next.max(now),
        Err(_) => now + SignedDuration::from_secs(5),
    };
    clock.pass(PAGE);
}

/// Whether every feed of the store has caught up
pub(crate) async fn has_caught_up(store: &impl FeedStore, feeds: &[&str]) -> bool {
    for feed in feeds {
        let place = store.place(feed).await.unwrap();
        let follows = |it: &Reading| matches!(it, Reading::Following { .. });
        if !place.is_some_and(|it| follows(&it.place.reading)) {
            return false;
        }
    }
    true
}

/// The alerts that are not stored as they are
pub(crate) async fn missing(store: &impl RunStore, wanted: &[Alert]) -> Vec<String> {
    let mut missing = Vec::new();
    for alert in wanted {
        let stored = store.load(&alert.id).await.unwrap().map(|it| it.alert.revision());
        if stored != Some(alert.revision()) {
            missing.push(format!("{} is {stored:?}, not {}", alert.id, alert.revision()));
        }
    }
    missing
}
