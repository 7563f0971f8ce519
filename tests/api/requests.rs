//! Requests that are refused, and writes that come twice.

use crate::world::{DEVELOPMENT, World, world, world_in};

const ALERT: &str = "/v1/alerts/ad1";

async fn with_an_alert() -> World {
    let world = world().await;
    world.alert("ad1", "azureAdIdentityProtection").await;
    world
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said() {
    let world = with_an_alert().await;
    let version = world.version("ad1").await;
    let ok = [("if-match", version.as_str())];
    let large = format!(r#"{{ "status": "{}" }}"#, "x".repeat(70_000));
    let deep = "[".repeat(9_000);
    for (asked, headers, body, expected) in [
        (("GET", "/v1/nothing"), &[][..], "", (404, "noSuchPath")),
        (("PUT", ALERT), &[], "", (405, "methodNotAllowed")),
        (("GET", "/v1/alerts/ad9"), &[], "", (404, "notFound")),
        (("GET", "/v1/alerts/a%20b"), &[], "", (404, "notFound")),
        (("GET", "/v1/alerts/ad1?expand=all"), &[], "", (400, "badQuery")),
        (("GET", "/v1/tokens?limit=0"), &[], "", (400, "badQuery")),
        (("PATCH", ALERT), &[], "{}", (428, "versionMissing")),
        (("PATCH", ALERT), &[("if-match", "\"99\"")], "{}", (412, "versionMoved")),
        (("PATCH", ALERT), &[("if-match", "*")], "{}", (400, "badVersion")),
        (("PATCH", ALERT), &[("if-match", "1")], "{}", (400, "badVersion")),
        (("PATCH", ALERT), &ok[..], "status: new", (400, "notJson")),
        (("PATCH", ALERT), &ok[..], "", (400, "notJson")),
        (("PATCH", ALERT), &ok[..], &deep, (400, "notJson")),
        (("PATCH", ALERT), &ok[..], &large, (413, "tooLarge")),
        (("PATCH", ALERT), &ok[..], r#"{ "status": "closed" }"#, (422, "invalid")),
        (("PATCH", ALERT), &ok[..], r#"{ "tags": { "add": [0] } }"#, (422, "invalid")),
        (
            ("PATCH", ALERT),
            &ok[..],
            r#"{ "classification": { "falsePositive": "malware" } }"#,
            (422, "invalid"),
        ),
        (("POST", "/v1/tokens"), &[], r#"{ "name": "x", "grants": [] }"#, (422, "unfit")),
        (("POST", "/v1/tokens"), &[("idempotency-key", "")], "{}", (400, "badIdempotencyKey")),
    ] {
        let answer = world.ask(DEVELOPMENT, asked, headers, body).await;
        assert_eq!((answer.status, answer.code()), expected, "for {asked:?} {body:.60}");
        assert!(answer.body["help"].is_string() && answer.body["requestId"].is_string());
    }
    for token in ["", "x", "dev_another", "dfs_0123456789abcdef_00", &"x".repeat(9_000)] {
        let answer = world.ask(token, ("GET", ALERT), &[], "").await;
        assert_eq!((answer.status, answer.code()), (401, "unauthenticated"), "for {token:.20}");
    }
}

#[tokio::test]
async fn a_write_with_a_key_is_done_once() {
    let world = with_an_alert().await;
    let version = world.version("ad1").await;
    let headers = [("if-match", version.as_str()), ("idempotency-key", "k1")];
    let path = "/v1/alerts/ad1/comments";
    let said = r#"{ "comment": "seen" }"#;
    let first = world.ask(DEVELOPMENT, ("POST", path), &headers, said).await;
    let again = world.ask(DEVELOPMENT, ("POST", path), &headers, said).await;
    assert_eq!((first.status, again.status), (200, 200));
    assert_eq!((first.body, first.etag), (again.body, again.etag));

    let other = world.ask(DEVELOPMENT, ("POST", path), &headers, r#"{ "comment": "x" }"#).await;
    assert_eq!((other.status, other.code()), (422, "idempotencyKeyOfAnother"));
    let told = world.ask(DEVELOPMENT, ("GET", "/v1/alerts/ad1/history/check"), &[], "").await.body;
    assert_eq!(told["entries"], 2, "the alert, and one act");
}

#[tokio::test]
async fn too_many_requests_are_told_when_to_come_again() {
    let world = world().await;
    let token = world.token("globalReader", None).await;
    let mut last = 0;
    for _ in 0..=300 {
        last = world.ask(&token, ("GET", "/v1/me"), &[], "").await.status;
    }
    assert_eq!(last, 429);
    assert_eq!(world.ask(DEVELOPMENT, ("GET", "/v1/me"), &[], "").await.status, 200);
}

#[tokio::test]
async fn nobody_signs_in_for_development_in_lambda() {
    let world = world_in(true).await;
    assert!(!world.app.door.has_development_token());
    assert_eq!(world.ask(DEVELOPMENT, ("GET", "/v1/me"), &[], "").await.status, 401);
}
