//! Our own allow list: one partition, one item for each indicator, with its history.
//!
//! An entry is changed on condition of the version that was read. It stays for some months after
//! it expired, so that people see what was; whether it counts is for who reads it to say.
//!
//! DynamoDB actions: `dynamodb:GetItem`, `dynamodb:Query`, `dynamodb:UpdateItem`.

use aws_sdk_dynamodb::types::AttributeValue;
use defuse_domain::{AllowListChange, AllowListEntry, AtEndpoint, CHANGES_MAX, Indicator};
use defuse_flow::{AllowList, AllowListPage, Put, StoreError, StoredEntry};
use jiff::{SignedDuration, Timestamp};

use super::{
    DynamoDbStore, TRIES_MAX,
    allow_list_items::{ENDPOINT, ENTRY, HISTORY, stored_entry},
    change::{Change, Written},
    errors::{StateError, busy, refused, store_error},
    facts::at_version,
    items::{number, text},
    keys::{ALLOW_LIST, Key, PK, SK},
};

/// How many entries a page has
const PAGE: i32 = 100;

/// How long an entry is kept after it expired
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 90);

impl AllowList for DynamoDbStore {
    async fn put(&self, entry: &AllowListEntry, now: Timestamp) -> Result<Put, StoreError> {
        let what = "to put an entry on the allow list";
        for _ in 0..TRIES_MAX {
            let older = self.allowed(what, entry.indicator()).await?;
            let (put, change) = match &older {
                None => (Put::New, Some(change(what, entry, Vec::new(), Vec::new(), now)?)),
                Some(older) => replaced(what, entry, older, now)?,
            };
            let Some(change) = change else { return Ok(put) };
            let change = at_version(change, older.map_or(0, |it| it.version));
            match self.change(what, Key::allowed(entry.indicator()), change).await? {
                Written::Changed(_) => return Ok(put),
                Written::Kept(_) => {}
            }
        }
        Err(busy(StateError::Contended(TRIES_MAX)))
    }

    async fn page(&self, after: Option<&Indicator>) -> Result<AllowListPage, StoreError> {
        let what = "to list the allow list";
        let output = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("#pk = :pk")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_values(":pk", AttributeValue::S(ALLOW_LIST.to_owned()))
            .set_exclusive_start_key(after.map(|it| Key::allowed(it).attributes()))
            .limit(PAGE)
            .send()
            .await
            .map_err(|error| store_error(what, error))?;
        let has_more = output.last_evaluated_key.is_some_and(|it| it.contains_key(SK));
        let items = output.items.unwrap_or_default().into_iter();
        let entries: Vec<StoredEntry> =
            items.map(|it| stored_entry(what, it)).collect::<Result<_, _>>()?;
        let last = entries.last().map(|it| it.entry.indicator().clone());
        Ok(AllowListPage { entries, next: last.filter(|_| has_more) })
    }
}

/// What becomes of an older entry
fn replaced(
    what: &str,
    entry: &AllowListEntry,
    older: &StoredEntry,
    now: Timestamp,
) -> Result<(Put, Option<Change>), StoreError> {
    let differences = entry.differences(&older.entry);
    let put = if differences.is_empty() { Put::Again } else { Put::Changed };
    let differences = match (&older.endpoint, put) {
        (_, Put::New | Put::Changed) => differences,
        (AtEndpoint::Written { .. }, Put::Again) => return Ok((put, None)),
        // Why: who puts it there again may do so because nothing came of the first time.
        (AtEndpoint::Outstanding, Put::Again) => {
            return Ok((put, Some(Change::default().allow_work(true, now))));
        }
        (AtEndpoint::OursAlone { .. } | AtEndpoint::Refused { .. }, Put::Again) => {
            vec!["tried again".to_owned()]
        }
    };
    Ok((put, Some(change(what, entry, older.history.clone(), differences, now)?)))
}

/// The change that puts an entry there, and calls for its being written
fn change(
    what: &str,
    entry: &AllowListEntry,
    mut history: Vec<AllowListChange>,
    differences: Vec<String>,
    now: Timestamp,
) -> Result<Change, StoreError> {
    history.push(AllowListChange { at: now, by: entry.by().to_owned(), what: differences });
    let n_over = history.len().saturating_sub(CHANGES_MAX);
    history.drain(..n_over);
    let json =
        |it: Result<String, serde_json::Error>| it.map(text).map_err(|error| refused(what, error));
    let expires = entry.expires().saturating_add(KEPT).unwrap_or(Timestamp::MAX);
    Ok(Change::default()
        .set(ENTRY, json(serde_json::to_string(entry))?)
        .set(ENDPOINT, json(serde_json::to_string(&AtEndpoint::Outstanding))?)
        .set(HISTORY, json(serde_json::to_string(&history))?)
        .set("expires", number(expires.as_second()))
        .allow_work(true, now))
}
