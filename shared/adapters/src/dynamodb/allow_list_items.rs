//! Entries of the allow list as they stand in the table.

use defuse_domain::{AllowListChange, AllowListEntry, AtEndpoint, Indicator};
use defuse_flow::{StoreError, StoredEntry};
use serde::Deserialize;

use super::{
    DynamoDbStore,
    batches::READS_MAX,
    errors::refused,
    items::{self, Item},
    keys::Key,
};

/// What is kept whole, as JSON: nothing asks for parts of it
pub(super) const ENTRY: &str = "entry";
pub(super) const ENDPOINT: &str = "endpoint";
pub(super) const HISTORY: &str = "history";

/// An entry as it stands in the table
#[derive(Debug, Deserialize)]
struct EntryItem {
    entry: String,
    endpoint: String,
    history: String,
    version: u64,
}

/// Reads an entry
pub(super) fn stored_entry(what: &str, item: Item) -> Result<StoredEntry, StoreError> {
    let EntryItem { entry, endpoint, history, version } = items::read(what, item)?;
    let unreadable = |error| refused(what, error);
    let entry: AllowListEntry = serde_json::from_str(&entry).map_err(unreadable)?;
    let endpoint: AtEndpoint = serde_json::from_str(&endpoint).map_err(unreadable)?;
    let history: Vec<AllowListChange> = serde_json::from_str(&history).map_err(unreadable)?;
    Ok(StoredEntry { entry, endpoint, version, history })
}

impl DynamoDbStore {
    /// The entry of an indicator, if there is one
    pub(super) async fn allowed(
        &self,
        what: &str,
        indicator: &Indicator,
    ) -> Result<Option<StoredEntry>, StoreError> {
        let item = self.get(what, Key::allowed(indicator)).await?;
        item.map(|it| stored_entry(what, it)).transpose()
    }

    /// Those of the indicators that have an entry, in no order
    pub(super) async fn all_allowed(
        &self,
        indicators: &[&Indicator],
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let what = "to look at the allow list";
        let mut entries = Vec::new();
        for some in indicators.chunks(READS_MAX) {
            let keys = some.iter().map(|it| Key::allowed(it)).collect();
            let names = [ENTRY, ENDPOINT, HISTORY, "version"];
            for item in self.get_all(what, keys, &names).await? {
                entries.push(stored_entry(what, item)?);
            }
        }
        Ok(entries)
    }
}
