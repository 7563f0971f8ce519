//! One post over loopback, for each answer that there is.

use std::{future::pending, time::Duration};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode, header::RETRY_AFTER},
    routing::post,
};
use defuse_domain::{Notification, Template};
use defuse_flow::{Chat, DeliveryError};
use jiff::Timestamp;
use tokio::{net::TcpListener, sync::mpsc};

use super::notification;
use crate::{
    ChannelKind::{self, Slack, Teams, Webhook},
    ChannelSettings, ChatChannels, Http, Reach, Secret, SignatureHeaders, SigningKey, verify,
};

const TOKEN: &str = "XXXXsecretXXXX";
const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

async fn listen(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}/services/{TOKEN}?sig={TOKEN}%2Bz")
}

fn channels(kind: ChannelKind, url: String, limit: Duration) -> ChatChannels {
    let http = Http::new(Reach::Anywhere, limit).unwrap();
    let signing_key = Some(Secret::new(KEY.to_owned()));
    let url = Secret::new(url);
    let name = "soc".to_owned();
    ChatChannels::new(http, vec![ChannelSettings { name, kind, url, signing_key }])
}

async fn posted(chat: &ChatChannels) -> Result<String, DeliveryError> {
    chat.post(&notification(Template::Resolved), false).await
}

/// What came of it in a word, and what is told of it
fn told(outcome: Result<String, DeliveryError>) -> String {
    let told = match outcome {
        Ok(answer) => format!("posted: {answer}"),
        Err(error) => {
            assert!(!format!("{error:?} {error}").contains(TOKEN), "{error:?}");
            match error {
                DeliveryError::Busy { target, retry_after, source } => {
                    let wait = retry_after.map_or("later".to_owned(), |it| format!("{it:?}"));
                    format!("{target} busy, {wait}: {source}")
                }
                DeliveryError::Refused { target, answer, .. } => {
                    format!("{target} refused: {answer}")
                }
            }
        }
    };
    assert!(!told.contains(TOKEN), "{told}");
    told
}

#[track_caller]
fn check_prefix(told: &str, expected: &str, of: &str) {
    assert!(told.starts_with(expected), "{told:?} and not {expected:?} for {of}");
}

#[tokio::test]
async fn each_answer_means_posted_later_or_never() {
    let failure = "Webhook message delivery failed with error: Microsoft Teams endpoint returned \
                   HTTP error";
    let echo = &*format!("no such hook /services/{TOKEN}?sig={TOKEN}%2Bz or {TOKEN}+z");
    let cases = [
        (Teams, 202, "", "posted: 202"),
        (Teams, 200, "1", "posted: 200 1"),
        (Teams, 200, &*format!("{failure} 429 with ContextId x"), "channel `soc` busy, 7s"),
        (Teams, 200, &*format!("{failure} 413 with ContextId x"), "channel `soc` refused: Webhook"),
        (Teams, 200, failure, "channel `soc` busy, 7s"),
        (Teams, 200, " <!DOCTYPE html>", "channel `soc` busy, 7s"),
        (Teams, 401, "no", "channel `soc` refused: no"),
        (Slack, 200, "ok", "posted: 200 ok"),
        (Slack, 200, "<html>", "channel `soc` refused: <html>"),
        (Slack, 400, "invalid_blocks", "channel `soc` refused: invalid_blocks"),
        (Slack, 404, "no_service", "channel `soc` refused: no_service"),
        (Slack, 410, "channel_is_archived", "channel `soc` refused: channel_is_archived"),
        (Slack, 500, "rollup_error", "channel `soc` busy, 7s: channel answered 500"),
        (Webhook, 204, "", "posted: 204"),
        (Webhook, 302, "", "channel `soc` refused: "),
        (Webhook, 408, "", "channel `soc` busy, 7s"),
        (Webhook, 429, "slow down", "channel `soc` busy, 7s: channel answered 429: `slow down`"),
        (Webhook, 503, "", "channel `soc` busy, 7s"),
        (Webhook, 404, echo, "channel `soc` refused: no such hook <secret> or <secret>"),
    ];
    for (kind, status, body, expected) in cases {
        let status = StatusCode::from_u16(status).unwrap();
        let body = body.to_owned();
        let handler = post(move || async move { (status, [(RETRY_AFTER, "7")], body) });
        let url = listen(Router::new().fallback_service(handler)).await;
        let told = told(posted(&channels(kind, url, Duration::from_secs(10))).await);
        check_prefix(&told, expected, &format!("{kind:?} {status}"));
    }
}

#[tokio::test]
async fn a_long_answer_is_cut() {
    let handler = post(|| async { (StatusCode::BAD_REQUEST, "x\n".repeat(100_000)) });
    let url = listen(Router::new().fallback_service(handler)).await;
    match posted(&channels(Webhook, url, Duration::from_secs(10))).await {
        Err(DeliveryError::Refused { answer, .. }) => assert_eq!(answer.chars().count(), 200),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn no_answer_means_later() {
    let handler = post(|| async { pending::<StatusCode>().await });
    let url = listen(Router::new().fallback_service(handler)).await;
    let silent = channels(Teams, url, Duration::from_millis(50));
    check_prefix(&told(posted(&silent).await), "channel `soc` busy, later", "no answer");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/{TOKEN}", listener.local_addr().unwrap());
    drop(listener);
    let gone = channels(Teams, url, Duration::from_secs(10));
    check_prefix(&told(posted(&gone).await), "channel `soc` busy, later", "no listener");
}

#[tokio::test]
async fn a_channel_that_is_not_there_or_makes_no_request_is_refused() {
    let limit = Duration::from_secs(10);
    let chat = channels(Teams, format!("http://127.0.0.1:1/{TOKEN}"), limit);
    let elsewhere = Notification { channel: "hr".to_owned(), ..notification(Template::Resolved) };
    assert_eq!(
        told(chat.post(&elsewhere, false).await),
        "channel `hr` refused: there is no channel of that name"
    );
    for url in [format!("no url {TOKEN}"), String::new()] {
        check_prefix(
            &told(posted(&channels(Teams, url, limit)).await),
            "channel `soc` refused: request cannot be made",
            "bad url",
        );
    }
}

#[test]
fn debug_output_never_holds_the_url_or_the_key() {
    let limit = Duration::from_secs(1);
    let chat = channels(Webhook, format!("https://x.example/{TOKEN}"), limit);
    let debug = format!("{chat:?} {chat:#?}");
    assert!(debug.contains("soc"));
    assert!(!debug.contains(TOKEN) && !debug.contains("x.example") && !debug.contains(KEY));
}

#[tokio::test]
async fn a_webhook_can_tell_that_it_is_us_and_that_it_is_a_repeat() {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let handler = post(move |headers: HeaderMap, body: Bytes| {
        let header = |name: &str| headers[name].to_str().unwrap().to_owned();
        let headers = ["webhook-id", "webhook-timestamp", "webhook-signature", "content-type"];
        sender.send((headers.map(header), body)).unwrap();
        async {}
    });
    let chat = channels(
        Webhook,
        listen(Router::new().fallback_service(handler)).await,
        Duration::from_secs(10),
    );
    let key = SigningKey::parse(KEY).unwrap();
    for unsure in [false, true] {
        chat.post(&notification(Template::Resolved), unsure).await.unwrap();
        let ([id, timestamp, signature, content_type], body) = receiver.recv().await.unwrap();
        assert_eq!(id.replace("%2E", "."), notification(Template::Resolved).id);
        assert_eq!(content_type, "application/json");
        let headers = SignatureHeaders { id: &id, timestamp: &timestamp, signature: &signature };
        assert_eq!(verify(std::slice::from_ref(&key), headers, &body, Timestamp::now()), Ok(()));
    }
}
