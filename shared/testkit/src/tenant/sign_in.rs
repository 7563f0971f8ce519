//! Entra's token endpoint for applications: a client secret, or an assertion in its place, against a
//! bearer token for one resource.

pub(super) mod assertion;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
};
use jiff::Timestamp;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{
    Tenant,
    state::{Shared, TOKEN_SECONDS},
};

/// What a token is good for
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    Graph,
    CloudApps,
    Endpoint,
}

impl Resource {
    /// The resource of a scope that asks for all that was granted there
    fn of(scope: &str) -> Option<Self> {
        match scope.strip_suffix("/.default")? {
            "https://graph.microsoft.com" => Some(Self::Graph),
            "05a65629-4c1b-48c1-a78b-804c4abdd4af" => Some(Self::CloudApps),
            "https://api.securitycenter.microsoft.com" => Some(Self::Endpoint),
            _ => None,
        }
    }
}

/// Answers `POST /{tenant}/oauth2/v2.0/token`
pub(super) async fn token(
    State(shared): State<Shared>,
    Path(tenant): Path<String>,
    form: Bytes,
) -> (StatusCode, Json<Value>) {
    let now = Timestamp::now();
    let resource = match check(&shared, &tenant, &form, now) {
        Ok(resource) => resource,
        Err(refusal) => return (refusal.status, Json(refusal.body(now))),
    };
    let token = shared.state().issue_token(resource, now);
    let body = json!({
        "token_type": "Bearer",
        "expires_in": TOKEN_SECONDS,
        "ext_expires_in": TOKEN_SECONDS,
        "access_token": token,
    });
    (StatusCode::OK, Json(body))
}

/// The token of an `Authorization` header with this scheme
pub(super) fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (given, token) = value.split_once(' ')?;
    given.eq_ignore_ascii_case(scheme).then_some(token.trim())
}

#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    error: &'static str,
    number: u32,
    description: &'static str,
}

impl Refusal {
    fn body(&self, now: Timestamp) -> Value {
        let Self { error, number, description, .. } = self;
        let trace_id = "00000000-0000-0000-0000-000000000000";
        let time = now.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        json!({
            "error": error,
            "error_description": format!(
                "AADSTS{number}: {description} Trace ID: {trace_id} Correlation ID: {trace_id} \
                 Timestamp: {time}"
            ),
            "error_codes": [number],
            "timestamp": time,
            "trace_id": trace_id,
            "correlation_id": trace_id,
            "error_uri": format!("https://login.microsoftonline.com/error?code={number}"),
        })
    }
}

fn check(shared: &Shared, tenant: &str, form: &[u8], now: Timestamp) -> Result<Resource, Refusal> {
    let field = |name: &str| {
        let mut fields = form_urlencoded::parse(form);
        fields.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
    };
    let refuse =
        |status, error, number, description| Err(Refusal { status, error, number, description });
    let (bad, unauthorized) = (StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED);

    if !tenant.eq_ignore_ascii_case(Tenant::TENANT_ID) {
        return refuse(bad, "invalid_request", 90002, "Tenant not found.");
    }
    if field("grant_type").as_deref() != Some("client_credentials") {
        return refuse(bad, "unsupported_grant_type", 70003, "The grant type is not supported.");
    }
    if field("client_id").as_deref() != Some(Tenant::CLIENT_ID) {
        let description = "Application was not found in the directory.";
        return refuse(bad, "unauthorized_client", 700_016, description);
    }
    let proof = (field("client_secret"), field("client_assertion_type"), field("client_assertion"));
    let proved = match proof {
        (Some(secret), None, None) if secret == Tenant::CLIENT_SECRET => Ok(()),
        (Some(_), None, None) => Err((7_000_215, "Invalid client secret provided.")),
        (None, Some(kind), Some(text)) if kind == assertion::TYPE => {
            assertion::check(shared, &text, now)
        }
        _ => Err((7_000_216, "A client secret or a client assertion is required, and not both.")),
    };
    if let Err((number, description)) = proved {
        return refuse(unauthorized, "invalid_client", number, description);
    }
    let scope = field("scope").unwrap_or_default();
    if !scope.ends_with("/.default") {
        let description = "The scope must be a resource followed by /.default.";
        return refuse(bad, "invalid_scope", 1_002_012, description);
    }
    let description = "The resource principal was not found in the tenant.";
    Resource::of(&scope).map_or_else(|| refuse(bad, "invalid_resource", 500_011, description), Ok)
}
