//! Microsoft Defender for Endpoint: its list of indicators.

use axum::{
    Json, Router,
    extract::{Request, State},
    http::StatusCode,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::post,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    sign_in::{Resource, credentials},
    state::{Object, Shared},
};

/// How many indicators a tenant may have
pub(super) const INDICATORS_MAX: usize = 15_000;

const TYPES: [&str; 7] = [
    "FileSha1",
    "FileMd5",
    "FileSha256",
    "CertificateThumbprint",
    "IpAddress",
    "DomainName",
    "Url",
];

const ACTIONS: [&str; 7] =
    ["Alert", "Warn", "Block", "Audit", "BlockAndRemediate", "AlertAndBlock", "Allowed"];

/// The properties that a request may have
const PROPERTIES: [&str; 11] = [
    "indicatorValue",
    "indicatorType",
    "action",
    "title",
    "description",
    "application",
    "expirationTime",
    "severity",
    "recommendedActions",
    "rbacGroupNames",
    "generateAlert",
];

pub(super) fn routes(shared: &Shared) -> Router<Shared> {
    Router::new()
        .route("/api/indicators", post(submit))
        .fallback(|| async { refusal(StatusCode::NOT_FOUND, "ResourceNotFound", "Not found.") })
        .layer(from_fn_with_state(shared.clone(), require_token))
}

fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(json!({ "error": { "code": code, "message": message } }))).into_response()
}

async fn require_token(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let token = credentials(request.headers(), "Bearer").unwrap_or_default();
    let (accepted, may_write) = {
        let state = shared.state();
        let accepted = state.accepts_token(Resource::Endpoint, token, Timestamp::now());
        (accepted, state.may_write_indicators)
    };
    if !accepted {
        return refusal(StatusCode::UNAUTHORIZED, "Unauthorized", "The token is not accepted.");
    }
    if !may_write {
        let message = "Missing application roles. API required roles: Ti.ReadWrite, \
            Ti.ReadWrite.All, application roles: .";
        return refusal(StatusCode::FORBIDDEN, "Forbidden", message);
    }
    next.run(request).await
}

/// Submits an indicator, or replaces the one of the same type and value
async fn submit(State(shared): State<Shared>, Json(body): Json<Value>) -> Response {
    let Value::Object(mut indicator) = body else { return bad_request("a JSON object is needed") };
    if let Err(message) = check(&indicator) {
        return bad_request(&message);
    }
    let text = |name: &str| indicator.get(name).and_then(Value::as_str).unwrap_or_default();
    let key = (text("indicatorType").to_owned(), text("indicatorValue").to_lowercase());
    let mut state = shared.state();
    let known = state.indicators.get(&key).and_then(|it| it.get("id")).cloned();
    if known.is_none() && state.indicators.len() >= state.indicators_max {
        let message = format!("Max capacity of {} indicators reached.", state.indicators_max);
        return bad_request(&message);
    }
    let id = known.unwrap_or_else(|| (state.indicators.len() + 1).to_string().into());
    indicator.insert("id".to_owned(), id);
    state.indicators.insert(key, indicator.clone());
    Json(indicator).into_response()
}

fn bad_request(message: &str) -> Response {
    refusal(StatusCode::BAD_REQUEST, "BadRequest", message)
}

fn check(indicator: &Object) -> Result<(), String> {
    if let Some(name) = indicator.keys().find(|it| !PROPERTIES.contains(&it.as_str())) {
        return Err(format!("The property '{name}' does not exist."));
    }
    for name in ["indicatorValue", "indicatorType", "action", "title", "description"] {
        if indicator.get(name).and_then(Value::as_str).is_none_or(str::is_empty) {
            return Err(format!("{name} is required."));
        }
    }
    let is_one_of =
        |name: &str, words: &[&str]| words.iter().any(|it| indicator.get(name) == Some(&json!(it)));
    if !is_one_of("indicatorType", &TYPES) || !is_one_of("action", &ACTIONS) {
        return Err("The type or the action is not known.".to_owned());
    }
    if is_one_of("indicatorType", &["IpAddress"])
        && indicator
            .get("indicatorValue")
            .and_then(Value::as_str)
            .is_some_and(|it| it.contains('/'))
    {
        return Err("CIDR notation is not supported.".to_owned());
    }
    let is_time = |it: &Value| it.as_str().is_some_and(|it| it.parse::<Timestamp>().is_ok());
    if indicator.get("expirationTime").is_some_and(|it| !is_time(it)) {
        return Err("expirationTime is no time.".to_owned());
    }
    Ok(())
}
