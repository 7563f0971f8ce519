//! What people were told that is about no alert: one item, since it is little and read whole.
//!
//! DynamoDB actions: `dynamodb:GetItem`, `dynamodb:UpdateItem`.

use defuse_flow::{NoticeLog, Notices, StoreError};
use serde::Deserialize;

use super::{
    DynamoDbStore,
    change::{Change, Written},
    errors::refused,
    items::{number, read, text},
    keys::Key,
};

/// What was told, whole, as JSON, since nothing asks for parts of it
#[derive(Debug, Deserialize)]
struct NoticesItem {
    notices: String,
    version: u64,
}

impl NoticeLog for DynamoDbStore {
    async fn notices(&self) -> Result<Notices, StoreError> {
        let what = "to see what people were told";
        let Some(item) = self.get(what, Key::notices()).await? else {
            return Ok(Notices::default());
        };
        let NoticesItem { notices, version } = read(what, item)?;
        let notices: Notices =
            serde_json::from_str(&notices).map_err(|error| refused(what, error))?;
        Ok(Notices { version, ..notices })
    }

    async fn keep_notices(&self, notices: &Notices) -> Result<bool, StoreError> {
        let what = "to note what people were told";
        let json = serde_json::to_string(notices).map_err(|error| refused(what, error))?;
        let noted = Change::default().set("notices", text(json)).increase("version");
        let noted = if notices.version == 0 {
            noted.only_if("attribute_not_exists(#pk)", &["pk"])
        } else {
            noted.given("seen", number(notices.version)).only_if("#version = :seen", &[])
        };
        match self.change(what, Key::notices(), noted).await? {
            Written::Changed(_) => Ok(true),
            Written::Kept(_) => Ok(false),
        }
    }
}
