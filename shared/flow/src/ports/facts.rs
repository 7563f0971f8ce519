//! Answers to questions about the world.

use std::future::Future;

use defuse_domain::{Facts, Need};
use jiff::Timestamp;

/// Answers questions about the world
pub trait FactSource {
    /// Answers every question; what cannot be answered is unknown, with its reason.
    ///
    /// Who asks anew each time need not look at how old an answer may be.
    fn answer(&self, needs: &[Need], now: Timestamp) -> impl Future<Output = Facts> + Send;
}
