//! Signs in at Entra ID as the application, for every service that takes its tokens.
//!
//! The application proves who it is with a secret, with an assertion that its certificate signs, or
//! with a token of somebody whom the directory trusts. What a service does is not here.
//!
//! Permissions: none at Entra ID; at AWS those of `web_identity`, where the settings want its token.

mod assertion;
mod certificate;
mod refusal;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod token;
mod web_identity;

use std::{fs, io, path::PathBuf, time::Duration};

use defuse_flow::DeliveryError;
use jiff::Timestamp;
use tracing::warn;

pub use self::certificate::{Certificate, CertificateError};
use self::refusal::Refusal;
pub(crate) use self::token::Tokens;
pub use self::web_identity::WebIdentity;
use self::web_identity::WebIdentityError;
use crate::{delivery, http::HttpError, secret::Secret};

/// The application that services know us by
#[derive(Clone, Debug)]
pub struct Application {
    /// `https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token`
    pub token_url: String,
    /// The application's id
    pub client_id: String,
    /// What it proves that with
    pub credential: Credential,
}

/// What the application proves with that it is the one
#[derive(Clone, Debug)]
pub enum Credential {
    /// A secret that both sides know
    ClientSecret(Secret),
    /// A certificate that the directory knows
    Certificate(Certificate),
    /// A token of somebody whom the directory trusts, in a file that somebody else keeps fresh
    TokenFile(PathBuf),
    /// A token of AWS that says which role we are
    WebIdentity(WebIdentity),
}

/// The application has nothing to prove itself with
#[derive(Debug, thiserror::Error)]
pub(crate) enum CredentialError {
    /// The certificate is over
    #[error(
        "the certificate ended at {0}; make a new one, add it to the application in Entra ID, and \
         store it with its key"
    )]
    Ended(Timestamp),
    /// The key signs nothing
    #[error("the certificate's key cannot sign")]
    Unsigned(#[from] ring::error::Unspecified),
    /// The file cannot be read
    #[error("the token file `{path}` cannot be read; check `workloadIdentity` in the settings")]
    TokenFile {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// AWS gives no token
    #[error(transparent)]
    WebIdentity(#[from] WebIdentityError),
}

/// There is no token
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignInError {
    /// The directory did not answer
    #[error("sign-in for {target} gave no answer")]
    Http {
        target: &'static str,
        #[source]
        source: HttpError,
    },
    /// The directory refused
    #[error("sign-in for {target} gave no token: {refusal}")]
    Refused { target: &'static str, status: u16, retry_after: Option<Duration>, refusal: Refusal },
    /// The directory's answer was no JSON
    #[error("sign-in for {target} gave no token")]
    NoToken {
        target: &'static str,
        #[source]
        source: serde_json::Error,
    },
    /// There is nothing to sign in with
    #[error("sign-in for {target} was not tried")]
    Credential {
        target: &'static str,
        #[source]
        source: CredentialError,
    },
    /// The request cannot be made
    #[error("the request for a token cannot be made")]
    Request(#[from] http::Error),
}

impl SignInError {
    /// What it is, for people: with what is wrong with the credential
    pub(crate) fn said(&self) -> String {
        match self {
            Self::Credential { source, .. } => format!("{self}: {source}"),
            Self::Http { .. } | Self::Refused { .. } | Self::NoToken { .. } | Self::Request(_) => {
                self.to_string()
            }
        }
    }

    /// Whether what is wrong with the credential passes by itself
    pub(crate) const fn passes(&self) -> bool {
        matches!(
            self,
            Self::Credential {
                source: CredentialError::WebIdentity(WebIdentityError::Busy(_)),
                ..
            }
        )
    }

    /// What it means for a delivery to `target`
    pub(crate) fn into_delivery_error(self) -> DeliveryError {
        match self {
            Self::Http { target, source } => delivery::unanswered(target, source),
            Self::Refused { target, status, retry_after, .. } if delivery::passes(status) => {
                delivery::busy(target, retry_after, self)
            }
            Self::NoToken { target, .. } => delivery::busy(target, None, self),
            Self::Credential { target, .. } if self.passes() => delivery::busy(target, None, self),
            Self::Refused { target, .. } | Self::Credential { target, .. } => {
                delivery::refused(target, self.said(), self)
            }
            Self::Request(_) => delivery::refused("Entra ID", self.said(), self),
        }
    }
}

impl Credential {
    /// The token of AWS, where that is what proves it; it is good for several requests
    async fn web_identity(&self) -> Result<Option<Secret>, CredentialError> {
        match self {
            Self::WebIdentity(identity) => Ok(Some(identity.token().await?)),
            Self::ClientSecret(_) | Self::Certificate(_) | Self::TokenFile(_) => Ok(None),
        }
    }

    /// The fields that prove it, for one request: an assertion is made anew for each
    fn fields(
        &self,
        application: &Application,
        web_identity: Option<&Secret>,
        now: Timestamp,
    ) -> Result<Vec<(&'static str, Secret)>, CredentialError> {
        const BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let assertion = match self {
            Self::ClientSecret(secret) => return Ok(vec![("client_secret", secret.clone())]),
            Self::Certificate(certificate) => assertion::sign(certificate, application, now)?,
            Self::WebIdentity(_) => web_identity.cloned().unwrap_or_else(|| Secret::new("")),
            Self::TokenFile(path) => {
                // Why each time: whoever writes the file replaces the token before it ends.
                let read = fs::read_to_string(path).and_then(|text| match text.trim() {
                    "" => Err(io::Error::new(io::ErrorKind::InvalidData, "it is empty")),
                    token => Ok(Secret::new(token)),
                });
                read.map_err(|source| CredentialError::TokenFile { path: path.clone(), source })?
            }
        };
        Ok(vec![("client_assertion_type", Secret::new(BEARER)), ("client_assertion", assertion)])
    }

    /// Says in the log that the certificate ends soon
    fn warn(&self, now: Timestamp) {
        if let Self::Certificate(certificate) = self
            && certificate.ends_soon(now)
        {
            warn!(until = %certificate.until(), "certificate of the application ends soon");
        }
    }
}
