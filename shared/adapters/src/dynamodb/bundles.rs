//! Which bundles of configuration were proven, and which is in force.
//!
//! DynamoDB actions: `dynamodb:GetItem`, `dynamodb:PutItem`.

use aws_sdk_dynamodb::types::AttributeValue;
use defuse_flow::{Bundle, BundleStore, StoreError};
use jiff::Timestamp;

use super::{
    DynamoDbStore,
    bodies::{CONTENT, content},
    errors::{refused, store_error},
    items::{Item, bytes, compress, decompress, text},
    keys::Key,
};

impl BundleStore for DynamoDbStore {
    async fn proven(&self, digest: &str) -> Result<Option<Bundle>, StoreError> {
        let what = format!("to look up bundle `{digest}`");
        let item = self.get(&what, Key::bundle(digest)).await?;
        item.map(|it| read(&what, digest, &it)).transpose()
    }

    async fn in_force(&self) -> Result<Option<Bundle>, StoreError> {
        let item = self.get("to see which bundle is in force", Key::bundle_in_force()).await?;
        let digest = item.as_ref().and_then(|it| it.get("digest"));
        match digest.and_then(|it| AttributeValue::as_s(it).ok()) {
            Some(digest) => self.proven(digest).await,
            None => Ok(None),
        }
    }

    /// The bundle first, and then the note that it is in force: a crash between the two leaves the
    /// old one in force
    async fn put_in_force(&self, bundle: &Bundle, now: Timestamp) -> Result<(), StoreError> {
        let what = format!("to put bundle `{}` in force", bundle.digest);
        let json = serde_json::to_vec(&bundle.files).map_err(|error| refused(&what, error))?;
        let mut item = Key::bundle(&bundle.digest).attributes();
        item.insert(CONTENT.to_owned(), bytes(compress(&what, &json)?));
        item.insert("proven".to_owned(), text(now.to_string()));
        self.put(&what, item).await?;

        let mut item = Key::bundle_in_force().attributes();
        item.insert("digest".to_owned(), text(&bundle.digest));
        item.insert("since".to_owned(), text(now.to_string()));
        self.put(&what, item).await
    }
}

impl DynamoDbStore {
    async fn put(&self, what: &str, item: Item) -> Result<(), StoreError> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item)).send().await;
        put.map(drop).map_err(|error| store_error(what, error))
    }
}

fn read(what: &str, digest: &str, item: &Item) -> Result<Bundle, StoreError> {
    let json = decompress(content(what, item)?).map_err(|error| refused(what, error))?;
    let files = serde_json::from_slice(&json).map_err(|error| refused(what, error))?;
    Ok(Bundle { digest: digest.to_owned(), files })
}
