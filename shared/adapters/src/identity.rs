//! Who uses the API: by a token of ours, by one of the organisation's issuer, or, on the embedded
//! host alone, by the one that it printed when it started.
//!
//! Permissions: none at AWS but those of `dynamodb/tokens`.

mod keys;
mod oidc;
#[cfg(test)]
mod tests;
mod token;

use std::sync::Arc;

use defuse_domain::{Actor, Grant, GrantScope, Principal, RoleName};
use defuse_flow::{Identity, IdentityError, StoreError, TokenLookup};
use jiff::Timestamp;

pub use self::{
    oidc::{OidcIssuer, OidcSettings},
    token::{NewToken, TOKEN_DAYS_MAX, TokenError, development_token},
};
use crate::{dynamodb::DynamoDbStore, secret::Secret, signature::verify_token};

/// Those who are let in
#[derive(Clone, Debug)]
pub struct Doorkeeper {
    store: DynamoDbStore,
    issuer: Option<Arc<OidcIssuer>>,
    development: Option<Secret>,
}

impl Doorkeeper {
    /// Takes tokens of ours, and those of the issuer where there is one
    pub fn new(store: DynamoDbStore, issuer: Option<OidcIssuer>) -> Self {
        Self { store, issuer: issuer.map(Arc::new), development: None }
    }

    /// The same, and one token that may do everything: the embedded host's only
    #[must_use]
    pub fn with_development_token(self, token: Secret) -> Self {
        Self { development: Some(token), ..self }
    }

    /// Whether the token of the embedded host is taken
    pub const fn has_development_token(&self) -> bool {
        self.development.is_some()
    }

    async fn known(&self, text: &str, now: Timestamp) -> Result<Principal, IdentityError> {
        let (id, secret) = token::split(text).ok_or(IdentityError::Refused("no token of ours"))?;
        let stored = self.store.token(id).await.map_err(busy)?;
        let stored = stored.ok_or(IdentityError::Refused("no such token"))?;
        token::check(&stored, secret, now)?;
        self.store.used(id, now).await.map_err(busy)?;
        let actor = Actor { id: format!("token:{id}"), name: stored.name };
        Ok(Principal { actor, grants: stored.grants })
    }
}

impl Identity for Doorkeeper {
    async fn identify(&self, text: &str, now: Timestamp) -> Result<Principal, IdentityError> {
        if let Some(expected) = &self.development
            && verify_token(std::slice::from_ref(expected), text)
        {
            return Ok(developer());
        }
        if text.starts_with(token::PREFIX) {
            return self.known(text, now).await;
        }
        match &self.issuer {
            Some(issuer) => issuer.principal(text, now).await,
            None => Err(IdentityError::Refused("no token of ours, and no issuer is set")),
        }
    }
}

/// Whoever sits at the machine of the embedded host
fn developer() -> Principal {
    let role = RoleName::parse("globalAdministrator");
    let grants = role.map(|role| Grant { role, scope: GrantScope::default() });
    Principal {
        actor: Actor { id: "development".to_owned(), name: "development".to_owned() },
        grants: grants.into_iter().collect(),
    }
}

fn busy(error: StoreError) -> IdentityError {
    IdentityError::Busy(error.into())
}
