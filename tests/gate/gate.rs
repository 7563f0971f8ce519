//! The function `provision`, started and asked, and what the table says afterwards.

use std::{sync::Arc, time::Duration};

use defuse_adapters::DynamoDbStore;
use defuse_flow::{Bundle, BundleStore as _};
use defuse_lambda::{SharedLookup, start_without_config_from};
use defuse_testkit::Invocation;
use serde_json::Value;

use crate::{
    binaries::Name,
    cloud_formation::{CloudFormation, Put, SIGNATURE},
    database::TABLE,
    layer::Layer,
    world::{Function, LIMIT, World, in_a_world},
};

/// A world with CloudFormation in it
pub(crate) struct Gate<'a> {
    pub(crate) world: &'a World,
    pub(crate) cloud_formation: CloudFormation,
}

/// Runs a test in a world of its own; where answers go may stand in no log
pub(crate) async fn at_the_gate(test: impl AsyncFnOnce(&Gate<'_>)) {
    in_a_world(async |world| {
        world.must_not_be_logged(SIGNATURE);
        test(&Gate { world, cloud_formation: CloudFormation::start().await }).await;
    })
    .await;
}

impl Gate<'_> {
    /// The shipped playbook, with settings that name this world's secrets
    pub(crate) fn layer(&self) -> Layer {
        Layer::of(&self.world.config().join("settings.yaml"))
    }

    /// Starts the function on a layer
    pub(crate) fn provision(&self, layer: &Layer, variables: &[(&str, &str)]) -> Function {
        let config = layer.config();
        let all = [&[("DEFUSE_CONFIG", config.as_str())], variables].concat();
        self.world.function_with(Name::Provision, &all)
    }

    /// Asks it; the one answer that came
    pub(crate) async fn ask(&self, function: &Function, request: Value) -> Value {
        self.ask_within(LIMIT, function, request).await
    }

    pub(crate) async fn ask_within(
        &self,
        limit: Duration,
        function: &Function,
        request: Value,
    ) -> Value {
        let put = self.put_of(limit, function, request).await;
        serde_json::from_slice(&put.body).unwrap()
    }

    pub(crate) async fn put_of(&self, limit: Duration, function: &Function, request: Value) -> Put {
        let ended = function.invoke_within(limit, request).await;
        assert_eq!(ended, Ok(Invocation::Response(Value::Null)), "{:#?}", function.lines());
        let mut puts = self.cloud_formation.puts();
        assert_eq!(puts.len(), 1, "{puts:#?}");
        puts.remove(0)
    }

    /// The bundle in force
    pub(crate) async fn in_force(&self) -> Option<Bundle> {
        self.store().in_force().await.unwrap()
    }

    /// What the bundle in force is called
    pub(crate) async fn digest_in_force(&self) -> Option<String> {
        self.in_force().await.map(|it| it.digest)
    }

    /// The table, as commands and functions see it
    pub(crate) fn store(&self) -> DynamoDbStore {
        let endpoint = self.world.database.endpoint.clone();
        let lookup: SharedLookup = Arc::new(move |name: &str| match name {
            "AWS_ENDPOINT_URL_DYNAMODB" => Some(endpoint.clone()),
            "DEFUSE_TABLE" => Some(TABLE.to_owned()),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("none".to_owned()),
            _ => None,
        });
        start_without_config_from(lookup).store()
    }
}

/// Checks that it is an answer of success for that bundle
#[track_caller]
pub(crate) fn succeeded(answer: &Value, bundle: &str) {
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(answer["Data"]["Bundle"], bundle);
}

/// The reason of an answer that must be a failure
#[track_caller]
pub(crate) fn reason(answer: &Value) -> String {
    assert_eq!(answer["Status"], "FAILED", "{answer:#}");
    answer["Reason"].as_str().unwrap().to_owned()
}
