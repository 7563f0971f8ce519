//! Answers to questions about the world.

use std::future::Future;

use defuse_domain::{Facts, Question};
use jiff::Timestamp;

/// Answers questions about the world
pub trait FactSource {
    /// Answers every question; what cannot be answered is unknown, with its reason
    fn answer(&self, questions: &[Question], now: Timestamp) -> impl Future<Output = Facts> + Send;
}
