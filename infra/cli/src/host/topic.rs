//! The in-process topic in SNS's place: takes what is published over SNS's own protocol, keeps it,
//! and hands it to the function `chat` until that has posted it.
//!
//! What is published is in a file before the answer goes out, so a kill loses nothing.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_lambda_events::sns::SnsEvent;
use axum::{Router, extract::State, http::StatusCode, response::IntoResponse, routing::post};
use serde_json::json;
use tokio::{net::TcpListener, sync::mpsc, task::JoinSet};
use tracing::warn;

use super::{Apps, Clock};
use crate::failure::Failure;

/// The topic's name
pub(crate) const ARN: &str = "arn:aws:sns:us-east-1:000000000000:defuse";

/// The folder that keeps what is not yet handed on
const FOLDER: &str = "topic";

/// How long the first repeat waits; each one more waits twice as long
const WAIT_FIRST: Duration = Duration::from_secs(1);
const WAIT_MAX: Duration = Duration::from_mins(1);

/// What was published and is not yet handed on
pub(crate) struct Topic {
    folder: Option<PathBuf>,
    kept: Mutex<BTreeMap<String, String>>,
    next: Mutex<u64>,
    wake: mpsc::UnboundedSender<String>,
}

impl Topic {
    /// Opens the topic with whatever an earlier host left in it
    pub(crate) fn open(
        data: Option<&Path>,
    ) -> Result<(Self, mpsc::UnboundedReceiver<String>), Failure> {
        let folder = data.map(|it| it.join(FOLDER));
        let (wake, inbox) = mpsc::unbounded_channel();
        let mut kept = BTreeMap::new();
        if let Some(folder) = &folder {
            let read = || -> io::Result<BTreeMap<String, String>> {
                fs::create_dir_all(folder)?;
                let mut kept = BTreeMap::new();
                for entry in fs::read_dir(folder)? {
                    let path = entry?.path();
                    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                    if path.extension().is_some_and(|it| it == "json") {
                        kept.insert(name, fs::read_to_string(&path)?);
                    }
                }
                Ok(kept)
            };
            kept = read().map_err(|source| Failure::File { path: folder.clone(), source })?;
        }
        let last = kept.keys().filter_map(|it| it.parse::<u64>().ok()).max();
        for id in kept.keys() {
            let sent = wake.send(id.clone());
            drop(sent);
        }
        let next = Mutex::new(last.map_or(0, |it| it + 1));
        Ok((Self { folder, kept: Mutex::new(kept), next, wake }, inbox))
    }

    /// Whether everything published was handed on
    pub(crate) fn is_empty(&self) -> bool {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Keeps a message, on disk first
    fn publish(&self, message: String) -> io::Result<String> {
        let id = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let id = format!("{:020}", *next);
            *next += 1;
            id
        };
        if let Some(folder) = &self.folder {
            let (part, whole) =
                (folder.join(format!("{id}.part")), folder.join(format!("{id}.json")));
            fs::write(&part, &message)?;
            fs::File::open(&part)?.sync_all()?;
            fs::rename(part, whole)?;
        }
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), message);
        let sent = self.wake.send(id.clone());
        drop(sent);
        Ok(id)
    }

    fn message(&self, id: &str) -> Option<String> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn forget(&self, id: &str) {
        if let Some(folder) = &self.folder
            && let Err(error) = fs::remove_file(folder.join(format!("{id}.json")))
        {
            warn!(error = %error, "cannot remove message `{id}`; it will be recognised as a repeat");
        }
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

/// Serves SNS's `Publish` on the loopback, and gives the address
pub(crate) async fn serve(topic: Arc<Topic>, tasks: &mut JoinSet<()>) -> Result<String, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await;
    let bound = listener.and_then(|it| Ok((it.local_addr()?, it)));
    let (address, listener) =
        bound.map_err(|error| Failure::host("cannot listen for the topic", error))?;
    let router = Router::new().route("/", post(publish)).with_state(topic);
    tasks.spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            warn!(error = %error, "the topic stopped");
        }
    });
    Ok(format!("http://{address}"))
}

/// One call of SNS's query protocol: form fields in, XML out
async fn publish(State(topic): State<Arc<Topic>>, body: String) -> impl IntoResponse {
    let field = |name: &str| {
        url::form_urlencoded::parse(body.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    let (Some("Publish"), Some(message)) = (field("Action").as_deref(), field("Message")) else {
        return (StatusCode::BAD_REQUEST, error_xml("InvalidParameter", "only Publish"));
    };
    match topic.publish(message) {
        Ok(id) => (
            StatusCode::OK,
            format!(
                "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">\
                 <PublishResult><MessageId>{id}</MessageId></PublishResult>\
                 <ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata>\
                 </PublishResponse>"
            ),
        ),
        Err(error) => {
            warn!(error = %error, "cannot keep a message");
            (StatusCode::INTERNAL_SERVER_ERROR, error_xml("InternalError", "cannot keep it"))
        }
    }
}

fn error_xml(code: &str, message: &str) -> String {
    format!(
        "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error>\
         <Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
         <RequestId>0</RequestId></ErrorResponse>"
    )
}

/// Hands each message to the function `chat`, again and again until it is posted
pub(crate) async fn hand_on(
    topic: Arc<Topic>,
    mut inbox: mpsc::UnboundedReceiver<String>,
    apps: Arc<Apps>,
    clock: Clock,
) {
    let mut under_way = JoinSet::new();
    while let Some(id) = inbox.recv().await {
        let (topic, apps, clock) = (Arc::clone(&topic), Arc::clone(&apps), Arc::clone(&clock));
        under_way.spawn(async move {
            let mut wait = WAIT_FIRST;
            while let Some(message) = topic.message(&id) {
                let Some(event) = event(&id, &message) else { return };
                if let Ok(()) = defuse_chat::handle(&apps.post, event, clock()).await {
                    topic.forget(&id);
                } else {
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(WAIT_MAX);
                }
            }
        });
        while under_way.try_join_next().is_some() {}
    }
}

/// The event that Lambda would get from SNS
fn event(id: &str, message: &str) -> Option<SnsEvent> {
    let event = json!({ "Records": [{
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": format!("{ARN}:chat"),
        "Sns": {
            "Type": "Notification",
            "MessageId": id,
            "TopicArn": ARN,
            "Subject": null,
            "Message": message,
            "Timestamp": "1970-01-01T00:00:00Z",
            "SignatureVersion": "1",
            "Signature": "",
            "SigningCertUrl": "",
            "UnsubscribeUrl": "",
            "MessageAttributes": {},
        },
    }]});
    serde_json::from_value(event).ok()
}
