//! Microsoft Graph: its routes, its bearer check and the shape of its errors.

mod alerts;
mod directory;
mod evolvable;
mod filter;
mod mail_tips;
mod query;
mod rate;

use axum::{
    Json, Router,
    extract::{Request, State},
    http::StatusCode,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jiff::Timestamp;
use serde_json::{Value, json};

pub(super) use self::rate::Rate;
use super::{
    sign_in::{Resource, credentials},
    state::Shared,
};

/// Where Graph's own descriptions of its answers are
const METADATA: &str = "https://graph.microsoft.com/v1.0/$metadata";

pub(super) fn routes(shared: &Shared) -> Router<Shared> {
    Router::new()
        .route("/security/alerts_v2", get(alerts::list))
        .route("/security/alerts_v2/{id}", get(alerts::get).patch(alerts::update))
        .route("/security/alerts_v2/{id}/comments", post(alerts::comment))
        .route("/users/{user}", get(directory::user))
        .route(
            "/users/{user}/mailboxSettings/automaticRepliesSetting",
            get(directory::automatic_replies),
        )
        .route("/users/{user}/getMailTips", post(mail_tips::mail_tips))
        .route("/users/{user}/transitiveMemberOf/microsoft.graph.group", get(directory::groups))
        .route("/identityProtection/riskyUsers/{user}", get(directory::risk))
        .fallback(no_such_resource)
        .layer(from_fn_with_state(shared.clone(), require_token))
}

/// What a handler gives: a body, or the error in Graph's shape
type Answer = Result<Json<Value>, GraphError>;

/// The request was not done
#[derive(Debug)]
struct GraphError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl GraphError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }
}

impl IntoResponse for GraphError {
    fn into_response(self) -> Response {
        let Self { status, code, message } = self;
        let request_id = "00000000-0000-0000-0000-000000000000";
        let inner_error = json!({
            "date": Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S").to_string(),
            "request-id": request_id,
            "client-request-id": request_id,
        });
        let error = json!({ "code": code, "message": message, "innerError": inner_error });
        (status, Json(json!({ "error": error }))).into_response()
    }
}

async fn require_token(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let token = credentials(request.headers(), "Bearer").unwrap_or_default();
    let accepted = shared.state().accepts_token(Resource::Graph, token, Timestamp::now());
    if accepted {
        return next.run(request).await;
    }
    let message = match token {
        "" => "Access token is empty.",
        _ => "Lifetime validation failed, the token is expired or was never issued.",
    };
    GraphError::new(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", message).into_response()
}

async fn no_such_resource() -> GraphError {
    GraphError::bad_request("Resource not found for the segment.")
}
