//! Batches of the table's stream at the function `triage`: a record fails when its own work did.

use defuse_testkit::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::{
    binaries::Name,
    database::start_refusing,
    events::{event, files, number, travel_of_today},
    requests::Request,
    world::{World, in_a_world},
};

/// The alert that the sample events are about
pub(crate) const SAMPLE: &str = "ca6b016779f552cc5023d8319a";

#[tokio::test]
async fn every_sample_batch_is_worked_off_and_decides_the_alert_once() {
    for file in files("events/triage") {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        in_a_world(async |world| {
            let [receive, triage] = [Name::Receive, Name::Triage].map(|it| world.function(it));
            world.receive(&receive, &event("events/receive/impossible-travel.json")).await;
            let batch = event(&format!("events/triage/{name}"));

            assert_eq!(triage.failures_of(batch.clone()).await, [""; 0], "for {name}");
            let after = runs(world).await;
            assert_eq!(triage.failures_of(batch).await, [""; 0], "for {name}, again");

            let expected = usize::from(name != "already-decided.json");
            assert_eq!(after.len(), expected, "for {name}: {after:?}");
            assert_eq!(runs(world).await, after, "for {name}");
        })
        .await;
    }
}

/// The keys of every run in the table
async fn runs(world: &World) -> Vec<(String, String)> {
    let items = world.database.items().await;
    items.into_keys().filter(|(_, sk)| sk.starts_with("R#")).collect()
}

#[tokio::test]
async fn the_samples_are_what_the_stream_has() {
    in_a_world(async |world| {
        world.put_kim();
        let [receive, triage] = [Name::Receive, Name::Triage].map(|it| world.function(it));
        let pending = world.receive(&receive, &travel_of_today(SAMPLE)).await;
        triage.failures(&pending).await;
        let records = world.records_of(SAMPLE).await;

        let samples = ["events/triage/pending.json", "events/deliver/effects.json"];
        assert_eq!(records.len(), samples.len());
        for (real, file) in records.iter().zip(samples) {
            let sample = &event(file)["Records"][0];
            assert_eq!(shape(real), shape(sample), "for {file}");
            let [real, sample] = [real, sample].map(|it| &it["dynamodb"]["NewImage"]);
            for name in ["pk", "sk", "work", "state", "version", "effects"] {
                assert_eq!(real[name], sample[name], "`{name}` in {file}");
            }
        }
    })
    .await;
}

/// A record's properties and attributes, with the types of these, in order
fn shape(record: &Value) -> Vec<String> {
    let names = |it: &Value| -> Vec<String> {
        it.as_object().into_iter().flat_map(|it| it.keys().cloned()).collect()
    };
    let mut all = names(record);
    all.extend(names(&record["dynamodb"]));
    for image in ["NewImage", "OldImage"] {
        for (name, value) in record["dynamodb"][image].as_object().into_iter().flatten() {
            all.push(format!("{image}.{name}: {:?}", names(value)));
        }
    }
    all.sort();
    all
}

#[tokio::test]
async fn no_record_fails_because_a_directory_does() {
    let status = |status, retry_after| FaultKind::Status { status, retry_after };
    let faults = [
        // Why so long: what has to wait longer than there is time is not waited for.
        ("GET", "/v1.0/users", status(503, Some(120))),
        ("GET", "/v1.0/users", status(403, None)),
        ("GET", "/v1.0", status(429, Some(120))),
        ("GET", "/v1.0/identityProtection", FaultKind::GarbageBody),
        ("POST", "/", status(401, None)),
    ];
    in_a_world(async |world| {
        world.put_kim();
        let [receive, triage] = [Name::Receive, Name::Triage].map(|it| world.function(it));
        for (index, (method, path, kind)) in faults.into_iter().enumerate() {
            let id = format!("ca-directory-{index}");
            let mut alert = travel_of_today(&id);
            // Why: other alerts of the same user would be a reason of their own.
            alert["severity"] = "low".into();
            let pending = world.receive(&receive, &alert).await;
            world.tenant.fault(Fault::always(method, path, kind.clone()));
            world.tenant.revoke_tokens();

            assert_eq!(triage.failures(&pending).await, [""; 0], "for {path} {kind:?}");

            world.tenant.clear_faults();
            let head = world.database.head(&id).await;
            assert_eq!(head["state"], json!({ "S": "open" }), "for {path} {kind:?}");
        }

        // With a directory that answers, the like of it is resolved; not about Kim, for after having
        // asked too often nobody asks about a user for some seconds.
        let (id, name) = ("6f1d2c3b-1111-4a5b-8c6d-0a1b2c3d4e02", "lee@contoso.example");
        world.put_on_leave(id, name);
        let alert = travel_of_today("ca-directory").to_string();
        let of_lee = alert
            .replace("6f1d2c3b-1111-4a5b-8c6d-0a1b2c3d4e01", id)
            .replace("kim@contoso.example", name);
        let pending = world.receive(&receive, &serde_json::from_str(&of_lee).unwrap()).await;
        assert_eq!(triage.failures(&pending).await, [""; 0]);
        assert_eq!(world.database.head("ca-directory").await["state"], json!({ "S": "resolved" }));
    })
    .await;
}

#[tokio::test]
async fn an_alert_that_cannot_be_read_fails_by_itself() {
    in_a_world(async |world| {
        let [receive, triage] = [Name::Receive, Name::Triage].map(|it| world.function(it));
        let mut records = world.receive(&receive, &travel_of_today("ca-before")).await;
        let broken = world.receive(&receive, &travel_of_today("ca-broken")).await;
        records.extend(broken.clone());
        records.extend(world.receive(&receive, &travel_of_today("ca-after")).await);
        world.database.lose_bodies("ca-broken").await;

        assert_eq!(triage.failures(&records).await, [number(&broken[0])]);

        let heads = world.database.items().await;
        let state = |id: &str| heads[&(format!("A#{id}"), "H".to_owned())]["state"]["S"].clone();
        assert_eq!(["ca-before", "ca-broken", "ca-after"].map(state), ["open", "pending", "open"]);
    })
    .await;
}

#[tokio::test]
async fn every_record_of_work_fails_when_the_table_does_and_no_other() {
    in_a_world(async |world| {
        let endpoint = start_refusing().await;
        let variables = [("AWS_ENDPOINT_URL_DYNAMODB", endpoint.as_str())];
        let triage = world.function_with(Name::Triage, &variables);
        let batch = event("events/triage/among-other-items.json");
        let pending = batch["Records"][2].clone();

        assert_eq!(triage.failures_of(batch).await, [number(&pending)]);
        assert_eq!(triage.failures(&[]).await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn an_alert_in_a_newer_revision_is_decided_anew() {
    in_a_world(async |world| {
        let [receive, triage] = [Name::Receive, Name::Triage].map(|it| world.function(it));
        for (n, revision) in [(1, "older"), (2, "newer")] {
            let body = event(&format!("events/receive/impossible-travel-{revision}-revision.json"));
            let id = body["id"].as_str().unwrap().to_owned();
            receive.request(&Request::signed(revision, body.to_string())).await;
            let records = world.records_of(&id).await;
            assert_eq!(triage.failures(&records).await, [""; 0], "for the {revision}");
            assert_eq!(runs(world).await.len(), n, "for the {revision}");
        }
    })
    .await;
}
