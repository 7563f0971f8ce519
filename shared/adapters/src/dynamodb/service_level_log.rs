//! Where people set what is taken of services.
//!
//! DynamoDB actions: `dynamodb:PutItem`, `dynamodb:Query`.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use defuse_flow::{LevelChange, ServiceLevelLog, StoreError};

use super::{
    DynamoDbStore,
    bodies::CONTENT,
    errors::{refused, store_error},
    items::bytes,
    keys::{Key, PK, SERVICES, SERVICES_LEVEL},
    service_levels::read_level,
};

impl ServiceLevelLog for DynamoDbStore {
    async fn keep_level(&self, change: &LevelChange) -> Result<bool, StoreError> {
        let what = "to set what is taken of a service";
        let json = serde_json::to_vec(change).map_err(|error| refused(what, error))?;
        let mut item = Key::service_level(change.version).attributes();
        item.insert(CONTENT.to_owned(), bytes(json));
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(#pk)")
            .expression_attribute_names("#pk", PK)
            .send()
            .await;
        let Err(error) = put else { return Ok(true) };
        let is_there = error
            .as_service_error()
            .is_some_and(PutItemError::is_conditional_check_failed_exception);
        if !is_there {
            return Err(store_error(what, error));
        }
        // Why: our own write may have been made and its answer lost on the way.
        Ok(self.level_changes().await?.contains(change))
    }

    async fn level_changes(&self) -> Result<Vec<LevelChange>, StoreError> {
        let what = "to read what was set of services";
        let items = self.all(what, SERVICES.to_owned(), SERVICES_LEVEL.to_owned()).await?;
        items.iter().map(|it| read_level(what, it)).collect()
    }
}
