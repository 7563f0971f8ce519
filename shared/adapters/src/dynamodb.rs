//! Everything we keep, in one DynamoDB table of single-item conditional writes.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `A#<alert>` | `H` | head: the small mutable part; its version makes writes conditional |
//! | | `B#<revision>#<digest>#<n>` | the raw alert, compressed, in pieces; never changes |
//! | | `P#<digest>` | a part of an alert that arrives in several, compressed; never changes |
//! | | `R#<revision>#<look>#<digest>` | a run, compressed; real only if the head has its digest |
//! | | `M#<number>#<digest>` | what a person did to it; real only if the head leads to its digest |
//! | | `O` | the note that the settings leave the alert out |
//! | `O#<day>` | `O` | how many alerts were left out, by severity |
//! | `E#<user>` | `<created>#<alert>` | link from a user to an alert |
//! | `J#<day>` | `<digest>` | what could not be read, with its reason |
//! | `W#<webhook>` | `W` | a webhook message that was taken |
//! | `L#<counter>` | `L` | the alerts that a limit counted |
//! | `F#<user>` | `automaticReplies`, `risk`, `groups` | an answer, and who is asking for one |
//! | `U#mailboxes` | `M#<user>` | a user whose mailbox is looked at time and again |
//! | `I#allowed` | `<kind>#<value>` | an entry of our own allow list |
//! | `S#<feed>` | `S` | where a feed stands |
//! | `K#tokens` | `T#<token>` | a token of the API |
//! | `Z#<request>` | `Z` | what a write with an idempotency key was answered |
//! | `Q#<who>` | `<minute>` | how often somebody asked |
//! | `N#<notification>` | `N` | a notification being posted, or posted |
//! | `C#bundles` | `B#<digest>`, `IN_FORCE` | a bundle that was proven, and which is in force |
//! | | `TUNING` | since when the tuning rules of the bundle in force are |
//! | `C#tuning` | `R#<rule>` | a tuning rule that people saved |
//! | | `G` | how often any of them was changed |
//! | | `N` | what people were told of rules that expire |
//! | `T#<rule>` | `C#<version>#<digest>` | a change of a tuning rule; real only if the rule leads to it |
//! | | `M#<alert>` | link from a tuning rule to an alert that it hid or resolved |
//! | | `D#<day>` | how many that were on a day |
//!
//! What is immutable is named by its digest and written first; the head is written last, and what
//! it does not point to did not happen. So no write needs a transaction, which would cost double.
//!
//! The sparse index `work` holds the heads that are pending or have effects outstanding, and the
//! entries of the allow list that are to be written elsewhere.
//!
//! DynamoDB actions: each module names those of its port.

mod acts;
mod alerts;
mod allow_list;
mod allow_list_items;
mod allow_list_outbox;
mod asked;
mod audit;
mod batches;
mod bodies;
mod bundles;
mod change;
mod deployed;
mod effects;
mod errors;
mod export;
mod facts;
mod feeds;
mod history;
mod items;
mod keys;
mod left_out;
mod left_out_report;
mod limits;
mod match_report;
mod matches;
mod notices;
mod notifications;
mod open_alerts;
mod outbox;
mod pace;
mod parts;
mod rejects;
mod releases;
mod requests;
mod runs;
mod table;
mod throttle;
mod tokens;
mod tuning;
mod tuning_changes;
mod watch;
mod webhooks;
mod work;

use aws_sdk_dynamodb::{
    Client, operation::query::builders::QueryFluentBuilder, types::AttributeValue,
};
use defuse_domain::AlertId;
use defuse_flow::StoreError;

use self::{
    errors::store_error,
    items::{Head, Item},
    keys::{Key, PK, SK},
};
pub use self::{
    open_alerts::StoredAlertFacts,
    table::create_table,
    work::{WORK_MAX, Work, WorkKind, work_of},
};

/// How often anything is tried that others may get in the way of
const TRIES_MAX: usize = 5;

/// The table that alerts, runs, links, limits and marks are kept in
#[derive(Clone, Debug)]
pub struct DynamoDbStore {
    client: Client,
    table: String,
    lists_mailboxes: bool,
}

impl DynamoDbStore {
    /// The store in the table of that name, as [`create_table`] makes it
    pub const fn new(client: Client, table: String) -> Self {
        Self { client, table, lists_mailboxes: false }
    }

    /// The same, which notes whose automatic replies are asked for, if somebody is to look at them
    #[must_use]
    pub fn with_watch_list(self, lists_mailboxes: bool) -> Self {
        Self { lists_mailboxes, ..self }
    }

    /// An alert's head, as it stands now
    async fn head(&self, what: &str, id: &AlertId) -> Result<Option<Head>, StoreError> {
        let item = self.get(what, Key::head(id)).await?;
        item.map(|it| items::read(what, it)).transpose()
    }

    /// One item, as it stands now
    async fn get(&self, what: &str, key: Key) -> Result<Option<Item>, StoreError> {
        let got = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .consistent_read(true)
            .send()
            .await;
        got.map(|it| it.item).map_err(|error| store_error(what, error))
    }

    /// The items of one partition whose sort key begins with `prefix`, as they stand now
    async fn all(&self, what: &str, pk: String, prefix: String) -> Result<Vec<Item>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("#pk = :pk AND begins_with(#sk, :prefix)")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#sk", SK)
            .expression_attribute_values(":pk", AttributeValue::S(pk))
            .expression_attribute_values(":prefix", AttributeValue::S(prefix));
        first(what, query, usize::MAX).await
    }
}

/// The first `max` items of a query, page by page
async fn first(what: &str, query: QueryFluentBuilder, max: usize) -> Result<Vec<Item>, StoreError> {
    let mut pages = query.into_paginator().items().send();
    let mut items = Vec::new();
    while items.len() < max
        && let Some(item) = pages.next().await
    {
        items.push(item.map_err(|error| store_error(what, error))?);
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use aws_credential_types::Credentials;
    use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Region, retry::RetryConfig};
    use aws_smithy_mocks::{MockResponseInterceptor, Rule, RuleMode, create_mock_http_client};
    use defuse_domain::Run;

    use super::*;

    /// A store whose requests are answered by the rules
    pub(super) fn store_that<'a>(rules: impl IntoIterator<Item = &'a Rule>) -> DynamoDbStore {
        let answers = rules
            .into_iter()
            .fold(MockResponseInterceptor::new(), MockResponseInterceptor::with_rule)
            .rule_mode(RuleMode::MatchAny);
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-central-1"))
            .credentials_provider(Credentials::new("id", "secret", None, None, "tests"))
            .retry_config(RetryConfig::disabled())
            .http_client(create_mock_http_client())
            .interceptor(answers)
            .build();
        DynamoDbStore::new(Client::from_conf(config), "alerts".to_owned())
    }

    /// A run that resolves the alert `ad1` and tells people
    pub(super) fn a_run() -> Run {
        let classification =
            serde_json::json!({ "informationalExpectedActivity": "confirmedActivity" });
        let notify = |id: &str, template: &str| {
            serde_json::json!({ "id": id, "action": { "notify": {
                "id": id, "channel": "soc", "template": template, "title": "Travel",
                "alertId": "ad1", "severity": null, "facts": [], "reasons": [], "url": null,
            }}})
        };
        serde_json::from_value(serde_json::json!({
            "key": { "alertId": "ad1", "revision": "2026-11-20T10:00:00Z", "look": 0 },
            "decided": "2026-11-20T10:00:05Z",
            "decision": {
                "outcome": { "resolved": classification },
                "determinedBy": [], "reasons": [], "unknown": [], "trace": [],
            },
            "facts": [],
            "effects": [
                { "id": "resolve", "action": {
                    "resolve": { "classification": classification, "comment": "Travel" } } },
                notify("notify", "resolved"),
            ],
            "ifRefused": [notify("needsEyes", "needsEyes")],
        }))
        .unwrap()
    }

    /// The head of that alert, just decided
    pub(super) fn a_head() -> Head {
        items::read("to test", a_head_item()).unwrap()
    }

    /// The same as it stands in the table
    pub(super) fn a_head_item() -> Item {
        let outstanding = |id: &str| (id.to_owned(), AttributeValue::S("outstanding".to_owned()));
        let attribute = |name: &str, value: AttributeValue| (name.to_owned(), value);
        Item::from([
            attribute("revision", items::text("2026-11-20T10:00:00.000000000Z")),
            attribute("state", items::text("resolved")),
            attribute("version", items::number(2)),
            attribute("looks", items::number(1)),
            attribute("body", items::text("00")),
            attribute("pieces", items::number(1)),
            attribute("run", items::text("11")),
            attribute("runRevision", items::text("2026-11-20T10:00:00.000000000Z")),
            attribute("runLook", items::number(0)),
            attribute(
                "effects",
                AttributeValue::M([outstanding("resolve"), outstanding("notify")].into()),
            ),
        ])
    }

    #[test]
    fn a_head_is_read_with_what_is_absent_left_out() {
        let head = a_head();
        let key = a_run().key;
        assert_eq!(head.last_run_of(&key), Some("11"));
        assert_eq!(head.last_run(&key.alert_id), Some(key));
        assert!(head.tags.is_empty() && head.runs.is_empty() && !head.refused);
    }
}
