//! Tokens of the API, and what is remembered of its requests.

use std::future::Future;

use defuse_domain::{Grant, Principal};
use jiff::Timestamp;

use super::StoreError;

/// A token as it is kept: never itself, only what it is checked by
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredToken {
    /// Names it; a part of the token itself
    pub id: String,
    /// What people call it
    pub name: String,
    /// What its secret is mixed with, and what comes of that: hexadecimal
    pub salt: String,
    /// See `salt`
    pub hash: String,
    /// What whoever has it may do
    pub grants: Vec<Grant>,
    /// When it was made
    pub created: Timestamp,
    /// Who made it
    pub created_by: String,
    /// From when on it is refused
    pub expires: Timestamp,
    /// When it was revoked
    pub revoked: Option<Timestamp>,
    /// When it was used last, to the hour
    pub used: Option<Timestamp>,
}

/// Where tokens are looked up
pub trait TokenLookup {
    /// The token of that id, be it expired or revoked
    fn token(
        &self,
        id: &str,
    ) -> impl Future<Output = Result<Option<StoredToken>, StoreError>> + Send;

    /// Notes that it was used
    fn used(&self, id: &str, now: Timestamp)
    -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Where tokens are made and revoked
pub trait TokenStore {
    /// Keeps a new token
    fn create(&self, token: &StoredToken) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Every token that is kept, by its id
    fn every_token(&self) -> impl Future<Output = Result<Vec<StoredToken>, StoreError>> + Send;

    /// Refuses a token from now on; whether there is one of that id
    fn revoke(
        &self,
        id: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// Whoever shows a token is not let in
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The token is none of those that we take; what is wrong with it, for the log
    #[error("the token is refused: {0}")]
    Refused(&'static str),
    /// Whoever could tell is out of reach
    #[error("nobody can say whether the token is good")]
    Busy(#[source] super::Cause),
}

/// Tells who shows a token
pub trait Identity {
    /// Who shows that token
    fn identify(
        &self,
        token: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<Principal, IdentityError>> + Send;
}

/// An answer that was given to a write
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// How it went, as a number
    pub status: u16,
    /// The body
    pub body: String,
    /// The version that it told
    pub etag: Option<String>,
}

/// What is known of a request with an idempotency key
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Nobody sent it before, or nobody knows what came of it
    First,
    /// It was answered
    Answered(KeptAnswer),
    /// It is being carried out
    Underway,
    /// Another request was sent with the same key
    Another,
}

/// What was answered to writes, so that a repeat is answered the same
pub trait RequestLog {
    /// Notes that the request of that name, with that digest, begins
    fn begin(
        &self,
        request: &str,
        digest: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<Begun, StoreError>> + Send;

    /// Keeps what it was answered
    fn answered(
        &self,
        request: &str,
        answer: &KeptAnswer,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Forgets one that came to nothing
    fn forget(&self, request: &str) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// How often somebody may ask
pub trait Throttle {
    /// Counts a request; gives in how many seconds to come again where there were more than so many
    /// in this minute
    fn admit(
        &self,
        who: &str,
        per_minute: u32,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<u64>, StoreError>> + Send;
}
