//! The allow list over HTTP, for `defuse allow` on the same machine.
//!
//! A page in a browser can send forms here; it cannot send JSON, nor name this host as its own. So
//! what changes something must be JSON, and addressed to the loopback.

use axum::{
    body::{Bytes, to_bytes},
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use defuse_domain::{AllowListDraft, Indicator, IndicatorKind};
use defuse_flow::{AllowListOutbox as _, StoreError};
use defuse_lambda::Chain;
use serde::Serialize;
use serde_json::json;
use tracing::error;

use super::{Shared, busy, problem};
use crate::allow::{page_after, put_all};

/// The largest request, in bytes
const BYTES_MAX: usize = 1024 * 1024;

/// The first entries
pub(super) async fn first(State(shared): State<Shared>) -> Response {
    answer(page_after(&shared.apps.store, None).await.map(Some))
}

/// The entries after an indicator
pub(super) async fn after(
    State(shared): State<Shared>,
    Path((kind, value)): Path<(String, String)>,
) -> Response {
    match indicator(&kind, &value) {
        Ok(after) => answer(page_after(&shared.apps.store, Some(&after)).await.map(Some)),
        Err(refusal) => *refusal,
    }
}

/// The entry of an indicator
pub(super) async fn of(
    State(shared): State<Shared>,
    Path((kind, value)): Path<(String, String)>,
) -> Response {
    match indicator(&kind, &value) {
        Ok(indicator) => answer(shared.apps.store.entry(&indicator).await),
        Err(refusal) => *refusal,
    }
}

/// Puts entries on the list
pub(super) async fn put(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if !is_from_here(&parts.headers) {
        let (detail, help) = ("this is not from the same machine", "use `defuse allow add`");
        return problem(StatusCode::FORBIDDEN, "notFromHere", detail, help);
    }
    let body = to_bytes(body, BYTES_MAX).await.unwrap_or_default();
    let drafts: Vec<AllowListDraft> = match read(&body) {
        Ok(drafts) => drafts,
        Err(refusal) => return *refusal,
    };
    match put_all(&shared.apps.store, drafts, (shared.clock)()).await {
        Ok(Ok(taken)) => answer(Ok(Some(taken))),
        Ok(Err(problems)) => bad_entry(&problems.join("; ")),
        Err(failure) => failed(&failure),
    }
}

/// Whether a command of this machine sent it, and no page in a browser
fn is_from_here(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let host = text(header::HOST);
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    matches!(host, "127.0.0.1" | "localhost" | "[::1]")
        && text(header::CONTENT_TYPE) == "application/json"
}

fn read(body: &Bytes) -> Result<Vec<AllowListDraft>, Box<Response>> {
    serde_json::from_slice(body).map_err(|error| Box::new(bad_entry(&error.to_string())))
}

fn indicator(kind: &str, value: &str) -> Result<Indicator, Box<Response>> {
    let kind = IndicatorKind::from_name(kind).unwrap_or(IndicatorKind::Url);
    Indicator::parse(kind, value).map_err(|error| Box::new(bad_entry(&error.to_string())))
}

fn bad_entry(detail: &str) -> Response {
    problem(StatusCode::BAD_REQUEST, "badEntry", detail, "see `defuse allow add --help`")
}

fn answer(found: Result<Option<impl Serialize>, StoreError>) -> Response {
    match found {
        Ok(Some(found)) => {
            let content = [(header::CONTENT_TYPE, "application/json")];
            (content, json!(found).to_string()).into_response()
        }
        Ok(None) => {
            let (detail, help) = ("it is not on the allow list", "see `defuse allow list`");
            problem(StatusCode::NOT_FOUND, "notFound", detail, help)
        }
        Err(failure) => failed(&failure),
    }
}

fn failed(failure: &StoreError) -> Response {
    error!(error = %Chain(failure), "cannot read or write the allow list");
    busy()
}
