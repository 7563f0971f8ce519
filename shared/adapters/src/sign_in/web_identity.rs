//! A token of AWS that says which role we are, for a directory that trusts the account.
//!
//! It is the role's own proof, so that no secret is kept anywhere.
//!
//! STS actions: `sts:GetWebIdentityToken`.

use std::time::Duration;

use aws_sdk_sts::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::get_web_identity_token::GetWebIdentityTokenError,
};
use tokio::time::timeout;

use crate::{chain::Chain, secret::Secret};

/// How long a token is good, in seconds: it is used at once
const SECONDS: i32 = 300;

/// What Entra ID takes
const ALGORITHM: &str = "RS256";

/// How long STS has to answer
const LIMIT: Duration = Duration::from_secs(10);

/// Gives tokens of the role that we run under
#[derive(Clone, Debug)]
pub struct WebIdentity {
    client: Client,
    audience: String,
}

/// There is no token
#[derive(Debug, thiserror::Error)]
pub(crate) enum WebIdentityError {
    /// Trying again later may help
    #[error("AWS STS is busy or out of reach: {0}")]
    Busy(String),
    /// The account gives no tokens
    #[error(
        "the AWS account gives no tokens for others; switch on outbound identity federation under \
         IAM > Account settings"
    )]
    Disabled,
    /// Anything else
    #[error("AWS STS gives no token ({0}); the role needs `sts:GetWebIdentityToken`")]
    Refused(String),
}

impl WebIdentity {
    /// Tokens for that audience
    pub fn new(client: Client, audience: impl Into<String>) -> Self {
        Self { client, audience: audience.into() }
    }

    /// A token that is good for five minutes
    pub(super) async fn token(&self) -> Result<Secret, WebIdentityError> {
        let asked = self
            .client
            .get_web_identity_token()
            .audience(&self.audience)
            .duration_seconds(SECONDS)
            .signing_algorithm(ALGORITHM)
            .send();
        let answered = timeout(LIMIT, asked).await;
        let got = answered.map_err(|late| WebIdentityError::Busy(late.to_string()))?;
        let token = got.map_err(|error| meaning(&error))?.web_identity_token;
        let none = || WebIdentityError::Refused("its answer has none".to_owned());
        token.filter(|it| !it.is_empty()).map(Secret::new).ok_or_else(none)
    }
}

/// What a failure means
fn meaning(error: &SdkError<GetWebIdentityTokenError>) -> WebIdentityError {
    let why = Chain(error).to_string();
    let Some(service) = error.as_service_error() else {
        // What was never sent never can be.
        let is_unsent = matches!(error, SdkError::ConstructionFailure(_));
        return if is_unsent {
            WebIdentityError::Refused(why)
        } else {
            WebIdentityError::Busy(why)
        };
    };
    if service.is_outbound_web_identity_federation_disabled_exception() {
        return WebIdentityError::Disabled;
    }
    let status = error.raw_response().map_or(0, |it| it.status().as_u16());
    let is_throttled = service.code().is_some_and(|it| it.contains("Throttl"));
    if is_throttled || status == 429 || status >= 500 {
        WebIdentityError::Busy(why)
    } else {
        WebIdentityError::Refused(service.code().unwrap_or("no reason given").to_owned())
    }
}
