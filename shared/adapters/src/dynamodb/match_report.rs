//! Says what tuning rules did.
//!
//! DynamoDB actions: `dynamodb:Query`.

use defuse_domain::{AlertId, TuningRuleName};
use defuse_flow::{MatchReport, Matches, StoreError};
use jiff::{Timestamp, civil::Date};
use serde::Deserialize;

use super::{
    DynamoDbStore,
    errors::refused,
    items,
    keys::{TUNING_DAY, TUNING_MATCH, tuning},
};

/// What a rule did on one day
#[derive(Debug, Deserialize)]
struct DayItem {
    sk: String,
    count: u64,
    last: Timestamp,
}

/// An alert that a rule hid or resolved
#[derive(Debug, Deserialize)]
struct LinkItem {
    alert: String,
}

impl MatchReport for DynamoDbStore {
    async fn matches(&self, rule: &TuningRuleName) -> Result<Matches, StoreError> {
        let what = format!("to read what tuning rule `{rule}` did");
        let mut matches = Matches::default();
        for item in self.all(&what, tuning(rule), TUNING_DAY.to_owned()).await? {
            let DayItem { sk, count, last } = items::read(&what, item)?;
            let day: Date = sk
                .trim_start_matches(TUNING_DAY)
                .parse()
                .map_err(|error: jiff::Error| refused(&what, error))?;
            matches.total = matches.total.saturating_add(count);
            matches.last = matches.last.max(Some(last));
            matches.per_day.insert(day, count);
        }
        Ok(matches)
    }

    async fn matched_alerts(&self, rule: &TuningRuleName) -> Result<Vec<AlertId>, StoreError> {
        let what = format!("to find the alerts of tuning rule `{rule}`");
        let mut alerts = Vec::new();
        for item in self.all(&what, tuning(rule), TUNING_MATCH.to_owned()).await? {
            let LinkItem { alert } = items::read(&what, item)?;
            alerts.push(AlertId::parse(&alert).map_err(|error| refused(&what, error))?);
        }
        Ok(alerts)
    }
}
