//! How often somebody asks the API: counted by the minute.
//!
//! DynamoDB actions: `dynamodb:UpdateItem`.

use aws_sdk_dynamodb::types::AttributeValue;
use defuse_flow::{StoreError, Throttle};
use jiff::Timestamp;

use super::{
    DynamoDbStore,
    change::{Change, Written},
    items::expires,
    keys::Key,
};

/// Seconds of a minute
const MINUTE: i64 = 60;

impl Throttle for DynamoDbStore {
    async fn admit(
        &self,
        who: &str,
        per_minute: u32,
        now: Timestamp,
    ) -> Result<Option<u64>, StoreError> {
        let minute = now.as_second().div_euclid(MINUTE);
        let change = Change::default().increase("asked").set("expires", expires(now, 1));
        let before =
            match self.change("to count a request", Key::throttle(who, minute), change).await? {
                Written::Changed(before) => before,
                Written::Kept(_) => None,
            };
        let asked = before.as_ref().and_then(|it| it.get("asked"));
        let asked: Option<u64> =
            asked.and_then(|it| AttributeValue::as_n(it).ok()).and_then(|it| it.parse().ok());
        let left = MINUTE.saturating_sub(now.as_second().rem_euclid(MINUTE));
        let is_over = asked.is_some_and(|it| it >= u64::from(per_minute));
        Ok(is_over.then(|| u64::try_from(left).unwrap_or_default().max(1)))
    }
}
