//! Graph on loopback, for tests.

use std::time::Duration;

use serde_json::json;

use super::{Graph, GraphSettings};
use crate::{
    http::{Http, Reach},
    scripted::{Scene, Scripted, json},
    sign_in::testing::application,
};

pub(super) const LIMIT: Duration = Duration::from_secs(10);

/// A server with one token to give, and Graph as it is there
pub(super) async fn graph(scenes: Vec<Scene>) -> (Scripted, Graph) {
    let server = Scripted::start(vec![token("t1")]).await;
    server.then(scenes);
    let graph = graph_at(&server, LIMIT);
    (server, graph)
}

pub(super) fn graph_at(server: &Scripted, answer_within: Duration) -> Graph {
    let settings = GraphSettings {
        base_url: format!("{}/v1.0", server.address()),
        application: application(server),
        scope: "https://graph.example/.default".to_owned(),
        answer_within,
        change_within: LIMIT,
    };
    Graph::new(&settings, Http::new(Reach::Anywhere, LIMIT).unwrap()).unwrap()
}

pub(super) fn token(token: &str) -> Scene {
    json("POST /token", 200, json!({ "access_token": token, "expires_in": 3599 }))
}

/// An error in Graph's shape
pub(super) fn problem(request: &str, status: u16, code: &str) -> Scene {
    json(request, status, json!({ "error": { "code": code, "message": "No." } }))
}
