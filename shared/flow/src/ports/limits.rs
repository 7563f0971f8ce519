//! What playbooks may do, counted.

use std::future::Future;

use defuse_domain::AlertId;
use jiff::Timestamp;

use super::StoreError;

/// One thing that a limit counts: a playbook in an hour, a user in a day
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitClaim {
    /// What is counted, window included: `legitimate-travel/hour/2026-11-23T10`
    pub counter: String,
    /// How many there may be
    pub max: u32,
}

/// Counts what playbooks do, exactly, whoever else counts at the same time
pub trait LimitStore {
    /// Counts the alert under every claim, and gives those that are used up.
    ///
    /// The same alert counts once, however often it is decided. Where any claim is used up, the others may stay counted: the
    /// limit is then reached early, never late.
    fn claim(
        &self,
        alert: &AlertId,
        claims: &[LimitClaim],
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<LimitClaim>, StoreError>> + Send;
}
