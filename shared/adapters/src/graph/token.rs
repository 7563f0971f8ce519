//! The application's access token: fetched when needed, kept until shortly before it expires.
//!
//! Permissions: none; the application signs in with its own secret (client credentials).

use std::time::Duration;

use http::{Request, header};
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Mutex;
use url::{Url, form_urlencoded};

use super::{
    GraphSettings,
    client::{CallError, Deadline},
};
use crate::{http::Http, secret::Secret};

/// How long before its end a token is no longer used
const MARGIN: Duration = Duration::from_mins(5);

/// The one token that everybody uses
#[derive(Debug)]
pub(super) struct Tokens {
    url: Url,
    form: Secret,
    held: Mutex<Option<Held>>,
}

#[derive(Clone, Debug)]
struct Held {
    token: Secret,
    // Why the wall clock: a function that sleeps between calls may not see the other one move.
    until: Timestamp,
}

impl Tokens {
    pub(super) fn new(url: Url, settings: &GraphSettings) -> Self {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &settings.client_id)
            .append_pair("client_secret", settings.client_secret.expose())
            .append_pair("scope", &settings.scope)
            .finish();
        Self { url, form: Secret::new(form), held: Mutex::new(None) }
    }

    /// A token that is good for some minutes; many who wait at once wait for one request
    pub(super) async fn token(&self, http: &Http, deadline: Deadline) -> Result<Secret, CallError> {
        let mut held = self.held.lock().await;
        if let Some(held) = held.as_ref().filter(|it| it.until > Timestamp::now()) {
            return Ok(held.token.clone());
        }
        let fetched = self.fetch(http, deadline).await?;
        let token = fetched.token.clone();
        *held = Some(fetched);
        Ok(token)
    }

    /// Forgets a token that was not accepted, unless a newer one has taken its place
    pub(super) async fn forget(&self, refused: &Secret) {
        let mut held = self.held.lock().await;
        if held.as_ref().is_some_and(|it| it.token == *refused) {
            *held = None;
        }
    }

    async fn fetch(&self, http: &Http, deadline: Deadline) -> Result<Held, CallError> {
        let request = Request::post(self.url.as_str())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .body(self.form.expose().as_bytes().to_vec())?;
        let now = Timestamp::now();
        let answer = http.send_with_retries(request, deadline.left()).await?;

        let body: Value = match serde_json::from_slice(&answer.body) {
            Ok(body) => body,
            Err(source) if answer.is_success() => return Err(CallError::NoToken { source }),
            Err(_not_json) => Value::Null,
        };
        if !answer.is_success() {
            return Err(CallError::SignIn {
                status: answer.status,
                retry_after: answer.retry_after,
                said: said(&body),
            });
        }
        read(&body, now).ok_or_else(|| CallError::SignIn {
            status: answer.status,
            retry_after: None,
            said: "there is no token in the answer".to_owned(),
        })
    }
}

/// The token of an answer; one that does not say when it expires is used once
fn read(body: &Value, now: Timestamp) -> Option<Held> {
    let token = body.get("access_token")?.as_str().filter(|it| !it.is_empty())?;
    // Older endpoints write the number as a text.
    let seconds = body
        .get("expires_in")
        .and_then(|it| it.as_u64().or_else(|| it.as_str()?.parse().ok()))
        .unwrap_or_default();
    let lifetime = Duration::from_secs(seconds).saturating_sub(MARGIN);
    let until = now.checked_add(lifetime).unwrap_or(now);
    Some(Held { token: Secret::new(token), until })
}

/// `invalid_client (AADSTS7000215)`: without the description, which names the tenant
fn said(body: &Value) -> String {
    let error = body.get("error").and_then(Value::as_str).unwrap_or("no reason given");
    let error = crate::delivery::one_line(error);
    match body.pointer("/error_codes/0").and_then(Value::as_u64) {
        Some(code) => format!("{error} (AADSTS{code})"),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_is_kept_until_five_minutes_before_its_end() {
        check(json!({ "access_token": "t", "expires_in": 3599 }), Some(3299));
        check(json!({ "access_token": "t", "expires_in": "3599" }), Some(3299));
        check(json!({ "access_token": "t", "expires_in": 300 }), Some(0));
        check(json!({ "access_token": "t", "expires_in": 10 }), Some(0));
        check(json!({ "access_token": "t" }), Some(0));
        check(json!({ "access_token": "t", "expires_in": u64::MAX }), Some(0));
        check(json!({ "access_token": "" }), None);
        check(json!({ "error": "invalid_client" }), None);
        check(json!([]), None);
    }

    #[track_caller]
    fn check(body: Value, kept_seconds: Option<i64>) {
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let kept = read(&body, now).map(|it| it.until.as_second() - now.as_second());
        assert_eq!(kept, kept_seconds, "for {body}");
    }

    #[test]
    fn a_refused_sign_in_is_told_by_its_code() {
        let body = json!({ "error": "invalid_client", "error_codes": [7_000_215] });
        assert_eq!(said(&body), "invalid_client (AADSTS7000215)");
        assert_eq!(said(&json!({ "error": "invalid_scope" })), "invalid_scope");
        assert_eq!(said(&Value::Null), "no reason given");
    }
}
