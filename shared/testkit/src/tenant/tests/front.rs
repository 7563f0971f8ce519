//! Chat, the record, faults, and the end.

use reqwest::StatusCode;

use super::*;

#[tokio::test]
async fn chat_answers_as_each_service_does() {
    let visit = Visit::begin().await;
    let card = |text: &str| {
        json!({ "type": "message", "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": { "type": "AdaptiveCard", "version": "1.2", "body": [{ "type": "TextBlock", "text": text }] },
        }]})
    };
    let room = 28 * 1024 - card("").to_string().len();

    assert_eq!(visit.post("/teams/soc", card(&"x".repeat(room))).await, (202, json!("")));
    assert_eq!(visit.post("/teams/soc", card(&"x".repeat(room + 1))).await.0, 413);
    assert_eq!(visit.post("/teams/soc", json!({ "text": "hello" })).await.0, 400);
    assert_eq!(visit.post("/slack/soc", json!({ "text": "hello" })).await, (200, json!("ok")));
    assert_eq!(visit.post("/slack/soc", json!({})).await, (400, json!("no_text")));
    assert_eq!(visit.post("/webhook/soc", json!({ "any": "thing" })).await.0, 204);
}

#[tokio::test]
async fn everything_asked_is_on_record_but_no_secret() {
    let visit = Visit::begin().await;
    let chat = visit.request(Method::POST, "/slack/soc?thread=1").header("prefer", "haste");
    reply(chat.json(&json!({ "text": "hello" }))).await;
    visit.get("/nowhere").await;

    let requests = visit.tenant.requests();
    let statuses: Vec<_> = requests.iter().map(|it| (it.number, it.status)).collect();
    assert_eq!(statuses, [(1, Some(200)), (2, Some(200)), (3, Some(404))]);
    let told = &visit.tenant.posts_to("/slack/soc")[0];
    assert_eq!(told.path, "/slack/soc?thread=1");
    assert_eq!(
        (&told.body, &told.headers["prefer"]),
        (&json!({ "text": "hello" }), &"haste".into())
    );

    let text = serde_json::to_string(&requests).unwrap();
    assert!(!text.contains(Tenant::CLIENT_SECRET) && !text.contains(&visit.token), "{text}");
}

#[tokio::test]
async fn a_crash_after_the_work_leaves_it_done_and_unanswered() {
    let visit = Visit::begin().await;
    visit.tenant.put_alert(json!({ "id": "ca1", "status": "new" })).unwrap();
    let path = "/v1.0/security/alerts_v2/ca1";
    let resolve = || visit.request(Method::PATCH, path).json(&json!({ "status": "resolved" }));

    visit.tenant.fault(Fault::once("PATCH", path, FaultKind::DropConnection));
    resolve().send().await.unwrap_err();
    assert_eq!(visit.tenant.alert("ca1").unwrap()["status"], "new");

    visit.tenant.fault(Fault::once("PATCH", path, FaultKind::CrashAfter));
    resolve().send().await.unwrap_err();
    assert_eq!(visit.tenant.alert("ca1").unwrap()["status"], "resolved");

    let statuses: Vec<_> =
        visit.tenant.requests_to("PATCH", path).iter().map(|it| it.status).collect();
    assert_eq!(statuses, [None, None]);
    assert_eq!(reply(resolve()).await.0, 200);
}

#[tokio::test]
async fn a_fault_answers_in_place_of_the_work() {
    let visit = Visit::begin().await;
    let busy = FaultKind::Status { status: 429, retry_after: Some(7) };
    visit.tenant.fault(Fault::once("POST", "/slack", busy));
    visit.tenant.fault(Fault::always("POST", "/slack", FaultKind::GarbageBody));

    let hello = || visit.request(Method::POST, "/slack/soc").json(&json!({ "text": "hello" }));
    let response = hello().send().await.unwrap();
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.headers()["retry-after"], "7");
    let response = hello().send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response.json::<Value>().await.unwrap_err();

    visit.tenant.clear_faults();
    assert_eq!(reply(hello()).await, (200, json!("ok")));
}

#[tokio::test]
async fn a_slow_answer_outlasts_an_impatient_client() {
    let visit = Visit::begin().await;
    let slow = FaultKind::SlowBy(Duration::from_hours(1));
    visit.tenant.fault(Fault::once("POST", "/webhook", slow));

    let request = visit.request(Method::POST, "/webhook/soc").timeout(Duration::from_millis(50));
    assert!(request.send().await.unwrap_err().is_timeout());
}

#[tokio::test]
async fn posts_are_waited_for() {
    let visit = Visit::begin().await;
    let url = visit.tenant.webhook_url("soc");
    let sent = tokio::spawn(visit.client.post(url).body("1").send());

    let posts = visit.tenant.wait_for_posts("/webhook/soc", 1, Duration::from_mins(1)).await;
    assert_eq!((posts.len(), posts[0].status), (1, Some(204)));
    sent.await.unwrap().unwrap();

    let none = visit.tenant.wait_for_posts("/webhook/other", 1, Duration::ZERO).await;
    assert!(none.is_empty());
}

#[tokio::test]
async fn dropping_the_tenant_ends_its_connections() {
    let visit = Visit::begin().await;
    let url = visit.tenant.webhook_url("soc");
    drop(visit.tenant);

    visit.client.post(&url).send().await.unwrap_err();
    assert!(client().post(&url).send().await.unwrap_err().is_connect());
}

#[test]
fn what_has_no_id_is_not_put_there() {
    let tenant = Tenant::start().unwrap();
    assert_eq!(tenant.put_alert(json!([])), Err(SeedError::NotAnObject));
    assert_eq!(tenant.put_alert(json!({ "id": "" })), Err(SeedError::NoId("id")));
    assert_eq!(tenant.put_cloud_apps_alert(json!({ "id": "a" })), Err(SeedError::NoId("_id")));
}

#[tokio::test]
async fn too_large_a_body_is_refused_and_on_record() {
    let visit = Visit::begin().await;
    let body = "x".repeat(4 * 1024 * 1024 + 1);
    let request = visit.request(Method::POST, "/webhook/soc").body(body);
    assert_eq!(request.send().await.unwrap().status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(visit.tenant.posts_to("/webhook/soc")[0].status, Some(413));
}
