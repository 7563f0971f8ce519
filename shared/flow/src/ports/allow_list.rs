//! Our own allow list, and who else is told of it.

use std::future::Future;

use defuse_domain::{AllowListChange, AllowListEntry, AtEndpoint, Indicator};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{DeliveryError, Rate, StoreError};

/// An entry as it is kept
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredEntry {
    /// The entry
    pub entry: AllowListEntry,
    /// Where it stands at Defender for Endpoint
    pub endpoint: AtEndpoint,
    /// Counts every change; a write is conditional on it
    pub version: u64,
    /// Who changed what, the oldest first; of very many changes, the newest
    pub history: Vec<AllowListChange>,
}

/// What came of putting an entry on the list
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Put {
    /// The indicator was not there
    New,
    /// It was, and something about it is other than before
    Changed,
    /// It was there just so; where Defender for Endpoint does not have it, that is tried again
    Again,
}

/// Some of the entries, in the order of their indicators
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct AllowListPage {
    /// The entries, whether they are still in force or not
    pub entries: Vec<StoredEntry>,
    /// After which indicator the next page begins; none after the last
    pub next: Option<Indicator>,
}

/// Indicators that the organisation allows
pub trait AllowList {
    /// Puts an entry there, in the place of an older one of the same indicator; then it is to be
    /// written to Defender for Endpoint
    fn put(
        &self,
        entry: &AllowListEntry,
        now: Timestamp,
    ) -> impl Future<Output = Result<Put, StoreError>> + Send;

    /// The entries after that indicator, or the first ones
    fn page(
        &self,
        after: Option<&Indicator>,
    ) -> impl Future<Output = Result<AllowListPage, StoreError>> + Send;
}

/// What came of a mark
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marked {
    /// It stands
    Marked,
    /// Somebody changed the entry since it was read, so the mark is not about it
    Overtaken,
}

/// What is still to be written to Defender for Endpoint
pub trait AllowListOutbox {
    /// The entry of an indicator as it stands
    fn entry(
        &self,
        indicator: &Indicator,
    ) -> impl Future<Output = Result<Option<StoredEntry>, StoreError>> + Send;

    /// Says what became of an entry, if it still is what was read
    fn mark_entry(
        &self,
        read: &StoredEntry,
        state: &AtEndpoint,
    ) -> impl Future<Output = Result<Marked, StoreError>> + Send;
}

/// Who else keeps indicators that are allowed
pub trait IndicatorClient {
    /// How often it may be asked
    fn rate(&self) -> Rate;

    /// Allows the indicator there; the text is the answer. What is there already is replaced, so
    /// that every call may be repeated.
    fn allow(
        &self,
        entry: &AllowListEntry,
    ) -> impl Future<Output = Result<String, DeliveryError>> + Send;
}
