//! A topic in SNS's place: takes `Publish` in SNS's own protocol and keeps the messages.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use axum::{Router, extract::State, http::StatusCode, routing::post};
use serde_json::Value;
use tokio::net::TcpListener;
use url::form_urlencoded;

/// The topic's name
pub(crate) const ARN: &str = "arn:aws:sns:eu-west-1:123456789012:defuse-notifications";

/// A topic of our own
#[derive(Clone, Debug)]
pub(crate) struct Topic {
    pub(crate) endpoint: String,
    kept: Arc<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    messages: Mutex<Vec<String>>,
    is_closed: AtomicBool,
}

impl Topic {
    pub(crate) async fn start() -> Self {
        let kept = Arc::new(Kept::default());
        let router = Router::new().route("/", post(publish)).with_state(Arc::clone(&kept));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { endpoint, kept }
    }

    /// Every message so far
    pub(crate) fn messages(&self) -> Vec<String> {
        self.kept.messages.lock().unwrap().clone()
    }

    /// Every message so far, as JSON
    pub(crate) fn notifications(&self) -> Vec<Value> {
        self.messages().iter().map(|it| serde_json::from_str(it).unwrap()).collect()
    }

    /// Whether messages are refused from now on: nobody may publish
    pub(crate) fn close(&self, is_closed: bool) {
        self.kept.is_closed.store(is_closed, Ordering::SeqCst);
    }
}

/// Form fields in, XML out
async fn publish(State(kept): State<Arc<Kept>>, body: String) -> (StatusCode, String) {
    let fields: Vec<(String, String)> =
        form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let field = |name: &str| fields.iter().find(|(it, _)| it == name).map(|(_, it)| it.as_str());
    if kept.is_closed.load(Ordering::SeqCst) {
        return (StatusCode::FORBIDDEN, error("AuthorizationError", "not authorized"));
    }
    match (field("Action"), field("TopicArn"), field("Message")) {
        (Some("Publish"), Some(ARN), Some(message)) => {
            let mut messages = kept.messages.lock().unwrap();
            messages.push(message.to_owned());
            let n = messages.len();
            let id = format!("94f20ce6-13c5-43a0-9a9e-ca52d8{n:06}");
            (
                StatusCode::OK,
                format!(
                    "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">\
                     <PublishResult><MessageId>{id}</MessageId></PublishResult>\
                     <ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata>\
                     </PublishResponse>"
                ),
            )
        }
        _ => (StatusCode::BAD_REQUEST, error("InvalidParameter", "only Publish to our topic")),
    }
}

fn error(code: &str, message: &str) -> String {
    format!(
        "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error>\
         <Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
         <RequestId>0</RequestId></ErrorResponse>"
    )
}
