//! Calls to Graph: signed in, within a deadline, tried again where that is safe.
//!
//! Permissions: those of the caller.

use std::{sync::Arc, time::Duration};

use http::{HeaderValue, Method, Request, header};
use serde_json::Value;
use url::Url;

use super::{GraphSettings, NAME};
pub(super) use crate::deadline::Deadline;
use crate::{
    delivery,
    http::{Answer, BaseUrl, Http, HttpError, UrlError},
    secret::Secret,
    sign_in::{SignInError, Tokens},
};

/// Graph gave no answer
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    /// The call itself failed
    #[error("Microsoft Graph gave no answer")]
    Http(#[from] HttpError),
    /// There is no token
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// The address cannot be made
    #[error("the address at Microsoft Graph cannot be made")]
    Url(#[from] UrlError),
    /// The request cannot be made
    #[error("the request to Microsoft Graph cannot be made")]
    Request(#[from] http::Error),
}

impl CallError {
    /// What it means for a delivery
    pub(super) fn into_delivery_error(self) -> defuse_flow::DeliveryError {
        match self {
            Self::Http(error) => delivery::unanswered(NAME, error),
            Self::SignIn(error) => error.into_delivery_error(),
            Self::Url(_) | Self::Request(_) => {
                delivery::refused(NAME, "the alert's id cannot stand in a request", self)
            }
        }
    }
}

/// How often a call may be tried
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tries {
    /// It may be done twice
    Several,
    /// Doing it twice is not the same as doing it once
    One,
}

/// What is asked of Graph
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) url: &'a Url,
    pub(super) body: Option<&'a Value>,
    pub(super) tries: Tries,
}

impl Call<'_> {
    fn request(&self, token: &Secret) -> Result<Request<Vec<u8>>, http::Error> {
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.expose()))?;
        bearer.set_sensitive(true);
        let request = Request::builder()
            .method(&self.method)
            .uri(self.url.as_str())
            .header(header::AUTHORIZATION, bearer)
            .header(header::ACCEPT, "application/json")
            // Without it, members added to an enumeration later come as `unknownFutureValue`.
            .header("prefer", "include-unknown-enum-members")
            // Required where a list is cast to one type; elsewhere it changes nothing.
            .header("consistencylevel", "eventual");
        match self.body {
            None => request.body(Vec::new()),
            Some(body) => request
                .header(header::CONTENT_TYPE, "application/json")
                .body(body.to_string().into_bytes()),
        }
    }
}

/// Graph, as our application sees it; clones share one sign-in
#[derive(Clone, Debug)]
pub struct Graph {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    http: Http,
    base: BaseUrl,
    tokens: Tokens,
    answer_within: Duration,
    change_within: Duration,
}

impl Graph {
    /// Takes the settings, or says which address in them is none
    pub fn new(settings: &GraphSettings, http: Http) -> Result<Self, UrlError> {
        let base = BaseUrl::parse(&settings.base_url)?;
        let tokens = Tokens::new(NAME, &settings.application, &settings.scope)?;
        let GraphSettings { answer_within, change_within, .. } = *settings;
        let inner = Inner { http, base, tokens, answer_within, change_within };
        Ok(Self { inner: Arc::new(inner) })
    }

    pub(super) fn base(&self) -> &BaseUrl {
        &self.inner.base
    }

    /// By when the questions of one run must be answered, from now on
    pub(super) fn answer_deadline(&self) -> Deadline {
        Deadline::within(self.inner.answer_within)
    }

    /// By when one change must be done, from now on
    pub(super) fn change_deadline(&self) -> Deadline {
        Deadline::within(self.inner.change_within)
    }

    /// Reads a resource
    pub(super) async fn get(&self, url: &Url, deadline: Deadline) -> Result<Answer, CallError> {
        let call = Call { method: Method::GET, url, body: None, tries: Tries::Several };
        self.call(call, deadline).await
    }

    /// Reads a resource with one request and no more; a token that is not accepted is forgotten
    pub(super) async fn get_once(
        &self,
        url: &Url,
        deadline: Deadline,
    ) -> Result<Answer, CallError> {
        let Inner { http, tokens, .. } = &*self.inner;
        let call = &Call { method: Method::GET, url, body: None, tries: Tries::One };
        let send = |token: Secret| async move {
            Ok(self.send(call.request(&token)?, call.tries, deadline).await?)
        };
        tokens.send_once(http, deadline, send).await
    }

    /// Calls, and once more with a new token where the one we had is not accepted
    pub(super) async fn call(
        &self,
        call: Call<'_>,
        deadline: Deadline,
    ) -> Result<Answer, CallError> {
        let Inner { http, tokens, .. } = &*self.inner;
        let call = &call;
        let send = |token: Secret| async move {
            Ok(self.send(call.request(&token)?, call.tries, deadline).await?)
        };
        tokens.send(http, deadline, send).await
    }

    async fn send(
        &self,
        request: Request<Vec<u8>>,
        tries: Tries,
        deadline: Deadline,
    ) -> Result<Answer, HttpError> {
        let http = &self.inner.http;
        match tries {
            Tries::Several => http.send_with_retries(request, deadline.left()).await,
            Tries::One => match tokio::time::timeout_at(deadline.at(), http.send(request)).await {
                Ok(outcome) => outcome,
                Err(_elapsed) => Err(HttpError::TimedOut),
            },
        }
    }
}

#[cfg(test)]
mod tests;
