use std::sync::atomic::{AtomicUsize, Ordering};

use defuse_flow::StoreError;
use serde_json::json;

use super::*;
use crate::{
    OwnPace,
    graph::testing::{LIMIT, graph, problem, token},
    scripted::{Scene, json, text},
};

const KIM: &str = "11111111-2222-3333-4444-555555555555";
const REPLIES: &str = "GET /v1.0/users/kim@contoso.example/mailboxSettings/automaticRepliesSetting";
const RISK_OF_KIM: &str =
    "GET /v1.0/identityProtection/riskyUsers/11111111-2222-3333-4444-555555555555";
const GROUPS_OF_KIM: &str = "GET /v1.0/users/kim/transitiveMemberOf/microsoft.graph.group";

fn deadline() -> Deadline {
    Deadline::within(LIMIT)
}

fn user(id: Option<&str>, name: Option<&str>) -> User {
    let owned = |it: Option<&str>| it.map(str::to_owned);
    User { id: owned(id), principal_name: owned(name), account_name: None }
}

#[tokio::test]
async fn why_automatic_replies_are_not_known() {
    replies(problem(REPLIES, 404, "MailboxNotEnabledForRESTAPI"), "mailboxMissing").await;
    replies(problem(REPLIES, 404, "ErrorItemNotFound"), "mailboxMissing").await;
    replies(text(REPLIES, 404, ""), "mailboxMissing").await;
    replies(problem(REPLIES, 404, "ErrorInvalidUser"), "userMissing").await;
    replies(problem(REPLIES, 404, "Request_ResourceNotFound"), "userMissing").await;
    replies(problem(REPLIES, 403, "ErrorAccessDenied"), "refused").await;
    replies(problem(REPLIES, 400, "BadRequest"), "unreadable").await;
    replies(problem(REPLIES, 501, "NotImplemented"), "unavailable").await;
    replies(text(REPLIES, 200, "<html>"), "unreadable").await;
    replies(text(REPLIES, 200, r#"{"status":"perhaps"}"#), "unreadable").await;
    replies(text(REPLIES, 302, ""), "unreadable").await;
    // Waiting longer than there is time for.
    let later = |status| problem(REPLIES, status, "Later").with("retry-after", "3600");
    replies(later(429), "throttled").await;
    replies(later(503), "unavailable").await;
}

async fn replies(scene: Scene, reason: &str) {
    let shown = format!("{scene:?}");
    let (_server, graph) = graph(vec![scene]).await;
    let known = automatic_replies(&graph, "kim@contoso.example", deadline()).await;
    assert_eq!(known.unwrap_err().reason, reason, "for {shown}");
}

#[tokio::test]
async fn a_refusal_names_the_permission() {
    let (_server, graph) = graph(vec![problem(REPLIES, 403, "ErrorAccessDenied")]).await;
    let known = automatic_replies(&graph, "kim@contoso.example", deadline()).await;
    assert_eq!(
        known.unwrap_err().detail.as_deref(),
        Some("Microsoft Graph refused (ErrorAccessDenied): grant `MailboxSettings.Read`")
    );
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_is_not_asked_for() {
    let (server, graph) = graph(Vec::new()).await;
    let known = automatic_replies(&graph, "..", deadline()).await;
    assert_eq!(known.unwrap_err().reason, "userNotNamed");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn risk_is_asked_for_by_id() {
    let at_risk = || json(RISK_OF_KIM, 200, json!({ "riskLevel": "low", "riskState": "atRisk" }));
    let low = Ok(Risk { level: RiskLevel::Low, confirmed_compromised: false });
    let found = |key| json(&format!("GET /v1.0/users/{key}"), 200, json!({ "id": KIM }));

    risk_is(user(Some(KIM), None), vec![at_risk()], low).await;
    risk_is(user(None, Some("kim")), vec![found("kim"), at_risk()], low).await;
    // An id that is not the directory's own: asked for by that, nobody is at risk.
    risk_is(user(Some("12345"), Some("kim")), vec![found("kim"), at_risk()], low).await;
    risk_is(user(Some("12345"), None), vec![found("12345"), at_risk()], low).await;
    let missing = problem("GET /v1.0/users/kim", 404, "Request_ResourceNotFound");
    risk_is(user(None, Some("kim")), vec![missing], Err("userMissing")).await;
    let refused = problem("GET /v1.0/users/kim", 403, "Authorization_RequestDenied");
    risk_is(user(None, Some("kim")), vec![refused], Err("refused")).await;
    let nameless = json("GET /v1.0/users/kim", 200, json!({ "id": null }));
    risk_is(user(None, Some("kim")), vec![nameless], Err("unreadable")).await;
    risk_is(user(None, None), Vec::new(), Err("userNotNamed")).await;
}

#[tokio::test]
async fn only_graph_itself_can_say_never_at_risk() {
    let kim = || user(Some(KIM), None);
    let none = Ok(Risk { level: RiskLevel::None, confirmed_compromised: false });
    risk_is(kim(), vec![problem(RISK_OF_KIM, 404, "NotFound")], none).await;
    risk_is(kim(), vec![text(RISK_OF_KIM, 404, "<html>")], Err("unreadable")).await;
    risk_is(kim(), vec![text(RISK_OF_KIM, 404, "")], Err("unreadable")).await;
    risk_is(kim(), vec![problem(RISK_OF_KIM, 403, "Forbidden")], Err("refused")).await;
    let body = json!({ "error": {
        "code": "Forbidden", "message": "Your tenant is not licensed for this feature.",
    } });
    risk_is(kim(), vec![json(RISK_OF_KIM, 403, body)], Err("notLicensed")).await;
}

#[tokio::test]
async fn a_risk_is_asked_for_again_in_a_turn_of_its_own() {
    let busy = || problem(RISK_OF_KIM, 429, "TooManyRequests");
    let answer = json(RISK_OF_KIM, 200, json!({ "riskLevel": "low", "riskState": "atRisk" }));
    let (server, graph) = graph(vec![busy(), answer]).await;
    let pace = Counted::default();
    let known = risk(&graph, &pace, &user(Some(KIM), None), deadline()).await;
    assert_eq!(known.map(|it| it.level), Ok(RiskLevel::Low));
    assert_eq!((server.lines().len(), pace.n_taken()), (2, 2));

    server.then((0..9).map(|_| busy()).collect());
    let known = risk(&graph, &pace, &user(Some(KIM), None), deadline()).await;
    assert_eq!(known.unwrap_err().reason, "throttled");
    assert_eq!((server.lines().len(), pace.n_taken()), (5, 5));
}

#[tokio::test]
async fn a_token_that_is_not_accepted_costs_a_turn_too() {
    let answer = json(RISK_OF_KIM, 200, json!({ "riskLevel": "low", "riskState": "atRisk" }));
    let refused = problem(RISK_OF_KIM, 401, "InvalidAuthenticationToken");
    let (server, graph) = graph(vec![refused, token("t2"), answer]).await;
    let pace = Counted::default();
    let known = risk(&graph, &pace, &user(Some(KIM), None), deadline()).await;
    assert_eq!(known.map(|it| it.level), Ok(RiskLevel::Low));
    assert_eq!((server.lines().len(), pace.n_taken()), (2, 2));
}

#[tokio::test]
async fn without_a_turn_nobody_is_asked() {
    let (server, graph) = graph(Vec::new()).await;
    let none = Counted { n_left: Some(0), ..Counted::default() };
    let known = risk(&graph, &none, &user(Some(KIM), None), deadline()).await;
    assert_eq!(known.unwrap_err().reason, "throttled");
    assert!(server.seen().is_empty());
}

/// Gives turns at once, and counts them
#[derive(Debug, Default)]
struct Counted {
    n_taken: AtomicUsize,
    n_left: Option<usize>,
}

impl Counted {
    fn n_taken(&self) -> usize {
        self.n_taken.load(Ordering::SeqCst)
    }
}

impl Pace for Counted {
    async fn turn(&self, _: Rate, _: Duration, now: Timestamp) -> Result<Turn, StoreError> {
        if self.n_left == Some(self.n_taken()) {
            return Ok(Turn::TooLate { free: now });
        }
        self.n_taken.fetch_add(1, Ordering::SeqCst);
        Ok(Turn::Now)
    }
}

async fn risk_is(user: User, scenes: Vec<Scene>, expected: Result<Risk, &str>) {
    let shown = format!("{user:?} {scenes:?}");
    let (_server, graph) = graph(scenes).await;
    let known = risk(&graph, &OwnPace::default(), &user, deadline()).await;
    let known = known.as_ref().map(|it| *it).map_err(|it| it.reason.as_str());
    assert_eq!(known, expected, "for {shown}");
}

#[test]
fn a_risky_user_is_read_or_unknown() {
    let read = |level: Value, state: Value| {
        let risk = read_risky_user(&json!({ "id": KIM, "riskLevel": level, "riskState": state }));
        risk.map(|it| (it.level, it.confirmed_compromised)).map_err(|it| it.reason)
    };
    for (level, expected) in [
        ("none", RiskLevel::None),
        ("low", RiskLevel::Low),
        ("medium", RiskLevel::Medium),
        ("high", RiskLevel::High),
        ("High", RiskLevel::High),
    ] {
        for state in ["none", "confirmedSafe", "remediated", "dismissed", "atRisk"] {
            assert_eq!(read(json!(level), json!(state)), Ok((expected, false)));
        }
        let compromised = json!("confirmedCompromised");
        assert_eq!(read(json!(level), compromised), Ok((expected, true)));
    }
    let because = |reason: &str| Err(reason.to_owned());
    assert_eq!(read(json!("hidden"), json!("atRisk")), because("notLicensed"));
    assert_eq!(read(json!("unknownFutureValue"), json!("atRisk")), because("unreadable"));
    assert_eq!(read(json!("low"), json!("unknownFutureValue")), because("unreadable"));
    assert_eq!(read(Value::Null, json!("atRisk")), because("unreadable"));
    assert_eq!(read(json!("low"), Value::Null), because("unreadable"));
    assert_eq!(read(json!(2), json!("atRisk")), because("unreadable"));
    assert_eq!(read_risky_user(&json!([])).unwrap_err().reason, "unreadable");
}

#[tokio::test]
async fn groups_are_read_to_the_last_page() {
    let (server, graph) = graph(Vec::new()).await;
    let next = format!("{}/v1.0/next?$skiptoken=2", server.address());
    server.then(vec![
        json(
            GROUPS_OF_KIM,
            200,
            json!({ "value": [{ "id": "1", "displayName": "Exec" }], "@odata.nextLink": next }),
        ),
        json("GET /v1.0/next", 200, json!({ "value": [{ "id": "2", "displayName": "All" }] })),
    ]);
    let known = groups(&graph, "kim", deadline()).await.unwrap();
    assert_eq!(known, BTreeSet::from(["1", "2", "All", "Exec"].map(str::to_owned)));
    assert_eq!(
        server.lines(),
        [
            format!("{GROUPS_OF_KIM}?$select=id%2CdisplayName&$count=true"),
            "GET /v1.0/next?$skiptoken=2".to_owned(),
        ]
    );
}

#[tokio::test]
async fn a_list_that_leads_elsewhere_or_never_ends_is_unknown() {
    for link in ["https://evil.example/v1.0/next", "/next", "http://127.0.0.1:1/v1.0/next"] {
        let page = json!({ "value": [], "@odata.nextLink": link });
        let (server, graph) = graph(vec![json(GROUPS_OF_KIM, 200, page)]).await;
        let known = groups(&graph, "kim", deadline()).await;
        assert_eq!(known.unwrap_err().reason, "unreadable", "for {link}");
        assert_eq!(server.lines().len(), 1);
    }

    let (server, graph) = graph(Vec::new()).await;
    let next =
        format!("{}/v1.0/users/kim/transitiveMemberOf/microsoft.graph.group", server.address());
    let page = || json(GROUPS_OF_KIM, 200, json!({ "value": [], "@odata.nextLink": next }));
    server.then((0..60).map(|_| page()).collect());
    let known = groups(&graph, "kim", deadline()).await.unwrap_err();
    assert_eq!(known.detail.as_deref(), Some("the list has more than 50 pages"));
    assert_eq!(server.lines().len(), 50);
}

#[test]
fn groups_are_ids_and_names() {
    let read = |list: Value| {
        let groups = read_member_of(&list).map_err(|it| it.reason);
        groups.map(|it| it.into_iter().collect::<Vec<_>>().join(","))
    };
    let because = |reason: &str| Err(reason.to_owned());
    assert_eq!(read(json!({ "value": [{ "id": "1", "displayName": "B" }] })), Ok("1,B".into()));
    assert_eq!(read(json!([{ "id": "1" }, "Exec", { "id": "1" }])), Ok("1,Exec".into()));
    assert_eq!(read(json!([])), Ok(String::new()));
    assert_eq!(read(json!({ "value": [{ "displayName": "B" }] })), because("unreadable"));
    assert_eq!(read(json!({ "value": [{ "id": "1", "displayName": 3 }] })), because("unreadable"));
    assert_eq!(read(json!({ "value": [{ "id": "1", "displayName": null }] })), because("refused"));
    assert_eq!(read(json!({ "value": null })), because("unreadable"));
    assert_eq!(read(json!({ "value": [null] })), because("unreadable"));
    assert_eq!(read(json!({})), because("unreadable"));
    assert_eq!(read(Value::Null), because("unreadable"));
}
