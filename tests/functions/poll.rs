//! Runs of the function `poll`: each goes on where the last one stopped, and ends in time.

use std::time::{Duration, Instant};

use defuse_testkit::{Fault, FaultKind, Invocation};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    binaries::Name,
    events::{event, files, travel_of_today},
    world::{World, in_a_world},
};

/// The mailbox that asks what others reply
const SOC: &str = "soc@contoso.example";

/// What the function keeps for its last page
const PAGE: Duration = Duration::from_secs(40);

/// An alert of the first day that is caught up with
fn put_old(world: &World, id: &str) {
    let created = Timestamp::now() - SignedDuration::from_hours(29 * 24 + 12);
    let alert = json!({
        "id": id, "title": "canary-title of an old one",
        "createdDateTime": created, "lastUpdateDateTime": created,
    });
    world.tenant.put_alert(alert).unwrap();
}

/// Has the settings name a mailbox that asks, and an alert ask for the replies of its user
async fn triage_with_a_watch(world: &World) {
    let file = world.config().join("settings.yaml");
    let settings = std::fs::read_to_string(&file).unwrap();
    let client = "\n  clientId: ";
    let with = settings.replace(client, &format!("\n  mailTipsFrom: {SOC}{client}"));
    std::fs::write(&file, with).unwrap();
    let [receive, triage] = [Name::Receive, Name::Triage].map(|it| world.function(it));
    let pending = world.receive(&receive, &travel_of_today("ca-watched")).await;
    assert_eq!(triage.failures(&pending).await, [""; 0]);
}

#[tokio::test]
async fn a_run_stores_what_it_reads_and_ends_in_time() {
    in_a_world(async |world| {
        put_old(world, "da0000000001");
        let poll = world.function(Name::Poll);
        for file in files("events/poll") {
            let name = file.file_name().unwrap().to_str().unwrap().to_owned();
            let began = Instant::now();
            let time = PAGE + Duration::from_secs(2);
            let came = poll.invoke_within(time, event(&format!("events/poll/{name}"))).await;
            assert!(matches!(came, Ok(Invocation::Response(Value::Null))), "{came:?}");
            assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        }
        assert_eq!(world.database.head("da0000000001").await["work"], json!({ "S": "pending" }));
        let line = poll.logged("read a page of").await;
        assert_eq!((&line["feed"], &line["slices"]), (&json!("graph"), &json!(30)));

        // The next run does not begin anew.
        world.tenant.forget_requests();
        poll.invoke_within(PAGE + Duration::from_secs(1), json!({})).await.unwrap();
        let asked = world.tenant.requests_to("GET", "/v1.0/security/alerts_v2");
        let first = Timestamp::now() - SignedDuration::from_hours(30 * 24);
        let first = first.strftime("ge%%20%Y-%m-%dT").to_string();
        assert!(!asked.is_empty() && !asked[0].path.contains(&first), "{:?}", asked[0].path);
    })
    .await;
}

#[tokio::test]
async fn without_a_source_there_is_nothing_to_do() {
    in_a_world(async |world| {
        let settings = "apiVersion: defuse/v1\nkind: Settings\n\
            channels: { soc: { kind: teams, url: { env: SOC_URL } } }\n";
        std::fs::write(world.config().join("settings.yaml"), settings).unwrap();
        let poll = world.function(Name::Poll);
        assert!(poll.answer(json!({})).await.is_null());
        assert_eq!(world.tenant.requests(), []);
    })
    .await;
}

#[tokio::test]
async fn mailboxes_are_looked_at_once_an_hour_whatever_becomes_of_the_feeds() {
    in_a_world(async |world| {
        world.put_kim();
        world.put_on_leave("6f1d2c3b-1111-4a5b-8c6d-0a1b2c3d4e09", SOC);
        triage_with_a_watch(world).await;
        world.tenant.fault(Fault::always("GET", "/v1.0/security", FaultKind::GarbageBody));

        for _ in 0..2 {
            let poll = world.function(Name::Poll);
            poll.invoke_within(PAGE + Duration::from_secs(1), json!({})).await.unwrap();
        }
        let tips = format!("/v1.0/users/{SOC}/getMailTips");
        let asked = world.tenant.requests_to("POST", &tips);
        assert_eq!(asked.len(), 1, "{:?}", world.tenant.requests());
        let items = world.database.items().await;
        let listed: Vec<_> = items.keys().filter(|(pk, _)| pk == "U#mailboxes").collect();
        assert_eq!(listed.len(), 1, "{listed:?}");
    })
    .await;
}

#[tokio::test]
async fn feeds_are_read_whatever_becomes_of_mailboxes() {
    in_a_world(async |world| {
        put_old(world, "da0000000002");
        triage_with_a_watch(world).await;

        // The tenant has no mailbox of that name.
        let poll = world.function(Name::Poll);
        poll.invoke_within(PAGE + Duration::from_secs(1), json!({})).await.unwrap();
        let line = poll.logged("mailboxes cannot be looked at").await;
        assert_eq!(line["mailboxes"], json!(1), "{line}");
        poll.logged("read a page of").await;
    })
    .await;
}
