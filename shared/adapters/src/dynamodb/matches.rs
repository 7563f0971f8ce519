//! Counts what tuning rules do: a link from the rule to each alert, and a counter for each day.
//!
//! The link is written first, so that an alert counts once; a crash between the two leaves one
//! uncounted, with its link.
//!
//! DynamoDB actions: `dynamodb:UpdateItem`.

use defuse_domain::{AlertId, TuningRuleName};
use defuse_flow::{MatchLog, StoreError};
use jiff::{Timestamp, tz::TimeZone};

use super::{
    DynamoDbStore,
    change::{Change, Written},
    items::text,
    keys::Key,
};

impl MatchLog for DynamoDbStore {
    async fn count(
        &self,
        rules: &[TuningRuleName],
        alert: &AlertId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for rule in rules {
            let what = format!("to count alert `{alert}` for tuning rule `{rule}`");
            let link = Change::default()
                .set("alert", text(alert.as_str()))
                .set("at", text(now.to_string()))
                .only_if("attribute_not_exists(#pk)", &["pk"]);
            let key = Key::tuning_match(rule, alert);
            match self.change(&what, key, link).await? {
                Written::Kept(_) => continue,
                Written::Changed(_) => {}
            }
            let day = now.to_zoned(TimeZone::UTC).date();
            let count = Change::default().set("last", text(now.to_string())).increase("count");
            self.change(&what, Key::tuning_day(rule, day), count).await?;
        }
        Ok(())
    }
}
