//! The keys of an issuer: fetched when one is asked for that is not there, kept, and fetched anew at
//! most once a minute.

use std::{collections::BTreeMap, fmt, time::Duration};

use defuse_flow::IdentityError;
use http::Request;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse},
};
use serde::Deserialize;
use tokio::sync::Mutex;
use tracing::warn;

use crate::http::{BaseUrl, Http};

/// How long it takes at the most to fetch the keys
const FETCH_WITHIN: Duration = Duration::from_secs(5);
/// How often they are fetched at the most, in seconds
const PAUSE_SECONDS: i64 = 60;
/// After how long they are fetched anew whatever happens, so that a key that was withdrawn goes
const KEPT_HOURS: i64 = 12;
/// How many keys of an issuer are looked at
const KEYS_MAX: usize = 64;

/// A public key, and how tokens may be signed with it.
///
/// A key of one kind never checks an algorithm of another, and none of these is shared or absent.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) key: DecodingKey,
    pub(super) algorithms: &'static [Algorithm],
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<serde_json::Value>,
}

/// What is kept of an issuer
#[derive(Debug, Default)]
struct Kept {
    keys: BTreeMap<String, Key>,
    fetched: Option<Timestamp>,
    tried: Option<Timestamp>,
}

/// The keys of an issuer
#[derive(Debug)]
pub(super) struct Keys {
    url: BaseUrl,
    http: Http,
    kept: Mutex<Kept>,
}

impl Keys {
    pub(super) fn new(url: BaseUrl, http: Http) -> Self {
        Self { url, http, kept: Mutex::default() }
    }

    /// The key of that id
    pub(super) async fn key(&self, kid: &str, now: Timestamp) -> Result<Key, IdentityError> {
        let mut kept = self.kept.lock().await;
        let is_old = kept
            .fetched
            .is_none_or(|it| now.duration_since(it).abs() > SignedDuration::from_hours(KEPT_HOURS));
        if let Some(key) = kept.keys.get(kid).filter(|_| !is_old) {
            return Ok(key.clone());
        }
        let may_ask =
            kept.tried.is_none_or(|it| now.duration_since(it).as_secs().abs() >= PAUSE_SECONDS);
        if may_ask {
            kept.tried = Some(now);
            match self.fetch().await {
                Ok(keys) => {
                    kept.keys = keys;
                    kept.fetched = Some(now);
                }
                Err(error) => {
                    warn!(error = %error, "the issuer's keys cannot be read");
                    // Old keys are better than nobody: an issuer that is down lets people in still.
                    if kept.keys.is_empty() {
                        return Err(error);
                    }
                }
            }
        }
        kept.keys.get(kid).cloned().ok_or(IdentityError::Refused("the issuer has no such key"))
    }

    async fn fetch(&self) -> Result<BTreeMap<String, Key>, IdentityError> {
        let url = self.url.url();
        let request = Request::get(url.as_str())
            .body(Vec::new())
            .map_err(|error| IdentityError::Busy(error.into()))?;
        let answer = self.http.send_with_retries(request, FETCH_WITHIN).await;
        let answer = answer.map_err(|error| IdentityError::Busy(error.into()))?;
        if !answer.is_success() {
            let said = format!("the issuer answered {}", answer.status);
            return Err(IdentityError::Busy(said.into()));
        }
        read(&answer.body).map_err(|error| IdentityError::Busy(error.into()))
    }
}

/// The keys of a document that can sign a token of ours; others are for others
fn read(body: &[u8]) -> Result<BTreeMap<String, Key>, serde_json::Error> {
    let Jwks { keys } = serde_json::from_slice(body)?;
    let keys = keys.into_iter().take(KEYS_MAX);
    Ok(keys.filter_map(|it| read_key(&serde_json::from_value(it).ok()?)).collect())
}

fn read_key(jwk: &Jwk) -> Option<(String, Key)> {
    if jwk.common.public_key_use.as_ref().is_some_and(|it| *it != PublicKeyUse::Signature) {
        return None;
    }
    let algorithms: &[Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => &[Algorithm::RS256, Algorithm::PS256],
        AlgorithmParameters::EllipticCurve(it) if it.curve == EllipticCurve::P256 => {
            &[Algorithm::ES256]
        }
        AlgorithmParameters::EllipticCurve(_)
        | AlgorithmParameters::OctetKey(_)
        | AlgorithmParameters::OctetKeyPair(_) => return None,
    };
    let key = DecodingKey::from_jwk(jwk).ok()?;
    Some((jwk.common.key_id.clone()?, Key { key, algorithms }))
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("algorithms", &self.algorithms).finish_non_exhaustive()
    }
}
