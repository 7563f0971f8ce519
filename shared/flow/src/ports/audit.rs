//! Looking whether what was kept of alerts still is what it was.

use std::future::Future;

use defuse_domain::AlertId;

use super::StoreError;

/// What was found in the history of one alert, or of several
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// How many alerts were looked at
    pub alerts: usize,
    /// How many entries: what persons did, what rules decided, and the newest that the source sent
    pub entries: usize,
    /// Those that are missing or changed
    pub broken: Vec<BrokenEntry>,
}

impl Audit {
    /// Both together
    pub fn add(&mut self, other: Self) {
        self.alerts = self.alerts.saturating_add(other.alerts);
        self.entries = self.entries.saturating_add(other.entries);
        self.broken.extend(other.broken);
    }
}

/// An entry that somebody took away or changed
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenEntry {
    /// The alert
    pub alert_id: AlertId,
    /// Which of its entries: `act 3`, `run 5f2c…`, `alert 91aa…`
    pub entry: String,
    /// Whether something stands in its place
    pub is_changed: bool,
}

/// Some of the alerts, in no order
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditPage {
    /// What was found
    pub audit: Audit,
    /// Where the next page begins, unless this is the last
    pub next: Option<String>,
}

/// Where histories are looked at
pub trait HistoryAudit {
    /// The history of the alert of that id, if we have it
    fn audit(&self, id: &AlertId)
    -> impl Future<Output = Result<Option<Audit>, StoreError>> + Send;

    /// Those of some alerts; it begins where the last page ended
    fn audit_page(
        &self,
        next: Option<&str>,
    ) -> impl Future<Output = Result<AuditPage, StoreError>> + Send;
}
