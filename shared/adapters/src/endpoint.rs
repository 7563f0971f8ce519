//! Microsoft Defender for Endpoint: the indicators that it is to allow.
//!
//! The same value again replaces what was there, so that a call may be repeated. Its API has no call
//! in our reference that takes an indicator back: one ends when it expires.
//!
//! Permissions: the application's `Ti.ReadWrite.All` of `WindowsDefenderATP`. None at AWS.

#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use defuse_domain::{AllowListEntry, AllowedOn, IndicatorKind};
use defuse_flow::{DeliveryError, IndicatorClient, Rate};
use http::{HeaderValue, Request, header};
use serde_json::{Value, json};
use url::Url;

use crate::{
    deadline::Deadline,
    delivery,
    http::{Answer, BaseUrl, Http, HttpError, UrlError},
    secret::Secret,
    sign_in::{Application, SignInError, Tokens},
};

/// What people call it
const NAME: &str = "Defender for Endpoint";

/// What we ask a token for
const SCOPE: &str = "https://api.securitycenter.microsoft.com/.default";

const PERMISSION: &str = "Ti.ReadWrite.All";

/// 1,500 calls an hour, evenly, which keeps the 100 a minute too
const RATE: Rate = Rate { name: "endpointIndicators", every: Duration::from_millis(2_400) };

/// Where Defender for Endpoint is, and who we are there
#[derive(Clone, Debug)]
pub struct EndpointSettings {
    /// `https://api.securitycenter.microsoft.com`
    pub base_url: String,
    /// Who we are there
    pub application: Application,
    /// How long one call may take
    pub change_within: Duration,
}

/// The indicators of Defender for Endpoint; clones share one sign-in
#[derive(Clone, Debug)]
pub struct Endpoint {
    http: Http,
    url: Url,
    tokens: Arc<Tokens>,
    change_within: Duration,
}

/// Defender for Endpoint gave no answer
#[derive(Debug, thiserror::Error)]
enum CallError {
    #[error("Defender for Endpoint gave no answer")]
    Http(#[from] HttpError),
    #[error(transparent)]
    SignIn(#[from] SignInError),
    #[error("the request to Defender for Endpoint cannot be made")]
    Request(#[from] http::Error),
}

impl Endpoint {
    /// Takes the settings, or says which address in them is none
    pub fn new(settings: &EndpointSettings, http: Http) -> Result<Self, UrlError> {
        let url = BaseUrl::parse(&settings.base_url)?.at(&["api", "indicators"])?;
        let tokens = Arc::new(Tokens::new(NAME, &settings.application, SCOPE)?);
        Ok(Self { http, url, tokens, change_within: settings.change_within })
    }

    /// Sends once: whether it is worth another try is for the outbox to say, which asks for a turn
    async fn post(&self, body: &Value) -> Result<Answer, CallError> {
        let deadline = Deadline::within(self.change_within);
        let send = |token: Secret| async move {
            let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.expose()))
                .map_err(http::Error::from)?;
            bearer.set_sensitive(true);
            let request = Request::post(self.url.as_str())
                .header(header::AUTHORIZATION, bearer)
                .header(header::ACCEPT, "application/json")
                .header(header::CONTENT_TYPE, "application/json")
                .body(body.to_string().into_bytes())?;
            match tokio::time::timeout_at(deadline.at(), self.http.send(request)).await {
                Ok(outcome) => Ok(outcome?),
                Err(_elapsed) => Err(CallError::from(HttpError::TimedOut)),
            }
        };
        self.tokens.send(&self.http, deadline, send).await
    }
}

impl IndicatorClient for Endpoint {
    fn rate(&self) -> Rate {
        RATE
    }

    async fn allow(&self, entry: &AllowListEntry) -> Result<String, DeliveryError> {
        let answer = self.post(&body(entry)).await.map_err(|error| match error {
            CallError::Http(error) => delivery::unanswered(NAME, error),
            CallError::SignIn(error) => error.into_delivery_error(),
            CallError::Request(_) => {
                delivery::refused(NAME, "the token cannot stand in a request", error)
            }
        })?;
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.is_success() {
            // Why: what stands before a service may answer 200 too.
            let Some(indicator) = said.as_object() else {
                return Err(delivery::busy(NAME, None, NotAnIndicator));
            };
            let id = indicator.get("id").and_then(Value::as_str).map(delivery::one_line);
            let status = || format!("status {}", answer.status);
            return Ok(id.map_or_else(status, |it| format!("indicator {it}")));
        }
        Err(refusal(&answer, &said))
    }
}

/// The answer says nothing of an indicator
#[derive(Debug, thiserror::Error)]
#[error("the answer is no indicator")]
struct NotAnIndicator;

/// What is sent, with Defender's own names
fn body(entry: &AllowListEntry) -> Value {
    let indicator = entry.indicator();
    let mut body = json!({
        "indicatorValue": indicator.value(),
        "indicatorType": type_name(indicator.kind()),
        "action": "Allowed",
        "title": entry.title(),
        "description": entry.description(),
        "expirationTime": entry.expires(),
    });
    if let (AllowedOn::DeviceGroups(groups), Some(object)) = (entry.on(), body.as_object_mut()) {
        object.insert("rbacGroupNames".to_owned(), json!(groups));
    }
    body
}

/// Defender's name of a kind
const fn type_name(kind: IndicatorKind) -> &'static str {
    match kind {
        IndicatorKind::FileSha1 => "FileSha1",
        IndicatorKind::FileMd5 => "FileMd5",
        IndicatorKind::FileSha256 => "FileSha256",
        IndicatorKind::CertificateThumbprint => "CertificateThumbprint",
        IndicatorKind::IpAddress => "IpAddress",
        IndicatorKind::DomainName => "DomainName",
        IndicatorKind::Url => "Url",
    }
}

fn refusal(answer: &Answer, said: &Value) -> DeliveryError {
    let text = |at| said.pointer(at).and_then(Value::as_str).map(delivery::one_line);
    let code = text("/error/code");
    let said = match (code, text("/error/message")) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code,
        (None, _) => "no reason given".to_owned(),
    };
    let for_people = match answer.status {
        401 => format!("{NAME} does not accept our sign-in ({said})"),
        403 => format!("{NAME} refused ({said}): grant `{PERMISSION}`"),
        status => format!("{NAME} answered {status} ({said})"),
    };
    delivery::unsuccessful(NAME, answer, said, for_people)
}
