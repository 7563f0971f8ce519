//! Many items at once; what a batch leaves unprocessed is tried again.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::types::{KeysAndAttributes, PutRequest, WriteRequest};
use defuse_flow::StoreError;

use super::{
    DynamoDbStore, TRIES_MAX,
    errors::{StateError, busy, refused, store_error},
    items::Item,
    keys::Key,
};

/// How many items one `BatchWriteItem` takes
const WRITES_MAX: usize = 25;
/// How many items one `BatchGetItem` takes
pub(super) const READS_MAX: usize = 100;
/// How long to wait before the first repeat; with each further one it doubles
const WAIT_FIRST: Duration = Duration::from_millis(25);

impl DynamoDbStore {
    /// Puts every item, whatever was there; no two may have the same key
    pub(super) async fn put_all(&self, what: &str, items: Vec<Item>) -> Result<(), StoreError> {
        let mut requests = Vec::new();
        for item in items {
            let put = PutRequest::builder().set_item(Some(item)).build();
            let put = put.map_err(|error| refused(what, error))?;
            requests.push(WriteRequest::builder().put_request(put).build());
        }
        for chunk in requests.chunks(WRITES_MAX) {
            self.write_batch(what, chunk.to_vec()).await?;
        }
        Ok(())
    }

    async fn write_batch(
        &self,
        what: &str,
        mut requests: Vec<WriteRequest>,
    ) -> Result<(), StoreError> {
        for attempt in 0..TRIES_MAX {
            pause(attempt).await;
            let written = self.client.batch_write_item().request_items(&self.table, requests);
            let output = written.send().await.map_err(|error| store_error(what, error))?;
            requests = only(output.unprocessed_items, &self.table).unwrap_or_default();
            if requests.is_empty() {
                return Ok(());
            }
        }
        Err(busy(StateError::Unprocessed(requests.len())))
    }

    /// Those of the items that are there, in no order, with the attributes `names`
    pub(super) async fn get_all(
        &self,
        what: &str,
        keys: Vec<Key>,
        names: &[&str],
    ) -> Result<Vec<Item>, StoreError> {
        let projection: Vec<String> = names.iter().map(|it| format!("#{it}")).collect();
        let mut request = KeysAndAttributes::builder()
            .consistent_read(true)
            .projection_expression(projection.join(", "))
            .set_keys(Some(keys.into_iter().map(Key::attributes).collect()));
        for name in names {
            request = request.expression_attribute_names(format!("#{name}"), *name);
        }
        let mut request = request.build().map_err(|error| refused(what, error))?;

        let mut found = Vec::new();
        for attempt in 0..TRIES_MAX {
            pause(attempt).await;
            let got = self.client.batch_get_item().request_items(&self.table, request).send().await;
            let output = got.map_err(|error| store_error(what, error))?;
            found.extend(only(output.responses, &self.table).unwrap_or_default());
            let left = only(output.unprocessed_keys, &self.table);
            match left.filter(|it| !it.keys.is_empty()) {
                Some(left) => request = left,
                None => return Ok(found),
            }
        }
        Err(busy(StateError::Unprocessed(request.keys.len())))
    }
}

/// Waits before a repeat
async fn pause(attempt: usize) {
    let doubled = u32::try_from(attempt).ok().and_then(|it| it.checked_sub(1));
    if let Some(doubled) = doubled {
        tokio::time::sleep(WAIT_FIRST.saturating_mul(2_u32.saturating_pow(doubled))).await;
    }
}

/// What an answer says of the one table we asked about
fn only<T>(answers: Option<HashMap<String, T>>, table: &str) -> Option<T> {
    answers?.remove(table)
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::{
        batch_get_item::BatchGetItemOutput, batch_write_item::BatchWriteItemOutput,
    };
    use aws_smithy_mocks::mock;

    use super::{super::tests::store_that, *};

    #[tokio::test]
    async fn what_a_read_leaves_is_read_again() {
        let item = |pk: &str| Key { pk: pk.to_owned(), sk: "H".to_owned() }.attributes();
        let get = mock!(aws_sdk_dynamodb::Client::batch_get_item)
            .sequence()
            .output(move || {
                let left = KeysAndAttributes::builder().keys(item("A#2")).build().unwrap();
                BatchGetItemOutput::builder()
                    .responses("alerts", vec![item("A#1")])
                    .unprocessed_keys("alerts", left)
                    .build()
            })
            .output(move || {
                BatchGetItemOutput::builder().responses("alerts", vec![item("A#2")]).build()
            })
            .build();
        let keys = ["A#1", "A#2"].map(|pk| Key { pk: pk.to_owned(), sk: "H".to_owned() });

        let found = store_that([&get]).get_all("to read", keys.to_vec(), &["pk"]).await.unwrap();

        assert_eq!(found, [item("A#1"), item("A#2")]);
    }

    #[tokio::test]
    async fn what_is_never_written_is_busy_in_the_end() {
        let write = mock!(aws_sdk_dynamodb::Client::batch_write_item)
            .match_requests(|it| it.request_items().is_some_and(|it| it["alerts"].len() == 1))
            .sequence()
            .output(|| {
                let put = PutRequest::builder().set_item(Some(Item::new())).build().unwrap();
                let left = WriteRequest::builder().put_request(put).build();
                BatchWriteItemOutput::builder().unprocessed_items("alerts", vec![left]).build()
            })
            .repeatedly()
            .build();

        let error = store_that([&write]).put_all("to write", vec![Item::new()]).await.unwrap_err();

        assert!(matches!(error, StoreError::Busy(_)), "{error:?}");
        assert_eq!(write.num_calls(), TRIES_MAX);
    }
}
