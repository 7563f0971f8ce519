//! The parts of alerts that arrive in several.
//!
//! DynamoDB actions: `dynamodb:Query`, `dynamodb:BatchWriteItem`.

use std::collections::BTreeSet;

use defuse_domain::AlertId;
use defuse_flow::{PartStore, StoreError};
use jiff::Timestamp;

use super::{
    DynamoDbStore,
    bodies::{CONTENT, content},
    errors::refused,
    items::{bytes, compress, decompress, expires},
    keys::{Key, PART, alert, digest},
};

/// How long a part is kept; its alert has a body of its own, which is kept always
const KEPT_DAYS: i64 = 90;

impl PartStore for DynamoDbStore {
    async fn keep(
        &self,
        id: &AlertId,
        parts: &[String],
        now: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        let what = format!("to keep parts of alert `{id}`");
        let known = self.parts(&what, id).await?;
        // Why: what is there already is not written again, however often it is sent.
        let new: BTreeSet<&String> = parts.iter().filter(|it| !known.contains(it)).collect();
        if new.is_empty() {
            return Ok(known);
        }
        let mut items = Vec::new();
        for part in new {
            let mut item = Key::part(id, &digest(part.as_bytes())).attributes();
            item.insert(CONTENT.to_owned(), bytes(compress(&what, part.as_bytes())?));
            item.insert("expires".to_owned(), expires(now, KEPT_DAYS));
            items.push(item);
        }
        self.put_all(&what, items).await?;
        self.parts(&what, id).await
    }
}

impl DynamoDbStore {
    /// Every part of an alert that is there
    async fn parts(&self, what: &str, id: &AlertId) -> Result<Vec<String>, StoreError> {
        let mut parts = Vec::new();
        for item in self.all(what, alert(id), PART.to_owned()).await? {
            let raw = decompress(content(what, &item)?).map_err(|error| refused(what, error))?;
            parts.push(String::from_utf8(raw).map_err(|error| refused(what, error))?);
        }
        Ok(parts)
    }
}
