//! Defender for Endpoint.

use super::*;

/// A token for that resource
async fn token(client: &Client, tenant: &Tenant, resource: &str) -> String {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", Tenant::CLIENT_ID)
        .append_pair("client_secret", Tenant::CLIENT_SECRET)
        .append_pair("scope", &format!("{resource}/.default"))
        .append_pair("grant_type", "client_credentials")
        .finish();
    let (status, body) = reply(client.post(tenant.token_url()).body(form)).await;
    assert_eq!(status, 200);
    body["access_token"].as_str().unwrap().to_owned()
}

fn indicator(value: &str, title: &str) -> Value {
    json!({
        "indicatorValue": value, "indicatorType": "DomainName", "action": "Allowed",
        "title": title, "description": "d",
    })
}

#[tokio::test]
async fn indicators_are_taken_replaced_and_limited() {
    let (tenant, client) = (Tenant::start().unwrap(), client());
    let token = token(&client, &tenant, "https://api.securitycenter.microsoft.com").await;
    let url = format!("{}/api/indicators", tenant.endpoint_url());
    let post = async |body: Value| reply(client.post(&url).bearer_auth(&token).json(&body)).await;
    tenant.set_indicators_max(2);

    assert_eq!(post(indicator("a.example", "one")).await.1["id"], "1");
    assert_eq!(post(indicator("A.example", "two")).await.1["id"], "1");
    assert_eq!(post(indicator("b.example", "one")).await.0, 200);
    let titles: Vec<Value> = tenant.indicators().iter().map(|it| it["title"].clone()).collect();
    assert_eq!(titles, ["two", "one"]);
    let (status, body) = post(indicator("c.example", "one")).await;
    assert_eq!((status, &body["error"]["code"]), (400, &json!("BadRequest")));
    assert_eq!(post(indicator("b.example", "still taken")).await.0, 200);

    for (name, wrong) in [
        ("title", json!("")),
        ("action", json!("Ignore")),
        ("indicatorType", json!("Domain")),
        ("expirationTime", json!("soon")),
        ("colour", json!("red")),
    ] {
        let mut body = indicator("b.example", "t");
        body[name] = wrong;
        assert_eq!(post(body).await.0, 400, "for {name}");
    }
    tenant.let_write_indicators(false);
    assert_eq!(post(indicator("b.example", "t")).await.0, 403);
}

#[tokio::test]
async fn a_token_of_another_service_is_not_taken() {
    let visit = Visit::begin().await;
    let (status, _) = visit.post("/mde/api/indicators", indicator("a.example", "t")).await;
    assert_eq!(status, 401);
    assert_eq!(visit.tenant.indicators(), [Value::Null; 0]);
}
