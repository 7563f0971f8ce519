//! What writes with an idempotency key were answered, for a day.
//!
//! DynamoDB actions: `dynamodb:UpdateItem`, `dynamodb:DeleteItem`.

use aws_sdk_dynamodb::types::AttributeValue;
use defuse_flow::{Begun, KeptAnswer, RequestLog, StoreError};
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    DynamoDbStore,
    change::{Change, Written},
    errors::store_error,
    items::{self, expires, number, text},
    keys::Key,
};

/// For how many days an answer is kept
const KEPT_DAYS: i64 = 1;
/// After how many seconds one that was not answered may be carried out anew: a function has 30
const UNDERWAY_SECONDS: i64 = 60;

/// A request as it stands in the table
#[derive(Debug, Deserialize)]
struct RequestItem {
    digest: String,
    #[serde(default)]
    status: Option<u16>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    etag: Option<String>,
}

impl RequestLog for DynamoDbStore {
    async fn begin(
        &self,
        request: &str,
        digest: &str,
        now: Timestamp,
    ) -> Result<Begun, StoreError> {
        let what = "to begin a request";
        let (begun, day) = (now.as_second(), expires(now, KEPT_DAYS));
        // Why the first two: an item may outlive its day by two more.
        let change = Change::default()
            .set("digest", text(digest))
            .set("begun", number(begun))
            .set("expires", day)
            .remove("status")
            .remove("body")
            .remove("etag")
            .only_if(
                "attribute_not_exists(#pk) OR #expires < :now OR \
                 (#digest = :digest AND attribute_not_exists(#status) AND #begun < :late)",
                &["pk"],
            )
            .given("now", number(begun))
            .given("late", number(begun.saturating_sub(UNDERWAY_SECONDS)));
        let found = match self.change(what, Key::request(request), change).await? {
            Written::Changed(_) => return Ok(Begun::First),
            Written::Kept(None) => return Ok(Begun::Underway),
            Written::Kept(Some(item)) => items::read::<RequestItem>(what, item)?,
        };
        if found.digest != digest {
            return Ok(Begun::Another);
        }
        Ok(found.status.map_or(Begun::Underway, |status| {
            Begun::Answered(KeptAnswer { status, body: found.body, etag: found.etag })
        }))
    }

    async fn answered(
        &self,
        request: &str,
        answer: &KeptAnswer,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let change = Change::default()
            .set("status", number(answer.status))
            .set("body", text(&answer.body))
            .put("etag", answer.etag.clone().map(AttributeValue::S))
            .set("expires", expires(now, KEPT_DAYS))
            .only_if("attribute_exists(#pk)", &["pk"]);
        self.change("to keep an answer", Key::request(request), change).await.map(drop)
    }

    async fn forget(&self, request: &str) -> Result<(), StoreError> {
        let deleted = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(Key::request(request).attributes()))
            .send()
            .await;
        deleted.map(drop).map_err(|error| store_error("to forget a request", error))
    }
}
