//! How often one part of Graph bears to be asked by everybody together.

use std::time::{Duration, Instant};

/// One request in so much time, and one more that comes early: networks are not punctual
#[derive(Clone, Copy, Debug)]
pub(in crate::tenant) struct Rate {
    every: Duration,
    due: Option<Instant>,
    n_refused: usize,
}

impl Rate {
    pub(in crate::tenant) const fn new(every: Duration) -> Self {
        Self { every, due: None, n_refused: 0 }
    }

    /// Whether a request may come now
    pub(in crate::tenant) fn takes(&mut self, now: Instant) -> bool {
        let due = self.due.unwrap_or(now);
        if now + self.every < due {
            self.n_refused += 1;
            return false;
        }
        self.due = Some(due.max(now) + self.every);
        true
    }

    /// How many requests came too early
    pub(in crate::tenant) const fn n_refused(&self) -> usize {
        self.n_refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_too_early_is_refused_and_counted() {
        let start = Instant::now();
        let mut rate = Rate::new(Duration::from_secs(1));
        let takes = [0, 400, 600, 1_000, 1_999, 2_000, 9_000, 9_000, 9_000]
            .map(|at| rate.takes(start + Duration::from_millis(at)));
        assert_eq!(takes, [true, true, false, true, false, true, true, true, false]);
        assert_eq!(rate.n_refused(), 3);
    }
}
