//! Defender for Cloud Apps: its alerts, and the three ways to close them.

mod close;
mod list;

use axum::{
    Json, Router,
    extract::{Path, Request, State},
    http::StatusCode,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Tenant,
    sign_in::{Resource, credentials},
    state::Shared,
};

pub(super) fn routes(shared: &Shared) -> Router<Shared> {
    Router::new()
        .route("/alerts/", get(list::by_query).post(list::by_body))
        .route("/alerts/{pk}/", get(alert))
        .route("/alerts/close_benign/", post(close::benign))
        .route("/alerts/close_false_positive/", post(close::false_positive))
        .route("/alerts/close_true_positive/", post(close::true_positive))
        // Why: `resolve` would close legitimate activity as a true positive.
        .route("/alerts/resolve/", post(gone))
        .route("/alerts/dismiss/", post(gone))
        .fallback(not_found)
        .layer(from_fn_with_state(shared.clone(), require_key))
}

/// What a handler gives: a body, or the refusal
type Answer = Result<Json<Value>, Refusal>;

/// The request was not done
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    detail: String,
}

impl Refusal {
    fn bad_request(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, detail: detail.into() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "detail": self.detail }))).into_response()
    }
}

async fn require_key(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let has_key = credentials(request.headers(), "Token") == Some(Tenant::CLOUD_APPS_KEY);
    let token = credentials(request.headers(), "Bearer").unwrap_or_default();
    let now = Timestamp::now();
    if has_key || shared.state().accepts_token(Resource::CloudApps, token, now) {
        return next.run(request).await;
    }
    Refusal { status: StatusCode::UNAUTHORIZED, detail: "Invalid token.".to_owned() }
        .into_response()
}

async fn alert(State(shared): State<Shared>, Path(pk): Path<String>) -> Answer {
    let state = shared.state();
    let alert = state.cloud_apps_alerts.get(&pk).cloned();
    alert.map(|alert| Json(alert.into())).ok_or_else(no_such_thing)
}

async fn gone() -> Refusal {
    let detail = "Retired: use close_benign, close_false_positive or close_true_positive.";
    Refusal { status: StatusCode::GONE, detail: detail.to_owned() }
}

async fn not_found() -> Refusal {
    no_such_thing()
}

fn no_such_thing() -> Refusal {
    Refusal { status: StatusCode::NOT_FOUND, detail: "Not found.".to_owned() }
}
