//! Which webhook messages were taken.
//!
//! DynamoDB actions: `dynamodb:GetItem`, `dynamodb:PutItem`.

use defuse_flow::{StoreError, WebhookLog};
use jiff::Timestamp;

use super::{DynamoDbStore, errors::store_error, items::expires, keys::Key};

/// How long a message is remembered; its signature is good for minutes only
const KEPT_DAYS: i64 = 1;

impl WebhookLog for DynamoDbStore {
    async fn was_taken(&self, id: &str) -> Result<bool, StoreError> {
        let item = self.get("to look up a webhook message", Key::webhook(id)).await?;
        Ok(item.is_some())
    }

    async fn took(&self, id: &str, now: Timestamp) -> Result<(), StoreError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(Key::webhook(id).attributes()))
            .item("expires", expires(now, KEPT_DAYS))
            .send()
            .await;
        put.map(drop).map_err(|error| store_error("to remember a webhook message", error))
    }
}
