//! Where feeds stand: one item each, moved on condition of its version.
//!
//! DynamoDB actions: `dynamodb:GetItem`, `dynamodb:UpdateItem`.

use defuse_flow::{FeedPlace, FeedStore, Kept, StoreError, StoredPlace};
use serde::Deserialize;

use super::{
    DynamoDbStore,
    change::{Change, Written},
    errors::refused,
    items::{number, read, text},
    keys::Key,
};

/// A place as it stands in the table: whole, as JSON, since nothing asks for parts of it
#[derive(Debug, Deserialize)]
struct PlaceItem {
    place: String,
    version: u64,
}

impl FeedStore for DynamoDbStore {
    async fn place(&self, feed: &str) -> Result<Option<StoredPlace>, StoreError> {
        let what = format!("to see where feed `{feed}` stands");
        let Some(item) = self.get(&what, Key::feed(feed)).await? else { return Ok(None) };
        let PlaceItem { place, version } = read(&what, item)?;
        let place = serde_json::from_str(&place).map_err(|error| refused(&what, error))?;
        Ok(Some(StoredPlace { place, version }))
    }

    async fn keep_place(
        &self,
        feed: &str,
        place: &FeedPlace,
        version: u64,
    ) -> Result<Kept, StoreError> {
        let what = format!("to keep where feed `{feed}` stands");
        let json = serde_json::to_string(place).map_err(|error| refused(&what, error))?;
        let change = Change::default().set("place", text(json)).increase("version");
        let change = if version == 0 {
            change.only_if("attribute_not_exists(#pk)", &["pk"])
        } else {
            change.given("seen", number(version)).only_if("#version = :seen", &[])
        };
        match self.change(&what, Key::feed(feed), change).await? {
            Written::Changed(_) => Ok(Kept::Kept),
            Written::Kept(_) => Ok(Kept::Overtaken),
        }
    }
}
