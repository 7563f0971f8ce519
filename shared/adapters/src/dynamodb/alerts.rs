//! Where alerts are kept when they arrive.
//!
//! DynamoDB actions: `dynamodb:GetItem`, `dynamodb:BatchWriteItem`, `dynamodb:UpdateItem`.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use defuse_domain::{Alert, AlertId};
use defuse_flow::{AlertState, AlertStore, StoreError, Stored};
use jiff::Timestamp;

use super::{
    DynamoDbStore,
    bodies::Body,
    change::{Change, Written},
    errors::store_error,
    items::{Item, cut, number, state_name, text},
    keys::Key,
    work::WorkKind,
};

/// As much of a title as the head has, in bytes
const TITLE_BYTES_MAX: usize = 80;

impl AlertStore for DynamoDbStore {
    async fn store(&self, alert: &Alert, now: Timestamp) -> Result<Stored, StoreError> {
        let what = format!("to keep alert `{}`", alert.id);
        let seen = self.seen(&what, &alert.id).await?;
        let revision = alert.revision().to_string();
        if seen.revision.is_some_and(|it| it >= revision) {
            return Ok(Stored::Again);
        }

        let body = Body::of(&what, alert)?;
        let received = seen.created.unwrap_or_else(|| text(now.to_string()));
        let head = pending(alert, &body, now).set_once("received", received);
        self.put_all(&what, body.items.into_iter().chain(links(alert, now)).collect()).await?;
        match self.change(&what, Key::head(&alert.id), head).await? {
            Written::Changed(None) => Ok(Stored::New),
            Written::Changed(Some(_)) => Ok(Stored::Newer),
            Written::Kept(_) => Ok(Stored::Again),
        }
    }
}

impl DynamoDbStore {
    /// What is there of the alert already.
    ///
    /// Half a read unit that spares several write units whenever an alert comes again, which it
    /// does with every poll. A read that is behind costs those writes and does no harm: the head
    /// is written on condition.
    async fn seen(&self, what: &str, id: &AlertId) -> Result<Seen, StoreError> {
        let got = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(Key::head(id).attributes()))
            .projection_expression("#revision, #created")
            .expression_attribute_names("#revision", "revision")
            .expression_attribute_names("#created", "created")
            .send()
            .await;
        let mut head = got.map_err(|error| store_error(what, error))?.item.unwrap_or_default();
        let revision = head.get("revision").and_then(|it| AttributeValue::as_s(it).ok()).cloned();
        Ok(Seen { revision, created: head.remove("created") })
    }
}

/// What is there of an alert already
struct Seen {
    revision: Option<String>,
    /// When it came to be; for want of better, when it came to us, where that was not kept yet
    created: Option<AttributeValue>,
}

/// The head of a revision that was not yet decided: what is left of an older one is which run
/// decided it, what became of that run's effects, and the tags
fn pending(alert: &Alert, body: &Body, now: Timestamp) -> Change {
    let severity = alert.known_severity().map(|it| text(it.name()));
    let title = alert.title.as_deref().map(|it| text(cut(it, TITLE_BYTES_MAX)));
    Change::default()
        .set("revision", text(alert.revision().to_string()))
        .set("state", text(state_name(AlertState::Pending)))
        .set("looks", number(0))
        .set("shape", text(alert.shape.name()))
        .set("created", text(created(alert, now).to_string()))
        .set("body", text(&body.digest))
        .set("pieces", number(body.pieces))
        .put("severity", severity)
        .put("title", title)
        .increase("version")
        .work(Some(WorkKind::Pending), now)
        .only_if("attribute_not_exists(#pk) OR #revision < :revision", &["pk"])
}

/// When the alert came to be: what its place among a user's alerts goes by
fn created(alert: &Alert, now: Timestamp) -> Timestamp {
    alert.created.or(alert.first_activity).or(alert.last_update).unwrap_or(now)
}

/// A link from each user, by every name that a directory could be asked by
fn links(alert: &Alert, now: Timestamp) -> Vec<Item> {
    let users = alert.users();
    let names: BTreeSet<&str> = users
        .iter()
        .flat_map(|it| it.id.iter().chain(&it.principal_name))
        .map(String::as_str)
        .collect();
    let keys: BTreeSet<Key> =
        names.into_iter().map(|it| Key::link(it, created(alert, now), &alert.id)).collect();
    keys.into_iter()
        .map(|key| {
            let mut item = key.attributes();
            item.insert("alert".to_owned(), text(alert.id.as_str()));
            item
        })
        .collect()
}
