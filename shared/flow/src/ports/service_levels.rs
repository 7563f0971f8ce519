//! Which alerts of a service are taken, where the settings leave it to people.

use std::future::Future;

use defuse_domain::EntraIdProtection;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::StoreError;

/// One change of what is taken of identity protection
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LevelChange {
    /// Counts the changes, from 1; a change is conditional on the one before being the last
    pub version: u64,
    /// What is taken since; nothing for the default
    pub level: Option<EntraIdProtection>,
    /// Who changed it
    pub by: String,
    /// When
    pub at: Timestamp,
}

/// What people set
pub trait ServiceLevels {
    /// The last change, if there was any
    fn last_level(&self) -> impl Future<Output = Result<Option<LevelChange>, StoreError>> + Send;
}

/// Where people set it
pub trait ServiceLevelLog {
    /// Keeps a change, if there is none of its version; whether it did
    fn keep_level(
        &self,
        change: &LevelChange,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Every change, the oldest first
    fn level_changes(&self) -> impl Future<Output = Result<Vec<LevelChange>, StoreError>> + Send;
}
