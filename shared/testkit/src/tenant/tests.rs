//! The tenant as its clients see it, over HTTP.

mod cloud_apps;
mod endpoint;
mod front;
mod graph;
mod sign_in;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use super::*;

const KIM: &str = "/v1.0/users/KIM@contoso.example";

/// A tenant, a client that has signed in, and what the tests say to it
struct Visit {
    tenant: Tenant,
    client: Client,
    token: String,
}

impl Visit {
    async fn begin() -> Self {
        let tenant = Tenant::start().unwrap();
        let client = client();
        let reply = with_secret(&client, &tenant, Tenant::CLIENT_SECRET).await;
        assert_eq!(reply.0, 200);
        let token = reply.1["access_token"].as_str().unwrap().to_owned();
        Self { tenant, client, token }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let authorization = if path.starts_with("/cas/") {
            format!("Token {}", Tenant::CLOUD_APPS_KEY)
        } else {
            format!("Bearer {}", self.token)
        };
        let url = format!("{}{path}", self.tenant.base_url());
        self.client.request(method, url).header("authorization", authorization)
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        reply(self.request(Method::GET, path)).await
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        reply(self.request(Method::POST, path).json(&body)).await
    }

    async fn patch(&self, path: &str, body: Value) -> (u16, Value) {
        reply(self.request(Method::PATCH, path).json(&body)).await
    }
}

fn client() -> Client {
    // Why: a client cannot be made without a provider, even for plain HTTP. Only one is installed.
    drop(rustls::crypto::ring::default_provider().install_default());
    Client::builder().no_proxy().build().unwrap()
}

async fn with_secret(client: &Client, tenant: &Tenant, secret: &str) -> (u16, Value) {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", Tenant::CLIENT_ID)
        .append_pair("client_secret", secret)
        .append_pair("scope", "https://graph.microsoft.com/.default")
        .append_pair("grant_type", "client_credentials")
        .finish();
    reply(client.post(tenant.token_url()).body(form)).await
}

async fn reply(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

fn kim() -> UserRecord {
    let groups = ["Sales", "Travellers", "Everybody"];
    UserRecord {
        groups: groups.map(|name| (name.to_lowercase(), name.to_owned())).to_vec(),
        ..UserRecord::new("0000-KIM", "kim@contoso.example")
    }
}

#[tokio::test]
async fn a_token_is_given_for_the_right_secret_only() {
    let (tenant, client) = (Tenant::start().unwrap(), client());

    let (status, body) = with_secret(&client, &tenant, "wrong").await;
    assert_eq!((status, &body["error"]), (401, &json!("invalid_client")));
    assert_eq!(body["error_codes"], json!([7_000_215]));

    let (status, body) = with_secret(&client, &tenant, Tenant::CLIENT_SECRET).await;
    assert_eq!((status, &body["token_type"]), (200, &json!("Bearer")));
    assert_eq!(body["expires_in"], 3599);
}

#[tokio::test]
async fn graph_wants_a_token_that_still_holds() {
    let visit = Visit::begin().await;
    visit.tenant.put_user(kim());
    assert_eq!(visit.get(KIM).await.0, 200);

    let without = visit.client.get(format!("{}{KIM}", visit.tenant.base_url()));
    let (status, body) = reply(without).await;
    assert_eq!((status, &body["error"]["code"]), (401, &json!("InvalidAuthenticationToken")));

    visit.tenant.revoke_tokens();
    assert_eq!(visit.get(KIM).await.0, 401);
}
