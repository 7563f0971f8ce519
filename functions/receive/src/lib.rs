//! Takes alerts that a source pushes: over HTTP nothing unsigned, nothing twice, nothing lost, and
//! from AWS itself by EventBridge.

mod answer;
mod event;
mod graph;
mod sender;

use defuse_domain::{BODY_BYTES_MAX, UnreadableCode};
use defuse_flow::WebhookLog;
use defuse_lambda::{Chain, ReceiveApp};
use jiff::Timestamp;
use lambda_http::{Body, Request, Response, http::Method};
use tracing::{error, warn};

pub use self::event::{handle_event, is_event};
use self::{
    answer::{Refusal, accepted},
    sender::Sender,
};

/// Stores the alerts of a request.
///
/// Who sent it is checked on the raw bytes before anything is read, unless nobody says who did: then
/// it may be Graph, which shows what it knows inside of the body. An answer of 2xx means that every
/// alert in it is stored, or left out by the settings and counted; 503 asks the sender to send it again.
pub async fn handle(app: &ReceiveApp, request: Request, now: Timestamp) -> Response<Body> {
    match take(app, &request, now).await {
        Ok(answer) => answer,
        Err(refusal) => {
            warn!(code = refusal.code(), status = refusal.status(), "refused a request");
            refusal.into_response()
        }
    }
}

async fn take(
    app: &ReceiveApp,
    request: &Request,
    now: Timestamp,
) -> Result<Response<Body>, Refusal> {
    if request.method() != Method::POST {
        return Err(Refusal::Method);
    }
    let body: &[u8] = request.body().as_ref();
    if body.len() > BODY_BYTES_MAX {
        return Err(Refusal::TooLarge);
    }
    if Sender::is_unsaid(request.headers())
        && let Some(answer) = graph::answer(app, request)?
    {
        return Ok(answer);
    }
    let sender = Sender::check(app, request.headers(), body, now)?;
    if let Sender::Signed { id } = &sender
        && app.log.was_taken(id).await.map_err(busy)?
    {
        return Err(Refusal::Replayed);
    }
    let receipt = app.receive.receive(body, now).await.map_err(busy)?;
    if let Sender::Signed { id } = &sender {
        app.log.took(id, now).await.map_err(busy)?;
    }
    match receipt.rejected.first() {
        Some(first) if receipt.has_none() => {
            let status = match first.code {
                UnreadableCode::TooLarge | UnreadableCode::TooMany => 413,
                UnreadableCode::Empty
                | UnreadableCode::NotText
                | UnreadableCode::NotJson
                | UnreadableCode::NotAnAlert => 400,
            };
            Err(Refusal::Unreadable { status, rejected: receipt.rejected })
        }
        Some(_) | None => Ok(accepted(&receipt)),
    }
}

fn busy(failure: defuse_flow::StoreError) -> Refusal {
    error!(error = %Chain(&failure), "cannot store what arrived");
    Refusal::Busy
}
