//! A stub of the Lambda Runtime API on loopback, so that a function's own binary runs without AWS.
//!
//! It hands events to whoever polls and gives the answers back. It does not freeze, restart or
//! kill a function that takes too long, and knows nothing of extensions or streamed responses.

mod process;

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{self, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::{Notify, oneshot};

use crate::server::{Bound, Server};

pub use process::FunctionProcess;

/// What the function made of an event
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invocation {
    /// It answered; text that is no JSON is a string
    Response(Value),
    /// It reported an error: `errorType` and `errorMessage`
    Failed(Value),
}

/// The function gave no answer to an event
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// It did not get as far as asking for events, and said why
    #[error("function failed to start: {0}")]
    InitFailed(Value),
    /// Its process ended
    #[error("function ended ({0})")]
    Exited(String),
    /// It took too long, or nobody asked for the event
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// The stub itself is gone
    #[error("stub has stopped")]
    Stopped,
}

/// A running stub of the Runtime API; it stops when dropped
#[derive(Debug)]
pub struct RuntimeStub {
    shared: Shared,
    address: SocketAddr,
    // Held for its drop.
    _server: Server,
}

impl RuntimeStub {
    /// The function's name, as it is told
    pub const FUNCTION_NAME: &'static str = "stand-in";

    /// Starts on a free port of 127.0.0.1, on a thread of its own
    pub fn start() -> Result<Self, io::Error> {
        let bound = Bound::new()?;
        let address = bound.address();
        let shared = Shared::default();
        let server = bound.serve(router(shared.clone()))?;
        Ok(Self { shared, address, _server: server })
    }

    /// Host and port for `AWS_LAMBDA_RUNTIME_API`, for those who do not [`spawn`](Self::spawn)
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Starts a function's binary with Lambda's usual variables and `variables`, which win.
    ///
    /// It gets nothing of our own environment. It is killed when what is given back is dropped, and
    /// from then on no event goes to it.
    pub fn spawn(
        &self,
        binary: &Path,
        variables: &[(&str, &str)],
    ) -> Result<FunctionProcess, io::Error> {
        FunctionProcess::spawn(self.shared.clone(), binary, variables)
    }

    /// Hands `event` to the function and waits for what it makes of it
    pub async fn invoke(&self, event: Value, limit: Duration) -> Result<Invocation, InvokeError> {
        let (id, answer) = self.shared.queue(event, limit)?;
        match tokio::time::timeout(limit, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(InvokeError::Stopped),
            Err(_) => {
                self.shared.state().waiting.remove(&id);
                Err(InvokeError::TimedOut(limit))
            }
        }
    }
}

type Answer = Result<Invocation, InvokeError>;

#[derive(Clone, Debug, Default)]
struct Shared(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<Events>,
    queued: Notify,
}

#[derive(Debug, Default)]
struct Events {
    queue: VecDeque<Event>,
    waiting: BTreeMap<String, oneshot::Sender<Answer>>,
    n_queued: u64,
    // Why the function takes no more events; none while it does, or may yet.
    ended: Option<InvokeError>,
}

#[derive(Debug)]
struct Event {
    id: String,
    deadline_ms: i128,
    event: Value,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, Events> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queue(
        &self,
        event: Value,
        limit: Duration,
    ) -> Result<(String, oneshot::Receiver<Answer>), InvokeError> {
        let mut state = self.state();
        if let Some(error) = &state.ended {
            return Err(error.clone());
        }
        state.n_queued += 1;
        let id = format!("00000000-0000-4000-8000-{:012x}", state.n_queued);
        let limit_ms = i128::try_from(limit.as_millis()).unwrap_or(i128::MAX);
        let deadline_ms = i128::from(Timestamp::now().as_millisecond()).saturating_add(limit_ms);
        let (answer, answered) = oneshot::channel();
        state.waiting.insert(id.clone(), answer);
        state.queue.push_back(Event { id: id.clone(), deadline_ms, event });
        self.0.queued.notify_one();
        Ok((id, answered))
    }

    /// The next event that somebody still waits for
    fn take(&self) -> Option<Event> {
        let mut state = self.state();
        state.ended = None;
        loop {
            let event = state.queue.pop_front()?;
            if state.waiting.get(&event.id).is_some_and(|waiter| !waiter.is_closed()) {
                return Some(event);
            }
            state.waiting.remove(&event.id);
        }
    }

    /// Gives an answer to the one who waits for it; whether there is one
    fn answer(&self, id: &str, answer: Answer) -> bool {
        let waiter = self.state().waiting.remove(id);
        waiter.is_some_and(|waiter| waiter.send(answer).is_ok())
    }

    /// Tells all who wait, and whoever comes, that the function takes no more events
    fn end(&self, error: InvokeError) {
        let mut state = self.state();
        state.queue.clear();
        for (_, waiter) in std::mem::take(&mut state.waiting) {
            // Why: one who no longer waits needs no answer.
            drop(waiter.send(Err(error.clone())));
        }
        // Why: the first reason is the cause of those after it.
        state.ended.get_or_insert(error);
    }
}

fn router(shared: Shared) -> Router {
    let calls = Router::new()
        .route("/invocation/next", get(next))
        .route("/invocation/{id}/response", post(response))
        .route("/invocation/{id}/error", post(error))
        .route("/init/error", post(init_error));
    Router::new().nest("/2018-06-01/runtime", calls).with_state(shared)
}

/// Waits for an event for as long as it takes
async fn next(State(shared): State<Shared>) -> Response {
    loop {
        let queued = shared.0.queued.notified();
        if let Some(Event { id, deadline_ms, event }) = shared.take() {
            let name = RuntimeStub::FUNCTION_NAME;
            let headers = [
                ("lambda-runtime-aws-request-id", id),
                ("lambda-runtime-deadline-ms", deadline_ms.to_string()),
                (
                    "lambda-runtime-invoked-function-arn",
                    format!("arn:aws:lambda:{}:123456789012:function:{name}", process::REGION),
                ),
                (
                    "lambda-runtime-trace-id",
                    "Root=1-00000000-000000000000000000000000;Sampled=0".to_owned(),
                ),
            ];
            return (headers, Json(event)).into_response();
        }
        queued.await;
    }
}

async fn response(
    State(shared): State<Shared>,
    extract::Path(id): extract::Path<String>,
    body: Bytes,
) -> (StatusCode, Json<Value>) {
    acknowledge(shared.answer(&id, Ok(Invocation::Response(json_or_text(&body)))))
}

async fn error(
    State(shared): State<Shared>,
    extract::Path(id): extract::Path<String>,
    body: Bytes,
) -> (StatusCode, Json<Value>) {
    acknowledge(shared.answer(&id, Ok(Invocation::Failed(json_or_text(&body)))))
}

async fn init_error(State(shared): State<Shared>, body: Bytes) -> (StatusCode, Json<Value>) {
    shared.end(InvokeError::InitFailed(json_or_text(&body)));
    acknowledge(true)
}

fn acknowledge(was_awaited: bool) -> (StatusCode, Json<Value>) {
    if was_awaited {
        return (StatusCode::ACCEPTED, Json(json!({ "status": "OK" })));
    }
    let message = "Nobody waits for this request id.";
    let body = json!({ "errorType": "InvalidRequestID", "errorMessage": message });
    (StatusCode::BAD_REQUEST, Json(body))
}

fn json_or_text(body: &[u8]) -> Value {
    serde_json::from_slice(body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(body).into_owned()))
}

#[cfg(test)]
mod tests;
