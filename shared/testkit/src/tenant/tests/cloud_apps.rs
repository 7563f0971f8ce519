//! Defender for Cloud Apps.

use super::*;

#[tokio::test]
async fn cloud_apps_wants_its_key() {
    let visit = Visit::begin().await;
    let url = format!("{}/alerts/", visit.tenant.cloud_apps_url());
    let wrong = visit.client.get(url).header("authorization", format!("Bearer {}", visit.token));
    assert_eq!(reply(wrong).await.0, 401);
    assert_eq!(visit.get("/cas/api/v1/alerts/").await.0, 200);
}

#[tokio::test]
async fn cloud_apps_lists_open_alerts_in_order() {
    let visit = Visit::begin().await;
    for (id, timestamp, resolution) in [("a", 1000, 0), ("b", 2000, 4), ("c", 3000, 0)] {
        let alert =
            json!({ "_id": id, "timestamp": timestamp, "resolutionStatusValue": resolution });
        visit.tenant.put_cloud_apps_alert(alert).unwrap();
    }

    let body =
        json!({ "filters": { "alertOpen": { "eq": true } }, "sortDirection": "asc", "limit": 1 });
    let (_, page) = visit.post("/cas/api/v1/alerts/", body).await;
    assert_eq!(page["data"][0]["_id"], "a");
    assert_eq!((&page["hasNext"], &page["total"]), (&json!(true), &json!(2)));

    let (_, page) = visit.get("/cas/api/v1/alerts/?skip=1&limit=1&sortDirection=desc").await;
    assert_eq!(page["data"][0]["_id"], "b");
    assert_eq!(visit.get("/cas/api/v1/alerts/c/").await.1["timestamp"], 3000);
    assert_eq!(visit.get("/cas/api/v1/alerts/d/").await.0, 404);
}

#[tokio::test]
async fn cloud_apps_closes_alerts_the_three_new_ways() {
    let visit = Visit::begin().await;
    visit.tenant.put_cloud_apps_alert(json!({ "_id": "a" })).unwrap();
    let close = |ids: &[&str], reason: u8| json!({ "filters": { "id": { "eq": ids } }, "comment": "why", "reasonId": reason });

    let benign = "/cas/api/v1/alerts/close_benign/";
    let (status, body) = visit.post(benign, close(&["a", "b"], 5)).await;
    assert_eq!((status, body), (200, json!({ "closed_benign": 1, "alertsNotFound": ["b"] })));
    let alert = visit.tenant.cloud_apps_alert("a").unwrap();
    assert_eq!((&alert["resolutionStatusValue"], &alert["comment"]), (&json!(4), &json!("why")));

    let false_positive = "/cas/api/v1/alerts/close_false_positive/";
    let (_, body) = visit.post(false_positive, close(&["a"], 3)).await;
    assert_eq!(body, json!({ "closed_false_positive": 1 }));
    let true_positive = "/cas/api/v1/alerts/close_true_positive/";
    let without_reason = json!({ "filters": { "id": { "eq": ["a"] } } });
    assert_eq!(visit.post(true_positive, without_reason).await.0, 200);
    assert_eq!(visit.tenant.cloud_apps_alert("a").unwrap()["resolutionStatusValue"], 5);

    assert_eq!(visit.post(benign, close(&["a"], 3)).await.0, 400);
    assert_eq!(visit.post(false_positive, close(&["a"], 5)).await.0, 400);
    assert_eq!(visit.post(true_positive, close(&["a"], 4)).await.0, 400);
    assert_eq!(visit.post(benign, json!({ "filters": {} })).await.0, 400);
    assert_eq!(visit.post("/cas/api/v1/alerts/resolve/", close(&["a"], 5)).await.0, 410);
}
