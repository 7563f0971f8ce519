//! Alerts that are taken: every sample event, by every way that a request can come.

use serde_json::{Value, json};

use crate::{
    binaries::Name,
    database::Items,
    events::{files, text, travel_of_today},
    requests::Request,
    world::{TOKEN, in_a_world},
};

#[tokio::test]
async fn every_sample_event_is_stored_and_known_when_it_comes_again() {
    in_a_world(async |world| {
        let receive = world.function(Name::Receive);
        for file in files("events/receive") {
            let name = file.file_name().unwrap().to_str().unwrap().to_owned();
            let body = text(&format!("events/receive/{name}"));
            world.nothing_of_it_is_logged(&body);
            let expected = ids(&body);

            let first = Request::signed(&format!("msg-{name}"), body.clone());
            let answer = receive.http(first.function_url_event()).await;
            assert_eq!((answer.status, &answer.body["rejected"]), (202, &json!([])), "for {name}");
            assert_eq!(answer.headers["content-type"], "application/json", "for {name}");
            let stored = answer.body["alerts"].as_array().unwrap();
            assert_eq!(stored.len(), expected.len(), "for {name}: {stored:?}");
            let after = world.database.items().await;
            for it in stored {
                let key = (format!("A#{}", it["alert"].as_str().unwrap()), "H".to_owned());
                assert_eq!(after[&key]["work"], json!({ "S": "pending" }), "for {name}");
            }
            for (it, id) in stored.iter().zip(&expected) {
                assert!(
                    it["alert"].as_str().unwrap().ends_with(id),
                    "for {name}: {it} is not {id}"
                );
            }

            let second = Request::signed(&format!("again-{name}"), body);
            let answer = receive.http(second.http_api_event()).await;
            assert_eq!(answer.status, 202, "for {name}");
            for it in answer.body["alerts"].as_array().unwrap() {
                assert_eq!(it["stored"], "again", "for {name}: {it}");
            }
            let webhook = added(&after, &world.database.items().await);
            assert_eq!(webhook, [format!("W#again-{name}")], "for {name}");
        }
    })
    .await;
}

/// The ids that a body's alerts came with, found without our own reader
fn ids(body: &str) -> Vec<String> {
    let documents: Vec<Value> = match serde_json::from_str(body) {
        Ok(document) => vec![document],
        Err(_) => body.lines().map(|it| serde_json::from_str(it).unwrap()).collect(),
    };
    let has_records = documents.iter().any(|it| it["records"].is_array());
    let alerts = documents.into_iter().flat_map(|document| {
        let lists =
            ["/value", "/data", "/detail/findings", "/object/properties/alerts", "/records"];
        let list = lists.iter().find_map(|it| document.pointer(it)?.as_array().cloned());
        let is_one = !document["id"].is_null() && document["detail"].is_null();
        list.filter(|_| !is_one).unwrap_or_else(|| vec![document])
    });
    let alerts = alerts.flat_map(|it| it["alerts"].as_array().cloned().unwrap_or(vec![it]));
    let names = [
        "/id",
        "/_id",
        "/alertId",
        "/ProviderAlertId",
        "/providerAlertId",
        "/Id",
        "/SystemAlertId",
        "/properties/AlertId",
    ];
    // Before the id that the event has, or the place of the alert in Azure.
    let inner = ["/detail/arn", "/properties/systemAlertId"];
    let id = |it: &Value| {
        inner.iter().chain(&names).find_map(|name| it.pointer(name)?.as_str().map(str::to_owned))
    };
    let mut ids: Vec<String> = alerts.map(|it| id(&it).unwrap()).collect();
    if has_records {
        // An alert comes in several of them.
        ids.dedup();
    }
    ids
}

/// The partition keys of the items that were added; no other may have changed
#[track_caller]
pub(crate) fn added(before: &Items, after: &Items) -> Vec<String> {
    for (keys, item) in before {
        assert_eq!(after.get(keys), Some(item), "{keys:?} changed");
    }
    after.keys().filter(|it| !before.contains_key(*it)).map(|(pk, _)| pk.clone()).collect()
}

#[tokio::test]
async fn one_bad_line_is_kept_and_named_and_the_others_are_stored() {
    in_a_world(async |world| {
        let receive = world.function(Name::Receive);
        let [one, two] = ["ca-one", "ca-two"].map(travel_of_today);
        let body = format!(
            "{one}\ncanary: this line is not JSON\n{{\"title\":\"canary-no-id\"}}\n{two}\n"
        );
        world.nothing_of_it_is_logged(&body);
        world.must_not_be_logged("canary: this line");

        let answer = receive.request(&Request::signed("msg-mixed", body)).await;

        assert_eq!(answer.status, 207);
        let alerts = answer.body["alerts"].as_array().unwrap();
        let stored: Vec<&Value> = alerts.iter().map(|it| &it["alert"]).collect();
        assert_eq!(stored, ["ca-one", "ca-two"]);
        let rejected = answer.body["rejected"].as_array().unwrap();
        let why: Vec<(&Value, &Value)> =
            rejected.iter().map(|it| (&it["code"], &it["line"])).collect();
        assert_eq!(why, [(&json!("notJson"), &json!(2)), (&json!("notAnAlert"), &json!(3))]);
        let items = world.database.items().await;
        assert_eq!(items.keys().filter(|(pk, _)| pk.starts_with("J#")).count(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_sender_that_cannot_sign_is_known_by_its_token() {
    in_a_world(async |world| {
        let receive = world.function(Name::Receive);
        for (scheme, id) in [("Token", "ca-token"), ("Bearer", "ca-bearer")] {
            let request = Request::unsigned(travel_of_today(id).to_string());
            let request = request.with("authorization", &format!("{scheme} {TOKEN}"));
            let answer = receive.request(&request).await;
            assert_eq!(answer.status, 202, "for {scheme}");
            assert_eq!(answer.body["alerts"][0]["stored"], "new", "for {scheme}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_newer_revision_replaces_an_older_one_and_never_the_other_way_round() {
    in_a_world(async |world| {
        let receive = world.function(Name::Receive);
        let [older, newer] = ["older", "newer"]
            .map(|it| text(&format!("events/receive/impossible-travel-{it}-revision.json")));
        for (id, body, expected) in
            [("1", &older, "new"), ("2", &newer, "newer"), ("3", &older, "again")]
        {
            let answer = receive.request(&Request::signed(id, body.clone())).await;
            assert_eq!(answer.body["alerts"][0]["stored"], expected, "for message {id}");
        }
    })
    .await;
}

#[tokio::test]
async fn findings_of_aws_come_by_eventbridge_and_need_no_signature() {
    in_a_world(async |world| {
        let receive = world.function(Name::Receive);
        for (name, n_alerts) in [
            ("guard-duty-console-login", 1),
            ("guard-duty-runtime", 1),
            ("security-hub-findings", 2),
        ] {
            let before = world.database.items().await;
            let body = text(&format!("events/receive/{name}.json"));
            world.nothing_of_it_is_logged(&body);
            let event: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(receive.answer(event.clone()).await, Value::Null, "for {name}");
            let after = world.database.items().await;
            let heads = |items: &Items| items.keys().filter(|(_, sk)| sk == "H").count();
            assert_eq!(heads(&after) - heads(&before), n_alerts, "for {name}");
            // EventBridge may hand an event on more than once.
            assert_eq!(receive.answer(event).await, Value::Null, "for {name}");
            assert_eq!(world.database.items().await, after, "for {name}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_comes_over_http_is_no_event_whatever_it_says() {
    in_a_world(async |world| {
        let receive = world.function(Name::Receive);
        let body = text("events/receive/guard-duty-runtime.json");
        let mut event = Request::unsigned(body.clone()).http_api_event();
        event["detail-type"] = json!("GuardDuty Finding");
        assert_eq!(receive.http(event).await.status, 401);
        assert!(world.database.items().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_event_that_is_no_finding_is_kept_as_rejected() {
    in_a_world(async |world| {
        let receive = world.function(Name::Receive);
        for detail in [json!({ "state": "running" }), json!(7), json!({ "findings": [{}] })] {
            let event = json!({ "id": "e", "detail-type": "x", "source": "y", "detail": detail });
            assert_eq!(receive.answer(event).await, Value::Null);
        }
        let items = world.database.items().await;
        assert_eq!(items.keys().filter(|(pk, _)| pk.starts_with("J#")).count(), 3);
    })
    .await;
}

#[tokio::test]
async fn evidence_of_a_streamed_alert_waits_for_what_it_is_of() {
    in_a_world(async |world| {
        let receive = world.function(Name::Receive);
        let body: Value =
            serde_json::from_str(&text("events/receive/streamed-records.json")).unwrap();
        let is_info = |it: &&Value| it["category"] == "AdvancedHunting-AlertInfo";
        let records = body["records"].as_array().unwrap();
        let (info, evidence): (Vec<&Value>, Vec<&Value>) = records.iter().partition(is_info);
        world.nothing_of_it_is_logged(&body.to_string());

        let first = Request::signed("msg-1", json!({ "records": evidence }).to_string());
        let answer = receive.request(&first).await;
        assert_eq!((answer.status, &answer.body["alerts"][0]["stored"]), (202, &json!("waiting")));
        let second = Request::signed("msg-2", json!(info).to_string());
        let answer = receive.request(&second).await;
        assert_eq!((answer.status, &answer.body["alerts"][0]["stored"]), (202, &json!("new")));
    })
    .await;
}
