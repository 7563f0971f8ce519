//! One alert through the four binaries, handed from one to the next by hand.

use defuse_testkit::{RecordedRequest, Tenant};
use serde_json::json;

use crate::{
    binaries::Name,
    events::{sns_event, travel_of_today},
    world::{channel_path, in_a_world},
};

#[tokio::test]
async fn an_alert_goes_all_the_way_once() {
    in_a_world(async |world| {
        world.put_kim();
        let [receive, triage, deliver, chat] = Name::ALL.map(|it| world.function(it));
        let alert = travel_of_today("ca-whole-way");
        let path = "/v1.0/security/alerts_v2/ca-whole-way";

        let received = world.receive(&receive, &alert).await;
        // Why twice, here and below: Lambda hands on at least once.
        assert_eq!(triage.failures(&received).await, [""; 0]);
        assert_eq!(triage.failures(&received).await, [""; 0]);
        let triaged = world.records_of("ca-whole-way").await.split_off(received.len());
        assert_eq!(triaged.len(), 1, "{triaged:#?}");
        assert_eq!(deliver.failures(&triaged).await, [""; 0]);
        assert_eq!(deliver.failures(&triaged).await, [""; 0]);
        let messages = world.topic.messages();
        assert_eq!(messages.len(), 1, "{messages:#?}");
        assert!(chat.answer(sns_event(&messages[0])).await.is_null());
        assert!(chat.answer(sns_event(&messages[0])).await.is_null());

        let found = world.tenant.alert("ca-whole-way").unwrap();
        assert_eq!(found["status"], "resolved");
        assert_eq!(found["classification"], "informationalExpectedActivity");
        assert_eq!(found["determination"], "confirmedActivity");
        let comment = found["comments"][0]["comment"].as_str().unwrap();
        assert!(comment.starts_with("Legitimate travel: automatic replies were on"), "{comment}");
        world.must_not_be_logged(comment);
        assert_eq!(
            changes(&world.tenant),
            [
                format!("PATCH {path}"),
                format!("POST {path}/comments"),
                format!("POST {}", channel_path()),
            ]
        );
        let patched = &world.tenant.requests_to("PATCH", path)[0].body;
        assert_eq!(
            *patched,
            json!({
                "status": "resolved",
                "classification": "informationalExpectedActivity",
                "determination": "confirmedActivity",
            })
        );
        let head = world.database.head("ca-whole-way").await;
        assert_eq!(head["state"], json!({ "S": "resolved" }));
        assert!(head["work"].is_null(), "{head}");
    })
    .await;
}

/// Every request that changed something, in order
fn changes(tenant: &Tenant) -> Vec<String> {
    let mut requests = tenant.requests();
    requests.retain(|it| it.method != "GET" && !it.path.contains("/oauth2/"));
    requests.iter().map(|RecordedRequest { method, path, .. }| format!("{method} {path}")).collect()
}
