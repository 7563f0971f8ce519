//! Alerts and the directory.

use super::*;

const REPLIES: &str = "/v1.0/users/kim@contoso.example/mailboxSettings/automaticRepliesSetting";
const GROUPS: &str =
    "/v1.0/users/kim@contoso.example/transitiveMemberOf/microsoft.graph.group?$select=id";

#[tokio::test]
async fn alerts_are_listed_newest_first_and_in_pages() {
    let visit = Visit::begin().await;
    for (id, status, day) in
        [("da1", "new", 1), ("da2", "resolved", 2), ("da3", "new", 3), ("da4", "inProgress", 4)]
    {
        let created = format!("2024-05-0{day}T10:00:00.1234567Z");
        let alert = json!({ "id": id, "status": status, "createdDateTime": created });
        visit.tenant.put_alert(alert).unwrap();
    }
    visit.tenant.set_page_size(2);

    let (_, page) =
        visit.get("/v1.0/security/alerts_v2?$filter=status%20ne%20'resolved'&$count=true").await;
    assert_eq!(ids(&page), ["da4", "da3"]);
    assert_eq!(page["@odata.count"], 3);

    let next = page["@odata.nextLink"].as_str().unwrap();
    let (_, page) = visit.get(next.strip_prefix(visit.tenant.base_url()).unwrap()).await;
    assert_eq!(ids(&page), ["da1"]);
    assert_eq!(page.get("@odata.nextLink"), None);

    assert_eq!(visit.get("/v1.0/security/alerts_v2?$orderby=title").await.0, 400);
    assert_eq!(visit.get("/v1.0/security/alerts_v2?$filter=title%20eq%20'x'").await.0, 400);
}

fn ids(page: &Value) -> Vec<&str> {
    page["value"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn later_members_of_an_enumeration_are_seen_by_those_who_ask() {
    let visit = Visit::begin().await;
    let alert = json!({ "id": "x1", "serviceSource": "microsoftSentinel", "evidence": [
        { "remediationStatus": "active" },
        { "remediationStatus": "blocked" },
    ]});
    visit.tenant.put_alert(alert).unwrap();

    let path = "/v1.0/security/alerts_v2/x1";
    let (_, seen) = visit.get(path).await;
    assert_eq!(seen["serviceSource"], "unknownFutureValue");
    assert_eq!(seen["evidence"][0]["remediationStatus"], "unknownFutureValue");
    assert_eq!(seen["evidence"][1]["remediationStatus"], "blocked");

    let asked = visit.request(Method::GET, path).header("prefer", "include-unknown-enum-members");
    assert_eq!(reply(asked).await.1["serviceSource"], "microsoftSentinel");
}

#[tokio::test]
async fn an_alert_changes_only_where_it_may() {
    let visit = Visit::begin().await;
    let long_ago = "2024-05-01T10:00:00Z";
    let alert = json!({ "id": "ca1", "status": "new", "lastUpdateDateTime": long_ago });
    visit.tenant.put_alert(alert).unwrap();

    let path = "/v1.0/security/alerts_v2/ca1";
    for refused in [
        json!({}),
        json!([]),
        json!({ "title": "x" }),
        json!({ "status": "Resolved" }),
        json!({ "status": null }),
        json!({ "status": "resolved", "tags": [] }),
        json!({ "classification": "benignPositive" }),
        json!({ "determination": "apt" }),
        json!({ "assignedTo": 7 }),
    ] {
        assert_eq!(visit.patch(path, refused.clone()).await.0, 400, "for {refused}");
    }
    assert_eq!(visit.tenant.alert("ca1").unwrap()["lastUpdateDateTime"], long_ago);

    let change = json!({
        "status": "resolved",
        "classification": "informationalExpectedActivity",
        "determination": "confirmedActivity",
        "assignedTo": "Defuse",
    });
    let (status, changed) = visit.patch(path, change).await;
    assert_eq!((status, &changed["status"]), (200, &json!("resolved")));
    assert_eq!(changed["resolvedDateTime"], changed["lastUpdateDateTime"]);
    assert_ne!(changed["lastUpdateDateTime"], long_ago);

    let (_, changed) = visit.patch(path, json!({ "status": "inProgress" })).await;
    assert_eq!(changed["resolvedDateTime"], Value::Null);
    assert_eq!(visit.patch("/v1.0/security/alerts_v2/ca2", json!({})).await.0, 404);
}

#[tokio::test]
async fn a_comment_is_answered_with_all_of_them() {
    let visit = Visit::begin().await;
    visit.tenant.put_alert(json!({ "id": "ca1" })).unwrap();
    let comment = |text: &str| json!({ "@odata.type": "microsoft.graph.security.alertComment", "comment": text });

    let path = "/v1.0/security/alerts_v2/ca1/comments";
    visit.post(path, comment("first")).await;
    let (status, body) = visit.post(path, comment("second")).await;

    assert_eq!(status, 200);
    let texts: Vec<_> = body["value"].as_array().unwrap().iter().map(|it| &it["comment"]).collect();
    assert_eq!(texts, ["first", "second"]);
    assert_eq!(body["value"][1]["createdByDisplayName"], "API Action");
    assert_eq!(visit.post(path, comment("")).await.0, 400);
}

#[tokio::test]
async fn a_user_answers_to_id_and_name_in_any_case() {
    let visit = Visit::begin().await;
    visit.tenant.put_user(kim());

    let (_, user) = visit.get(&format!("{KIM}?$select=id,userPrincipalName")).await;
    assert_eq!(user["id"], "0000-KIM");
    assert_eq!(user.get("displayName"), None);
    assert_eq!(visit.get("/v1.0/users/0000-kim").await.0, 200);

    let (status, body) = visit.get("/v1.0/users/lee@contoso.example").await;
    assert_eq!((status, &body["error"]["code"]), (404, &json!("Request_ResourceNotFound")));
}

#[tokio::test]
async fn automatic_replies_are_known_unknown_or_forbidden() {
    let visit = Visit::begin().await;
    visit.tenant.put_user(kim());
    assert_eq!(visit.get(REPLIES).await.1["status"], "disabled");

    visit.tenant.put_user(UserRecord { automatic_replies: None, ..kim() });
    let (status, body) = visit.get(REPLIES).await;
    assert_eq!((status, &body["error"]["code"]), (404, &json!("MailboxNotEnabledForRESTAPI")));

    let overrides = [(UserEndpoint::AutomaticReplies, Override::Forbidden)].into();
    visit.tenant.put_user(UserRecord { overrides, ..kim() });
    let (status, body) = visit.get(REPLIES).await;
    assert_eq!((status, &body["error"]["code"]), (403, &json!("ErrorAccessDenied")));
    assert_eq!(visit.get(KIM).await.0, 200);
}

#[tokio::test]
async fn a_user_who_was_never_at_risk_is_not_found() {
    let visit = Visit::begin().await;
    visit.tenant.put_user(kim());
    let path = "/v1.0/identityProtection/riskyUsers/0000-kim";
    assert_eq!(visit.get(path).await.0, 404);
    assert_eq!(visit.get("/v1.0/identityProtection/riskyUsers/kim@contoso.example").await.0, 400);

    let risk = json!({ "id": "0000-KIM", "riskLevel": "high", "riskState": "atRisk" });
    visit.tenant.put_user(UserRecord { risk: Some(risk), ..kim() });
    assert_eq!(visit.get(path).await.1["riskLevel"], "high");
}

#[tokio::test]
async fn groups_come_in_pages() {
    let visit = Visit::begin().await;
    visit.tenant.put_user(kim());
    visit.tenant.set_page_size(2);

    let (_, page) = visit.get(GROUPS).await;
    assert_eq!(page["value"], json!([{ "id": "sales" }, { "id": "travellers" }]));
    let next = page["@odata.nextLink"].as_str().unwrap();
    let (_, page) = visit.get(next.strip_prefix(visit.tenant.base_url()).unwrap()).await;
    assert_eq!(page["value"], json!([{ "id": "everybody" }]));
    assert_eq!(page.get("@odata.nextLink"), None);
}

#[tokio::test]
async fn mail_tips_tell_message_and_window_and_no_more() {
    let visit = Visit::begin().await;
    let user = |name: &str, setting: Value| {
        let mut user = UserRecord::new(name, &format!("{name}@contoso.example"));
        user.automatic_replies = Some(setting);
        visit.tenant.put_user(user);
    };
    let at = |time: &str| json!({ "dateTime": time, "timeZone": "UTC" });
    let (start, end) = (at("2020-01-01T00:00:00.0000000"), at("2999-01-01T00:00:00.0000000"));
    let scheduled = |start: &Value, end: &Value| json!({ "status": "scheduled", "scheduledStartDateTime": start, "scheduledEndDateTime": end });
    user("off", json!({ "status": "disabled" }));
    user("on", json!({ "status": "alwaysEnabled" }));
    user("away", scheduled(&start, &end));
    user("later", scheduled(&end, &end));

    let names = ["off", "on", "away", "later", "nobody"].map(|it| format!("{it}@contoso.example"));
    let asked = json!({ "EmailAddresses": names, "MailTipsOptions": "automaticReplies" });
    let (status, tips) = visit.post("/v1.0/users/off/getMailTips", asked.clone()).await;
    assert_eq!(status, 200);
    let tips = tips["value"].as_array().unwrap();
    let messages: Vec<&Value> = tips.iter().map(|it| &it["automaticReplies"]["message"]).collect();
    let (on, off) = (json!("I am away."), json!(""));
    assert_eq!(messages, [&off, &on, &on, &off, &Value::Null]);
    assert_eq!(tips[2]["automaticReplies"]["scheduledStartTime"], start);
    assert_eq!(tips[1]["automaticReplies"].get("scheduledStartTime"), None);
    assert_eq!(tips[4]["error"]["code"], "ErrorInvalidRecipient");
    assert_eq!(visit.post("/v1.0/users/nobody/getMailTips", asked).await.0, 404);
    assert_eq!(visit.post("/v1.0/users/off/getMailTips", json!({})).await.0, 400);
}

#[tokio::test]
async fn risky_users_may_be_asked_for_at_a_rate_where_one_is_set() {
    let visit = Visit::begin().await;
    let path = "/v1.0/identityProtection/riskyUsers/11111111-2222-3333-4444-555555555555";
    assert_eq!(visit.get(path).await.0, 404);
    visit.tenant.limit_risky_users(Duration::from_hours(1));
    assert_eq!(visit.get(path).await.0, 404);
    assert_eq!(visit.get(path).await.0, 404);
    let refused = visit.request(Method::GET, path).send().await.unwrap();
    assert_eq!((refused.status().as_u16(), refused.headers().get("retry-after")), (429, None));
    assert_eq!(visit.tenant.n_over_the_limit_of_risky_users(), 1);
}
