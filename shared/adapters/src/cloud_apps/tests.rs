use std::time::Duration;

use defuse_domain::{Activity, FalseAlarm, Threat};
use serde_json::json;

use super::*;
use crate::{
    http::Reach,
    scripted::{Scene, Scripted, json, text},
    secret::Secret,
    sign_in::testing::application,
};

const PK: &str = "6531f0a7c2d94b3e8f5a1120";
const GET: &str = "GET /api/v1/alerts/6531f0a7c2d94b3e8f5a1120/";
const BENIGN: &str = "POST /api/v1/alerts/close_benign/";
const TRAVEL: Classification =
    Classification::InformationalExpectedActivity(Activity::ConfirmedActivity);
const LIMIT: Duration = Duration::from_secs(10);

fn shown(resolution: i64) -> Value {
    json!({ "_id": PK, "timestamp": 1_700_000_000_000_i64, "resolutionStatusValue": resolution })
}

async fn resolve(
    scenes: Vec<Scene>,
    classification: Classification,
) -> (Scripted, Result<AtSource, DeliveryError>) {
    let server = Scripted::start(scenes).await;
    let settings = CloudAppsSettings {
        base_url: format!("{}/api/v1/", server.address()),
        sign_in: CloudAppsSignIn::Token(Secret::new("k3y")),
        change_within: LIMIT,
    };
    let http = Http::new(Reach::Anywhere, LIMIT).unwrap();
    let source = CloudAppsSource::new(&settings, http).unwrap();
    assert!(!format!("{source:?} {settings:?}").contains("k3y"));
    let alert = Alert::read(&shown(0).to_string()).unwrap();
    let outcome = source.resolve(&alert, classification, Some("travel"), Revision::default()).await;
    (server, outcome)
}

#[tokio::test]
async fn each_classification_is_closed_by_its_own_call() {
    use Classification::{FalsePositive, InformationalExpectedActivity, TruePositive};
    for (classification, call, reason) in [
        (TRAVEL, "benign", Some(5)),
        (InformationalExpectedActivity(Activity::SecurityTesting), "benign", Some(6)),
        (InformationalExpectedActivity(Activity::LineOfBusinessApplication), "benign", Some(4)),
        (InformationalExpectedActivity(Activity::Other), "benign", Some(4)),
        (FalsePositive(FalseAlarm::NotMalicious), "false_positive", Some(3)),
        (FalsePositive(FalseAlarm::NotEnoughDataToValidate), "false_positive", Some(4)),
        (FalsePositive(FalseAlarm::Other), "false_positive", Some(4)),
        (TruePositive(Threat::CompromisedAccount), "true_positive", None),
    ] {
        let line = format!("POST /api/v1/alerts/close_{call}/");
        let count = format!("closed_{call}");
        let scenes = vec![json(GET, 200, shown(0)), json(&line, 200, json!({ count: 1 }))];
        let (server, outcome) = resolve(scenes, classification).await;
        let changed = AtSource::Changed(format!("closed by `close_{call}` (status 200)"));
        assert_eq!(outcome.unwrap(), changed);

        let mut body = json!({
            "filters": { "id": { "eq": [PK] } },
            "comment": "travel",
            "sendFeedback": false,
            "allowContact": false,
        });
        if let Some(reason) = reason {
            body["reasonId"] = json!(reason);
        }
        assert_eq!(server.bodies("POST"), [body], "for {classification:?}");
        assert_eq!(server.lines(), [GET, &line]);
        assert!(server.seen().iter().all(|it| it.headers["authorization"] == "Token k3y"));
    }
}

#[tokio::test]
async fn a_closed_alert_is_left() {
    let malware = Classification::TruePositive(Threat::Malware);
    let no_threat = Classification::FalsePositive(FalseAlarm::Other);
    for (resolution, classification, is_ours) in [
        (4, TRAVEL, true),
        (1, no_threat, true),
        (3, no_threat, true),
        (2, malware, true),
        (5, malware, true),
        (1, TRAVEL, false),
        (2, TRAVEL, false),
        (3, TRAVEL, false),
        (5, TRAVEL, false),
        (4, malware, false),
    ] {
        let (server, outcome) =
            resolve(vec![json(GET, 200, shown(resolution))], classification).await;
        match outcome.unwrap() {
            AtSource::Already => assert!(is_ours, "for {resolution}"),
            AtSource::Overtaken(Some(found)) => {
                assert!(!is_ours, "for {resolution}");
                assert_eq!(found.provider_alert_id.as_deref(), Some(PK));
            }
            other @ (AtSource::Changed(_) | AtSource::Overtaken(None)) => panic!("{other:?}"),
        }
        assert_eq!(server.lines(), [GET]);
    }
}

#[tokio::test]
async fn a_refusal_says_why() {
    let open = || json(GET, 200, shown(0));
    let closed = |body| vec![open(), json(BENIGN, 200, body)];
    refused(
        closed(json!({ "closed_benign": 0, "alertsNotFound": [PK] })),
        &format!("Defender for Cloud Apps did not close alert `{PK}`: it has no such alert"),
    )
    .await;
    let uncounted = format!(
        "Defender for Cloud Apps did not close alert `{PK}`: its answer does not say that it did"
    );
    refused(closed(json!({ "closed_benign": 0 })), &uncounted).await;
    refused(closed(json!({ "closed_true_positive": 1 })), &uncounted).await;
    refused(
        vec![json(GET, 404, json!({ "detail": "Not found." }))],
        &format!("Defender for Cloud Apps has no alert `{PK}`"),
    )
    .await;
    refused(
        vec![json(GET, 401, json!({ "detail": "Invalid token." }))],
        "Defender for Cloud Apps does not accept our API token (Invalid token.): make a new one",
    )
    .await;
    refused(
        vec![json(GET, 200, shown(9))],
        "Defender for Cloud Apps shows the alert in a state that is not known",
    )
    .await;
    refused(
        vec![text(GET, 200, "[]")],
        "Defender for Cloud Apps showed an alert that is not readable",
    )
    .await;
}

async fn refused(scenes: Vec<Scene>, expected: &str) {
    let (_server, outcome) = resolve(scenes, TRAVEL).await;
    let error = outcome.unwrap_err();
    let DeliveryError::Refused { answer, .. } = error else { panic!("{error:?}") };
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn an_answer_that_is_no_word_of_cloud_apps_is_not_believed() {
    let closed = vec![json(GET, 200, shown(0)), text(BENIGN, 200, "<html>")];
    for scenes in [closed, vec![text(GET, 200, "<html>")]] {
        let (_server, outcome) = resolve(scenes, TRAVEL).await;
        let error = outcome.unwrap_err();
        assert!(matches!(error, DeliveryError::Busy { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn closing_is_tried_once_and_looking_is_tried_again() {
    let throttled = || text(BENIGN, 429, "").with("retry-after", "40");
    let scenes = vec![text(GET, 503, ""), json(GET, 200, shown(0)), throttled(), throttled()];
    let (server, outcome) = resolve(scenes, TRAVEL).await;
    let error = outcome.unwrap_err();
    let DeliveryError::Busy { retry_after, .. } = error else { panic!("{error:?}") };
    assert_eq!(retry_after, Some(Duration::from_secs(40)));
    assert_eq!(server.lines(), [GET, GET, BENIGN]);
}

#[tokio::test]
async fn what_is_sent_is_the_documented_request() {
    let scenes = vec![json(GET, 200, shown(0)), json(BENIGN, 200, json!({ "closed_benign": 1 }))];
    let (server, outcome) = resolve(scenes, TRAVEL).await;
    outcome.unwrap();
    let [look, close] = server.seen().try_into().unwrap();
    assert_eq!((look.line.as_str(), look.body.as_str()), (GET, ""));
    assert_eq!(close.line, BENIGN);
    assert_eq!(close.headers["content-type"], "application/json");
    assert_eq!(close.headers["accept"], "application/json");
    assert_eq!(
        close.json(),
        json!({
            "filters": { "id": { "eq": [PK] } },
            "comment": "travel",
            "reasonId": 5,
            "sendFeedback": false,
            "allowContact": false,
        })
    );
}

#[test]
fn the_time_stamp_is_that_of_the_activity() {
    let alert = Alert::read(&shown(0).to_string()).unwrap();
    let timestamp = jiff::Timestamp::from_millisecond(1_700_000_000_000).ok();
    assert_eq!((alert.created, alert.first_activity), (timestamp, timestamp));
}

/// Resolves as the application, with what the token endpoint and Cloud Apps answer
async fn resolve_as_the_application(
    scenes: Vec<Scene>,
) -> (Scripted, Result<AtSource, DeliveryError>) {
    let server = Scripted::start(scenes).await;
    let settings = CloudAppsSettings {
        base_url: format!("{}/api/v1/", server.address()),
        sign_in: CloudAppsSignIn::Application(application(&server)),
        change_within: LIMIT,
    };
    let http = Http::new(Reach::Anywhere, LIMIT).unwrap();
    let source = CloudAppsSource::new(&settings, http).unwrap();
    assert!(!format!("{source:?} {settings:?}").contains("s3cret"));
    let alert = Alert::read(&shown(0).to_string()).unwrap();
    let outcome = source.resolve(&alert, TRAVEL, None, Revision::default()).await;
    (server, outcome)
}

fn token(token: &str) -> Scene {
    json("POST /token", 200, json!({ "access_token": token, "expires_in": 3599 }))
}

#[tokio::test]
async fn the_application_has_a_token_for_cloud_apps_alone() {
    let refused = text(GET, 401, "");
    let closed = json(BENIGN, 200, json!({ "closed_benign": 1 }));
    let scenes = vec![token("t1"), refused, token("t2"), json(GET, 200, shown(0)), closed];
    let (server, outcome) = resolve_as_the_application(scenes).await;
    assert_eq!(
        outcome.unwrap(),
        AtSource::Changed("closed by `close_benign` (status 200)".to_owned())
    );
    let seen = server.seen();
    let scope = "&scope=05a65629-4c1b-48c1-a78b-804c4abdd4af%2F.default";
    assert!(seen[0].body.ends_with(scope), "{}", seen[0].body);
    let bearers: Vec<&str> =
        seen.iter().filter_map(|it| it.headers.get("authorization")?.to_str().ok()).collect();
    assert_eq!(bearers, ["Bearer t1", "Bearer t2", "Bearer t2"]);
}

#[tokio::test]
async fn a_refusal_of_the_application_names_what_is_missing() {
    let no = json(GET, 403, json!({ "detail": "No permission." }));
    let wrong = json!({ "error": "invalid_client", "error_codes": [7_000_222] });
    for (scenes, expected) in [
        (
            vec![token("t1"), no],
            "Defender for Cloud Apps refused (No permission.): grant `Investigation.manage`",
        ),
        (
            vec![json("POST /token", 401, wrong)],
            "sign-in for Defender for Cloud Apps gave no token: the client secret has expired \
             (AADSTS7000222); make a new one for the application and store it where \
             `clientSecret` points",
        ),
    ] {
        let (_, outcome) = resolve_as_the_application(scenes).await;
        let error = outcome.unwrap_err();
        let DeliveryError::Refused { answer, .. } = error else { panic!("{error:?}") };
        assert_eq!(answer, expected);
    }
}
