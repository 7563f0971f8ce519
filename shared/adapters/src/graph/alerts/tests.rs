use std::time::Duration;

use defuse_domain::Activity;

use super::*;
use crate::{
    graph::testing::{graph, problem},
    scripted::{Scene, Scripted, json, text},
};

const GET: &str = "GET /v1.0/security/alerts_v2/ad1";
const PATCH: &str = "PATCH /v1.0/security/alerts_v2/ad1";
const POST: &str = "POST /v1.0/security/alerts_v2/ad1/comments";
const COMMENT: &str = "Legitimate travel. [defuse 1]";
const TRAVEL: Classification =
    Classification::InformationalExpectedActivity(Activity::ConfirmedActivity);
const DECIDED: &str = "2026-11-23T10:00:00Z";
const LATER: &str = "2026-11-23T10:00:00.0000001Z";

/// The alert as Graph shows it: status, classification, determination, last update, comments
fn shown(standing: (&str, &str, &str), updated: &str, comments: &[&str]) -> Value {
    let (status, classification, determination) = standing;
    let comments: Vec<Value> = comments.iter().map(|it| json!({ "comment": it })).collect();
    json!({
        "id": "ad1",
        "status": status,
        "classification": classification,
        "determination": determination,
        "createdDateTime": "2026-11-23T09:00:00Z",
        "lastUpdateDateTime": updated,
        "comments": comments,
    })
}

const NEW: (&str, &str, &str) = ("new", "unknown", "unknown");
const WANTED: (&str, &str, &str) =
    ("resolved", "informationalExpectedActivity", "confirmedActivity");
const OTHERWISE: (&str, &str, &str) = ("resolved", "truePositive", "compromisedAccount");

fn get(standing: (&str, &str, &str), updated: &str, comments: &[&str]) -> Scene {
    json(GET, 200, shown(standing, updated, comments))
}

fn done() -> Vec<Scene> {
    vec![json(PATCH, 200, json!({})), json(POST, 200, answered())]
}

/// Every comment of the alert, as Graph answers to ours
fn answered() -> Value {
    json!({ "value": [{ "comment": "by hand" }, { "comment": COMMENT.replace(' ', "\r\n") }] })
}

fn the_alert() -> Alert {
    Alert::read(&shown(NEW, DECIDED, &[]).to_string()).unwrap()
}

async fn resolve(scenes: Vec<Scene>, alert: &Alert) -> (Scripted, Result<AtSource, DeliveryError>) {
    let (server, graph) = graph(scenes).await;
    let decided = the_alert().revision();
    let outcome = GraphSource::new(graph).resolve(alert, TRAVEL, Some(COMMENT), decided).await;
    (server, outcome)
}

#[tokio::test]
async fn an_alert_is_resolved_and_commented() {
    let scenes = [vec![get(NEW, DECIDED, &["by hand"])], done()].concat();
    let (server, outcome) = resolve(scenes, &the_alert()).await;
    let changed = AtSource::Changed("resolved (status 200), commented (status 200)".to_owned());
    assert_eq!(outcome.unwrap(), changed);
    assert_eq!(server.lines(), [GET, PATCH, POST]);
    assert_eq!(
        server.bodies("PATCH"),
        [json!({
            "status": "resolved",
            "classification": "informationalExpectedActivity",
            "determination": "confirmedActivity",
        })]
    );
    assert_eq!(
        server.bodies("POST"),
        [json!({
            "@odata.type": "microsoft.graph.security.alertComment",
            "comment": COMMENT,
        })]
    );
}

#[tokio::test]
async fn without_a_comment_none_is_made() {
    let (server, graph) = graph([vec![get(NEW, DECIDED, &[])], done()].concat()).await;
    let alert = the_alert();
    let outcome = GraphSource::new(graph).resolve(&alert, TRAVEL, None, alert.revision()).await;
    assert_eq!(outcome.unwrap(), AtSource::Changed("resolved (status 200)".to_owned()));
    assert_eq!(server.lines(), [GET, PATCH]);
}

#[tokio::test]
async fn what_is_as_wanted_is_left() {
    for updated in [DECIDED, LATER] {
        let (server, outcome) =
            resolve(vec![get(WANTED, updated, &["by hand", COMMENT])], &the_alert()).await;
        assert_eq!(outcome.unwrap(), AtSource::Already);
        assert_eq!(server.lines(), [GET]);
    }
}

#[tokio::test]
async fn a_crash_between_change_and_comment_ends_in_one_of_each() {
    let lost = problem(POST, 503, "ServiceUnavailable").with("retry-after", "7");
    let scenes = vec![get(NEW, DECIDED, &[]), json(PATCH, 200, json!({})), lost];
    let (server, outcome) = resolve(scenes, &the_alert()).await;
    let error = outcome.unwrap_err();
    let DeliveryError::Busy { retry_after, .. } = error else { panic!("{error:?}") };
    assert_eq!(retry_after, Some(Duration::from_secs(7)));
    assert_eq!(server.lines(), [GET, PATCH, POST]);

    // Our own change made the alert newer than what was decided on.
    let scenes = [vec![get(WANTED, LATER, &[])], done()].concat();
    let (server, outcome) = resolve(scenes, &the_alert()).await;
    assert_eq!(outcome.unwrap(), AtSource::Changed("commented (status 200)".to_owned()));
    assert_eq!(server.lines(), [GET, POST]);
}

#[tokio::test]
async fn nobodys_change_is_fought() {
    let in_progress = ("inProgress", "unknown", "unknown");
    for (standing, updated, is_overtaken) in [
        (NEW, DECIDED, false),
        (NEW, "2026-11-23T09:59:59Z", false),
        (in_progress, DECIDED, false),
        (NEW, LATER, true),
        (in_progress, LATER, true),
        (OTHERWISE, LATER, true),
        (OTHERWISE, DECIDED, true),
        (("resolved", "unknown", "unknown"), LATER, true),
    ] {
        let scenes = [vec![get(standing, updated, &[])], done()].concat();
        let (server, outcome) = resolve(scenes, &the_alert()).await;
        match outcome.unwrap() {
            AtSource::Overtaken(Some(found)) => {
                assert!(is_overtaken, "for {standing:?} at {updated}");
                assert_eq!(found.id.as_str(), "ad1");
                assert_eq!(server.lines(), [GET]);
            }
            AtSource::Changed(_) => assert!(!is_overtaken, "for {standing:?} at {updated}"),
            other @ (AtSource::Already | AtSource::Overtaken(None)) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn an_alert_that_came_from_cloud_apps_has_other_times() {
    let alert = Alert::read(r#"{ "_id": "6531f0a7c2d94b3e8f5a1120", "timestamp": 1 }"#).unwrap();
    let line = |method: &str, below: &str| {
        format!("{method} /v1.0/security/alerts_v2/ca6531f0a7c2d94b3e8f5a1120{below}")
    };
    for (assigned_to, is_overtaken) in [(Value::Null, false), (json!("lee"), true)] {
        let mut body = shown(NEW, LATER, &[]);
        body["assignedTo"] = assigned_to;
        body["id"] = json!("ca6531f0a7c2d94b3e8f5a1120");
        let scenes = vec![
            json(&line("GET", ""), 200, body),
            json(&line("PATCH", ""), 200, json!({})),
            json(&line("POST", "/comments"), 200, answered()),
        ];
        let (_server, outcome) = resolve(scenes, &alert).await;
        let overtaken = matches!(outcome.unwrap(), AtSource::Overtaken(Some(_)));
        assert_eq!(overtaken, is_overtaken);
    }
}

#[tokio::test]
async fn a_refusal_says_what_to_do() {
    refused(problem(GET, 404, "NotFound"), "Microsoft Graph has no alert `ad1`").await;
    refused(
        problem(GET, 403, "Forbidden"),
        "Microsoft Graph refused (Forbidden: No.): grant `SecurityAlert.ReadWrite.All`",
    )
    .await;
    refused(problem(GET, 400, "BadRequest"), "Microsoft Graph answered 400 (BadRequest: No.)")
        .await;
    refused(text(GET, 410, "gone"), "Microsoft Graph answered 410 (no reason given)").await;
    refused(text(GET, 200, "[]"), "Microsoft Graph showed an alert that is not readable").await;
}

async fn refused(scene: Scene, expected: &str) {
    let (_server, outcome) = resolve(vec![scene], &the_alert()).await;
    let error = outcome.unwrap_err();
    let DeliveryError::Refused { answer, target, .. } = error else { panic!("{error:?}") };
    assert_eq!((answer.as_str(), target.as_str()), (expected, "Microsoft Graph"));
}

#[tokio::test]
async fn what_may_pass_is_busy() {
    for status in [429, 500, 503, 504] {
        let scene = problem(GET, status, "Later").with("retry-after", "3600");
        let (_server, outcome) = resolve(vec![scene], &the_alert()).await;
        let error = outcome.unwrap_err();
        let DeliveryError::Busy { retry_after, .. } = error else { panic!("{error:?}") };
        assert_eq!(retry_after, Some(Duration::from_hours(1)));
    }
}

#[tokio::test]
async fn what_is_no_word_of_graph_is_looked_at_again() {
    for body in ["<html>", "", "{ \"id\":"] {
        let (_server, outcome) = resolve(vec![text(GET, 200, body)], &the_alert()).await;
        let error = outcome.unwrap_err();
        assert!(matches!(error, DeliveryError::Busy { .. }), "{error:?} for {body}");
    }
}

#[tokio::test]
async fn a_comment_that_the_answer_does_not_show_is_not_believed() {
    let other = json!({ "value": [{ "comment": "by hand" }, { "comment": null }, 7] });
    for body in ["<html>", "", "{}", "[]", &other.to_string()] {
        let scenes = vec![get(NEW, DECIDED, &[]), text(POST, 200, body)];
        let (_server, graph) = graph(scenes).await;
        let error = GraphSource::new(graph).comment(&the_alert(), COMMENT).await.unwrap_err();
        assert!(matches!(error, DeliveryError::Busy { .. }), "{error:?} for {body}");
    }
}

#[tokio::test]
async fn a_comment_alone_is_added_once() {
    for (standing, comments, expected) in [
        (NEW, &[][..], AtSource::Changed("commented (status 200)".to_owned())),
        (OTHERWISE, &["Legitimate travel. [defuse 2]"], {
            AtSource::Changed("commented (status 200)".to_owned())
        }),
        (NEW, &["by hand", COMMENT], AtSource::Already),
    ] {
        let scenes = [vec![get(standing, LATER, comments)], done()].concat();
        let (_server, graph) = graph(scenes).await;
        let outcome = GraphSource::new(graph).comment(&the_alert(), COMMENT).await;
        assert_eq!(outcome.unwrap(), expected);
    }
}

/// The alert as it is assigned at Graph, and what comes of assigning it to kim
async fn assign(
    assigned_to: Value,
    then: Vec<Scene>,
) -> (Scripted, Result<AtSource, DeliveryError>) {
    let mut alert = shown(WANTED, LATER, &[]);
    alert["assignedTo"] = assigned_to;
    let (server, graph) = graph([vec![json(GET, 200, alert)], then].concat()).await;
    let outcome = GraphSource::new(graph).assign(&the_alert(), "kim@contoso.example").await;
    (server, outcome)
}

#[tokio::test]
async fn an_alert_that_nobody_has_is_assigned() {
    for nobody in [Value::Null, json!(""), json!("Automation"), json!("Suppression rule")] {
        let (server, outcome) = assign(nobody, vec![json(PATCH, 200, json!({}))]).await;
        assert_eq!(outcome.unwrap(), AtSource::Changed("assigned (status 200)".to_owned()));
        assert_eq!(server.lines(), [GET, PATCH]);
        assert_eq!(server.bodies("PATCH"), [json!({ "assignedTo": "kim@contoso.example" })]);
    }
}

#[tokio::test]
async fn whoever_has_an_alert_keeps_it() {
    let (server, outcome) = assign(json!("KIM@contoso.example"), Vec::new()).await;
    assert_eq!(outcome.unwrap(), AtSource::Already);
    assert_eq!(server.lines(), [GET]);

    for somebody in ["lee@contoso.example", "Lee"] {
        let (server, outcome) = assign(json!(somebody), Vec::new()).await;
        let error = outcome.unwrap_err();
        let DeliveryError::Refused { answer, .. } = error else { panic!("{error:?}") };
        assert_eq!(answer, "somebody else has the alert, and keeps it");
        assert_eq!(server.lines(), [GET]);
    }
}

#[tokio::test]
async fn an_assignment_without_the_permission_names_it() {
    let (_, outcome) = assign(Value::Null, vec![problem(PATCH, 403, "Forbidden")]).await;
    let error = outcome.unwrap_err();
    let DeliveryError::Refused { answer, .. } = error else { panic!("{error:?}") };
    assert_eq!(
        answer,
        "Microsoft Graph refused (Forbidden: No.): grant `SecurityAlert.ReadWrite.All`"
    );
}
