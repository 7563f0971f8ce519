//! What Graph sends for its subscriptions: the handshake byte for byte, notifications with client
//! states right and wrong, events of a subscription's life; and that nothing is stored of it.

use std::fs;

use serde_json::{Value, json};

use crate::{
    binaries::Name,
    events::{files, text, travel_of_today},
    requests::{Answer, Request},
    world::{Function, TOKEN, World, in_a_world},
};

/// What the subscriptions of the samples were made with
const STATE: &str = "sample-client-state-of-contoso";

/// The function in a world whose settings name notifications
fn receive(world: &World) -> Function {
    let file = world.config().join("settings.yaml");
    let settings = fs::read_to_string(&file).unwrap();
    let with = "receive:\n  graphNotifications:\n    clientStates:\n      - env: NEXT_STATE\n      - env: STATE\n";
    fs::write(&file, settings.replace("receive:\n", with)).unwrap();
    world.must_not_be_logged(STATE);
    world.must_not_be_logged("canary-next-state");
    world.must_not_be_logged("of-somebody-else");
    world.function_with(Name::Receive, &[("STATE", STATE), ("NEXT_STATE", "canary-next-state")])
}

fn with_query(request: &Request, query: &str) -> Value {
    let mut event = request.http_api_event();
    event["rawQueryString"] = query.into();
    event
}

async fn post(receive: &Function, body: impl Into<Vec<u8>>) -> Answer {
    receive.request(&Request::unsigned(body)).await
}

fn sample(name: &str) -> String {
    text(&format!("events/notifications/{name}.json"))
}

#[tokio::test]
async fn a_handshake_is_answered_with_its_token_and_nothing_else() {
    in_a_world(async |world| {
        let receive = receive(world);
        let longest = "a".repeat(1_024);
        for (query, token) in [
            ("validationToken=abc-123", "abc-123"),
            (
                "validationToken=Validation%3a+Testing%20client%2Bone+Request-Id%3A+7",
                "Validation: Testing client+one Request-Id: 7",
            ),
            (
                "a=b&validationToken=%3Cscript%3Ealert(1)%3C%2Fscript%3E&c=d",
                "<script>alert(1)</script>",
            ),
            // As nobody should send it.
            ("validationToken=<b>\"é 100%#{|}", "<b>\"é 100%#{|}"),
            ("validationToken=%C3%A9%0D%0Ax%3A%20y", "é\r\nx: y"),
            (&format!("validationToken={longest}"), &longest),
        ] {
            for body in ["", "not read"] {
                let answer = receive.answer(with_query(&Request::unsigned(body), query)).await;
                assert_eq!(answer["statusCode"], 200, "for {query}");
                assert_eq!(answer["body"], token, "for {query}");
                assert_eq!(answer["isBase64Encoded"], false, "for {query}");
                let headers = json!({
                    "content-type": "text/plain",
                    "x-content-type-options": "nosniff",
                    "cache-control": "no-store",
                });
                assert_eq!(answer["headers"], headers, "for {query}");
            }
        }
        world.must_not_be_logged("Testing client");
        world.must_not_be_logged("<script>");
        for query in ["validationToken=", &format!("validationToken={longest}a")] {
            let answer = receive.http(with_query(&Request::unsigned(""), query)).await;
            assert_eq!((answer.status, &answer.body["code"]), (400, &json!("badValidationToken")));
            assert_eq!(answer.headers["content-type"], "application/problem+json");
        }
        let get = Request { method: "GET", ..Request::unsigned("") };
        assert_eq!(receive.http(with_query(&get, "validationToken=abc")).await.status, 405);
        assert!(world.database.items().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_request_that_says_who_sent_it_is_no_handshake() {
    in_a_world(async |world| {
        let receive = receive(world);
        let alert = travel_of_today("ca-handshake").to_string();
        let signed = Request::signed("msg-1", alert.clone());
        let answer = receive.http(with_query(&signed, "validationToken=abc")).await;
        assert_eq!((answer.status, &answer.body["alerts"][0]["stored"]), (202, &json!("new")));
        let shown = Request::unsigned(alert).with("authorization", &format!("Token {TOKEN}"));
        let answer = receive.http(with_query(&shown, "validationToken=abc")).await;
        assert_eq!((answer.status, &answer.body["alerts"][0]["stored"]), (202, &json!("again")));
    })
    .await;
}

#[tokio::test]
async fn each_notification_is_known_by_its_own_client_state() {
    in_a_world(async |world| {
        let receive = receive(world);
        let next = sample("changed").replace(STATE, "canary-next-state");
        for (body, noted, left_out) in [
            (sample("changed"), 2, 0),
            (next, 2, 0),
            (sample("mixed-client-states"), 1, 2),
            (sample("lifecycle"), 4, 0),
        ] {
            let answer = post(&receive, body.clone()).await;
            let expected = json!({ "noted": noted, "leftOut": left_out });
            assert_eq!((answer.status, &answer.body), (202, &expected), "for {body}");
        }
        let line = receive.logged("da637551227677560813_-961444813").await;
        assert_eq!(line["message"], "Graph says that something changed");
        assert_eq!(line["subscription"], "e81b4f6a-0c25-4d97-b3ae-71f50d9c2864");
        let line = receive.logged("whose client state is wrong").await;
        assert_eq!((&line["level"], &line["wrong"]), (&json!("WARN"), &json!(2)));

        let answer = post(&receive, sample("wrong-client-states")).await;
        assert_eq!((answer.status, &answer.body["code"]), (401, &json!("wrongClientState")));
        assert!(world.database.items().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn events_of_a_subscriptions_life_say_what_to_do() {
    in_a_world(async |world| {
        let receive = receive(world);
        world.must_not_be_logged("somethingOfTomorrow");
        assert_eq!(post(&receive, sample("lifecycle")).await.status, 202);
        for part in [
            "POST /subscriptions/5d9e2c41-7b30-4e8a-9f16-c2a4d8b07e53/reauthorize",
            "is removed: create it anew",
            "missed changes",
            "an event that we do not know",
        ] {
            let line = receive.logged(part).await;
            assert_eq!(line["level"], "WARN", "{line}");
            assert!(line["subscription"].is_string(), "{line}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_no_notification_is_refused_as_ever() {
    in_a_world(async |world| {
        let receive = receive(world);
        let alert = travel_of_today("ca-refused").to_string();
        let in_a_list = format!("{{\"value\":[{alert}]}}");
        let broken = sample("changed").replace("]\n}", "");
        for body in [alert, in_a_list, broken, "{\"value\":[]}".to_owned(), String::new()] {
            let answer = post(&receive, body.clone()).await;
            assert_eq!((answer.status, &answer.body["code"]), (401, &json!("unsigned")), "{body}");
        }
        // More than receive takes; Lambda takes up to 6 MiB.
        let large = sample("changed").replace("created", &"x".repeat(5 * 1024 * 1024));
        assert_eq!(post(&receive, large).await.status, 413);
        assert!(world.database.items().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn where_the_settings_name_no_notifications_none_is_taken() {
    in_a_world(async |world| {
        let receive = world.function(Name::Receive);
        let handshake = with_query(&Request::unsigned(""), "validationToken=abc");
        let answer = receive.http(handshake).await;
        assert_eq!((answer.status, &answer.body["code"]), (401, &json!("unsigned")));
        for file in files("events/notifications") {
            let answer = post(&receive, fs::read(&file).unwrap()).await;
            assert_eq!((answer.status, &answer.body["code"]), (401, &json!("unsigned")));
        }
        assert!(world.database.items().await.is_empty());
    })
    .await;
}
