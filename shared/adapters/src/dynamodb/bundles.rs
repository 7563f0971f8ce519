//! Which bundles of configuration were proven, and which is in force.
//!
//! DynamoDB actions: `dynamodb:GetItem`, `dynamodb:PutItem`, `dynamodb:UpdateItem`.

use aws_sdk_dynamodb::types::AttributeValue;
use defuse_flow::{Bundle, BundleStore, StoreError};
use jiff::Timestamp;

use super::{
    DynamoDbStore,
    bodies::{CONTENT, content},
    change::Change,
    errors::{refused, store_error},
    items::{Item, bytes, compress, decompress, text},
    keys::{Key, digest},
};

/// The layers that a bundle was proven with
const LAYERS: &str = "layers";

impl BundleStore for DynamoDbStore {
    async fn proven(&self, digest: &str, layer: &str) -> Result<Option<Bundle>, StoreError> {
        let what = format!("to look up bundle `{digest}`");
        let item = self.get(&what, Key::bundle(digest)).await?;
        let item = item.filter(|it| layers(it).contains(&named(layer)));
        item.map(|it| read(&what, digest, &it)).transpose()
    }

    async fn in_force(&self) -> Result<Option<Bundle>, StoreError> {
        let item = self.get("to see which bundle is in force", Key::bundle_in_force()).await?;
        let digest = item.as_ref().and_then(|it| it.get("digest"));
        match digest.and_then(|it| AttributeValue::as_s(it).ok()) {
            Some(digest) => {
                let what = format!("to look up bundle `{digest}`");
                let item = self.get(&what, Key::bundle(digest)).await?;
                item.map(|it| read(&what, digest, &it)).transpose()
            }
            None => Ok(None),
        }
    }

    /// The bundle first, and then the note that it is in force: a crash between the two leaves the
    /// old one in force
    async fn put_in_force(
        &self,
        bundle: &Bundle,
        layer: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let what = format!("to put bundle `{}` in force", bundle.digest);
        let json = serde_json::to_vec(&bundle.files).map_err(|error| refused(&what, error))?;
        let proven = Change::default()
            .set(CONTENT, bytes(compress(&what, &json)?))
            .set("proven", text(now.to_string()))
            .add(LAYERS, AttributeValue::Ss(vec![named(layer)]));
        self.change(&what, Key::bundle(&bundle.digest), proven).await?;

        let mut item = Key::bundle_in_force().attributes();
        item.insert("digest".to_owned(), text(&bundle.digest));
        item.insert("since".to_owned(), text(now.to_string()));
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item)).send().await;
        put.map(drop).map_err(|error| store_error(&what, error))
    }
}

/// The layers that the bundle was proven with
fn layers(item: &Item) -> &[String] {
    let layers = item.get(LAYERS).and_then(|it| AttributeValue::as_ss(it).ok());
    layers.map(Vec::as_slice).unwrap_or_default()
}

/// A layer as the set has it: short, since there is one more with every deployment
fn named(layer: &str) -> String {
    digest(layer.as_bytes())
}

fn read(what: &str, digest: &str, item: &Item) -> Result<Bundle, StoreError> {
    let json = decompress(content(what, item)?).map_err(|error| refused(what, error))?;
    let files = serde_json::from_slice(&json).map_err(|error| refused(what, error))?;
    Ok(Bundle { digest: digest.to_owned(), files })
}
