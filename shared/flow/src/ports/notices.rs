//! What people were told that is about no alert.

use std::{collections::BTreeMap, future::Future};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::StoreError;

/// What people were told
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Notices {
    /// Each notification by its id, with the time until which it must not be forgotten
    pub told: BTreeMap<String, Timestamp>,
    /// Counts the changes; a change is conditional on it
    #[serde(skip)]
    pub version: u64,
}

/// Where it is kept what people were told
pub trait NoticeLog {
    /// What they were told so far
    fn notices(&self) -> impl Future<Output = Result<Notices, StoreError>> + Send;

    /// Keeps what they were told, if nobody did since it was read; whether it did
    fn keep_notices(
        &self,
        notices: &Notices,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}
