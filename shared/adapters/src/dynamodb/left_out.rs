//! Alerts that the settings leave out: a note for each, beside where its head would be, and a
//! counter for each day.
//!
//! The note is written first, so that an alert counts once; a crash between the two leaves one
//! uncounted, with its note.
//!
//! DynamoDB actions: `dynamodb:BatchGetItem`, `dynamodb:UpdateItem`.

use aws_sdk_dynamodb::types::AttributeValue;
use defuse_domain::{Alert, Severity};
use defuse_flow::{LeftOut, LeftOutLog, StoreError};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    DynamoDbStore,
    change::{Change, Written},
    items::{expires, text},
    keys::{HEAD, Key, SK},
};

/// How long a note is kept
const NOTE_KEPT_DAYS: i64 = 90;
/// How long a day's counter is kept
const COUNTER_KEPT_DAYS: i64 = 400;

impl LeftOutLog for DynamoDbStore {
    async fn leave_out(&self, alert: &Alert, now: Timestamp) -> Result<LeftOut, StoreError> {
        let what = format!("to note that alert `{}` is left out", alert.id);
        let keys = vec![Key::head(&alert.id), Key::left_out(&alert.id)];
        let found = self.get_all(&what, keys, &[SK]).await?;
        let is_head = |sk: &AttributeValue| sk.as_s().is_ok_and(|it| it == HEAD);
        if found.iter().any(|it| it.get(SK).is_some_and(is_head)) {
            return Ok(LeftOut::IsStored);
        }
        if !found.is_empty() {
            return Ok(LeftOut::Again);
        }
        let severity = counter_of(alert.known_severity());
        let note = Change::default()
            .set("at", text(now.to_string()))
            .set("revision", text(alert.revision().to_string()))
            .set("severity", text(severity))
            .set("expires", expires(now, NOTE_KEPT_DAYS))
            .only_if("attribute_not_exists(#pk)", &["pk"]);
        match self.change(&what, Key::left_out(&alert.id), note).await? {
            Written::Kept(_) => return Ok(LeftOut::Again),
            Written::Changed(_) => {}
        }
        let count =
            Change::default().set("expires", expires(now, COUNTER_KEPT_DAYS)).increase(severity);
        self.change(&what, Key::left_out_on(day_of(now)), count).await?;
        Ok(LeftOut::Counted)
    }
}

/// The attribute of a day's counter that a severity counts in
const fn counter_of(severity: Option<Severity>) -> &'static str {
    match severity {
        Some(severity) => severity.name(),
        None => "unknown",
    }
}

fn day_of(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}
