//! What each function must say in its log, and in which fields. What no log may say is looked at
//! after every test (see `world`).

use defuse_testkit::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::{
    binaries::Name,
    database::start_refusing,
    events::{event, sns_event, travel_of_today},
    requests::Request,
    world::{Function, World, in_a_world},
};

/// Something that happened, as a function must say it
struct Said {
    by: Name,
    /// What the message has in it
    message: &'static str,
    level: &'static str,
    /// Its own fields, and those of its span
    fields: &'static [&'static str],
}

const fn said(
    by: Name,
    message: &'static str,
    level: &'static str,
    fields: &'static [&'static str],
) -> Said {
    Said { by, message, level, fields }
}

/// Everything that must be said
const TABLE: [Said; 11] = [
    said(
        Name::Receive,
        "received alert `ca-log`",
        "INFO",
        &["alert.id", "alert.revision", "stored", "flags"],
    ),
    said(Name::Receive, "rejected a part of a body", "WARN", &["code", "line"]),
    said(Name::Receive, "refused a request", "WARN", &["code", "status"]),
    said(
        Name::Triage,
        "triaged alert `ca-log`",
        "INFO",
        &["alert.id", "outcome", "unknown", "run.key"],
    ),
    said(Name::Deliver, "carried out `resolve`", "INFO", &["alert.id", "effect.id", "state"]),
    said(
        Name::Deliver,
        "carried out `notify/soc/resolved`",
        "INFO",
        &["alert.id", "effect.id", "state"],
    ),
    said(
        Name::Deliver,
        "Microsoft Graph refused `resolve`",
        "WARN",
        &["alert.id", "effect.id", "cause"],
    ),
    said(Name::Deliver, "cannot handle record", "ERROR", &["record.id", "error"]),
    said(Name::Chat, "told channel `soc`", "INFO", &["notification.id", "channel", "repeat"]),
    said(Name::Chat, "cannot post", "ERROR", &["message.id", "error"]),
    said(Name::Chat, "is none of ours", "ERROR", &["message.id", "error"]),
];

#[tokio::test]
async fn every_function_says_what_it_did_in_fields() {
    in_a_world(async |world| {
        world.put_kim();
        let functions = Name::ALL.map(|it| world.function(it));
        do_everything(world, &functions).await;

        for Said { by, message, level, fields } in &TABLE {
            let function = &functions[Name::ALL.iter().position(|it| it == by).unwrap()];
            let line = function.logged(message).await;
            assert_eq!(line["level"], *level, "{line}");
            for name in ["timestamp", "target", "message"] {
                assert!(line[name].is_string(), "no `{name}` in {line}");
            }
            for name in *fields {
                let value = field(&line, name);
                assert!(!value.is_null() && value != "", "no `{name}` in {line}");
            }
            assert!(!field(&line, "requestId").is_null(), "no `requestId` in {line}");
        }
    })
    .await;
}

/// A field of a line's event, or of one of the spans round it
fn field(line: &Value, name: &str) -> Value {
    let spans = line["spans"].as_array().cloned().unwrap_or_default();
    [line.clone()]
        .into_iter()
        .chain(spans)
        .map(|it| it[name].clone())
        .find(|it| !it.is_null())
        .unwrap_or_default()
}

/// The whole way, and everything that can go wrong on it
async fn do_everything(world: &World, [receive, triage, deliver, chat]: &[Function; 4]) {
    world.must_not_be_logged("canary-body");
    let bad = Request::signed("msg-bad", "canary-body");
    assert_eq!(receive.request(&bad).await.status, 400);
    assert_eq!(receive.request(&Request::unsigned("canary-body")).await.status, 401);
    let pending = world.receive(receive, &travel_of_today("ca-log")).await;
    triage.failures(&pending).await;
    let effects = world.records_of("ca-log").await;

    let path = "/v1.0/security/alerts_v2";
    let busy = FaultKind::Status { status: 503, retry_after: Some(120) };
    world.tenant.fault(Fault::once("GET", path, busy.clone()));
    assert_eq!(deliver.failures(&effects[1..]).await.len(), 1);
    assert_eq!(deliver.failures(&effects).await.len(), 0);
    let pending = world.receive(receive, &travel_of_today("ca-log-refused")).await;
    triage.failures(&pending).await;
    let refused = FaultKind::Status { status: 403, retry_after: None };
    world.tenant.fault(Fault::once("PATCH", path, refused));
    deliver.failures(&world.records_of("ca-log-refused").await).await;

    let messages = world.topic.messages();
    world.tenant.fault(Fault::once("POST", "/teams", busy));
    chat.invoke(sns_event(&messages[0])).await.unwrap();
    for message in messages.iter().map(String::as_str).chain(["canary-body"]) {
        chat.invoke(sns_event(message)).await.unwrap();
    }
}

#[tokio::test]
async fn a_table_that_fails_is_said_with_its_cause() {
    in_a_world(async |world| {
        let endpoint = start_refusing().await;
        let variables = [("AWS_ENDPOINT_URL_DYNAMODB", endpoint.as_str())];
        let functions = Name::ALL.map(|it| world.function_with(it, &variables));
        let [receive, triage, deliver, chat] = &functions;
        receive.request(&Request::signed("msg", travel_of_today("ca-log").to_string())).await;
        triage.failures_of(event("events/triage/pending.json")).await;
        deliver.failures_of(event("events/deliver/effects.json")).await;
        chat.invoke(event("events/chat/resolved.json")).await.unwrap();

        let expected = [
            "cannot store what arrived",
            "cannot handle record",
            "cannot handle record",
            "cannot post",
        ];
        for (function, message) in functions.iter().zip(expected) {
            let line = function.logged(message).await;
            assert_eq!(line["level"], "ERROR", "{line}");
            let error = line["error"].as_str().unwrap();
            assert!(error.contains("Requested resource not found"), "{line}");
        }
    })
    .await;
}

#[tokio::test]
async fn nothing_is_said_of_what_is_done_already() {
    in_a_world(async |world| {
        let [receive, triage] = [Name::Receive, Name::Triage].map(|it| world.function(it));
        let pending = world.receive(&receive, &travel_of_today("ca-twice")).await;
        for _ in 0..3 {
            triage.failures(&pending).await;
        }
        // What comes after it shows that nothing else comes before.
        let later = world.receive(&receive, &travel_of_today("ca-later")).await;
        triage.failures(&later).await;
        triage.logged("triaged alert `ca-later`").await;
        let n_said =
            triage.lines().iter().filter(|it| it.contains("triaged alert `ca-twice`")).count();
        assert_eq!(n_said, 1, "{:#?}", triage.lines());
        assert_eq!(world.database.head("ca-twice").await["looks"], json!({ "N": "1" }));
    })
    .await;
}
