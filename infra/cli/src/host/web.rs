//! HTTP on the loopback: alerts in, why they were decided out, and the allow list.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Path, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use defuse_domain::{AlertId, BODY_BYTES_MAX};
use defuse_lambda::Chain;
use serde_json::json;
use tokio::net::TcpListener;
use tracing::{error, warn};

mod allow_list;

use super::{Apps, Clock};
use crate::{explain, status};

/// What there is
const PLACES: &str = "POST /receive takes alerts, GET /runs/<alert id> shows why one was decided, \
    GET /status what was left out, /allow-list is what `defuse allow` asks, and /v1/openapi.json is \
    for whoever has a token";

#[derive(Clone)]
struct Shared {
    apps: Arc<Apps>,
    clock: Clock,
}

pub(crate) async fn serve(listener: TcpListener, apps: Arc<Apps>, clock: Clock) {
    let router = Router::new()
        .route("/receive", any(receive))
        .route("/v1/{*path}", any(api))
        .route("/runs/{alert_id}", get(last_run))
        .route("/status", get(status))
        .route("/allow-list", get(allow_list::first).post(allow_list::put))
        .route("/allow-list/after/{kind}/{value}", get(allow_list::after))
        .route("/allow-list/of/{kind}/{value}", get(allow_list::of))
        .route("/health", get(|| async { "ok\n" }))
        .fallback(async || {
            problem(StatusCode::NOT_FOUND, "notFound", "there is nothing at this path", PLACES)
        })
        .method_not_allowed_fallback(async || {
            let detail = "this method is not taken here";
            problem(StatusCode::METHOD_NOT_ALLOWED, "methodNotAllowed", detail, PLACES)
        })
        .with_state(Shared { apps, clock });
    if let Err(error) = axum::serve(listener, router).await {
        warn!(error = %error, "HTTP stopped");
    }
}

/// Hands a request to the function `receive` as Lambda would
async fn receive(State(shared): State<Shared>, request: Request) -> Response {
    let request = as_lambda_has_it(request).await;
    let answer = defuse_receive::handle(&shared.apps.receive, request, (shared.clock)()).await;
    as_axum_has_it(answer)
}

/// Hands a request to the function `api` as Lambda would
async fn api(State(shared): State<Shared>, request: Request) -> Response {
    let request = as_lambda_has_it(request).await;
    as_axum_has_it(defuse_api::handle(&shared.apps.api, request, (shared.clock)()).await)
}

async fn as_lambda_has_it(request: Request) -> lambda_http::Request {
    let (parts, body) = request.into_parts();
    // One byte past the bound is enough for the function to see that it is too large.
    let body = match to_bytes(body, BODY_BYTES_MAX + 1).await {
        Ok(body) => body,
        Err(_) => Bytes::from(vec![b' '; BODY_BYTES_MAX + 1]),
    };
    lambda_http::http::Request::from_parts(parts, lambda_http::Body::Binary(body.to_vec()))
}

fn as_axum_has_it(answer: lambda_http::Response<lambda_http::Body>) -> Response {
    let (parts, body) = answer.into_parts();
    Response::from_parts(parts, Body::from(body.as_ref().to_vec()))
}

/// The alert and the run that decided it last, as JSON
async fn last_run(State(shared): State<Shared>, Path(alert_id): Path<String>) -> Response {
    let Ok(id) = AlertId::parse(&alert_id) else {
        let (detail, help) = ("this is no alert id", "an id has no white space in it");
        return problem(StatusCode::BAD_REQUEST, "badAlertId", detail, help);
    };
    match explain::found(&shared.apps.store, &id).await {
        Ok(Some(found)) => {
            let content = [(header::CONTENT_TYPE, "application/json")];
            (content, found.to_json().to_string()).into_response()
        }
        Ok(None) => {
            let (detail, help) = ("there is no alert of that id", "ids are case-sensitive");
            problem(StatusCode::NOT_FOUND, "notFound", detail, help)
        }
        Err(failure) => {
            error!(error = %Chain(&failure), "cannot read a run");
            busy()
        }
    }
}

/// What an operator wants to know, as JSON
async fn status(State(shared): State<Shared>) -> Response {
    match status::of(&shared.apps.store, (shared.clock)()).await {
        Ok(status) => {
            let content = [(header::CONTENT_TYPE, "application/json")];
            (content, json!(status).to_string()).into_response()
        }
        Err(failure) => {
            error!(error = %Chain(&failure), "cannot read the counters");
            busy()
        }
    }
}

/// The state cannot be read now
fn busy() -> Response {
    let (detail, help) = ("the state cannot be read", "see the log (RUST_LOG=info)");
    problem(StatusCode::SERVICE_UNAVAILABLE, "busy", detail, help)
}

/// A problem as the function `receive` states its own (RFC 9457)
fn problem(status: StatusCode, code: &str, detail: &str, help: &str) -> Response {
    let problem = json!({
        "type": "about:blank",
        "title": code,
        "status": status.as_u16(),
        "code": code,
        "detail": detail,
        "help": help,
    });
    let content = [(header::CONTENT_TYPE, "application/problem+json")];
    (status, content, problem.to_string()).into_response()
}
