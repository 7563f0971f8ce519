//! How Cloud Apps knows us: by a token of the application's, or by an API token of its own.
//!
//! Permissions: those of the caller.

use std::sync::Arc;

use defuse_flow::DeliveryError;
use http::{HeaderValue, Method, Request, header};
use serde_json::Value;
use url::Url;

use super::NAME;
use crate::{
    deadline::Deadline,
    delivery,
    http::{Answer, Http, HttpError, UrlError},
    secret::Secret,
    sign_in::{Application, SignInError, Tokens},
};

/// What we ask a token for: Cloud Apps, by the id that its application has in every tenant
const SCOPE: &str = "05a65629-4c1b-48c1-a78b-804c4abdd4af/.default";

const PERMISSION: &str = "Investigation.manage";

/// How Cloud Apps knows us
#[derive(Clone, Debug)]
pub enum CloudAppsSignIn {
    /// By an API token of its own
    Token(Secret),
    /// By the application
    Application(Application),
}

/// Sends to Cloud Apps; clones share one sign-in
#[derive(Clone, Debug)]
pub(super) struct Access {
    http: Http,
    proof: Proof,
}

#[derive(Clone, Debug)]
enum Proof {
    Token(Secret),
    Bearer(Arc<Tokens>),
}

/// Cloud Apps gave no answer
#[derive(Debug, thiserror::Error)]
enum CallError {
    #[error("Defender for Cloud Apps gave no answer")]
    Http(#[from] HttpError),
    #[error(transparent)]
    SignIn(#[from] SignInError),
    #[error("the request to Defender for Cloud Apps cannot be made")]
    Request(#[from] http::Error),
}

impl CallError {
    fn into_delivery_error(self) -> DeliveryError {
        match self {
            Self::Http(error) => delivery::unanswered(NAME, error),
            Self::SignIn(error) => error.into_delivery_error(),
            Self::Request(_) => {
                delivery::refused(NAME, "the API token cannot stand in a request", self)
            }
        }
    }
}

impl Access {
    pub(super) fn new(sign_in: &CloudAppsSignIn, http: Http) -> Result<Self, UrlError> {
        let proof = match sign_in {
            CloudAppsSignIn::Token(token) => Proof::Token(token.clone()),
            CloudAppsSignIn::Application(application) => {
                Proof::Bearer(Arc::new(Tokens::new(NAME, application, SCOPE)?))
            }
        };
        Ok(Self { http, proof })
    }

    /// Reads, and tries again where that may help
    pub(super) async fn get(&self, url: &Url, deadline: Deadline) -> Result<Answer, DeliveryError> {
        let send = |authorization: String| async move {
            let request = request(&Method::GET, url, &authorization, None)?;
            Ok(self.http.send_with_retries(request, deadline.left()).await?)
        };
        self.signed_in(deadline, send).await.map_err(CallError::into_delivery_error)
    }

    /// Sends a change, once only
    pub(super) async fn post_once(
        &self,
        url: &Url,
        body: &Value,
        deadline: Deadline,
    ) -> Result<Answer, DeliveryError> {
        let send = |authorization: String| async move {
            let request = request(&Method::POST, url, &authorization, Some(body))?;
            match tokio::time::timeout_at(deadline.at(), self.http.send(request)).await {
                Ok(outcome) => Ok(outcome?),
                Err(_elapsed) => Err(HttpError::TimedOut.into()),
            }
        };
        self.signed_in(deadline, send).await.map_err(CallError::into_delivery_error)
    }

    /// What a 401 or 403 means for people
    pub(super) fn refusal(&self, status: u16, said: &str) -> String {
        match (&self.proof, status) {
            (Proof::Token(_), 403) => {
                format!(
                    "{NAME} refused ({said}): whoever made our API token must be allowed to manage \
                     alerts"
                )
            }
            (Proof::Token(_), _) => {
                format!("{NAME} does not accept our API token ({said}): make a new one")
            }
            (Proof::Bearer(_), 403) => format!("{NAME} refused ({said}): grant `{PERMISSION}`"),
            (Proof::Bearer(_), _) => format!("{NAME} does not accept our sign-in ({said})"),
        }
    }

    async fn signed_in<F>(
        &self,
        deadline: Deadline,
        send: impl Fn(String) -> F + Sync,
    ) -> Result<Answer, CallError>
    where
        F: Future<Output = Result<Answer, CallError>> + Send,
    {
        match &self.proof {
            Proof::Token(token) => send(format!("Token {}", token.expose())).await,
            Proof::Bearer(tokens) => {
                let bearing = |token: Secret| send(format!("Bearer {}", token.expose()));
                tokens.send(&self.http, deadline, bearing).await
            }
        }
    }
}

fn request(
    method: &Method,
    url: &Url,
    authorization: &str,
    body: Option<&Value>,
) -> Result<Request<Vec<u8>>, http::Error> {
    let mut authorization = HeaderValue::try_from(authorization)?;
    authorization.set_sensitive(true);
    Request::builder()
        .method(method)
        .uri(url.as_str())
        .header(header::AUTHORIZATION, authorization)
        .header(header::ACCEPT, "application/json")
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.map(|it| it.to_string().into_bytes()).unwrap_or_default())
}
