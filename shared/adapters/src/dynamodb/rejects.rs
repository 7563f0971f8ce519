//! Where that is kept which is no alert.
//!
//! DynamoDB actions: `dynamodb:PutItem`.

use defuse_domain::Unreadable;
use defuse_flow::{RejectStore, StoreError};
use jiff::Timestamp;

use super::{
    DynamoDbStore,
    bodies::CONTENT,
    errors::store_error,
    items::{bytes, compress, cut, expires, number, text},
    keys::{Key, digest},
};

/// As much of a rejected payload as is kept, in bytes, compressed or not
const REJECTED_BYTES_MAX: usize = 300 * 1024;
/// As much of the message to the sender as is kept, in bytes
const MESSAGE_BYTES_MAX: usize = 2_000;
/// How long a rejected payload is kept
const REJECTED_DAYS: i64 = 90;

impl RejectStore for DynamoDbStore {
    async fn reject(&self, unreadable: &Unreadable, now: Timestamp) -> Result<(), StoreError> {
        let what = "to keep a rejected payload";
        let mut compressed = compress(what, unreadable.raw.as_bytes())?;
        if compressed.len() > REJECTED_BYTES_MAX {
            let beginning = cut(&unreadable.raw, REJECTED_BYTES_MAX);
            compressed = compress(what, beginning.as_bytes())?;
        }
        // Why: the same payload with the same reason is one item, however often it is sent.
        let name = digest(format!("{} {}", unreadable.code, unreadable.raw).as_bytes());
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(Key::rejected(now, &name).attributes()))
            .item("code", text(unreadable.code.name()))
            .item("line", number(unreadable.line))
            .item("message", text(cut(&unreadable.message, MESSAGE_BYTES_MAX)))
            .item("bytes", number(unreadable.raw.len()))
            .item(CONTENT, bytes(compressed))
            .item("received", text(now.to_string()))
            .item("expires", expires(now, REJECTED_DAYS))
            .send()
            .await;
        put.map(drop).map_err(|error| store_error(what, error))
    }
}
