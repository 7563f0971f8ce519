//! CloudFormation's side of a custom resource: its requests, and the store that takes the answers.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::events::event;

/// The part of the address that only CloudFormation and we know
pub(crate) const SIGNATURE: &str = "canary-signature-of-the-address";

/// What came to the store
#[derive(Clone, Debug)]
pub(crate) struct Put {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// The store
pub(crate) struct CloudFormation {
    pub(crate) response_url: String,
    kept: Arc<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    puts: Mutex<Vec<Put>>,
    /// What it answers first, before it takes what comes
    first: Mutex<Vec<StatusCode>>,
}

impl CloudFormation {
    pub(crate) async fn start() -> Self {
        let kept = Arc::<Kept>::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(take).with_state(Arc::clone(&kept));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let path = "arn%3Aaws%3Acloudformation%3Astack/defuse%7CGate";
        let response_url = format!("http://{address}/{path}?X-Amz-Signature={SIGNATURE}");
        Self { response_url, kept }
    }

    /// Has the store answer that once, before anything else
    pub(crate) fn answer_first(&self, status: StatusCode) {
        self.kept.first.lock().unwrap().push(status);
    }

    /// A sample request, with this store as the place for its answer
    pub(crate) fn request(&self, name: &str) -> Value {
        let mut request = event(&format!("events/provision/{name}.json"));
        request["ResponseURL"] = json!(self.response_url);
        request
    }

    /// The same, for that bundle in a layer of its own
    pub(crate) fn request_for(&self, name: &str, bundle: &str) -> Value {
        self.request_with(name, bundle, &format!("layer with {bundle}"))
    }

    /// The same, for that bundle in that layer
    pub(crate) fn request_with(&self, name: &str, bundle: &str, layer: &str) -> Value {
        let mut request = self.request(name);
        request["ResourceProperties"]["Bundle"] = json!(bundle);
        request["ResourceProperties"]["Layer"] = json!(layer);
        request
    }

    /// Everything that came since the last call
    pub(crate) fn puts(&self) -> Vec<Put> {
        std::mem::take(&mut *self.kept.puts.lock().unwrap())
    }
}

async fn take(
    State(kept): State<Arc<Kept>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    kept.puts.lock().unwrap().push(Put { method, uri, headers, body });
    kept.first.lock().unwrap().pop().unwrap_or(StatusCode::OK)
}
