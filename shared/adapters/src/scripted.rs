//! A loopback server for tests: answers by a script and remembers what it was asked.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::Value;

/// One answer, given to the first request that asks for it
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    /// `GET /path`, or `GET /path?query` where the query matters
    request: String,
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

/// Answers `request` with a JSON body
pub(crate) fn json(request: &str, status: u16, body: Value) -> Scene {
    text(request, status, &body.to_string())
}

/// Answers `request` with a body that need not be JSON
pub(crate) fn text(request: &str, status: u16, body: &str) -> Scene {
    Scene { request: request.to_owned(), status, headers: Vec::new(), body: body.into() }
}

impl Scene {
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// A request as it came
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// `GET /path?query`
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

#[derive(Debug, Default)]
struct Stage {
    scenes: Vec<Scene>,
    seen: Vec<Seen>,
}

/// A running server; it stops with the test's runtime
#[derive(Clone, Debug)]
pub(crate) struct Scripted {
    stage: Arc<Mutex<Stage>>,
    address: String,
}

impl Scripted {
    pub(crate) async fn start(scenes: Vec<Scene>) -> Self {
        let stage = Arc::new(Mutex::new(Stage { scenes, seen: Vec::new() }));
        let router = Router::new().fallback(play).with_state(Arc::clone(&stage));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { stage, address }
    }

    /// `http://127.0.0.1:port`
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The same at another address, where nobody answers by this script
    pub(crate) fn at(&self, address: &str) -> Self {
        Self { address: address.to_owned(), ..self.clone() }
    }

    /// Adds answers to come
    pub(crate) fn then(&self, scenes: Vec<Scene>) {
        self.stage.lock().unwrap().scenes.extend(scenes);
    }

    /// Every request so far
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.stage.lock().unwrap().seen.clone()
    }

    /// Method and path of every request so far, but for those to `/token`
    pub(crate) fn lines(&self) -> Vec<String> {
        let lines = self.seen().into_iter().map(|it| it.line);
        lines.filter(|it| !it.ends_with(" /token")).collect()
    }

    /// The bodies of every request of that method, but for those to `/token`
    pub(crate) fn bodies(&self, method: &str) -> Vec<Value> {
        let seen = self.seen().into_iter();
        seen.filter(|it| it.line.starts_with(method) && !it.line.ends_with(" /token"))
            .map(|it| it.json())
            .collect()
    }
}

async fn play(State(stage): State<Arc<Mutex<Stage>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body: Bytes = to_bytes(body, 1 << 20).await.unwrap();
    let line = format!("{} {}", parts.method, parts.uri);
    let path = format!("{} {}", parts.method, parts.uri.path());

    let mut stage = stage.lock().unwrap();
    stage.seen.push(Seen {
        line: line.clone(),
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    });
    let index = stage.scenes.iter().position(|it| it.request == line || it.request == path);
    let Some(index) = index else {
        return (StatusCode::NOT_IMPLEMENTED, format!("no scene for {line}")).into_response();
    };
    let scene = stage.scenes.remove(index);
    let mut response = Response::builder().status(scene.status);
    for (name, value) in scene.headers {
        response = response.header(name, value);
    }
    response.body(scene.body.into()).unwrap()
}
