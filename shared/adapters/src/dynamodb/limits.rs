//! Counts what playbooks do: each counter is one item with the set of alerts that it counted.
//!
//! DynamoDB actions: `dynamodb:UpdateItem`.

use aws_sdk_dynamodb::types::AttributeValue;
use defuse_domain::AlertId;
use defuse_flow::{LimitClaim, LimitStore, StoreError};
use jiff::Timestamp;

use super::{
    DynamoDbStore,
    change::{Change, Written},
    items::{expires, number, text},
    keys::{Key, digest},
};

/// How long a counter is kept after its last claim: longer than any window it may count in
const KEPT_DAYS: i64 = 35;

impl LimitStore for DynamoDbStore {
    async fn claim(
        &self,
        alert: &AlertId,
        claims: &[LimitClaim],
        now: Timestamp,
    ) -> Result<Vec<LimitClaim>, StoreError> {
        let mut used_up = Vec::new();
        for claim in claims {
            if !self.counts(alert, claim, now).await? {
                used_up.push(claim.clone());
            }
        }
        Ok(used_up)
    }
}

impl DynamoDbStore {
    /// Whether the claim counts the alert, now or since earlier
    async fn counts(
        &self,
        alert: &AlertId,
        claim: &LimitClaim,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if claim.max == 0 {
            return Ok(false);
        }
        // Why: a digest keeps the item small, and with it what each further claim costs.
        let alert = digest(alert.as_str().as_bytes());
        let change = Change::default()
            .set("expires", expires(now, KEPT_DAYS))
            .add("alerts", AttributeValue::Ss(vec![alert.clone()]))
            .only_if(
                "attribute_not_exists(#alerts) OR size(#alerts) < :max OR contains(#alerts, :alert)",
                &[],
            )
            .given("max", number(claim.max))
            .given("alert", text(alert));
        // Why: the counter has a name in it, and errors are logged.
        let what = "to count under a limit";
        match self.change(what, Key::limit(&claim.counter), change).await? {
            Written::Changed(_) => Ok(true),
            Written::Kept(_) => Ok(false),
        }
    }
}
