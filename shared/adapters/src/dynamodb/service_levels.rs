//! What people set of services: each change is an item that never changes, and the last one counts.
//!
//! DynamoDB actions: `dynamodb:Query`.

use defuse_flow::{LevelChange, ServiceLevels, StoreError};

use super::{
    DynamoDbStore,
    bodies::content,
    errors::{refused, store_error},
    items::{Item, text},
    keys::{PK, SERVICES, SERVICES_LEVEL, SK},
};

impl ServiceLevels for DynamoDbStore {
    async fn last_level(&self) -> Result<Option<LevelChange>, StoreError> {
        let what = "to see what is set of services";
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .scan_index_forward(false)
            .limit(1)
            .key_condition_expression("#pk = :pk AND begins_with(#sk, :prefix)")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#sk", SK)
            .expression_attribute_values(":pk", text(SERVICES))
            .expression_attribute_values(":prefix", text(SERVICES_LEVEL));
        let found = query.send().await.map_err(|error| store_error(what, error))?;
        found.items.unwrap_or_default().first().map(|it| read_level(what, it)).transpose()
    }
}

/// A change as it was kept
pub(super) fn read_level(what: &str, item: &Item) -> Result<LevelChange, StoreError> {
    serde_json::from_slice(content(what, item)?).map_err(|error| refused(what, error))
}
