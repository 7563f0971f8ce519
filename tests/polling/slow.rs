//! Feeds whose answers take their time, by the test's clock: on the way there, on the way back, and
//! some so long that nobody waits for them.

use std::sync::{Arc, Mutex};

use defuse_flow::{AlertFeed, FeedError, FeedInfo, FeedPage, Window};
use jiff::SignedDuration;

use crate::world::Clock;

/// How long an answer is waited for
const LIMIT: SignedDuration = SignedDuration::from_secs(20);

/// A feed with slow answers
pub(crate) struct Slow<F> {
    feed: F,
    clock: Clock,
    draw: Arc<Mutex<Draw>>,
}

impl<F> Slow<F> {
    pub(crate) fn new(feed: F, clock: Clock, seed: u64) -> Self {
        Self { feed, clock, draw: Arc::new(Mutex::new(Draw(seed))) }
    }

    /// One in ten takes up to so many seconds
    fn seconds(&self, most: u32) -> SignedDuration {
        let mut draw = self.draw.lock().unwrap();
        let is_slow = draw.below(10) == 0;
        let seconds = draw.below(most);
        SignedDuration::from_secs(if is_slow { i64::from(seconds) } else { 0 })
    }

    fn is_lost(&self) -> bool {
        self.draw.lock().unwrap().below(50) == 0
    }
}

impl<F: AlertFeed + Sync> AlertFeed for Slow<F> {
    fn info(&self) -> FeedInfo {
        self.feed.info()
    }

    async fn read(&self, window: Window, next: Option<&str>) -> Result<FeedPage, FeedError> {
        self.clock.pass(self.seconds(10));
        let page = self.feed.read(window, next).await;
        if self.is_lost() {
            self.clock.pass(LIMIT);
            let said = "no answer within the time limit".to_owned();
            return Err(FeedError { said, retry_after: None, source: "lost".into() });
        }
        self.clock.pass(self.seconds(10));
        page
    }
}

/// Draws numbers, the same ones each time
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from((self.0 >> 16) % u64::from(end.max(1))).unwrap()
    }
}
