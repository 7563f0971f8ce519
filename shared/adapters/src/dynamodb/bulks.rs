//! Changes of many alerts at once, kept for as long as they can be undone and a little longer.
//!
//! DynamoDB actions: `dynamodb:GetItem`, `dynamodb:UpdateItem`.

use aws_sdk_dynamodb::types::AttributeValue;
use defuse_domain::{Actor, AlertId};
use defuse_flow::{Bulk, BulkLog, StoreError};
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    DynamoDbStore,
    change::{Change, Written},
    effects::written,
    items::{self, Item, expires, text},
    keys::Key,
};

/// For how many days it is kept
const KEPT_DAYS: i64 = 1;

/// A change as it stands in the table
#[derive(Debug, Deserialize)]
struct BulkItem {
    by: Actor,
    at: Timestamp,
    alerts: Vec<AlertId>,
}

impl BulkLog for DynamoDbStore {
    async fn keep_bulk(&self, bulk: &Bulk) -> Result<Bulk, StoreError> {
        let what = "to keep a change of many alerts";
        let alerts = bulk.alerts.iter().map(|it| text(it.as_str())).collect();
        let change = Change::default()
            .set("by", written(what, &bulk.by)?)
            .set("at", text(bulk.at.to_string()))
            .set("alerts", AttributeValue::L(alerts))
            .set("expires", expires(bulk.at, KEPT_DAYS))
            .only_if("attribute_not_exists(#pk)", &["pk"]);
        match self.change(what, Key::bulk(&bulk.id), change).await? {
            Written::Changed(_) | Written::Kept(None) => Ok(bulk.clone()),
            Written::Kept(Some(item)) => read(what, &bulk.id, item),
        }
    }

    async fn bulk(&self, id: &str) -> Result<Option<Bulk>, StoreError> {
        let what = "to read a change of many alerts";
        let item = self.get(what, Key::bulk(id)).await?;
        item.map(|it| read(what, id, it)).transpose()
    }
}

fn read(what: &str, id: &str, item: Item) -> Result<Bulk, StoreError> {
    let BulkItem { by, at, alerts } = items::read(what, item)?;
    Ok(Bulk { id: id.to_owned(), by, at, alerts })
}
