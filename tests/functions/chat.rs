//! Events of SNS at the function `chat`: each notification is one message in its channel.

use std::collections::BTreeSet;

use defuse_testkit::{Fault, FaultKind, Invocation, RecordedRequest};
use serde_json::{Value, json};

use crate::{
    binaries::Name,
    database::start_refusing,
    events::{event, files, sns_event, travel_of_today},
    world::{Function, World, channel_path, in_a_world},
};

const fn busy(retry_after: Option<u32>) -> FaultKind {
    FaultKind::Status { status: 503, retry_after }
}

/// Everything that was posted to the channel
fn posts(world: &World) -> Vec<RecordedRequest> {
    world.tenant.posts_to(&channel_path())
}

/// What the event's message says
fn message(event: &Value) -> String {
    event["Records"][0]["Sns"]["Message"].as_str().unwrap().to_owned()
}

/// Hands on an event that must fail, so that SNS hands it on again
async fn fails(chat: &Function, event: &Value) {
    let failure = match chat.invoke(event.clone()).await {
        Ok(Invocation::Failed(failure)) => failure,
        other => panic!("{other:?}"),
    };
    // What a function reports stands in Lambda's own log.
    let said = failure["errorMessage"].as_str().unwrap();
    assert!(said.starts_with("cannot post"), "{failure}");
    assert!(!said.contains("canary"), "{failure}");
}

#[tokio::test]
async fn every_sample_notification_is_posted_once() {
    in_a_world(async |world| {
        let chat = world.function(Name::Chat);
        for file in files("events/chat") {
            let name = file.file_name().unwrap().to_str().unwrap().to_owned();
            let event = event(&format!("events/chat/{name}"));
            let before = posts(world).len();

            assert!(chat.answer(event.clone()).await.is_null(), "for {name}");
            assert!(chat.answer(event.clone()).await.is_null(), "for {name}, again");

            let posts = posts(world).split_off(before);
            let expected = usize::from(name != "none-of-ours.json");
            assert_eq!(posts.len(), expected, "for {name}");
            for post in posts {
                assert_eq!(post.status, Some(202), "for {name}: {post:?}");
                check_card(&post.body, &message(&event));
            }
        }
    })
    .await;
}

/// What came from outside is text, and nothing but a link to the portal can be pressed
#[track_caller]
fn check_card(card: &Value, message: &str) {
    let notification: Value = serde_json::from_str(message).unwrap();
    let content = &card["attachments"][0]["content"];
    let text = content["body"].to_string();
    let about = notification["alertId"].as_str().or(notification["source"].as_str()).unwrap();
    assert!(text.contains(about) || card.to_string().contains(about), "no {about} in {card}");
    for action in content["actions"].as_array().into_iter().flatten() {
        let url = action["url"].as_str().unwrap();
        assert!(url.starts_with("https://security.microsoft.com/"), "{url}");
    }
    for hostile in ["<at>", "[Reset your password](", "\u{202e}", "\\u0000", "\\u001b"] {
        assert!(!text.contains(hostile), "{hostile:?} in {text}");
    }
    assert!(content["msteams"]["entities"].is_null(), "{content}");
}

#[tokio::test]
async fn a_channel_that_is_busy_and_says_so_gets_the_message_later() {
    in_a_world(async |world| {
        let chat = world.function(Name::Chat);
        let event = event("events/chat/needs-eyes.json");
        world.tenant.fault(Fault::always("POST", "/teams", busy(Some(30))));
        fails(&chat, &event).await;
        fails(&chat, &event).await;
        assert_eq!(posts(world).len(), 2);

        world.tenant.clear_faults();
        assert!(chat.answer(event.clone()).await.is_null());
        assert!(chat.answer(event).await.is_null());
        assert_eq!(posts(world).len(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_message_of_which_nobody_knows_whether_it_arrived_is_not_sent_at_once_again() {
    in_a_world(async |world| {
        let chat = world.function(Name::Chat);
        let event = event("events/chat/resolved.json");
        for kind in [busy(None), FaultKind::CrashAfter] {
            world.tenant.fault(Fault::once("POST", "/teams", kind));
        }
        fails(&chat, &event).await;
        fails(&chat, &event).await;
        assert_eq!(posts(world).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn of_two_notifications_the_one_that_can_be_posted_is() {
    in_a_world(async |world| {
        let chat = world.function(Name::Chat);
        let mut both = event("events/chat/resolved.json");
        let second = event("events/chat/needs-eyes.json")["Records"][0].clone();
        both["Records"].as_array_mut().unwrap().push(second);
        world.tenant.fault(Fault::once("POST", "/teams", busy(Some(1))));

        fails(&chat, &both).await;
        assert!(chat.answer(both).await.is_null());

        let statuses: Vec<Option<u16>> = posts(world).iter().map(|it| it.status).collect();
        assert_eq!(statuses, [Some(503), Some(202), Some(202)]);
    })
    .await;
}

#[tokio::test]
async fn a_notification_for_no_channel_of_ours_is_an_error() {
    in_a_world(async |world| {
        let chat = world.function(Name::Chat);
        let mut notification: Value =
            serde_json::from_str(&message(&event("events/chat/resolved.json"))).unwrap();
        notification["channel"] = "elsewhere".into();
        fails(&chat, &sns_event(&notification.to_string())).await;
        assert_eq!(posts(world).len(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_message_that_is_none_of_ours_is_let_go_and_not_repeated_in_the_log() {
    in_a_world(async |world| {
        let chat = world.function(Name::Chat);
        world.must_not_be_logged("canary-of-somebody-else");
        let ours: Value =
            serde_json::from_str(&message(&event("events/chat/resolved.json"))).unwrap();
        let mut other_template = ours.clone();
        other_template["template"] = "canary-of-somebody-else".into();
        let mut other_alert = ours;
        other_alert["alertId"] = "canary-of-somebody-else with spaces".into();
        for message in [
            "",
            "canary-of-somebody-else",
            "\"canary-of-somebody-else\"",
            "{\"id\":[\"canary-of-somebody-else\"]}",
            "{\"canary-of-somebody-else\":1}",
            &other_template.to_string(),
            &other_alert.to_string(),
        ] {
            assert!(chat.answer(sns_event(message)).await.is_null(), "for {message}");
        }
        assert_eq!(posts(world).len(), 0);
        chat.logged("is none of ours").await;
    })
    .await;
}

#[tokio::test]
async fn nothing_is_posted_when_the_table_does_not_answer() {
    in_a_world(async |world| {
        let endpoint = start_refusing().await;
        let variables = [("AWS_ENDPOINT_URL_DYNAMODB", endpoint.as_str())];
        let chat = world.function_with(Name::Chat, &variables);
        fails(&chat, &event("events/chat/resolved.json")).await;
        assert_eq!(posts(world).len(), 0);
    })
    .await;
}

#[tokio::test]
async fn the_samples_are_what_is_published() {
    in_a_world(async |world| {
        world.put_kim();
        let [receive, triage, deliver, _] = Name::ALL.map(|it| world.function(it));
        let pending = world.receive(&receive, &travel_of_today("ca-published")).await;
        triage.failures(&pending).await;
        deliver.failures(&world.records_of("ca-published").await).await;

        let published = world.topic.notifications();
        let sample: Value =
            serde_json::from_str(&message(&event("events/chat/resolved.json"))).unwrap();
        let names = |it: &Value| it.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(published.len(), 1);
        assert_eq!(names(&published[0]), names(&sample));
        let facts = |it: &Value| it["facts"].as_array().unwrap().clone();
        assert_eq!(facts(&published[0]), facts(&sample));
        assert_eq!(published[0]["template"], json!("resolved"));
    })
    .await;
}
