//! The same change of many alerts over the API: a result for each, what is out of scope not there,
//! and a quarter of an hour to undo it.

use defuse_domain::ServiceSource;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::world::{DEVELOPMENT, World, now, world};

const PATH: (&str, &str) = ("POST", "/v1/alerts/bulk");

async fn with_alerts() -> World {
    let world = world().await;
    for (id, source) in [
        ("ad1", "azureAdIdentityProtection"),
        ("dl1", "dataLossPrevention"),
        ("dl2", "dataLossPrevention"),
    ] {
        world.alert(id, source).await;
    }
    world
}

fn body(ids: &[(&str, u64)], change: &Value) -> String {
    let alerts: Vec<Value> =
        ids.iter().map(|(id, version)| json!({ "id": id, "version": version })).collect();
    json!({ "alerts": alerts, "change": change }).to_string()
}

fn results(answer: &Value) -> Vec<(&str, &str)> {
    let results = answer["results"].as_array().unwrap().iter();
    results.map(|it| (it["id"].as_str().unwrap(), it["result"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn each_alert_is_answered_for_itself() {
    let world = with_alerts().await;
    let change = json!({ "status": "inProgress", "tags": { "add": ["wave"] } });
    let wanted = body(&[("dl1", 1), ("ad1", 1), ("dl2", 9), ("dl9", 1)], &change);
    let operator = world.token("securityOperator", Some(ServiceSource::DataLossPrevention)).await;
    let key = [("idempotency-key", "b1")];
    let changed = world.ask(&operator, PATH, &key, &wanted).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let expected =
        [("dl1", "done"), ("ad1", "notFound"), ("dl2", "versionMoved"), ("dl9", "notFound")];
    assert_eq!(results(&changed.body), expected);
    let again = world.ask(&operator, PATH, &key, &wanted).await;
    assert_eq!(again.body, changed.body);

    let reader = world.token("securityReader", None).await;
    let refused = world.ask(&reader, PATH, &[], &wanted).await;
    assert_eq!(results(&refused.body)[..3].iter().filter(|it| it.1 == "forbidden").count(), 3);
    let refused = world.ask(&reader, PATH, &[], &body(&[("dl1", 2)], &change)).await;
    assert_eq!((refused.status, refused.code()), (403, "forbidden"));

    let id = changed.body["bulkId"].as_str().unwrap();
    let undo = format!("/v1/bulk/{id}/undo");
    let elsewhere = world.token("securityOperator", Some(ServiceSource::DefenderForIdentity)).await;
    assert_eq!(world.ask(&elsewhere, ("POST", &undo), &[], "").await.status, 404);
    let end = now() + SignedDuration::from_mins(15);
    let late = end + SignedDuration::from_nanos(1);
    let refused = world.ask_at((late, &operator), ("POST", &undo), &[], "").await;
    assert_eq!((refused.status, refused.code()), (422, "tooLate"));
    let undone = world.ask_at((end, &operator), ("POST", &undo), &[], "").await;
    let expected = [("dl1", "done"), ("ad1", "notFound"), ("dl2", "nothing"), ("dl9", "notFound")];
    assert_eq!(results(&undone.body), expected);
    let stands = world.ask(DEVELOPMENT, ("GET", "/v1/alerts/dl1"), &[], "").await.body;
    assert_eq!((&stands["status"], &stands["tags"]), (&json!("new"), &json!([])));
    let listed = world.ask(DEVELOPMENT, ("GET", "/v1/actions?state=undone"), &[], "").await.body;
    assert_eq!(listed["actions"][0]["bulk"], json!(id));
}

#[tokio::test]
async fn what_is_wrong_with_it_is_said() {
    let world = with_alerts().await;
    let many: Vec<(String, u64)> = (0..101).map(|it| (format!("x{it}"), 1)).collect();
    let many: Vec<(&str, u64)> = many.iter().map(|(id, version)| (id.as_str(), *version)).collect();
    let new = json!({ "status": "new" });
    for (body, expected) in [
        (body(&[], &new), (422, "unfit")),
        (body(&many, &new), (422, "unfit")),
        (body(&[("dl1", 1), ("dl1", 1)], &new), (422, "unfit")),
        (body(&[("d l", 1)], &new), (422, "unfit")),
        (body(&[("dl1", 1)], &json!({ "status": "closed" })), (422, "invalid")),
        (r#"{ "alerts": [{ "id": "dl1", "version": 1 }] }"#.to_owned(), (422, "unfit")),
        (r#"{ "alerts": [{ "id": "dl1" }], "comment": "x" }"#.to_owned(), (400, "notJson")),
        (r#"{ "alerts": [], "comment": "x", "all": true }"#.to_owned(), (400, "notJson")),
        ("[]".to_owned(), (400, "notJson")),
    ] {
        let answer = world.ask(DEVELOPMENT, PATH, &[], &body).await;
        assert_eq!((answer.status, answer.code()), expected, "for {body:.80}");
    }
    let untouched = world.ask(DEVELOPMENT, ("GET", "/v1/actions"), &[], "").await.body;
    assert_eq!(untouched["actions"], json!([]));
}

#[tokio::test]
async fn a_tag_that_is_renamed_stays_as_it_was_on_older_alerts() {
    let world = with_alerts().await;
    let add = json!({ "tags": { "add": ["vip"] } });
    world.ask(DEVELOPMENT, PATH, &[], &body(&[("dl1", 1), ("ad1", 1)], &add)).await;
    let rename = json!({ "tags": { "add": ["VIP user"], "remove": ["vip"] } });
    world.ask(DEVELOPMENT, PATH, &[], &body(&[("ad1", 2), ("dl2", 1)], &rename)).await;
    for (id, tags) in [("dl1", ["vip"]), ("ad1", ["VIP user"]), ("dl2", ["VIP user"])] {
        let path = format!("/v1/alerts/{id}");
        let stands = world.ask(DEVELOPMENT, ("GET", &path), &[], "").await.body;
        assert_eq!(stands["tags"], json!(tags), "for {id}");
    }
}
