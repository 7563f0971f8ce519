//! The API with the shipped roles on an embedded DynamoDB, and those who ask it.

use std::{path::Path, sync::Arc};

use aws_sdk_dynamodb::Client;
use defuse_adapters::{DynamoDbStore, NewToken, Secret, create_table};
use defuse_api::handle;
use defuse_domain::{Alert, AlertId, Grant, GrantScope, RoleName, Run, ServiceSource};
use defuse_flow::{AlertStore as _, RunStore as _, TokenStore as _};
use defuse_lambda::{ApiApp, AwsCredentials, Config, Environment, SharedLookup, Wiring};
use dynoxide::Database;
use jiff::Timestamp;
use lambda_http::{Body, http::Request};
use serde_json::{Value, json};

use crate::embedded::{client_of, served};

/// Opens everything
pub(crate) const DEVELOPMENT: &str = "dev_for-tests";

pub(crate) struct World {
    pub(crate) app: ApiApp,
    pub(crate) store: DynamoDbStore,
    pub(crate) client: Client,
}

/// What came back
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) etag: Option<String>,
    pub(crate) body: Value,
}

impl Answered {
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

pub(crate) fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

/// The API, as a function in Lambda has it if `is_in_lambda`
pub(crate) async fn world_in(is_in_lambda: bool) -> World {
    let endpoint = served(Database::memory().unwrap()).await;
    let client = Client::from_conf(client_of(&endpoint).build());
    create_table(&client, "defuse").await.unwrap();
    let lookup: SharedLookup = Arc::new(move |name: &str| {
        (is_in_lambda && name == "AWS_LAMBDA_FUNCTION_NAME").then(|| "api".to_owned())
    });
    let environment = Environment {
        dynamodb_endpoint: Some(endpoint),
        credentials: Some(AwsCredentials {
            access_key_id: "id".to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: None,
        }),
        ..Environment::read(&*lookup)
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra");
    let config = Config::load(&folder).unwrap();
    let wiring = Wiring::of(environment, config, lookup);
    let app = wiring.api_with_development_token(Secret::new(DEVELOPMENT)).unwrap();
    let store = wiring.store();
    World { app, store, client }
}

pub(crate) async fn world() -> World {
    world_in(false).await
}

impl World {
    /// Keeps an alert, as it arrives
    pub(crate) async fn alert(&self, id: &str, source: &str) {
        let text = json!({
            "id": id, "title": "Travel", "status": "new", "severity": "low",
            "serviceSource": source, "lastUpdateDateTime": "2026-11-23T11:00:00Z",
        });
        let alert = Alert::read(&text.to_string()).unwrap();
        self.store.store(&alert, now()).await.unwrap();
    }

    /// Records that rules left it open
    pub(crate) async fn decided(&self, id: &str) {
        let stored = self.store.load(&AlertId::parse(id).unwrap()).await.unwrap().unwrap();
        let key = json!({ "alertId": id, "revision": stored.alert.revision(), "look": 0 });
        let run = json!({
            "key": key, "decided": now(), "facts": [], "effects": [], "ifRefused": [],
            "decision": {
                "outcome": "open", "determinedBy": [], "reasons": [], "unknown": [], "trace": [],
            },
        });
        let run: Run = serde_json::from_value(run).unwrap();
        self.store.record(&run, &stored.tags, stored.version).await.unwrap();
    }

    /// A token for that role, for all alerts or for those of one source
    pub(crate) async fn token(&self, role: &str, source: Option<ServiceSource>) -> String {
        let scope =
            GrantScope { service_sources: source.into_iter().collect(), ..GrantScope::default() };
        let grants = vec![Grant { role: RoleName::parse(role).unwrap(), scope }];
        let new = NewToken::make(role.to_owned(), grants, "tests".to_owned(), 1, now()).unwrap();
        self.store.create(&new.stored).await.unwrap();
        new.token.expose().to_owned()
    }

    pub(crate) async fn ask(
        &self,
        token: &str,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answered {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::Text(body.to_owned())).unwrap();
        let answer = handle(&self.app, request, now()).await;
        let etag = answer.headers().get("etag").map(|it| it.to_str().unwrap().to_owned());
        let body = serde_json::from_slice(answer.body().as_ref()).unwrap();
        Answered { status: answer.status().as_u16(), etag, body }
    }

    /// The version of an alert, as `If-Match` wants it
    pub(crate) async fn version(&self, id: &str) -> String {
        let path = format!("/v1/alerts/{id}");
        self.ask(DEVELOPMENT, ("GET", &path), &[], "").await.etag.unwrap()
    }
}
