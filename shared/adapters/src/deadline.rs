//! By when an answer must be there.

use std::time::Duration;

use tokio::time::Instant;

/// By when an answer must be there
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    pub(crate) fn within(limit: Duration) -> Self {
        // Why: a limit beyond what the clock can count is a mistake in settings, and means now.
        let now = Instant::now();
        Self(now.checked_add(limit).unwrap_or(now))
    }

    pub(crate) const fn at(self) -> Instant {
        self.0
    }

    pub(crate) fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}
