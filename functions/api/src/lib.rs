//! What persons do to alerts, over HTTP: everybody says who they are, and every route says what that
//! must allow.

mod about;
mod alerts;
mod audit;
mod openapi;
mod problem;
mod query;
mod route;
mod shape;
mod tokens;
mod writes;

use defuse_domain::{Permission, Principal};
use defuse_flow::{Identity, IdentityError, Throttle};
use defuse_lambda::{ApiApp, Chain};
use jiff::Timestamp;
use lambda_http::{
    Body, Request, Response,
    http::{HeaderMap, HeaderValue, header},
};
use serde_json::Value;
use tracing::{info, warn};

pub use self::{
    openapi::{document, document_text},
    route::{Parameter, Route, routes},
    shape::Shape,
};
use self::{
    problem::{BODY_BYTES_MAX, Problem},
    query::Query,
    route::{Found, find},
};

/// What is answered where all went well
#[derive(Debug)]
pub(crate) struct Answer {
    status: u16,
    body: Value,
    /// The version of an alert
    version: Option<u64>,
    /// The field that is shown this once, and kept nowhere
    once: Option<&'static str>,
}

impl Answer {
    pub(crate) const fn of(status: u16, body: Value) -> Self {
        Self { status, body, version: None, once: None }
    }

    /// A page of a list, with where the next begins
    pub(crate) fn page(mut body: Value, next: Option<String>) -> Self {
        if let (Some(next), Some(object)) = (next, body.as_object_mut()) {
            object.insert("next".to_owned(), Value::from(next));
        }
        Self::of(200, body)
    }
}

/// A request that was let in
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    route: &'static Route,
    id: String,
    principal: Principal,
    query: Query,
    headers: &'a HeaderMap,
    body: &'a str,
    /// Names the request, so that a repeat is known
    request: Option<String>,
    now: Timestamp,
}

/// Answers a request
pub async fn handle(app: &ApiApp, request: Request, now: Timestamp) -> Response<Body> {
    let request_id = format!("{:016x}", fastrand::u64(..));
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    match take(app, &request, now).await {
        Ok(answer) => respond(answer.status, &answer.body, answer.version, &request_id),
        Err(problem) => {
            let (code, status) = (problem.code(), problem.status());
            warn!(request.id = %request_id, method = %method, path = %shortened(&path), code = code, status = status,
                "refused a request");
            let mut response = respond(status, &problem.body(&request_id), None, &request_id);
            explain(&problem, response.headers_mut());
            response
        }
    }
}

async fn take(app: &ApiApp, request: &Request, now: Timestamp) -> Result<Answer, Problem> {
    let (route, id) = match find(request.method().as_str(), request.uri().path()) {
        Found::Route(route, id) => (route, id),
        Found::Methods(methods) => return Err(Problem::Method(methods)),
        Found::Nothing => return Err(Problem::NoSuchPath),
    };
    let body: &[u8] = request.body().as_ref();
    if body.len() > BODY_BYTES_MAX {
        return Err(Problem::TooLarge);
    }
    let principal = let_in(app, request.headers(), now).await?;
    let limit = app.requests_per_minute;
    if let Some(seconds) = app.store.admit(&principal.actor.id, limit, now).await? {
        return Err(Problem::TooOften(seconds));
    }
    // Where a route is about one alert, it asks again with that alert.
    let is_allowed =
        route.permission.is_about_alerts() || app.roles.may(&principal, route.permission);
    if !is_allowed || !app.roles.may(&principal, Permission::UseApi) {
        return Err(Problem::Forbidden);
    }
    let body = std::str::from_utf8(body).map_err(|error| Problem::NotJson(error.to_string()))?;
    let query = Query::read(route, request.uri().query().unwrap_or_default())?;
    let headers = request.headers();
    let mut asked = Asked { route, id, principal, query, headers, body, request: None, now };
    if route.is_write() {
        return writes::once(app, &mut asked).await;
    }
    (route.handler)(app, &asked).await
}

/// Who asks, by the one token that they show
async fn let_in(app: &ApiApp, headers: &HeaderMap, now: Timestamp) -> Result<Principal, Problem> {
    let given = header_once(headers, header::AUTHORIZATION.as_str());
    let token = given.and_then(|it| it.split_once(' '));
    let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let (_, token) = token.ok_or(Problem::Unauthenticated)?;
    match app.door.identify(token.trim(), now).await {
        Ok(principal) => Ok(principal),
        Err(IdentityError::Refused(why)) => {
            info!(reason = why, "a token is refused");
            Err(Problem::Unauthenticated)
        }
        Err(error @ IdentityError::Busy(_)) => {
            warn!(error = %Chain(&error), "nobody can say who asks");
            Err(Problem::Busy)
        }
    }
}

/// A header that is there once; twice is as good as not at all
pub(crate) fn header_once<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(one), None) => one.to_str().ok(),
        (Some(_), Some(_)) | (None, _) => None,
    }
}

fn shortened(path: &str) -> String {
    path.chars().take(120).collect()
}

fn respond(status: u16, body: &Value, version: Option<u64>, request_id: &str) -> Response<Body> {
    let mut response = Response::new(Body::Text(body.to_string()));
    if let Ok(status) = status.try_into() {
        *response.status_mut() = status;
    }
    let content = if status < 400 { "application/json" } else { "application/problem+json" };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-request-id", id);
    }
    let etag = version.and_then(|it| HeaderValue::from_str(&format!("\"{it}\"")).ok());
    if let Some(etag) = etag {
        headers.insert(header::ETAG, etag);
    }
    response
}

/// What a refusal says in its headers
fn explain(problem: &Problem, headers: &mut HeaderMap) {
    let (name, value) = match problem {
        Problem::Unauthenticated => (header::WWW_AUTHENTICATE, "Bearer".to_owned()),
        Problem::Method(methods) => (header::ALLOW, methods.join(", ")),
        Problem::TooOften(seconds) => (header::RETRY_AFTER, seconds.to_string()),
        Problem::Busy => (header::RETRY_AFTER, "5".to_owned()),
        Problem::Underway => (header::RETRY_AFTER, "60".to_owned()),
        Problem::NoSuchPath
        | Problem::TooLarge
        | Problem::NotJson(_)
        | Problem::Invalid(_)
        | Problem::Unfit(_)
        | Problem::Forbidden
        | Problem::NotFound
        | Problem::VersionMissing
        | Problem::BadVersion
        | Problem::VersionMoved(_)
        | Problem::BadKey
        | Problem::BadQuery(_)
        | Problem::KeyOfAnother => return,
    };
    if let Ok(value) = HeaderValue::from_str(&value) {
        headers.insert(name, value);
    }
}
