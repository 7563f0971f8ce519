//! Since when the tuning rules of the deployment are in force: one item, compressed, since it is
//! read whole and seldom written.
//!
//! DynamoDB actions: `dynamodb:GetItem`, `dynamodb:UpdateItem`.

use defuse_flow::{DeployedRules, DeployedTuning, StoreError};
use serde::Deserialize;

use super::{
    DynamoDbStore,
    bodies::{CONTENT, content},
    change::{Change, Written},
    errors::refused,
    items::{self, bytes, compress, decompress, number},
    keys::Key,
};

/// What counts the changes of the item
#[derive(Debug, Deserialize)]
struct VersionItem {
    version: u64,
}

impl DeployedTuning for DynamoDbStore {
    async fn deployed(&self) -> Result<DeployedRules, StoreError> {
        let what = "to see since when tuning rules are in force";
        let Some(item) = self.get(what, Key::tuning_deployed()).await? else {
            return Ok(DeployedRules::default());
        };
        let json = decompress(content(what, &item)?).map_err(|error| refused(what, error))?;
        let rules: DeployedRules =
            serde_json::from_slice(&json).map_err(|error| refused(what, error))?;
        let VersionItem { version } = items::read(what, item)?;
        Ok(DeployedRules { version, ..rules })
    }

    async fn keep_deployed(&self, rules: &DeployedRules) -> Result<bool, StoreError> {
        let what = "to note since when tuning rules are in force";
        let json = serde_json::to_vec(rules).map_err(|error| refused(what, error))?;
        let noted =
            Change::default().set(CONTENT, bytes(compress(what, &json)?)).increase("version");
        let noted = if rules.version == 0 {
            noted.only_if("attribute_not_exists(#pk)", &["pk"])
        } else {
            noted.given("seen", number(rules.version)).only_if("#version = :seen", &[])
        };
        match self.change(what, Key::tuning_deployed(), noted).await? {
            Written::Changed(_) => Ok(true),
            Written::Kept(_) => Ok(false),
        }
    }
}
