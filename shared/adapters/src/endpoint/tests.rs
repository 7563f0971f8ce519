use defuse_domain::AllowListDraft;
use jiff::Timestamp;

use super::*;
use crate::{
    http::Reach,
    scripted::{Scene, Scripted, json as scene, text},
    sign_in::testing::application,
};

const LIMIT: Duration = Duration::from_secs(10);
const POST: &str = "POST /api/indicators";

fn token() -> Scene {
    scene("POST /token", 200, json!({ "access_token": "t0ken", "expires_in": 3599 }))
}

fn entry(device_groups: &[&str]) -> AllowListEntry {
    let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
    let draft = AllowListDraft {
        kind: None,
        value: "0F".repeat(32),
        title: "Updates".to_owned(),
        description: "Our own installer".to_owned(),
        device_groups: device_groups.iter().map(|it| (*it).to_owned()).collect(),
        expires: "2027-02-21T10:00:00Z".parse().unwrap(),
        by: "kim@contoso.example".to_owned(),
        from: None,
    };
    AllowListEntry::new(draft, now).unwrap()
}

async fn allow(
    mut scenes: Vec<Scene>,
    entry: &AllowListEntry,
) -> (Scripted, Result<String, DeliveryError>) {
    scenes.push(token());
    let server = Scripted::start(scenes).await;
    let settings = EndpointSettings {
        base_url: format!("{}/", server.address()),
        application: application(&server),
        change_within: LIMIT,
    };
    let http = Http::new(Reach::Anywhere, LIMIT).unwrap();
    let endpoint = Endpoint::new(&settings, http).unwrap();
    let outcome = endpoint.allow(entry).await;
    assert!(!format!("{endpoint:?} {settings:?}").contains("s3cret"));
    (server, outcome)
}

#[tokio::test]
async fn an_indicator_is_written_with_the_names_of_its_api() {
    let taken = || scene(POST, 200, json!({ "id": "995", "indicatorValue": "x" }));
    let (server, outcome) = allow(vec![taken()], &entry(&[])).await;
    assert_eq!(outcome.unwrap(), "indicator 995");
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert!(
        seen[0].body.contains("scope=https%3A%2F%2Fapi.securitycenter.microsoft.com%2F.default")
    );
    assert_eq!(seen[1].line, POST);
    assert_eq!(seen[1].headers["authorization"], "Bearer t0ken");
    assert_eq!(seen[1].headers["content-type"], "application/json");
    let mut expected = json!({
        "indicatorValue": "0f".repeat(32),
        "indicatorType": "FileSha256",
        "action": "Allowed",
        "title": "Updates",
        "description": "Our own installer",
        "expirationTime": "2027-02-21T10:00:00Z",
    });
    assert_eq!(seen[1].json(), expected);

    let (server, outcome) = allow(vec![taken()], &entry(&["Servers", "Laptops"])).await;
    outcome.unwrap();
    expected["rbacGroupNames"] = json!(["Laptops", "Servers"]);
    assert_eq!(server.seen()[1].json(), expected);
}

#[tokio::test]
async fn a_refusal_says_what_to_do() {
    let error =
        |code: &str, message: &str| json!({ "error": { "code": code, "message": message } });
    for (status, body, expected) in [
        (
            403,
            error("Forbidden", "Missing application roles."),
            "Defender for Endpoint refused (Forbidden: Missing application roles.): grant \
             `Ti.ReadWrite.All`",
        ),
        (
            400,
            error("BadRequest", "Limit of 15000\nreached"),
            "Defender for Endpoint answered 400 (BadRequest: Limit of 15000 reached)",
        ),
        (404, json!([]), "Defender for Endpoint answered 404 (no reason given)"),
    ] {
        let (_, outcome) = allow(vec![scene(POST, status, body)], &entry(&[])).await;
        let Err(DeliveryError::Refused { answer, .. }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(answer, expected);
    }
}

#[tokio::test]
async fn what_passes_is_asked_once_and_tried_again_later() {
    for status in [429, 500, 503] {
        let busy = scene(POST, status, json!({})).with("retry-after", "7");
        let (server, outcome) = allow(vec![busy], &entry(&[])).await;
        let Err(DeliveryError::Busy { retry_after, .. }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(retry_after, Some(Duration::from_secs(7)));
        assert_eq!(server.seen().iter().filter(|it| it.line == POST).count(), 1);
    }
    let (_, outcome) = allow(vec![text(POST, 200, "<html>")], &entry(&[])).await;
    assert!(matches!(outcome, Err(DeliveryError::Busy { .. })), "{outcome:?}");
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_replaced_once() {
    let scenes = vec![scene(POST, 401, json!({})), scene(POST, 200, json!({ "id": "7" })), token()];
    let (server, outcome) = allow(scenes, &entry(&[])).await;
    assert_eq!(outcome.unwrap(), "indicator 7");
    assert_eq!(server.seen().len(), 4);
}
