//! A Secrets Manager that says of a few names that there are such secrets, and gives none away.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The stand-in
pub(crate) struct Secrets {
    pub(crate) endpoint: String,
    /// What was asked of it: the action and the name
    asked: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone)]
struct Shared {
    names: &'static [&'static str],
    asked: Arc<Mutex<Vec<String>>>,
}

impl Secrets {
    /// Starts one that has these
    pub(crate) async fn start(names: &'static [&'static str]) -> Self {
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let shared = Shared { names, asked: Arc::clone(&asked) };
        let router = Router::new().fallback(answer).with_state(shared);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { endpoint, asked }
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn answer(
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let action = headers["x-amz-target"].to_str().unwrap().rsplit('.').next().unwrap().to_owned();
    let name = serde_json::from_slice::<Value>(&body).unwrap()["SecretId"].clone();
    let name = name.as_str().unwrap();
    shared.asked.lock().unwrap().push(format!("{action} {name}"));
    if shared.names.contains(&name) {
        return (StatusCode::OK, json!({ "Name": name }).to_string());
    }
    let message = "Secrets Manager can't find the specified secret.";
    let refusal = json!({ "__type": "ResourceNotFoundException", "message": message });
    (StatusCode::BAD_REQUEST, refusal.to_string())
}
