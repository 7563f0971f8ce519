//! What every request meets first: it is recorded, and may meet a fault that was ordered.

use axum::{
    Json,
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{faults::FaultKind, record::RecordedRequest, state::Shared};
use crate::server::Scissors;

/// Nothing we speak to takes more
const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Records a request, lets it be answered, and records the answer
pub(super) async fn attend(
    State(shared): State<Shared>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX).await;
    let known = body.as_deref().unwrap_or_default();
    let record = RecordedRequest::new(&parts.method, &parts.uri, &parts.headers, known);
    let (number, fault) = shared.open(record);

    let body = match body {
        Ok(body) => body,
        Err(error) => {
            shared.close(number, StatusCode::PAYLOAD_TOO_LARGE);
            return (StatusCode::PAYLOAD_TOO_LARGE, error.to_string()).into_response();
        }
    };
    let request = Request::from_parts(parts, Body::from(body));
    let Some(mut response) = answer(fault, request, next).await else {
        scissors.cut();
        return StatusCode::BAD_GATEWAY.into_response(); // never leaves the machine
    };
    shared.close(number, response.status());
    let date = shared.state().now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::try_from(date) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

/// The answer, or none when the connection has to break
async fn answer(fault: Option<FaultKind>, request: Request, next: Next) -> Option<Response> {
    match fault {
        None => Some(next.run(request).await),
        Some(FaultKind::Status { status, retry_after }) => Some(refusal(status, retry_after)),
        Some(FaultKind::SlowBy(delay)) => {
            tokio::time::sleep(delay).await;
            Some(next.run(request).await)
        }
        Some(FaultKind::CrashAfter) => {
            next.run(request).await;
            None
        }
        Some(FaultKind::DropConnection) => None,
        Some(FaultKind::GarbageBody) => {
            let headers = [(header::CONTENT_TYPE, "application/json")];
            Some((headers, "<html>this is not what you asked for").into_response())
        }
    }
}

fn refusal(status: u16, retry_after: Option<u32>) -> Response {
    let code = match status {
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        504 => "GatewayTimeout",
        _ => "UnknownError",
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = json!({ "error": { "code": code, "message": "A fault that was ordered." } });
    let mut response = (status, Json(body)).into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}
