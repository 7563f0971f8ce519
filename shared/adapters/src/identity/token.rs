//! Tokens of our own: `dfs_<id>_<secret>`, of which a salted digest is kept and nothing else.
//!
//! The secret is 256 bits of chance, so that a digest is enough: there is nothing to guess.

use std::fmt::Write as _;

use defuse_domain::Grant;
use defuse_flow::{IdentityError, StoredToken};
use jiff::{SignedDuration, Timestamp};
use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use crate::secret::Secret;

/// What each token begins with, so that scanners for leaked secrets find it
pub(super) const PREFIX: &str = "dfs_";
/// How many days a token lasts at the most
pub const TOKEN_DAYS_MAX: i64 = 365;

/// A token cannot be made
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The machine has no chance to give
    #[error("the machine gives no random numbers")]
    NoRandom,
}

/// A token that was made just now: the only time that it is seen
#[derive(Clone, Debug)]
pub struct NewToken {
    /// The token itself
    pub token: Secret,
    /// What is kept of it
    pub stored: StoredToken,
}

impl NewToken {
    /// Makes a token that lasts so many days
    pub fn make(
        name: String,
        grants: Vec<Grant>,
        by: String,
        days: i64,
        now: Timestamp,
    ) -> Result<Self, TokenError> {
        let (id, secret, salt) = (random(8)?, random(32)?, random(16)?);
        let days = days.clamp(1, TOKEN_DAYS_MAX);
        let expires = now.saturating_add(SignedDuration::from_hours(24 * days)).unwrap_or(now);
        Ok(Self {
            token: Secret::new(format!("{PREFIX}{id}_{secret}")),
            stored: StoredToken {
                hash: hashed(&salt, &secret),
                id,
                name,
                salt,
                grants,
                created: now,
                created_by: by,
                expires,
                revoked: None,
                used: None,
            },
        })
    }
}

/// A token for whoever starts the embedded host: it is kept nowhere, and gone when the host ends
pub fn development_token() -> Result<Secret, TokenError> {
    Ok(Secret::new(format!("dev_{}", random(32)?)))
}

/// The id and the secret of a token
pub(super) fn split(text: &str) -> Option<(&str, &str)> {
    let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    let fits = |it: &str, length: usize| {
        it.len() == length
            && it.bytes().all(|it| it.is_ascii_digit() || (b'a'..=b'f').contains(&it))
    };
    (fits(id, 16) && fits(secret, 64)).then_some((id, secret))
}

/// Whether that secret still opens anything
pub(super) fn check(
    stored: &StoredToken,
    secret: &str,
    now: Timestamp,
) -> Result<(), IdentityError> {
    let is_right = hashed(&stored.salt, secret).as_bytes().ct_eq(stored.hash.as_bytes());
    if !bool::from(is_right) {
        return Err(IdentityError::Refused("the token's secret is wrong"));
    }
    if stored.revoked.is_some() {
        return Err(IdentityError::Refused("the token is revoked"));
    }
    if stored.expires <= now {
        return Err(IdentityError::Refused("the token is expired"));
    }
    Ok(())
}

fn hashed(salt: &str, secret: &str) -> String {
    format!("{:x}", Sha256::digest(format!("{salt}:{secret}")))
}

fn random(n_bytes: usize) -> Result<String, TokenError> {
    let mut bytes = vec![0; n_bytes];
    SystemRandom::new().fill(&mut bytes).map_err(|_unspecified| TokenError::NoRandom)?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        let written = write!(text, "{byte:02x}");
        debug_assert!(written.is_ok(), "a text takes whatever is written");
        text
    }))
}
