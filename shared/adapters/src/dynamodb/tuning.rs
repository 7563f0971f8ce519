//! Tuning rules that people saved, to be put in force: all of them stand in one partition, with a
//! count of their changes beside, which is cheap to look at.
//!
//! DynamoDB actions: `dynamodb:GetItem`, `dynamodb:Query`.

use defuse_domain::TuningRuleName;
use defuse_flow::{StoreError, StoredRule, StoredTuning};
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    DynamoDbStore,
    bodies::content,
    errors::{refused, store_error},
    items::{self, Item, decompress},
    keys::{Key, TUNING, TUNING_RULE},
};

/// A rule as it stands in the table, but for its text
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RuleItem {
    name: TuningRuleName,
    is_on: bool,
    is_deleted: bool,
    since: Timestamp,
    changed: Timestamp,
    by: String,
    version: u64,
}

/// The count of changes
#[derive(Debug, Deserialize)]
struct GenerationItem {
    generation: u64,
}

impl StoredTuning for DynamoDbStore {
    async fn generation(&self) -> Result<u64, StoreError> {
        let what = "to see whether tuning rules changed";
        let get = self.client.get_item().table_name(&self.table);
        let got = get.set_key(Some(Key::tuning_generation().attributes())).send().await;
        match got.map_err(|error| store_error(what, error))?.item {
            Some(item) => Ok(items::read::<GenerationItem>(what, item)?.generation),
            None => Ok(0),
        }
    }

    async fn stored_rules(&self) -> Result<Vec<StoredRule>, StoreError> {
        let what = "to read the tuning rules that people saved";
        let items = self.all(what, TUNING.to_owned(), TUNING_RULE.to_owned()).await?;
        items.into_iter().map(|it| read_rule(what, it)).collect()
    }
}

/// A rule with its text
pub(super) fn read_rule(what: &str, item: Item) -> Result<StoredRule, StoreError> {
    let text = decompress(content(what, &item)?).map_err(|error| refused(what, error))?;
    let text = String::from_utf8(text).map_err(|error| refused(what, error))?;
    let RuleItem { name, is_on, is_deleted, since, changed, by, version } =
        items::read(what, item)?;
    Ok(StoredRule { name, text, is_on, is_deleted, since, changed, by, version })
}
