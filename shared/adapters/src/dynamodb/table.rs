//! Makes the table where there is none: on one machine, and in tests. On AWS the stack makes it.
//!
//! DynamoDB actions: `dynamodb:CreateTable`, `dynamodb:DescribeTimeToLive`,
//! `dynamodb:UpdateTimeToLive`.

use aws_sdk_dynamodb::{
    Client,
    error::BuildError,
    operation::create_table::CreateTableError,
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
        Projection, ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType,
        TimeToLiveSpecification, TimeToLiveStatus,
    },
};
use defuse_flow::StoreError;

use super::{
    errors::{refused, store_error},
    keys::{PK, SK},
    work::WORK_INDEX,
};

/// Makes the table, with stream, index and expiry, unless it is there
pub async fn create_table(client: &Client, name: &str) -> Result<(), StoreError> {
    let what = format!("to create table `{name}`");
    let index = index().map_err(|error| refused(&what, error))?;
    let keys = keys(PK, SK).map_err(|error| refused(&what, error))?;
    let attributes = attributes().map_err(|error| refused(&what, error))?;
    let stream = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::NewAndOldImages)
        .build()
        .map_err(|error| refused(&what, error))?;
    let created = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(Some(keys))
        .set_attribute_definitions(Some(attributes))
        .global_secondary_indexes(index)
        .stream_specification(stream)
        .send()
        .await;
    if let Err(error) = created {
        let is_there =
            error.as_service_error().is_some_and(CreateTableError::is_resource_in_use_exception);
        if !is_there {
            return Err(store_error(what, error));
        }
    }
    expire_items(client, name).await
}

/// Has items deleted once the time in `expires` has passed
async fn expire_items(client: &Client, name: &str) -> Result<(), StoreError> {
    let what = format!("to have items of table `{name}` expire");
    let described = client.describe_time_to_live().table_name(name).send().await;
    let described = described.map_err(|error| store_error(&what, error))?;
    let status = described.time_to_live_description.and_then(|it| it.time_to_live_status);
    if matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)) {
        return Ok(());
    }
    let expiry = TimeToLiveSpecification::builder().enabled(true).attribute_name("expires").build();
    let expiry = expiry.map_err(|error| refused(&what, error))?;
    let updated =
        client.update_time_to_live().table_name(name).time_to_live_specification(expiry).send();
    updated.await.map(drop).map_err(|error| store_error(what, error))
}

/// The index over heads with work outstanding
fn index() -> Result<GlobalSecondaryIndex, BuildError> {
    GlobalSecondaryIndex::builder()
        .index_name(WORK_INDEX)
        .set_key_schema(Some(keys("work", "workAt")?))
        .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
        .build()
}

fn keys(partition: &str, sort: &str) -> Result<Vec<KeySchemaElement>, BuildError> {
    [(partition, KeyType::Hash), (sort, KeyType::Range)]
        .into_iter()
        .map(|(name, kind)| KeySchemaElement::builder().attribute_name(name).key_type(kind).build())
        .collect()
}

fn attributes() -> Result<Vec<AttributeDefinition>, BuildError> {
    [PK, SK, "work", "workAt"]
        .into_iter()
        .map(|name| {
            AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S)
                .build()
        })
        .collect()
}
