use std::time::Duration;

use http::Request;

use super::*;
use crate::{
    chain::Chain,
    scripted::{Scene, Scripted, text},
};

const LIMIT: Duration = Duration::from_secs(10);

fn get(url: &str) -> Request<Vec<u8>> {
    Request::get(url).body(Vec::new()).unwrap()
}

async fn answer(scene: Scene) -> Result<Answer, HttpError> {
    let server = Scripted::start(vec![scene]).await;
    let http = Http::new(Reach::Anywhere, LIMIT).unwrap();
    http.send(get(&format!("{}/x", server.address()))).await
}

#[tokio::test]
async fn an_answer_is_status_wait_date_and_body() {
    let later = text("GET /x", 429, "later").with("retry-after", "17");
    let answer = answer(later.with("date", "Mon, 23 Nov 2026 10:00:07 GMT")).await.unwrap();
    assert_eq!(answer.status, 429);
    assert_eq!(answer.retry_after, Some(Duration::from_secs(17)));
    assert_eq!(answer.body, b"later");
    assert_eq!(
        format!("{answer:?}"),
        "Answer { status: 429, retry_after: Some(17s), date: Some(2026-11-23T10:00:07Z), \
         body: 5 bytes }"
    );
}

#[tokio::test]
async fn a_request_arrives_as_it_was_made() {
    let server = Scripted::start(vec![text("POST /x?a=%20b", 200, "")]).await;
    let http = Http::new(Reach::Anywhere, LIMIT).unwrap();
    let request = Request::post(format!("{}/x?a=%20b", server.address()))
        .header("x-test", "1")
        .body(b"body".to_vec())
        .unwrap();

    assert_eq!(http.send(request).await.unwrap().status, 200);

    let seen = server.seen().pop().unwrap();
    assert_eq!((seen.line.as_str(), seen.body.as_str()), ("POST /x?a=%20b", "body"));
    assert_eq!(seen.headers["x-test"], "1");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let answer = answer(text("GET /x", 302, "").with("location", "/elsewhere")).await.unwrap();
    assert_eq!(answer.status, 302);
}

#[tokio::test]
async fn a_body_over_the_limit_is_not_read() {
    let body = "x".repeat(ANSWER_BYTES_MAX);
    assert_eq!(answer(text("GET /x", 200, &body)).await.unwrap().body.len(), ANSWER_BYTES_MAX);

    let error = answer(text("GET /x", 200, &format!("{body}x"))).await.unwrap_err();
    assert!(matches!(error, HttpError::Unreadable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_service_that_never_answers_times_out() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let http = Http::new(Reach::Anywhere, Duration::from_millis(50)).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    assert!(matches!(http.send(get(&url)).await, Err(HttpError::TimedOut)));
}

#[tokio::test]
async fn the_url_is_in_no_message() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let http = Http::new(Reach::Anywhere, LIMIT).unwrap();

    let error = http.send(get(&format!("http://{address}/hook?sig=s3cret"))).await.unwrap_err();
    assert!(matches!(error, HttpError::Unreachable { .. }), "{error:?}");
    let shown = format!("{} {error:?}", Chain(&error));
    assert!(!shown.contains("s3cret") && !shown.contains("/hook"), "{shown}");
}

#[tokio::test]
async fn the_public_reach_ends_at_private_addresses() {
    let http = Http::new(Reach::Public, LIMIT).unwrap();
    for (url, expected) in [
        ("http://graph.example/", "must not be asked: only https is allowed"),
        ("https://127.0.0.1/", "must not be asked: 127.0.0.1 is not a public address"),
        ("https://[::1]/", "must not be asked: ::1 is not a public address"),
        ("https://localhost/", "must not be asked: the host has no public address"),
    ] {
        let error = http.send(get(url)).await.unwrap_err();
        assert!(matches!(error, HttpError::Forbidden { .. }), "{error:?} for {url}");
        assert_eq!(error.to_string(), expected, "for {url}");
    }
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let in_an_hour = std::time::SystemTime::now() + Duration::from_hours(1);
    let date = httpdate::fmt_http_date(in_an_hour);
    let read = |value: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, value.parse().unwrap());
        retry_after(&headers)
    };

    assert_eq!(read("120"), Some(Duration::from_mins(2)));
    assert_eq!(read(" 0 "), Some(Duration::ZERO));
    assert_eq!(read("Fri, 31 Dec 1999 23:59:59 GMT"), Some(Duration::ZERO));
    let wait = read(&date).unwrap();
    assert!(wait > Duration::from_secs(3590) && wait <= Duration::from_hours(1), "{wait:?}");
    assert_eq!(read("-1"), None);
    assert_eq!(read("soon"), None);
    assert_eq!(retry_after(&HeaderMap::new()), None);
}
