//! What was done to alerts, listed by time; and changes of many alerts at once.

use std::{collections::BTreeMap, future::Future};

use defuse_domain::{ActionId, Actor, Alert, AlertId, EffectId, EffectState, Run};
use jiff::{Timestamp, civil::Date};

use super::{Acts, ManagedAlert, StoreError};

/// A line of the list of actions: it may be of something that was begun and did not happen
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedAction {
    /// When
    pub at: Timestamp,
    /// Which
    pub id: ActionId,
    /// The digest of what was to happen, or how it begins
    pub digest: String,
}

/// Everything that is kept of one alert
#[derive(Clone, Debug, PartialEq)]
pub struct AlertRecord {
    /// How it stands
    pub stands: ManagedAlert,
    /// Its revisions, oldest first
    pub revisions: Vec<Alert>,
    /// The runs that happened, oldest first, each with its digest
    pub runs: Vec<(Run, String)>,
    /// What became of the effects of the last of them
    pub effects: BTreeMap<EffectId, EffectState>,
    /// What persons did
    pub acts: Acts,
}

/// Where actions are looked up
pub trait ActionLog {
    /// What is listed for a day between two times, the newest first, what comes after `after`
    fn listed(
        &self,
        day: Date,
        between: (Timestamp, Timestamp),
        after: Option<&ListedAction>,
        max: usize,
    ) -> impl Future<Output = Result<Vec<ListedAction>, StoreError>> + Send;

    /// Everything that is kept of the alert of that id, if we have it
    fn record_of(
        &self,
        id: &AlertId,
    ) -> impl Future<Output = Result<Option<AlertRecord>, StoreError>> + Send;
}

/// A change of many alerts at once
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bulk {
    /// Names it
    pub id: String,
    /// Who wanted it
    pub by: Actor,
    /// When it began
    pub at: Timestamp,
    /// Which alerts
    pub alerts: Vec<AlertId>,
}

/// Where changes of many alerts are kept
pub trait BulkLog {
    /// Keeps it, unless it is there already; gives what is there since
    fn keep_bulk(&self, bulk: &Bulk) -> impl Future<Output = Result<Bulk, StoreError>> + Send;

    /// The one of that id, while it is kept
    fn bulk(&self, id: &str) -> impl Future<Output = Result<Option<Bulk>, StoreError>> + Send;
}

/// Writes a line as text that [`ListedAction::parse`] reads
impl std::fmt::Display for ListedAction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.9},{},{}", self.at, self.digest, self.id)
    }
}

impl ListedAction {
    /// Reads where a list goes on
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ',');
        let (at, digest, id) = (parts.next()?, parts.next()?, parts.next()?);
        let is_digest = digest.len() <= 64 && digest.bytes().all(|it| it.is_ascii_hexdigit());
        let (at, id) = (at.parse().ok()?, ActionId::parse(id)?);
        is_digest.then(|| Self { at, id, digest: digest.to_owned() })
    }
}
