//! Entries of the allow list that are to be written elsewhere too.
//!
//! DynamoDB actions: `dynamodb:GetItem`, `dynamodb:UpdateItem`.

use defuse_domain::{AtEndpoint, Indicator};
use defuse_flow::{AllowListOutbox, Marked, StoreError, StoredEntry};

use super::{
    DynamoDbStore,
    allow_list_items::ENDPOINT,
    change::{Change, Written},
    errors::refused,
    facts::at_version,
    items::text,
    keys::Key,
};

impl AllowListOutbox for DynamoDbStore {
    async fn entry(&self, indicator: &Indicator) -> Result<Option<StoredEntry>, StoreError> {
        self.allowed("to read an entry of the allow list", indicator).await
    }

    async fn mark_entry(
        &self,
        read: &StoredEntry,
        state: &AtEndpoint,
    ) -> Result<Marked, StoreError> {
        let what = "to mark an entry of the allow list";
        let json = serde_json::to_string(state).map_err(|error| refused(what, error))?;
        let change = Change::default().set(ENDPOINT, text(json)).remove("work").remove("workAt");
        let key = Key::allowed(read.entry.indicator());
        match self.change(what, key, at_version(change, read.version)).await? {
            Written::Changed(_) => Ok(Marked::Marked),
            Written::Kept(_) => Ok(Marked::Overtaken),
        }
    }
}
