//! Batches of the table's stream at the function `deliver`: a record fails when its own effects
//! did, and what was done is not done again.

use std::sync::atomic::{AtomicUsize, Ordering};

use defuse_testkit::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::{
    binaries::Name,
    database::start_refusing,
    events::{event, files, number, travel_of_today},
    triage::SAMPLE,
    world::{Function, World, in_a_world},
};

/// What has to wait longer than there is time is not waited for
const BUSY: FaultKind = FaultKind::Status { status: 503, retry_after: Some(120) };

/// A world in which alerts of Kim's were decided and are to be resolved
struct Decided<'a> {
    world: &'a World,
    receive: Function,
    triage: Function,
    deliver: Function,
    n_messages: AtomicUsize,
}

impl<'a> Decided<'a> {
    fn in_world(world: &'a World) -> Self {
        world.put_kim();
        let [receive, triage, deliver, _] = Name::ALL.map(|it| world.function(it));
        Self { world, receive, triage, deliver, n_messages: AtomicUsize::new(0) }
    }

    /// Has an alert decided; the record that says that it has effects outstanding
    async fn decide(&self, id: &str) -> Value {
        let pending = self.world.receive(&self.receive, &travel_of_today(id)).await;
        assert_eq!(self.triage.failures(&pending).await, [""; 0]);
        let record = self.world.records_of(id).await.pop().unwrap();
        let image = &record["dynamodb"]["NewImage"];
        assert_eq!(image["state"], json!({ "S": "resolved" }), "{image}");
        assert_eq!(image["work"], json!({ "S": "effects" }), "{image}");
        record
    }

    fn n_patches(&self, id: &str) -> usize {
        self.world.tenant.requests_to("PATCH", &format!("/v1.0/security/alerts_v2/{id}")).len()
    }

    /// The templates of what was told since the last call
    fn told(&self) -> Vec<Value> {
        let all = self.world.topic.notifications();
        let before = self.n_messages.swap(all.len(), Ordering::SeqCst);
        all[before..].iter().map(|it| it["template"].clone()).collect()
    }

    async fn state(&self, id: &str) -> Value {
        self.world.database.head(id).await["state"]["S"].clone()
    }
}

#[tokio::test]
async fn every_sample_batch_is_worked_off_and_has_its_effects_once() {
    for file in files("events/deliver") {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        in_a_world(async |world| {
            let decided = Decided::in_world(world);
            decided.decide(SAMPLE).await;
            let batch = event(&format!("events/deliver/{name}"));

            assert_eq!(decided.deliver.failures_of(batch.clone()).await, [""; 0], "for {name}");
            assert_eq!(decided.deliver.failures_of(batch).await, [""; 0], "for {name}, again");

            let expected = usize::from(name != "nothing-outstanding.json");
            assert_eq!(decided.n_patches(SAMPLE), expected, "for {name}");
            assert_eq!(decided.told().len(), expected, "for {name}");
        })
        .await;
    }
}

#[tokio::test]
async fn only_the_record_whose_source_is_busy_fails() {
    in_a_world(async |world| {
        let decided = Decided::in_world(world);
        let [busy, other] = [decided.decide("ca-busy").await, decided.decide("ca-other").await];
        world.tenant.fault(Fault::always("GET", "/v1.0/security/alerts_v2/ca-busy", BUSY));

        let batch = [busy.clone(), other];
        assert_eq!(decided.deliver.failures(&batch).await, [number(&busy)]);
        // Nobody is told that an alert is resolved which is not.
        assert_eq!(decided.told(), ["resolved"]);
        assert_eq!([decided.n_patches("ca-busy"), decided.n_patches("ca-other")], [0, 1]);

        world.tenant.clear_faults();
        assert_eq!(decided.deliver.failures(&batch).await, [""; 0]);
        assert_eq!(decided.told(), ["resolved"]);
        assert_eq!([decided.n_patches("ca-busy"), decided.n_patches("ca-other")], [1, 1]);
    })
    .await;
}

#[tokio::test]
async fn a_comment_whose_answer_was_lost_is_not_made_again() {
    in_a_world(async |world| {
        let decided = Decided::in_world(world);
        let record = decided.decide("ca-lost").await;
        let comments = "/v1.0/security/alerts_v2/ca-lost/comments";
        world.tenant.fault(Fault::once("POST", comments, FaultKind::CrashAfter));

        assert_eq!(
            decided.deliver.failures(std::slice::from_ref(&record)).await,
            [number(&record)]
        );
        assert_eq!(decided.told(), [""; 0]);
        assert_eq!(decided.deliver.failures(&[record]).await, [""; 0]);

        assert_eq!(decided.told(), ["resolved"]);
        assert_eq!(decided.n_patches("ca-lost"), 1);
        let found = world.tenant.alert("ca-lost").unwrap();
        assert_eq!(found["comments"].as_array().map(Vec::len), Some(1), "{found}");
    })
    .await;
}

#[tokio::test]
async fn a_topic_that_is_closed_fails_the_record_and_undoes_nothing() {
    in_a_world(async |world| {
        let decided = Decided::in_world(world);
        let record = decided.decide("ca-topic").await;
        world.topic.close(true);
        assert_eq!(
            decided.deliver.failures(std::slice::from_ref(&record)).await,
            [number(&record)]
        );
        assert_eq!(decided.n_patches("ca-topic"), 1);

        world.topic.close(false);
        assert_eq!(decided.deliver.failures(&[record]).await, [""; 0]);
        assert_eq!(decided.n_patches("ca-topic"), 1);
        assert_eq!(decided.told(), ["resolved"]);
    })
    .await;
}

#[tokio::test]
async fn an_alert_that_its_source_does_not_resolve_is_open_and_people_are_told() {
    in_a_world(async |world| {
        let decided = Decided::in_world(world);
        let record = decided.decide("ca-refused").await;
        let refused = FaultKind::Status { status: 403, retry_after: None };
        world.tenant.fault(Fault::always("PATCH", "/v1.0/security/alerts_v2", refused));

        assert_eq!(decided.deliver.failures(&[record]).await, [""; 0]);

        assert_eq!(decided.state("ca-refused").await, "open");
        assert_eq!(decided.told(), ["needsEyes"]);
    })
    .await;
}

#[tokio::test]
async fn what_a_person_did_meanwhile_is_left_and_looked_at_anew() {
    in_a_world(async |world| {
        let decided = Decided::in_world(world);
        let record = decided.decide("ca-person").await;
        let mut theirs = world.tenant.alert("ca-person").unwrap();
        theirs["status"] = "resolved".into();
        theirs["classification"] = "truePositive".into();
        theirs["determination"] = "compromisedAccount".into();
        theirs["lastUpdateDateTime"] = jiff::Timestamp::now().to_string().into();
        world.tenant.put_alert(theirs.clone()).unwrap();

        assert_eq!(decided.deliver.failures(&[record]).await, [""; 0]);

        assert_eq!(world.tenant.alert("ca-person").unwrap(), theirs);
        assert_eq!(decided.told(), [""; 0]);
        assert_eq!(decided.state("ca-person").await, "pending");
    })
    .await;
}

#[tokio::test]
async fn every_record_with_effects_fails_when_the_table_does_and_no_other() {
    in_a_world(async |world| {
        let endpoint = start_refusing().await;
        let variables = [("AWS_ENDPOINT_URL_DYNAMODB", endpoint.as_str())];
        let deliver = world.function_with(Name::Deliver, &variables);
        let batch = event("events/deliver/among-other-items.json");
        let effects = batch["Records"][2].clone();

        assert_eq!(deliver.failures_of(batch).await, [number(&effects)]);
        assert_eq!(deliver.failures(&[]).await, [""; 0]);
    })
    .await;
}
