//! Turns of one process by itself, where there is no table to share them by.
//!
//! Permissions: none at AWS.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use defuse_flow::{Pace, Rate, StoreError, Turn};
use jiff::Timestamp;
use tokio::{
    sync::Mutex,
    time::{Instant, sleep_until},
};

/// Turns that clones of it take one after the other
#[derive(Clone, Debug, Default)]
pub struct OwnPace {
    next: Arc<Mutex<BTreeMap<&'static str, Instant>>>,
}

impl Pace for OwnPace {
    async fn turn(
        &self,
        rate: Rate,
        patience: Duration,
        now: Timestamp,
    ) -> Result<Turn, StoreError> {
        let started = Instant::now();
        let mut next = self.next.lock().await;
        let turn = next.get(rate.name).copied().unwrap_or(started).max(started);
        let wait = turn.saturating_duration_since(started);
        if wait > patience {
            return Ok(Turn::TooLate { free: now.saturating_add(wait).unwrap_or(Timestamp::MAX) });
        }
        next.insert(rate.name, turn.checked_add(rate.every).unwrap_or(turn));
        drop(next);
        sleep_until(turn).await;
        Ok(Turn::Now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { name: "risk", every: Duration::from_secs(1) };

    #[tokio::test(start_paused = true)]
    async fn turns_are_taken_one_after_the_other() {
        let pace = OwnPace::default();
        let now = Timestamp::UNIX_EPOCH;
        let started = Instant::now();
        for _ in 0..3 {
            assert_eq!(pace.turn(RATE, Duration::from_secs(1), now).await.unwrap(), Turn::Now);
        }
        assert_eq!(started.elapsed().as_secs(), 2);
        let late = pace.turn(RATE, Duration::ZERO, now).await.unwrap();
        assert!(matches!(late, Turn::TooLate { free } if free > now), "{late:?}");
        let other = Rate { name: "other", ..RATE };
        assert_eq!(pace.turn(other, Duration::ZERO, now).await.unwrap(), Turn::Now);
    }
}
