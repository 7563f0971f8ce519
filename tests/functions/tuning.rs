//! Tuning rules that people save, at the functions: `triage` sees them from the next batch on, and
//! `deliver` counts what they did.

use aws_sdk_dynamodb::Client;
use defuse_adapters::DynamoDbStore;
use defuse_domain::{TuningRule, TuningRuleName};
use defuse_flow::{DeployedTuning, Draft, MatchReport, Tuning, note_deployed};
use defuse_testkit::a_tuning_rule;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::{
    binaries::Name,
    database::TABLE,
    embedded::client_of,
    events::travel_of_today,
    world::{Function, World, in_a_world},
};

const RESOLVE: &str = "{ resolve: { informationalExpectedActivity: securityTesting } }";

pub(crate) fn store_of(world: &World) -> DynamoDbStore {
    let client = Client::from_conf(client_of(&world.database.endpoint).build());
    DynamoDbStore::new(client, TABLE.to_owned())
}

/// The alert arrives, is decided and carried out; where it stands then
async fn comes(world: &World, functions: &[Function; 4], id: &str) -> String {
    let [receive, triage, deliver, _] = functions;
    let pending = world.receive(receive, &travel_of_today(id)).await;
    assert_eq!(triage.failures(&pending).await, [""; 0]);
    let decided = world.records_of(id).await.split_off(pending.len());
    assert_eq!(deliver.failures(&decided).await, [""; 0]);
    assert_eq!(deliver.failures(&decided).await, [""; 0], "once more");
    let head = world.database.head(id).await;
    assert!(head["work"].is_null(), "{head}");
    head["state"]["S"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_rule_that_is_saved_holds_from_the_next_batch_on() {
    in_a_world(async |world| {
        world.put_kim();
        let functions = Name::ALL.map(|it| world.function(it));
        let tuning = Tuning::new(store_of(world), Vec::new());
        assert_eq!(comes(world, &functions, "ca-tuning-0").await, "resolved");

        let text = a_tuning_rule("oslo", "hide");
        tuning
            .save(Draft { file: "rule.yaml", text: &text, read: None }, "kim", Timestamp::now())
            .await
            .unwrap();
        assert_eq!(comes(world, &functions, "ca-tuning-1").await, "hidden");
        let text = a_tuning_rule("oslo", RESOLVE);
        tuning
            .save(Draft { file: "rule.yaml", text: &text, read: Some(1) }, "kim", Timestamp::now())
            .await
            .unwrap();
        assert_eq!(comes(world, &functions, "ca-tuning-2").await, "resolved");

        let untouched = world.tenant.alert("ca-tuning-1").unwrap();
        assert_eq!(untouched["status"], json!("new"), "a source is not told that it is hidden");
        let resolved = world.tenant.alert("ca-tuning-2").unwrap();
        assert_eq!(resolved["determination"], json!("securityTesting"));
        let name = TuningRuleName::parse("oslo").unwrap();
        assert_eq!(store_of(world).matches(&name).await.unwrap().total, 2);
    })
    .await;
}

#[tokio::test]
async fn a_deployed_rule_holds_once_it_is_noted_since_when() {
    in_a_world(async |world| {
        world.put_kim();
        let text = a_tuning_rule("of-a-file", "hide");
        let folder = world.config().join("tuning");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("of-a-file.yaml"), &text).unwrap();
        let functions = Name::ALL.map(|it| world.function(it));
        assert_eq!(comes(world, &functions, "ca-deployed-0").await, "resolved");
        functions[1].logged("tuning rule `of-a-file` holds nothing").await;

        let (store, now) = (store_of(world), Timestamp::now());
        let rule = TuningRule::parse("of-a-file.yaml", &text).unwrap();
        let before = now - SignedDuration::from_mins(1);
        note_deployed(&store, &[rule], before).await.unwrap();
        assert_eq!(store.deployed().await.unwrap().current.len(), 1);
        let restarted = Name::ALL.map(|it| world.function(it));
        assert_eq!(comes(world, &restarted, "ca-deployed-1").await, "hidden");
    })
    .await;
}
