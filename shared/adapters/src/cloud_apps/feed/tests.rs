use serde_json::json;

use super::*;
use crate::{
    CloudAppsSignIn,
    cloud_apps::CloudAppsSettings,
    http::{Http, Reach},
    scripted::{Scene, Scripted, json as scene, text},
    secret::Secret,
};

const POST: &str = "POST /api/v1/alerts/";
const LIMIT_S: Duration = Duration::from_secs(10);
const DATE: &str = "Mon, 23 Nov 2026 10:00:07 GMT";

fn since() -> Window {
    Window::ChangedSince("2026-11-20T10:00:00.5Z".parse().unwrap())
}

fn slice() -> Window {
    let [from, until] =
        ["2026-11-20T10:00:00Z", "2026-11-21T10:00:00Z"].map(|it| it.parse().unwrap());
    Window::Created { from, until }
}

fn page(dates: &[i64], has_next: bool) -> Scene {
    let alerts = dates.iter().enumerate().map(|(index, date)| {
        json!({ "_id": format!("6531f0a7c2d94b3e8f5a{index:04}"), "timestamp": date })
    });
    let alerts: Vec<Value> = alerts.collect();
    scene(POST, 200, json!({ "data": alerts, "hasNext": has_next, "total": 9 })).with("date", DATE)
}

async fn feed(scenes: Vec<Scene>) -> (Scripted, CloudAppsFeed) {
    let server = Scripted::start(scenes).await;
    let settings = CloudAppsSettings {
        base_url: format!("{}/api/v1", server.address()),
        sign_in: CloudAppsSignIn::Token(Secret::new("k3y")),
        change_within: LIMIT_S,
    };
    let http = Http::new(Reach::Anywhere, LIMIT_S).unwrap();
    (server, CloudAppsFeed::new(CloudAppsSource::new(&settings, http).unwrap()))
}

/// Reads to the end, and gives the bodies that were sent
async fn bodies(window: Window, scenes: Vec<Scene>) -> Vec<Value> {
    let n_pages = scenes.len();
    let (server, feed) = feed(scenes).await;
    let mut next = None;
    for number in 1..=n_pages {
        let page = feed.read(window, next.as_deref()).await.unwrap();
        assert_eq!(page.next.is_some(), number < n_pages, "page {number}");
        next = page.next;
    }
    server.bodies("POST")
}

fn body(filters: Value, skip: u64) -> Value {
    json!({ "filters": filters, "sortField": "date", "sortDirection": "asc", "skip": skip, "limit": 100 })
}

#[tokio::test]
async fn following_reads_alerts_by_date_and_then_those_that_were_closed() {
    let (d, e) = (1_795_168_900_000_i64, 1_795_168_901_000_i64);
    let scenes = vec![page(&[d, e, e], true), page(&[e], false), page(&[d], false)];
    let at = 1_795_168_800_500_i64;
    assert_eq!(
        bodies(since(), scenes).await,
        [
            body(json!({ "date": { "gte": at } }), 0),
            body(json!({ "date": { "gte": e } }), 2),
            body(json!({ "resolutionDate": { "gte": at } }), 0),
        ]
    );
}

#[tokio::test]
async fn a_slice_ends_before_the_next_begins() {
    let (from, last) = (1_795_168_800_000_i64, 1_795_255_199_999_i64);
    let scenes = vec![page(&[from + 5], true), page(&[from + 5], true), page(&[], false)];
    assert_eq!(
        bodies(slice(), scenes).await,
        [
            body(json!({ "date": { "gte": from, "lte": last } }), 0),
            body(json!({ "date": { "gte": from + 5, "lte": last } }), 1),
            // All of one time: then it is counted.
            body(json!({ "date": { "gte": from + 5, "lte": last } }), 2),
        ]
    );
}

#[tokio::test]
async fn a_page_in_another_order_is_gone_on_by_counting() {
    let from = 1_795_168_800_000_i64;
    let bodies =
        bodies(slice(), vec![page(&[from + 9, from + 5], true), page(&[from + 1], false)]).await;
    assert_eq!(bodies[1]["filters"]["date"]["gte"], from);
    assert_eq!(bodies[1]["skip"], 2);
}

#[tokio::test]
async fn the_request_is_as_cloud_apps_wants_it() {
    let (server, feed) = feed(vec![page(&[1], false)]).await;
    let page = feed.read(since(), None).await.unwrap();
    assert_eq!(page.clock, Some("2026-11-23T10:00:07Z".parse().unwrap()));
    let seen = &server.seen()[0];
    assert_eq!(seen.line, POST);
    assert_eq!(seen.headers["authorization"], "Token k3y");
    assert_eq!(seen.headers["content-type"], "application/json");
    assert_eq!(seen.json(), body(json!({ "date": { "gte": 1_795_168_800_500_i64 } }), 0));
}

#[tokio::test]
async fn what_is_no_page_says_what_to_do() {
    check(
        text(POST, 404, "nginx"),
        "Defender for Cloud Apps has no alerts at this address: check `cloudApps.baseUrl`",
        None,
    )
    .await;
    check(
        scene(POST, 401, json!({ "detail": "Invalid token." })),
        "Defender for Cloud Apps does not accept our API token (Invalid token.): make a new one",
        None,
    )
    .await;
    check(
        scene(POST, 429, json!({})).with("retry-after", "7"),
        "Defender for Cloud Apps is busy or out of reach: answered with status 429: no reason given",
        Some(Duration::from_secs(7)),
    )
    .await;
    check(text(POST, 200, "ok"), "a page of alerts of Defender for Cloud Apps is not readable: expected value at line 1 column 1", None).await;
    check(page(&[], true), "a page of alerts of Defender for Cloud Apps is not readable: it says that there is more, and gives nothing", None).await;
}

async fn check(scene: Scene, said: &str, retry_after: Option<Duration>) {
    let (server, feed) = feed(vec![scene]).await;
    let error = feed.read(since(), None).await.unwrap_err();
    assert_eq!((error.said.as_str(), error.retry_after), (said, retry_after));
    assert_eq!(server.lines(), [POST]);
}
