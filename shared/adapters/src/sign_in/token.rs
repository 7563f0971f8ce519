//! The application's access token for one service: fetched when needed, kept until shortly before
//! it expires.
//!
//! Permissions: none.

use std::{future::Future, time::Duration};

use http::{Request, header};
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Mutex;
use url::{Url, form_urlencoded};

use super::{Application, Refusal, SignInError};
use crate::{
    deadline::Deadline,
    http::{Answer, BaseUrl, Http, UrlError},
    secret::Secret,
};

/// How long before its end a token is no longer used
const MARGIN: Duration = Duration::from_mins(5);

/// The one token that everybody uses who calls a service
#[derive(Debug)]
pub(crate) struct Tokens {
    target: &'static str,
    url: Url,
    application: Application,
    scope: String,
    held: Mutex<Option<Held>>,
}

#[derive(Clone, Debug)]
struct Held {
    token: Secret,
    // Why the wall clock: a function that sleeps between calls may not see the other one move.
    until: Timestamp,
}

impl Tokens {
    /// Tokens for `target`, as people call it
    pub(crate) fn new(
        target: &'static str,
        application: &Application,
        scope: &str,
    ) -> Result<Self, UrlError> {
        let url = BaseUrl::parse(&application.token_url)?.url().clone();
        let application = application.clone();
        Ok(Self { target, url, application, scope: scope.to_owned(), held: Mutex::new(None) })
    }

    /// Sends with a token, and once more with a new one where the one we had is not accepted
    pub(crate) async fn send<F, E>(
        &self,
        http: &Http,
        deadline: Deadline,
        send: impl Fn(Secret) -> F,
    ) -> Result<Answer, E>
    where
        F: Future<Output = Result<Answer, E>>,
        E: From<SignInError>,
    {
        let answer = self.send_once(http, deadline, &send).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        self.send_once(http, deadline, &send).await
    }

    /// Sends with a token; one that is not accepted is forgotten
    pub(crate) async fn send_once<F, E>(
        &self,
        http: &Http,
        deadline: Deadline,
        send: impl Fn(Secret) -> F,
    ) -> Result<Answer, E>
    where
        F: Future<Output = Result<Answer, E>>,
        E: From<SignInError>,
    {
        let token = self.token(http, deadline).await?;
        let answer = send(token.clone()).await?;
        if answer.status == 401 {
            self.forget(&token).await;
        }
        Ok(answer)
    }

    /// A token that is good for some minutes; many who wait at once wait for one request
    async fn token(&self, http: &Http, deadline: Deadline) -> Result<Secret, SignInError> {
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
    async fn forget(&self, refused: &Secret) {
        let mut held = self.held.lock().await;
        if held.as_ref().is_some_and(|it| it.token == *refused) {
            *held = None;
        }
    }

    async fn fetch(&self, http: &Http, deadline: Deadline) -> Result<Held, SignInError> {
        let target = self.target;
        let now = Timestamp::now();
        self.application.credential.warn(now);
        let proof = self.application.credential.web_identity().await;
        let proof = proof.map_err(|source| SignInError::Credential { target, source })?;
        let first = self.request(proof.as_ref(), now)?;
        let mut unsent = Some(first.clone());
        // Why anew: an assertion is taken once. One that cannot be made now could be a moment ago.
        let next = || {
            let unsent = unsent.take();
            unsent
                .or_else(|| self.request(proof.as_ref(), Timestamp::now()).ok())
                .unwrap_or_else(|| first.clone())
        };
        let answer = http.send_each_with_retries(next, deadline.left()).await;
        let answer = answer.map_err(|source| SignInError::Http { target, source })?;

        let body: Value = match serde_json::from_slice(&answer.body) {
            Ok(body) => body,
            Err(source) if answer.is_success() => {
                return Err(SignInError::NoToken { target, source });
            }
            Err(_not_json) => Value::Null,
        };
        let Answer { status, retry_after, .. } = answer;
        let refused = |refusal| SignInError::Refused { target, status, retry_after, refusal };
        if !answer.is_success() {
            return Err(refused(Refusal::read(status, &body)));
        }
        read(&body, now).ok_or_else(|| refused(Refusal::without_token(status)))
    }

    fn request(
        &self,
        web_identity: Option<&Secret>,
        now: Timestamp,
    ) -> Result<Request<Vec<u8>>, SignInError> {
        let Self { target, application, .. } = self;
        let proof = application
            .credential
            .fields(application, web_identity, now)
            .map_err(|source| SignInError::Credential { target, source })?;
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &application.client_id)
            .extend_pairs(proof.iter().map(|(name, secret)| (name, secret.expose())))
            .append_pair("scope", &self.scope);
        Ok(Request::post(self.url.as_str())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .body(form.finish().into_bytes())?)
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
}
