//! Settings that people may change at run time, and channels that they try.

use defuse_adapters::read_notification;
use defuse_domain::{About, Alert, GrantScope, ServiceSource, Services};
use defuse_flow::{Intake, Taken};
use serde_json::{Value, json};

use crate::world::{DEVELOPMENT, World, now, world, world_with};

const PATH: &str = "/v1/settings";

/// A world whose settings leave to people what is taken of Entra ID Protection
async fn open_world() -> World {
    world_with(false, |config| config.settings.services = Services::default()).await
}

async fn set(world: &World, version: &str, body: &Value) -> (u16, Value) {
    let headers = [("if-match", version)];
    let answer = world.ask(DEVELOPMENT, ("PUT", PATH), &headers, &body.to_string()).await;
    (answer.status, answer.body)
}

#[tokio::test]
async fn what_is_taken_of_a_service_changes_at_run_time() {
    let world = open_world().await;
    let intake = Intake::new(Services::default(), world.store.clone());
    let take = async |id: &str| {
        let text = json!({ "id": id, "severity": "low", "lastUpdateDateTime": "2026-11-23T11:00:00Z",
            "serviceSource": "azureAdIdentityProtection" });
        intake.take(&Alert::read(&text.to_string()).unwrap(), now()).await.unwrap()
    };
    let shown = world.ask(DEVELOPMENT, ("GET", PATH), &[], "").await;
    assert_eq!(shown.etag.as_deref(), Some("\"0\""));
    let entra = &shown.body["entraIdProtection"];
    assert_eq!((&entra["level"], &entra["mayBeSet"]), (&json!("high"), &json!(true)));
    assert_eq!(take("ad1").await, Taken::LeftOut);

    let (status, body) = set(&world, "\"0\"", &json!({ "entraIdProtection": "all" })).await;
    assert_eq!((status, &body["entraIdProtection"]["level"]), (200, &json!("all")));
    assert!(matches!(take("ad2").await, Taken::Stored(_)));
    // Somebody who saw what was before is told.
    let (status, body) = set(&world, "\"0\"", &json!({ "entraIdProtection": "off" })).await;
    assert_eq!((status, &body["code"]), (412, &json!("versionMoved")));
    let (status, body) = set(&world, "\"1\"", &json!({ "entraIdProtection": null })).await;
    assert_eq!((status, &body["entraIdProtection"]["level"]), (200, &json!("high")));
    assert_eq!(take("ad3").await, Taken::LeftOut);
    let history = body["entraIdProtection"]["history"].as_array().unwrap();
    let by: Vec<(&Value, &Value)> = history.iter().map(|it| (&it["level"], &it["by"])).collect();
    assert_eq!(by, [(&json!("all"), &json!("development")), (&json!(null), &json!("development"))]);
}

#[tokio::test]
async fn of_two_who_change_it_one_is_told() {
    let world = open_world().await;
    let (all, off) = (json!({ "entraIdProtection": "all" }), json!({ "entraIdProtection": "off" }));
    let (left, right) = tokio::join!(set(&world, "\"0\"", &all), set(&world, "\"0\"", &off));
    let mut statuses = [left.0, right.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
}

#[tokio::test]
async fn what_cannot_be_set_is_said() {
    let world = open_world().await;
    for (version, body, expected) in [
        ("\"0\"", "{}", (400, "notJson")),
        ("\"0\"", r#"{ "entraIdProtection": "some" }"#, (400, "notJson")),
        ("\"0\"", r#"{ "entraIdProtection": "all", "x": 1 }"#, (400, "notJson")),
        ("0", r#"{ "entraIdProtection": "all" }"#, (412, "versionMoved")),
    ] {
        let answer = world.ask(DEVELOPMENT, ("PUT", PATH), &[("if-match", version)], body).await;
        assert_eq!((answer.status, answer.code()), expected, "for {version} {body}");
    }
    let body = r#"{ "entraIdProtection": "all" }"#;
    let answer = world.ask(DEVELOPMENT, ("PUT", PATH), &[], body).await;
    assert_eq!((answer.status, answer.code()), (428, "versionMissing"));

    let scope = GrantScope {
        service_sources: [ServiceSource::DataLossPrevention].into(),
        ..GrantScope::default()
    };
    let token = world.token_for("securityAdministrator", scope).await;
    let answer = world.ask(&token, ("PUT", PATH), &[("if-match", "\"0\"")], body).await;
    assert_eq!((answer.status, answer.code()), (403, "forbidden"));
    assert!(answer.body["detail"].as_str().unwrap().contains("not all of those are in your scope"));
}

#[tokio::test]
async fn what_is_deployed_counts_before_what_people_set() {
    // The shipped settings say `all`.
    let world = world().await;
    let (status, body) = set(&world, "\"0\"", &json!({ "entraIdProtection": "off" })).await;
    assert_eq!((status, &body["code"]), (422, &json!("unfit")));
    assert!(
        body["detail"].as_str().unwrap().contains("leave it out there to set it here"),
        "{body}"
    );
    let shown = world.ask(DEVELOPMENT, ("GET", PATH), &[], "").await.body;
    let entra = &shown["entraIdProtection"];
    assert_eq!((&entra["level"], &entra["mayBeSet"]), (&json!("all"), &json!(false)));
}

#[tokio::test]
async fn a_test_message_goes_the_way_of_every_notification() {
    let world = world().await;
    let topic = &world.topic;
    let listed = world.ask(DEVELOPMENT, ("GET", "/v1/channels"), &[], "").await.body;
    assert_eq!(listed, json!({ "channels": [{ "name": "soc", "kind": "teams" }] }));

    let test = ("POST", "/v1/channels/soc/test");
    let token = world.token("securityAdministrator", None).await;
    let key = [("idempotency-key", "k1")];
    let sent = world.ask(&token, test, &key, "").await;
    assert_eq!(sent.status, 202, "{}", sent.body);
    let again = world.ask(&token, test, &key, "").await;
    assert_eq!(again.body["id"], sent.body["id"]);
    let messages = topic.messages();
    assert_eq!(messages.len(), 1);
    let notification = read_notification(&messages[0]).unwrap();
    assert_eq!(
        (notification.id.as_str(), notification.channel.as_str()),
        (sent.body["id"].as_str().unwrap(), "soc",)
    );
    let About::Channel { tried_by, .. } = &notification.about else { panic!("{notification:?}") };
    assert!(tried_by.starts_with("securityAdministrator (token:"), "{tried_by}");

    let other = world.ask(DEVELOPMENT, ("POST", "/v1/channels/nobody/test"), &[], "").await;
    assert_eq!(other.status, 404);
    topic.close(true);
    let failed = world.ask(DEVELOPMENT, test, &[], "").await;
    assert_eq!((failed.status, failed.code()), (503, "busy"));
    assert_eq!(topic.notifications().len(), 1);
}
