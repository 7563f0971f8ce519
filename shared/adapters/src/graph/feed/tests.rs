use serde_json::{Value, json};

use super::*;
use crate::{
    graph::testing::{graph, problem, token},
    scripted::{Scene, Scripted, json as scene, text},
};

const DATE: &str = "Mon, 23 Nov 2026 10:00:07 GMT";
const SLICE: Window =
    Window::Created { from: at(1_795_000_000), until: at(1_795_000_000 + 24 * 3_600) };
const FIRST_SLICE: &str = "GET /v1.0/security/alerts_v2?$filter=createdDateTime%20ge%20\
    2026-11-18T11%3A06%3A40.000Z%20and%20createdDateTime%20lt%202026-11-19T11%3A06%3A40.000Z&$top=100";
const SINCE: Window = Window::ChangedSince(at(1_795_000_000));
const FIRST_SINCE: &str = "GET /v1.0/security/alerts_v2?$filter=lastUpdateDateTime%20ge%20\
    2026-11-18T11%3A06%3A40.000Z&$top=100";

const fn at(second: i64) -> Timestamp {
    Timestamp::constant(second, 0)
}

fn alert(id: &str) -> Value {
    let time = "2026-11-18T12:00:00.1234567Z";
    json!({ "id": id, "createdDateTime": time, "lastUpdateDateTime": time })
}

fn page(request: &str, alerts: Vec<Value>, link: Option<&str>) -> Scene {
    let mut body = json!({ "@odata.context": "x", "value": alerts });
    if let Some(link) = link {
        body["@odata.nextLink"] = json!(link);
    }
    scene(request, 200, body).with("date", DATE)
}

async fn feed(scenes: Vec<Scene>) -> (Scripted, GraphFeed) {
    let (server, graph) = graph(scenes).await;
    (server, GraphFeed::new(graph))
}

fn ids(page: &FeedPage) -> Vec<String> {
    page.items.iter().flatten().map(|it| it.id.to_string()).collect()
}

#[tokio::test]
async fn pages_are_asked_for_as_graph_wants_it() {
    let (server, feed) = feed(vec![]).await;
    let link = format!("{}/v1.0/security/alerts_v2?$skiptoken=a%2Bb%3D&$top=100", server.address());
    let following = "GET /v1.0/security/alerts_v2?$skiptoken=a%2Bb%3D&$top=100";
    server.then(vec![
        page(FIRST_SLICE, vec![alert("a"), alert("b")], Some(&link)),
        page(following, vec![alert("c")], None),
        page(FIRST_SINCE, vec![], None),
    ]);

    let first = feed.read(SLICE, None).await.unwrap();
    assert_eq!(ids(&first), ["a", "b"]);
    assert_eq!(first.clock, Some("2026-11-23T10:00:07Z".parse().unwrap()));
    let last = feed.read(SLICE, first.next.as_deref()).await.unwrap();
    assert_eq!((ids(&last), &last.next), (vec!["c".to_owned()], &None));
    assert_eq!(feed.read(SINCE, None).await.unwrap().next, None);

    assert_eq!(server.lines(), [FIRST_SLICE, following, FIRST_SINCE]);
    for seen in server.seen().iter().filter(|it| it.line.starts_with("GET")) {
        assert_eq!(seen.headers["authorization"], "Bearer t1");
        assert_eq!(seen.headers["prefer"], "include-unknown-enum-members");
        assert_eq!(
            (seen.headers["accept"].as_bytes(), seen.body.as_str()),
            (&b"application/json"[..], "")
        );
    }
}

#[tokio::test]
async fn one_unreadable_alert_does_not_sink_the_page() {
    let items = vec![alert("a"), json!({ "title": "no id" }), json!(7), alert("b")];
    let (_server, feed) = feed(vec![page(FIRST_SINCE, items, None)]).await;
    let page = feed.read(SINCE, None).await.unwrap();
    assert_eq!(ids(&page), ["a", "b"]);
    let raw: Vec<&str> =
        page.items.iter().filter_map(|it| it.as_ref().err()).map(|it| it.raw.as_str()).collect();
    assert_eq!(raw, ["{\"title\":\"no id\"}", "7"]);
}

#[tokio::test]
async fn a_full_page_without_a_link_is_read_in_halves() {
    let full: Vec<Value> = (0..100).map(|it| alert(&it.to_string())).collect();
    let halves = [
        "GET /v1.0/security/alerts_v2?$filter=createdDateTime%20ge%202026-11-18T11%3A06%3A40.000Z\
         %20and%20createdDateTime%20lt%202026-11-18T23%3A06%3A40.000Z&$top=100",
        "GET /v1.0/security/alerts_v2?$filter=createdDateTime%20ge%202026-11-18T23%3A06%3A40.000Z\
         %20and%20createdDateTime%20lt%202026-11-19T11%3A06%3A40.000Z&$top=100",
    ];
    let (server, feed) = feed(vec![
        page(FIRST_SLICE, full, None),
        page(halves[0], vec![alert("a")], None),
        page(halves[1], vec![alert("b")], None),
    ])
    .await;

    let mut page = feed.read(SLICE, None).await.unwrap();
    assert_eq!(page.items.len(), 100);
    for id in ["a", "b"] {
        page = feed.read(SLICE, page.next.as_deref()).await.unwrap();
        assert_eq!(ids(&page), [id]);
    }
    assert_eq!(
        (page.next, server.lines()),
        (None, vec![FIRST_SLICE.to_owned(), halves[0].to_owned(), halves[1].to_owned()])
    );
}

#[tokio::test]
async fn a_link_that_is_refused_is_replaced_by_halves() {
    let (server, feed) = feed(vec![]).await;
    let link = format!("{}/v1.0/security/alerts_v2?$skip=600", server.address());
    server.then(vec![
        page(FIRST_SINCE, vec![alert("a")], Some(&link)),
        problem("GET /v1.0/security/alerts_v2?$skip=600", 400, "BadRequest").with("date", DATE),
    ]);
    let first = feed.read(SINCE, None).await.unwrap();
    let refused = feed.read(SINCE, first.next.as_deref()).await.unwrap();
    assert!(refused.items.is_empty());

    // The clock stood at 10:00:07 on the 23rd; the later half has no end.
    let middle = "2026-11-20T22%3A33%3A23.500Z";
    let halves = [
        format!(
            "{}%20and%20lastUpdateDateTime%20lt%20{middle}&$top=100",
            FIRST_SINCE.trim_end_matches("&$top=100")
        ),
        format!("GET /v1.0/security/alerts_v2?$filter=lastUpdateDateTime%20ge%20{middle}&$top=100"),
    ];
    server.then(halves.iter().map(|it| page(it, vec![], None)).collect());
    let half = feed.read(SINCE, refused.next.as_deref()).await.unwrap();
    assert_eq!(feed.read(SINCE, half.next.as_deref()).await.unwrap().next, None);
    assert_eq!(server.lines()[2..], halves);
}

#[tokio::test]
async fn the_token_goes_nowhere_else() {
    for link in ["https://elsewhere.example/v1.0/security/alerts_v2?$skip=1", "not a link", "//x"] {
        let (server, feed) = feed(vec![page(FIRST_SINCE, vec![alert("a")], Some(link))]).await;
        let error = feed.read(SINCE, None).await.unwrap_err();
        assert!(
            error.said.contains("is not readable: the link to the next page"),
            "{}",
            error.said
        );
        assert_eq!(server.lines(), [FIRST_SINCE]);
    }
}

#[tokio::test]
async fn what_is_no_page_says_what_to_do() {
    check(
        problem(FIRST_SINCE, 403, "Forbidden"),
        "Microsoft Graph refused (Forbidden: No.): grant `SecurityAlert.Read.All`",
        None,
    )
    .await;
    check(
        problem(FIRST_SINCE, 400, "BadRequest"),
        "Microsoft Graph answered 400 (BadRequest: No.)",
        None,
    )
    .await;
    check(
        problem(FIRST_SINCE, 429, "TooManyRequests").with("retry-after", "17"),
        "Microsoft Graph is busy or out of reach: answered with status 429: TooManyRequests: No.",
        Some(Duration::from_secs(17)),
    )
    .await;
    check(
        problem(FIRST_SINCE, 503, "x"),
        "Microsoft Graph is busy or out of reach: answered with status 503: x: No.",
        None,
    )
    .await;
    check(
        text(FIRST_SINCE, 200, "<html>"),
        "a page of alerts of Microsoft Graph is not readable: expected value at line 1 column 1",
        None,
    )
    .await;
    check(scene(FIRST_SINCE, 200, json!({ "value": {} })), "a page of alerts of Microsoft Graph is not readable: invalid type: map, expected a sequence at line 1 column 9", None).await;
}

async fn check(scene: Scene, said: &str, retry_after: Option<Duration>) {
    let (server, feed) = feed(vec![scene]).await;
    server.then(vec![token("t2")]);
    let error = feed.read(SINCE, None).await.unwrap_err();
    assert_eq!((error.said.as_str(), error.retry_after), (said, retry_after));
    // It is asked once: whether to ask again is for who keeps the rate.
    assert_eq!(server.lines(), [FIRST_SINCE]);
}

#[test]
fn halves_end() {
    let narrow = Span { from: at(7), until: Some(Timestamp::constant(7, 1_000_000)) };
    let mut left = Left { link: None, spans: VecDeque::from([narrow]) };
    left.halve(narrow, Some(at(9)), None);
    assert_eq!(left.next(), None);

    let endless = Span { from: at(7), until: None };
    let mut left = Left { link: None, spans: VecDeque::from([endless]) };
    left.halve(endless, None, None);
    assert_eq!(left.next(), None);
}
