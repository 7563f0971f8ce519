//! Alerts that arrive in parts.

use std::future::Future;

use defuse_domain::AlertId;
use jiff::Timestamp;

use super::StoreError;

/// Where the parts of alerts are kept until, and after, an alert can be made of them
pub trait PartStore {
    /// Keeps those parts of an alert, each once, and gives all that are there now.
    ///
    /// Of several who keep parts of one alert at the same time, whoever is last sees them all.
    fn keep(
        &self,
        id: &AlertId,
        parts: &[String],
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<String>, StoreError>> + Send;
}
