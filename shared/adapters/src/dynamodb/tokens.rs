//! Tokens of the API: each is an item of one partition, with what it is checked by and not itself.
//!
//! DynamoDB actions: `dynamodb:GetItem`, `dynamodb:Query`, `dynamodb:UpdateItem`.

use defuse_domain::Grant;
use defuse_flow::{StoreError, StoredToken, TokenLookup, TokenStore};
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    DynamoDbStore,
    change::{Change, Written},
    effects::written,
    errors::{StateError, refused},
    items::{self, Item, number, text},
    keys::{Key, TOKEN, tokens},
};

/// How often it is noted that a token is used: once an hour
const NOTED_SECONDS: i64 = 3_600;
/// For how many days a token is listed after it expired
const LISTED_DAYS: i64 = 90;

/// A token as it stands in the table
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenItem {
    sk: String,
    name: String,
    salt: String,
    hash: String,
    grants: Vec<Grant>,
    created: Timestamp,
    created_by: String,
    expired: Timestamp,
    #[serde(default)]
    revoked: Option<Timestamp>,
    /// Seconds since the epoch
    #[serde(default)]
    used: Option<i64>,
}

impl TokenLookup for DynamoDbStore {
    async fn token(&self, id: &str) -> Result<Option<StoredToken>, StoreError> {
        let what = "to look up a token";
        self.get(what, Key::token(id)).await?.map(|it| read(what, it)).transpose()
    }

    async fn used(&self, id: &str, now: Timestamp) -> Result<(), StoreError> {
        let now = now.as_second();
        let change = Change::default()
            .set("used", number(now))
            .only_if(
                "attribute_exists(#pk) AND (attribute_not_exists(#used) OR #used < :hourAgo)",
                &["pk"],
            )
            .given("hourAgo", number(now.saturating_sub(NOTED_SECONDS)));
        self.change("to note that a token is used", Key::token(id), change).await.map(drop)
    }
}

impl TokenStore for DynamoDbStore {
    async fn create(&self, token: &StoredToken) -> Result<(), StoreError> {
        let what = "to keep a token";
        let change = Change::default()
            .set("name", text(&token.name))
            .set("salt", text(&token.salt))
            .set("hash", text(&token.hash))
            .set("grants", written(what, &token.grants)?)
            .set("created", text(token.created.to_string()))
            .set("createdBy", text(&token.created_by))
            .set("expired", text(token.expires.to_string()))
            .set("expires", items::expires(token.expires, LISTED_DAYS))
            .only_if("attribute_not_exists(#pk)", &["pk"]);
        match self.change(what, Key::token(&token.id), change).await? {
            Written::Changed(_) => Ok(()),
            // Why: our own write may have been made and its answer lost on the way.
            Written::Kept(Some(item)) if read(what, item.clone())?.hash == token.hash => Ok(()),
            Written::Kept(_) => Err(refused(what, StateError::Contended(1))),
        }
    }

    async fn every_token(&self) -> Result<Vec<StoredToken>, StoreError> {
        let what = "to list the tokens";
        let items = self.all(what, tokens(), TOKEN.to_owned()).await?;
        items.into_iter().map(|it| read(what, it)).collect()
    }

    async fn revoke(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let change = Change::default()
            .set("revoked", text(now.to_string()))
            .only_if("attribute_exists(#pk) AND attribute_not_exists(#revoked)", &["pk"]);
        Ok(match self.change("to revoke a token", Key::token(id), change).await? {
            Written::Changed(_) | Written::Kept(Some(_)) => true,
            Written::Kept(None) => false,
        })
    }
}

fn read(what: &str, item: Item) -> Result<StoredToken, StoreError> {
    let token: TokenItem = items::read(what, item)?;
    let used = token.used.and_then(|it| Timestamp::from_second(it).ok());
    Ok(StoredToken {
        id: token.sk.strip_prefix(TOKEN).unwrap_or(&token.sk).to_owned(),
        name: token.name,
        salt: token.salt,
        hash: token.hash,
        grants: token.grants,
        created: token.created,
        created_by: token.created_by,
        expires: token.expired,
        revoked: token.revoked,
        used,
    })
}
