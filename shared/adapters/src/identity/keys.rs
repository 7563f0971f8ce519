//! The keys of an issuer: fetched when one is asked for that is not there, kept, and fetched anew at
//! most once a minute.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use defuse_flow::IdentityError;
use http::Request;
use jiff::{SignedDuration, Timestamp};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey,
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

/// How a token is signed; nothing else is taken, and above all no `none` and no shared key
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rs256,
    Ps256,
    Es256,
}

impl Algorithm {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "PS256" => Some(Self::Ps256),
            "ES256" => Some(Self::Es256),
            _ => None,
        }
    }
}

/// A public key
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// The point, uncompressed
    P256(Vec<u8>),
}

/// A key as the issuer shows it (RFC 7517)
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default, rename = "use")]
    used_for: Option<String>,
    #[serde(default)]
    crv: Option<String>,
    #[serde(default)]
    n: Option<String>,
    #[serde(default)]
    e: Option<String>,
    #[serde(default)]
    x: Option<String>,
    #[serde(default)]
    y: Option<String>,
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
    Ok(keys.filter_map(|it| read_key(serde_json::from_value(it).ok()?)).collect())
}

fn read_key(jwk: Jwk) -> Option<(String, Key)> {
    if jwk.used_for.is_some_and(|it| it != "sig") {
        return None;
    }
    let bytes = |it: Option<String>| URL_SAFE_NO_PAD.decode(it?.trim_end_matches('=')).ok();
    let key = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", _) => Key::Rsa { n: bytes(jwk.n)?, e: bytes(jwk.e)? },
        ("EC", Some("P-256")) => {
            let (x, y) = (bytes(jwk.x)?, bytes(jwk.y)?);
            (x.len() == 32 && y.len() == 32).then_some(())?;
            Key::P256([&[4][..], &x, &y].concat())
        }
        _ => return None,
    };
    Some((jwk.kid?, key))
}

impl Key {
    /// Whether the signature is of this key. A key of one kind never checks an algorithm of another.
    pub(super) fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        match (self, algorithm) {
            (Self::Rsa { n, e }, Algorithm::Rs256) => RsaPublicKeyComponents { n, e }
                .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                .is_ok(),
            (Self::Rsa { n, e }, Algorithm::Ps256) => RsaPublicKeyComponents { n, e }
                .verify(&RSA_PSS_2048_8192_SHA256, message, signature)
                .is_ok(),
            (Self::P256(point), Algorithm::Es256) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                    .verify(message, signature)
                    .is_ok()
            }
            (Self::Rsa { .. }, Algorithm::Es256)
            | (Self::P256(_), Algorithm::Rs256 | Algorithm::Ps256) => false,
        }
    }
}
