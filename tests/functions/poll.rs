//! Runs of the function `poll`: each goes on where the last one stopped, and ends in time.

use std::time::{Duration, Instant};

use defuse_testkit::Invocation;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    binaries::Name,
    events::{event, files},
    world::{World, in_a_world},
};

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
