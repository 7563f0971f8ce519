//! Requests that are refused: each with its status, code and help, and with nothing kept of it
//! unless whoever sent it is known.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use defuse_adapters::{WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP};
use jiff::{SignedDuration, Timestamp};

use crate::{
    binaries::Name,
    database::start_refusing,
    events::travel_of_today,
    receive::added,
    requests::{Answer, Request},
    world::{Function, TOKEN, World, in_a_world},
};

/// What is kept of a refused request
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    Nothing,
    /// The payload, as rejected, and the id of the message
    RejectedAndId,
    /// The payload, as rejected; whoever shows a token gives no id
    Rejected,
}

#[tokio::test]
async fn who_is_not_known_is_refused_and_nothing_is_kept() {
    in_a_world(async |world| {
        let receive = world.function(Name::Receive);
        let alert = travel_of_today("ca-refused").to_string();
        world.nothing_of_it_is_logged(&alert);
        let check = async |request: Request, expected| {
            check(world, &receive, &request, expected, Kept::Nothing).await;
        };
        let signed = Request::signed("msg-refused", alert.clone());

        let minutes = |n: i64| Timestamp::now() + SignedDuration::from_mins(n);
        for at in [minutes(-10), minutes(10)] {
            let request = Request::signed_at("msg-refused", at, alert.clone());
            check(request, (401, "staleTimestamp")).await;
        }
        let mut other_body = signed.clone();
        other_body.body.push(b' ');
        check(other_body, (401, "wrongSignature")).await;
        check(signed.clone().with(WEBHOOK_ID, "msg-other"), (401, "wrongSignature")).await;
        let canary = format!("v1,{}", BASE64.encode([7; 32]));
        world.must_not_be_logged(&canary);
        check(signed.clone().with(WEBHOOK_SIGNATURE, &canary), (401, "wrongSignature")).await;
        check(signed.clone().with(WEBHOOK_SIGNATURE, "v1a,AAAA"), (401, "wrongSignature")).await;
        check(signed.clone().with(WEBHOOK_SIGNATURE, "nonsense"), (401, "signatureMalformed"))
            .await;
        check(signed.clone().with(WEBHOOK_TIMESTAMP, "soon"), (401, "signatureMalformed")).await;
        for name in [WEBHOOK_ID, WEBHOOK_TIMESTAMP, WEBHOOK_SIGNATURE] {
            check(signed.clone().without(name), (401, "signatureIncomplete")).await;
            check(signed.clone().with(name, ""), (401, "signatureIncomplete")).await;
        }
        // A token does not make up for a signature that is wrong.
        let both = signed.clone().with("authorization", &format!("Token {TOKEN}"));
        check(both.with(WEBHOOK_ID, "msg-other"), (401, "wrongSignature")).await;

        let unsigned = Request::unsigned(alert);
        check(unsigned.clone(), (401, "unsigned")).await;
        world.must_not_be_logged("canary-wrong-token");
        for shown in ["Token canary-wrong-token", "Token ", "Bearer", "Basic", TOKEN] {
            check(unsigned.clone().with("authorization", shown), (401, "wrongToken")).await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_no_post_or_too_large_is_refused_before_anything_is_read() {
    in_a_world(async |world| {
        let receive = world.function(Name::Receive);
        for method in ["GET", "PUT", "DELETE", "OPTIONS"] {
            let request = Request { method, ..Request::signed("msg-method", "") };
            let expected = (405, "methodNotAllowed");
            let answer = check(world, &receive, &request, expected, Kept::Nothing).await;
            assert_eq!(answer.headers["allow"], "POST");
        }
        let large = Request::signed("msg-large", vec![b'x'; 10 * 1024 * 1024]);
        check(world, &receive, &large, (413, "tooLarge"), Kept::Nothing).await;
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_as_rejected() {
    in_a_world(async |world| {
        let receive = world.function(Name::Receive);
        let deep = "[".repeat(10_000);
        let deep_alert = format!("{{\"id\":\"a\",\"x\":{deep}{}}}", "]".repeat(10_000));
        let too_many = format!("[{}]", vec!["{\"id\":\"a\"}"; 1_001].join(","));
        world.must_not_be_logged("canary-body");
        let bodies: [(&[u8], u64, &str); 8] = [
            (b"", 400, "empty"),
            (b" \n ", 400, "empty"),
            (b"canary-body that is no JSON", 400, "notJson"),
            (b"{\"title\":\"canary-body\"}", 400, "notAnAlert"),
            (b"\xff\xfecanary-body", 400, "notText"),
            (deep.as_bytes(), 400, "notJson"),
            (deep_alert.as_bytes(), 400, "notJson"),
            (too_many.as_bytes(), 413, "tooMany"),
        ];
        for (index, (body, status, why)) in bodies.into_iter().enumerate() {
            let request = Request::signed(&format!("msg-{index}"), body);
            let expected = (status, "unreadable");
            let answer = check(world, &receive, &request, expected, Kept::RejectedAndId).await;
            assert_eq!(answer.body["rejected"][0]["code"], why, "for {answer:?}");
            assert_eq!(answer.body["rejected"][0]["line"], 1, "for {answer:?}");
        }
        let request = Request::unsigned("canary-body of another");
        let request = request.with("authorization", &format!("Token {TOKEN}"));
        check(world, &receive, &request, (400, "unreadable"), Kept::Rejected).await;
    })
    .await;
}

#[tokio::test]
async fn a_message_is_taken_once_whatever_became_of_it() {
    in_a_world(async |world| {
        let receive = world.function(Name::Receive);
        let good = Request::signed("msg-good", travel_of_today("ca-good").to_string());
        let bad = Request::signed("msg-bad", "not JSON");
        assert_eq!(receive.request(&good).await.status, 202);
        assert_eq!(receive.request(&bad).await.status, 400);

        let other = Request::signed("msg-good", travel_of_today("ca-other").to_string());
        for request in [good, bad, other] {
            check(world, &receive, &request, (409, "replayed"), Kept::Nothing).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_sender_is_asked_to_come_again_when_nothing_can_be_stored() {
    in_a_world(async |world| {
        let endpoint = start_refusing().await;
        let variables = [("AWS_ENDPOINT_URL_DYNAMODB", endpoint.as_str())];
        let receive = world.function_with(Name::Receive, &variables);
        let alert = travel_of_today("ca-busy").to_string();
        world.nothing_of_it_is_logged(&alert);

        let request = Request::signed("msg-busy", alert);
        let answer = check(world, &receive, &request, (503, "busy"), Kept::Nothing).await;

        assert_eq!(answer.headers["retry-after"], "5");
    })
    .await;
}

async fn check(
    world: &World,
    receive: &Function,
    request: &Request,
    (status, code): (u64, &str),
    kept: Kept,
) -> Answer {
    let before = world.database.items().await;
    let answer = receive.request(request).await;
    let headers = &request.headers;
    assert_eq!(answer.status, status, "{headers:?}: {answer:?}");
    assert_eq!(answer.headers["content-type"], "application/problem+json", "{headers:?}");
    assert_eq!(answer.headers["cache-control"], "no-store", "{headers:?}");
    assert_eq!(answer.body["code"], code, "{headers:?}: {answer:?}");
    assert_eq!(answer.body["status"], status, "{headers:?}");
    for name in ["type", "title", "detail", "help"] {
        let text = answer.body[name].as_str().unwrap_or_default();
        assert!(!text.is_empty(), "no {name} in {answer:?}");
    }

    let added = added(&before, &world.database.items().await);
    let count = |prefix: &str| added.iter().filter(|it| it.starts_with(prefix)).count();
    let expected = match kept {
        Kept::Nothing => (0, 0),
        Kept::RejectedAndId => (1, 1),
        Kept::Rejected => (1, 0),
    };
    assert_eq!((count("J#"), count("W#")), expected, "{headers:?} added {added:?}");
    assert_eq!(added.len(), expected.0 + expected.1, "{headers:?} added {added:?}");
    answer
}
