use std::{
    slice::from_ref,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::extract::State;
use defuse_domain::{AutomaticReplies, Risk, RiskLevel, Severity, User};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::sync::Barrier;

use super::*;
use crate::{
    OwnPace,
    graph::testing::{LIMIT, graph, graph_at, problem, token},
    scripted::{Scene, Scripted, json},
};

const ID: &str = "11111111-2222-3333-4444-555555555555";
const ALERTS: &str = "GET /v1.0/security/alerts_v2";

fn now() -> Timestamp {
    "2026-11-23T10:00:00Z".parse().unwrap()
}

fn kim() -> User {
    User { id: Some(ID.to_owned()), ..User::default() }
}

fn named(name: &str) -> User {
    User { principal_name: Some(name.to_owned()), ..User::default() }
}

fn alert(id: &str, created: &str, user_id: &str) -> Value {
    json!({
        "id": id,
        "status": "new",
        "severity": "medium",
        "createdDateTime": created,
        "evidence": [{
            "@odata.type": "#microsoft.graph.security.userEvidence",
            "userAccount": { "azureAdUserId": user_id },
        }],
    })
}

fn facts_of(graph: Graph) -> GraphFacts<OwnPace> {
    GraphFacts::new(graph, OwnPace::default())
}

fn needs(questions: &[Question]) -> Vec<Need> {
    let max_age = SignedDuration::from_mins(15);
    questions.iter().map(|it| Need { question: it.clone(), max_age }).collect()
}

async fn ask(scenes: Vec<Scene>, questions: &[Question]) -> (Scripted, Facts) {
    let (server, graph) = graph(scenes).await;
    let facts = facts_of(graph).answer(&needs(questions), now()).await;
    (server, facts)
}

#[track_caller]
fn reason<'a>(facts: &'a Facts, question: &Question) -> &'a str {
    &facts.get(question).unwrap().answer.as_ref().unwrap_err().reason
}

#[tokio::test]
async fn every_question_is_answered_once() {
    let questions = [
        Question::AutomaticReplies(kim()),
        Question::Risk(kim()),
        Question::Risk(kim()),
        Question::Groups(kim()),
        Question::OpenAlerts(kim()),
        Question::Tags(kim()),
        Question::Risk(User::default()),
    ];
    let replies = format!("GET /v1.0/users/{ID}/mailboxSettings/automaticRepliesSetting");
    let groups = format!("GET /v1.0/users/{ID}/transitiveMemberOf/microsoft.graph.group");
    let risk = format!("GET /v1.0/identityProtection/riskyUsers/{ID}");
    let (server, facts) = ask(
        vec![
            json(&replies, 200, json!({ "status": "disabled" })),
            json(&risk, 200, json!({ "riskLevel": "high", "riskState": "confirmedCompromised" })),
            json(&groups, 200, json!({ "value": [{ "id": "1", "displayName": "Exec" }] })),
            json(ALERTS, 200, json!({ "value": [] })),
        ],
        &questions,
    )
    .await;

    let [replies, risk, _, groups, alerts, tags, nobody] = &questions;
    let known = |question| facts.get(question).unwrap().answer.clone();
    assert_eq!(known(replies), Ok(Answer::AutomaticReplies(AutomaticReplies::Disabled)));
    let high = Risk { level: RiskLevel::High, confirmed_compromised: true };
    assert_eq!(known(risk), Ok(Answer::Risk(high)));
    let exec = BTreeSet::from(["1".to_owned(), "Exec".to_owned()]);
    assert_eq!(known(groups), Ok(Answer::Groups(exec)));
    assert_eq!(known(alerts), Ok(Answer::OpenAlerts(Vec::new())));
    assert_eq!(reason(&facts, tags), "notConfigured");
    assert_eq!(reason(&facts, nobody), "userNotNamed");
    assert_eq!(facts.iter().count(), 6);
    assert!(facts.iter().all(|it| it.source == "Microsoft Graph" && it.read == now()));
    let mut lines = server.lines();
    lines.sort();
    let filter = "createdDateTime%20ge%202026-10-24T10%3A00%3A00Z%20and%20status%20ne%20%27\
                  resolved%27";
    assert_eq!(
        lines,
        [
            format!("GET /v1.0/identityProtection/riskyUsers/{ID}"),
            format!("{ALERTS}?$filter={filter}"),
            format!("GET /v1.0/users/{ID}/mailboxSettings/automaticRepliesSetting"),
            format!(
                "GET /v1.0/users/{ID}/transitiveMemberOf/microsoft.graph.group\
                 ?$select=id%2CdisplayName&$count=true"
            ),
        ]
    );
    for request in server.seen().iter().filter(|it| it.line.starts_with("GET")) {
        assert_eq!(request.headers["authorization"], "Bearer t1");
        assert_eq!(request.headers["accept"], "application/json");
        assert_eq!(request.headers["consistencylevel"], "eventual");
        assert_eq!(request.headers["prefer"], "include-unknown-enum-members");
        assert_eq!(request.body, "");
    }
}

#[tokio::test]
async fn more_questions_than_are_asked_at_once_are_all_answered() {
    let questions: Vec<Question> =
        (0..11).map(|it| Question::AutomaticReplies(named(&format!("u{it}")))).collect();
    let (_server, facts) = ask(Vec::new(), &questions).await;
    assert_eq!(facts.iter().count(), 11);
    assert!(questions.iter().all(|it| reason(&facts, it) == "unavailable"));
}

/// Answers four requests when four are there, and remembers how many were
async fn four_at_a_time(State((gate, n_now, n_max)): State<Gate>) -> axum::Json<Value> {
    let n = n_now.fetch_add(1, Ordering::SeqCst) + 1;
    n_max.fetch_max(n, Ordering::SeqCst);
    gate.wait().await;
    n_now.fetch_sub(1, Ordering::SeqCst);
    axum::Json(json!({ "status": "disabled" }))
}

type Gate = (Arc<Barrier>, Arc<AtomicUsize>, Arc<AtomicUsize>);

#[tokio::test]
async fn four_questions_are_asked_at_once() {
    let gate: Gate = (Arc::new(Barrier::new(AT_ONCE_MAX)), Arc::default(), Arc::default());
    let n_max = Arc::clone(&gate.2);
    let token = || async { axum::Json(json!({ "access_token": "t", "expires_in": 3599 })) };
    let router = axum::Router::new()
        .route("/token", axum::routing::post(token))
        .fallback(four_at_a_time)
        .with_state(gate);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });

    let questions: Vec<Question> =
        (0..12).map(|it| Question::AutomaticReplies(named(&format!("u{it}")))).collect();
    let graph = graph_at(&Scripted::start(Vec::new()).await.at(&address), LIMIT);
    let facts = facts_of(graph).answer(&needs(&questions), now()).await;

    assert!(facts.iter().all(|it| it.answer.is_ok()), "{facts:?}");
    assert_eq!(n_max.load(Ordering::SeqCst), AT_ONCE_MAX);
}

#[tokio::test]
async fn what_has_no_answer_in_time_is_unknown() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Scripted::start(vec![token("t1")]).await;
    let question = Question::AutomaticReplies(named("kim"));
    let slow = problem(
        "GET /v1.0/users/kim/mailboxSettings/automaticRepliesSetting",
        429,
        "TooManyRequests",
    );
    server.then(vec![slow.with("retry-after", "60")]);
    let facts = facts_of(graph_at(&server, LIMIT)).answer(&needs(from_ref(&question)), now()).await;
    assert_eq!(reason(&facts, &question), "throttled");

    let address = format!("http://{}", silent.local_addr().unwrap());
    let graph = graph_at(&server.at(&address), Duration::from_millis(300));
    let facts = facts_of(graph).answer(&needs(from_ref(&question)), now()).await;
    assert_eq!(reason(&facts, &question), "timedOut");
}

#[tokio::test]
async fn open_alerts_of_a_user_known_by_id_are_picked_here() {
    let question = Question::OpenAlerts(kim());
    let mut resolved = alert("c", "2026-11-22T00:00:00Z", ID);
    resolved["status"] = json!("resolved");
    let page = json!({ "value": [
        alert("a", "2026-11-20T00:00:00Z", ID),
        alert("b", "2026-11-21T00:00:00Z", "somebody else"),
        resolved,
        alert("d", "2026-11-22T00:00:00Z", &ID.to_uppercase()),
    ] });
    let (server, facts) = ask(vec![json(ALERTS, 200, page)], from_ref(&question)).await;

    let Ok(Answer::OpenAlerts(open)) = &facts.get(&question).unwrap().answer else { panic!() };
    let ids: Vec<&str> = open.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, ["d", "a"]);
    assert_eq!(open[0].severity, Some(Severity::Medium));
    assert_eq!(
        server.lines(),
        [format!(
            "{ALERTS}?$filter=createdDateTime%20ge%202026-10-24T10%3A00%3A00Z%20and%20status\
             %20ne%20%27resolved%27"
        )]
    );
}

#[tokio::test]
async fn open_alerts_end_at_their_limit() {
    let question = Question::OpenAlerts(named("kim@contoso.example"));
    let (server, graph) = graph(Vec::new()).await;
    let next = format!("{}/v1.0/security/alerts_v2?$skip=60", server.address());
    let page = |from: u32| {
        let alerts =
            (from..from + 60).map(|it| alert(&format!("a{it}"), "2026-11-20T00:00:00Z", ID));
        let value: Vec<Value> = alerts.collect();
        json(ALERTS, 200, json!({ "value": value, "@odata.nextLink": next }))
    };
    server.then(vec![page(0), page(60), page(120)]);
    let facts = facts_of(graph).answer(&needs(from_ref(&question)), now()).await;

    let Ok(Answer::OpenAlerts(open)) = &facts.get(&question).unwrap().answer else { panic!() };
    assert_eq!(open.len(), defuse_domain::OPEN_ALERTS_MAX);
    assert_eq!(server.lines().len(), 2);
}

#[tokio::test]
async fn an_open_alert_that_cannot_be_read_makes_all_unknown() {
    let question = Question::OpenAlerts(named("kim@contoso.example"));
    for odd in [json!({ "title": "no id" }), json!(3), json!({ "id": "a", "status": "new" })] {
        let page = json!({ "value": [alert("a", "2026-11-20T00:00:00Z", ID), odd] });
        let (_, facts) = ask(vec![json(ALERTS, 200, page)], from_ref(&question)).await;
        assert_eq!(reason(&facts, &question), "unreadable");
    }
    let refused = problem(ALERTS, 403, "Forbidden");
    let (_, facts) = ask(vec![refused], from_ref(&question)).await;
    assert_eq!(reason(&facts, &question), "refused");
}
