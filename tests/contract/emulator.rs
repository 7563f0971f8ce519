//! A DynamoDB in memory with our table in it, and a meter for what requests cost.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::{
    Client,
    config::{
        ConfigBag, Intercept, RuntimeComponents,
        interceptors::{BeforeSerializationInterceptorContextMut, FinalizerInterceptorContextRef},
    },
    error::BoxError,
    operation::{
        batch_get_item::{BatchGetItemInput, BatchGetItemOutput},
        batch_write_item::{BatchWriteItemInput, BatchWriteItemOutput},
        get_item::{GetItemInput, GetItemOutput},
        put_item::{PutItemInput, PutItemOutput},
        query::{QueryInput, QueryOutput},
        scan::{ScanInput, ScanOutput},
        update_item::{UpdateItemInput, UpdateItemOutput},
    },
    types::{AttributeValue, ConsumedCapacity, ReturnConsumedCapacity},
};
use defuse_adapters::{DynamoDbStore, create_table};
use dynoxide::Database;

use crate::embedded::{client_of, served};

/// Name of the table
pub(crate) const TABLE: &str = "defuse";

/// Attributes by name
pub(crate) type Item = HashMap<String, AttributeValue>;

/// A table of our own
pub(crate) struct Emulator {
    pub(crate) client: Client,
    pub(crate) store: DynamoDbStore,
    pub(crate) endpoint: String,
    pub(crate) meter: Meter,
}

/// Starts one, with an empty table
pub(crate) async fn emulator() -> Emulator {
    let endpoint = served(Database::memory().unwrap()).await;
    let meter = Meter::default();
    let config = client_of(&endpoint).interceptor(meter.clone()).build();
    let client = Client::from_conf(config);
    create_table(&client, TABLE).await.unwrap();
    // Why: a host that starts again finds the table there.
    create_table(&client, TABLE).await.unwrap();
    let store = DynamoDbStore::new(client.clone(), TABLE.to_owned());
    Emulator { client, store, endpoint, meter }
}

pub(crate) fn credentials() -> Credentials {
    Credentials::new("id", "secret", None, None, "tests")
}

impl Emulator {
    /// Every item whose partition key begins with that
    pub(crate) async fn items(&self, pk_prefix: &str) -> Vec<Item> {
        let scan = self.client.scan().table_name(TABLE).into_paginator().items().send();
        let items = scan.try_collect().await.unwrap();
        items.into_iter().filter(|it| text(it, "pk").starts_with(pk_prefix)).collect()
    }

    /// The head of an alert
    pub(crate) async fn head(&self, id: &str) -> Item {
        let key = |text: &str| AttributeValue::S(text.to_owned());
        let get = self.client.get_item().table_name(TABLE);
        let got = get.key("pk", key(&format!("A#{id}"))).key("sk", key("H")).send().await.unwrap();
        got.item.unwrap()
    }
}

/// A text of an item; empty where it is absent
pub(crate) fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    item.get(name).and_then(|it| it.as_s().ok()).map_or("", String::as_str)
}

/// How many bytes an item has, as DynamoDB counts them
pub(crate) fn bytes(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + bytes_of(value)).sum()
}

fn bytes_of(value: &AttributeValue) -> usize {
    if let Ok(map) = value.as_m() {
        return 3 + map.iter().map(|(name, it)| name.len() + bytes_of(it) + 1).sum::<usize>();
    }
    let text = value.as_s().map(String::len);
    let number = value.as_n().map(|it| it.len().div_ceil(2) + 1);
    let bytes = value.as_b().map(|it| it.as_ref().len());
    let texts = value.as_ss().map(|it| it.iter().map(String::len).sum());
    text.or(number).or(bytes).or(texts).unwrap_or(1)
}

/// Counts the capacity that requests consume
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter {
    consumed: Arc<Mutex<Vec<(bool, ConsumedCapacity)>>>,
}

impl Meter {
    /// Units of writes to the table, of writes to the index, and of reads, since the last call
    pub(crate) fn take(&self) -> (f64, f64, f64) {
        let mut units = (0.0, 0.0, 0.0);
        for (is_write, consumed) in self.consumed.lock().unwrap().drain(..) {
            let table = consumed.table.and_then(|it| it.capacity_units).unwrap_or_default();
            let index: f64 = consumed
                .global_secondary_indexes
                .into_iter()
                .flatten()
                .filter_map(|(_, it)| it.capacity_units)
                .sum();
            if is_write {
                units.0 += table;
                units.1 += index;
            } else {
                units.2 += table + index;
            }
        }
        units
    }

    /// Counts what a request consumed: a single one says it once, a batch for each table
    fn count<C: IntoIterator<Item: Consumed>>(&self, consumed: C, is_write: bool) {
        let consumed = consumed.into_iter().flat_map(Consumed::each);
        self.consumed.lock().unwrap().extend(consumed.map(|it| (is_write, it)));
    }
}

/// Does the same for every kind of request
macro_rules! each_kind {
    ($apply:ident) => {
        $apply!(GetItemInput, GetItemOutput, false);
        $apply!(QueryInput, QueryOutput, false);
        $apply!(ScanInput, ScanOutput, false);
        $apply!(BatchGetItemInput, BatchGetItemOutput, false);
        $apply!(PutItemInput, PutItemOutput, true);
        $apply!(UpdateItemInput, UpdateItemOutput, true);
        $apply!(BatchWriteItemInput, BatchWriteItemOutput, true);
    };
}

impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let input = context.input_mut();
        macro_rules! ask {
            ($input:ty, $output:ty, $is_write:expr) => {
                if let Some(input) = input.downcast_mut::<$input>() {
                    input.return_consumed_capacity = Some(ReturnConsumedCapacity::Indexes);
                }
            };
        }
        each_kind!(ask);
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(Ok(output)) = context.output_or_error() else { return Ok(()) };
        macro_rules! count {
            ($input:ty, $output:ty, $is_write:expr) => {
                if let Some(output) = output.downcast_ref::<$output>() {
                    self.count(output.consumed_capacity.clone(), $is_write);
                }
            };
        }
        each_kind!(count);
        Ok(())
    }
}

/// What an answer says was consumed
trait Consumed {
    fn each(self) -> Vec<ConsumedCapacity>;
}

impl Consumed for ConsumedCapacity {
    fn each(self) -> Vec<ConsumedCapacity> {
        vec![self]
    }
}

impl Consumed for Vec<ConsumedCapacity> {
    fn each(self) -> Vec<ConsumedCapacity> {
        self
    }
}
