//! Says what the settings left out.
//!
//! DynamoDB actions: `dynamodb:GetItem`.

use std::collections::BTreeMap;

use defuse_domain::AlertId;
use defuse_flow::{LeftOutNote, LeftOutReport, StoreError};
use jiff::civil::Date;

use super::{
    DynamoDbStore, items,
    keys::{Key, PK, SK},
};

impl LeftOutReport for DynamoDbStore {
    async fn left_out(&self, id: &AlertId) -> Result<Option<LeftOutNote>, StoreError> {
        let what = format!("to read whether alert `{id}` was left out");
        let Some(item) = self.get(&what, Key::left_out(id)).await? else { return Ok(None) };
        items::read(&what, item).map(Some)
    }

    async fn left_out_on(&self, day: Date) -> Result<BTreeMap<String, u64>, StoreError> {
        let item = self.get("to read what was left out", Key::left_out_on(day)).await?;
        let others = [PK, SK, "expires"];
        let counts = item.unwrap_or_default().into_iter().filter_map(|(name, value)| {
            let count = value.as_n().ok().map(String::as_str).and_then(|it| it.parse().ok())?;
            (!others.contains(&name.as_str())).then_some((name, count))
        });
        Ok(counts.collect())
    }
}
