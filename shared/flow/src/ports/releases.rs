//! Hidden alerts that people take out again.

use std::future::Future;

use defuse_domain::{AlertId, Release};

use super::StoreError;

/// What came of a release
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Released {
    /// It is released, and decided anew at once
    Released,
    /// It is not hidden any more, or changed since it was read: nothing was done
    Overtaken,
}

/// Where hidden alerts are released
pub trait ReleaseStore {
    /// Marks a hidden alert as released and puts it back to pending, in one write that holds only
    /// if the alert still has `version` and is hidden
    fn release(
        &self,
        id: &AlertId,
        version: u64,
        release: &Release,
    ) -> impl Future<Output = Result<Released, StoreError>> + Send;
}
