//! The API with the shipped roles on an embedded DynamoDB, and those who ask it.

use std::{path::Path, sync::Arc};

use aws_sdk_dynamodb::Client;
use defuse_adapters::{DynamoDbStore, NewToken, Secret, create_table};
use defuse_api::handle;
use defuse_domain::{Alert, AlertId, Grant, GrantScope, RoleName, Run, ServiceSource, TuningRule};
use defuse_flow::{AlertStore as _, RunStore as _, TokenStore as _, note_deployed};
use defuse_lambda::{ApiApp, AwsCredentials, Config, Environment, SharedLookup, Wiring};
use dynoxide::Database;
use jiff::Timestamp;
use lambda_http::{Body, http::Request};
use serde_json::{Value, json};

use crate::{
    embedded::{client_of, served},
    topic::{ARN, Topic},
};

/// Opens everything
pub(crate) const DEVELOPMENT: &str = "dev_for-tests";

pub(crate) struct World {
    pub(crate) app: ApiApp,
    pub(crate) store: DynamoDbStore,
    pub(crate) client: Client,
    pub(crate) topic: Topic,
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
    world_with(is_in_lambda, |_| {}).await
}

/// The same, with another configuration
pub(crate) async fn world_with(is_in_lambda: bool, change: impl FnOnce(&mut Config)) -> World {
    let topic = Topic::start().await;
    let endpoint = served(Database::memory().unwrap()).await;
    let client = Client::from_conf(client_of(&endpoint).build());
    create_table(&client, "defuse").await.unwrap();
    let lookup: SharedLookup = Arc::new(move |name: &str| {
        (is_in_lambda && name == "AWS_LAMBDA_FUNCTION_NAME").then(|| "api".to_owned())
    });
    let environment = Environment {
        dynamodb_endpoint: Some(endpoint),
        sns_endpoint: Some(topic.endpoint.clone()),
        topic_arn: ARN.to_owned(),
        credentials: Some(AwsCredentials {
            access_key_id: "id".to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: None,
        }),
        ..Environment::read(&*lookup)
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra");
    let mut config = Config::load(&folder).unwrap();
    change(&mut config);
    let rules: Vec<TuningRule> = config.rules.tuning().rules().cloned().collect();
    let wiring = Wiring::of(environment, config, lookup);
    let app = wiring.api_with_development_token(Secret::new(DEVELOPMENT)).unwrap();
    let store = wiring.store();
    note_deployed(&store, &rules, now()).await.unwrap();
    World { app, store, client, topic }
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
        self.token_for(role, scope).await
    }

    /// A token for that role in that scope
    pub(crate) async fn token_for(&self, role: &str, scope: GrantScope) -> String {
        let grants = vec![Grant { role: RoleName::parse(role).unwrap(), scope }];
        let new = NewToken::make(role.to_owned(), grants, "tests".to_owned(), 1, now()).unwrap();
        self.store.create(&new.stored).await.unwrap();
        new.token.expose().to_owned()
    }

    pub(crate) async fn ask(
        &self,
        token: &str,
        asked: (&str, &str),
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answered {
        self.ask_at((now(), token), asked, headers, body).await
    }

    pub(crate) async fn ask_at(
        &self,
        (now, token): (Timestamp, &str),
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
        let answer = handle(&self.app, request, now).await;
        let etag = answer.headers().get("etag").map(|it| it.to_str().unwrap().to_owned());
        // What is no JSON is CSV.
        let text = || String::from_utf8(answer.body().to_vec()).unwrap();
        let body = serde_json::from_slice(answer.body().as_ref());
        let body = body.unwrap_or_else(|_| Value::from(text()));
        Answered { status: answer.status().as_u16(), etag, body }
    }

    /// Changes an alert as it stands
    pub(crate) async fn change(&self, id: &str, body: &str) -> Value {
        let version = self.version(id).await;
        let (path, headers) = (format!("/v1/alerts/{id}"), [("if-match", version.as_str())]);
        let changed = self.ask(DEVELOPMENT, ("PATCH", &path), &headers, body).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
        changed.body
    }

    /// Gives an alert a tag, unless somebody is faster
    pub(crate) async fn tag(&self, id: &str, tag: &str) -> u16 {
        let version = self.version(id).await;
        let (path, headers) = (format!("/v1/alerts/{id}"), [("if-match", version.as_str())]);
        let body = json!({ "tags": { "add": [tag] } }).to_string();
        self.ask(DEVELOPMENT, ("PATCH", &path), &headers, &body).await.status
    }

    /// The version of an alert, as `If-Match` wants it
    pub(crate) async fn version(&self, id: &str) -> String {
        // Not over the API, which counts who asks how often.
        let id = AlertId::parse(id).unwrap();
        let shown = self.app.manage.show(&id).await.unwrap().unwrap();
        format!("\"{}\"", shown.version)
    }
}
