//! Stands between a host and its tenant, and holds one request at will: before the tenant gets it,
//! or after the tenant did it and before the host hears of it. A kill at that moment is exact.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use reqwest::Client;
use tokio::{net::TcpListener, sync::watch};

use crate::dev::client;

/// On which side of the tenant a request is held
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
}

/// A way to the tenant that can be shut
pub(crate) struct Gate {
    pub(crate) base_url: String,
    shared: Arc<Shared>,
}

/// What is to be held: the last of so many requests that have that in method and path
struct Armed {
    known_by: &'static str,
    left: usize,
    side: Side,
}

struct Shared {
    tenant_url: String,
    client: Client,
    armed: Mutex<Option<Armed>>,
    held: watch::Sender<bool>,
}

impl Gate {
    /// Opens one in front of `tenant_url`
    pub(crate) async fn open(tenant_url: &str) -> Self {
        let (held, _) = watch::channel(false);
        let shared = Arc::new(Shared {
            tenant_url: tenant_url.to_owned(),
            client: client(),
            armed: Mutex::new(None),
            held,
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(pass).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base_url, shared }
    }

    /// Holds the `nth` request from now on that has `known_by` in its method and path
    pub(crate) fn hold(&self, known_by: &'static str, nth: usize, side: Side) {
        self.shared.held.send_replace(false);
        *self.shared.armed.lock().unwrap() = Some(Armed { known_by, left: nth, side });
    }

    /// Lets everything pass
    pub(crate) fn let_pass(&self) {
        *self.shared.armed.lock().unwrap() = None;
    }

    /// Waits until a request is held
    pub(crate) async fn held(&self) {
        self.shared.held.subscribe().wait_for(|it| *it).await.unwrap();
    }
}

impl Shared {
    /// Whether this request is the one
    fn count(&self, what: &str) -> Option<Side> {
        let mut armed = self.armed.lock().unwrap();
        let counted = armed.as_mut().filter(|it| what.contains(it.known_by))?;
        counted.left -= 1;
        if counted.left > 0 {
            return None;
        }
        armed.take().map(|it| it.side)
    }

    /// Never ends: the host will be killed, and with it goes the connection
    async fn hold(&self) {
        self.held.send_replace(true);
        std::future::pending::<()>().await;
    }
}

async fn pass(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().unwrap().to_string();
    let side = shared.count(&format!("{} {path}", parts.method));
    if side == Some(Side::Before) {
        shared.hold().await;
    }
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let mut headers = parts.headers.clone();
    for name in [header::HOST, header::CONTENT_LENGTH, header::CONNECTION] {
        headers.remove(name);
    }
    let url = format!("{}{path}", shared.tenant_url);
    let sent = shared.client.request(parts.method.clone(), url).headers(headers).body(body);
    let Ok(answer) = sent.send().await else { return StatusCode::BAD_GATEWAY.into_response() };
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = answer.bytes().await.unwrap();
    if side == Some(Side::After) {
        shared.hold().await;
    }
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    for name in [header::CONTENT_TYPE, header::RETRY_AFTER] {
        if let Some(value) = headers.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}
