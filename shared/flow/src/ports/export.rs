//! Everything that is stored, page by page: for what people ask of the past.

use std::future::Future;

use defuse_domain::{Alert, Later};
use jiff::Timestamp;

use super::StoreError;

/// An alert as it first came, and what its source says of it in the newest revision
#[derive(Clone, Debug, PartialEq)]
pub struct ExportedAlert {
    /// The oldest revision that is kept
    pub came: Alert,
    /// What the newest says
    pub later: Later,
}

/// Some of the alerts, in no order
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExportPage {
    /// Those that came since the time asked for
    pub alerts: Vec<ExportedAlert>,
    /// How many could not be read
    pub unreadable: usize,
    /// Where the next page begins, unless this is the last
    pub next: Option<String>,
}

/// Where stored alerts are read, all of them
pub trait AlertExport {
    /// A page of the alerts that came at `since` or later; it begins where the last one ended
    fn export(
        &self,
        since: Timestamp,
        next: Option<&str>,
    ) -> impl Future<Output = Result<ExportPage, StoreError>> + Send;
}
