//! What a host stored, read from its folder.

use std::{collections::BTreeMap, path::Path};

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use defuse_adapters::{DynamoDbStore, WorkKind};
use dynoxide::Database;
use jiff::Timestamp;

use crate::embedded::{client_of, served};

/// Name of the table
const TABLE: &str = "defuse";

/// A DynamoDB on the loopback, for as long as the test runs
pub(crate) struct State {
    pub(crate) endpoint: String,
    pub(crate) client: Client,
}

impl State {
    /// The state in a host's folder, whether the host runs or not
    pub(crate) async fn open(data: &Path) -> Self {
        let file = data.join("state.sqlite");
        assert!(file.exists(), "no state in {}", data.display());
        Self::serve(Database::new(&file.display().to_string()).unwrap()).await
    }

    /// A state of its own, in memory
    pub(crate) async fn in_memory() -> Self {
        Self::serve(Database::memory().unwrap()).await
    }

    async fn serve(database: Database) -> Self {
        let endpoint = served(database).await;
        let config = client_of(&endpoint).build();
        Self { endpoint, client: Client::from_conf(config) }
    }

    /// Ids of all alerts that wait for something
    pub(crate) async fn work(&self) -> Vec<String> {
        let store = DynamoDbStore::new(self.client.clone(), TABLE.to_owned());
        let mut ids = Vec::new();
        for kind in [WorkKind::Pending, WorkKind::Effects] {
            let found = store.work(kind, Timestamp::MAX).await.unwrap();
            ids.extend(found.into_iter().map(|it| format!("{it} ({kind:?})")));
        }
        ids
    }

    /// Every item about alerts, in order
    pub(crate) async fn alerts(&self) -> Vec<String> {
        self.items("A#").await
    }

    /// Every item with a fact, in order
    pub(crate) async fn facts(&self) -> Vec<String> {
        self.items("F#").await
    }

    async fn items(&self, prefix: &str) -> Vec<String> {
        let scan = self.client.scan().table_name(TABLE).into_paginator().items().send();
        let items = scan.try_collect().await.unwrap();
        let mut shown: Vec<String> = items
            .into_iter()
            .filter(|it| it.get("pk").is_some_and(|it| it.as_s().unwrap().starts_with(prefix)))
            .map(|it| shown(&AttributeValue::M(it)))
            .collect();
        shown.sort();
        shown
    }
}

/// A value with its attributes in the order of their names
fn shown(value: &AttributeValue) -> String {
    match value.as_m() {
        Ok(attributes) => {
            let sorted: BTreeMap<_, _> = attributes.iter().collect();
            let each = sorted.into_iter().map(|(name, it)| format!("{name}: {}", shown(it)));
            format!("{{{}}}", each.collect::<Vec<_>>().join(", "))
        }
        Err(other) => format!("{other:?}"),
    }
}
