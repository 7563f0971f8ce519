//! The raw alert of a revision: compressed, in pieces, under a name that tells what is in it.
//!
//! A body under the same name always has the same bytes, so two who store it at once cannot mix
//! their pieces, and a piece that is there is never changed.

use aws_sdk_dynamodb::types::AttributeValue;
use defuse_domain::{Alert, AlertId};
use defuse_flow::StoreError;

use super::{
    DynamoDbStore,
    errors::{StateError, refused},
    items::{Head, Item, bytes, compress, decompress},
    keys::{Key, alert, body_prefix, digest},
};

/// The largest piece, in bytes; an item may have 400 KB
const PIECE_BYTES_MAX: usize = 350 * 1024;
/// Name of the attribute that holds what is compressed
pub(super) const CONTENT: &str = "content";

/// A body ready to be written
#[derive(Debug)]
pub(super) struct Body {
    /// Names it, within its revision
    pub(super) digest: String,
    /// How many pieces it has
    pub(super) pieces: usize,
    /// The pieces
    pub(super) items: Vec<Item>,
}

impl Body {
    pub(super) fn of(what: &str, alert: &Alert) -> Result<Self, StoreError> {
        let compressed = compress(what, alert.raw.as_bytes())?;
        let digest = digest(&compressed);
        let prefix = body_prefix(alert.revision(), &digest);
        let items: Vec<Item> = compressed
            .chunks(PIECE_BYTES_MAX)
            .enumerate()
            .map(|(index, piece)| {
                let mut item = Key::body(&alert.id, &prefix, index).attributes();
                item.insert(CONTENT.to_owned(), bytes(piece));
                item
            })
            .collect();
        Ok(Self { digest, pieces: items.len(), items })
    }
}

impl DynamoDbStore {
    /// The alert as the head's revision has it
    pub(super) async fn body(
        &self,
        what: &str,
        id: &AlertId,
        head: &Head,
    ) -> Result<Alert, StoreError> {
        let prefix = body_prefix(head.revision, &head.body);
        let pieces = self.all(what, alert(id), prefix.clone()).await?;
        if pieces.len() != head.pieces {
            return Err(refused(what, StateError::Missing(prefix)));
        }
        read_body(what, &pieces)
    }
}

/// The alert of those pieces
pub(super) fn read_body<'a>(
    what: &str,
    pieces: impl IntoIterator<Item = &'a Item>,
) -> Result<Alert, StoreError> {
    let mut compressed = Vec::new();
    for piece in pieces {
        compressed.extend_from_slice(content(what, piece)?);
    }
    let raw = decompress(&compressed).map_err(|error| refused(what, error))?;
    let raw = String::from_utf8(raw).map_err(|error| refused(what, error))?;
    Alert::read(&raw).map_err(|error| refused(what, error))
}

/// What an item holds compressed
pub(super) fn content<'a>(what: &str, item: &'a Item) -> Result<&'a [u8], StoreError> {
    let content = item.get(CONTENT).and_then(|it| AttributeValue::as_b(it).ok());
    content.map(AsRef::as_ref).ok_or_else(|| refused(what, StateError::Missing(CONTENT.to_owned())))
}
