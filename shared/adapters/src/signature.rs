//! Who a webhook message is from: Standard Webhooks signatures, both ways, and plain tokens.
//!
//! Every comparison takes the same time whatever is compared. Whether a message was taken before
//! is not known here: see `defuse_flow::WebhookLog`.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use defuse_flow::Cause;
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::Secret;

/// How far a message's time may be from ours, either way
pub const TOLERANCE_SECONDS: u64 = 5 * 60;
/// The shortest key, in bytes, that the specification allows
pub const KEY_BYTES_MIN: usize = 24;
/// The longest key, in bytes, that the specification allows
pub const KEY_BYTES_MAX: usize = 64;
/// How many signatures of one message are looked at
pub const SIGNATURES_MAX: usize = 16;
/// The header that names the message
pub const WEBHOOK_ID: &str = "webhook-id";
/// The header with the time of sending, in seconds
pub const WEBHOOK_TIMESTAMP: &str = "webhook-timestamp";
/// The header with the signatures
pub const WEBHOOK_SIGNATURE: &str = "webhook-signature";

const KEY_PREFIX: &str = "whsec_";
const VERSION: &str = "v1";

/// A key that both sides share; prints as `<secret>`.
///
/// ```
/// use defuse_adapters::{SignatureHeaders, SigningKey, verify};
/// use jiff::Timestamp;
///
/// let key = SigningKey::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?;
/// let now = Timestamp::from_second(1_614_265_330)?;
/// let signature = key.sign("msg_1", now, b"{}");
///
/// let headers = SignatureHeaders { id: "msg_1", timestamp: "1614265330", signature: &signature };
/// assert!(verify(&[key], headers, b"{}", now).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SigningKey {
    mac: Hmac<Sha256>,
}

/// The text is no signing key
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// Not in the form we read
    #[error("signing key must be `{KEY_PREFIX}` followed by base64")]
    Malformed(#[source] Option<Cause>),
    /// Shorter or longer than is safe
    #[error("signing key has {0} bytes, must have {KEY_BYTES_MIN} to {KEY_BYTES_MAX}")]
    Length(usize),
}

/// The three headers of a signed message; an empty one counts as missing
#[derive(Clone, Copy, Debug)]
pub struct SignatureHeaders<'a> {
    /// `webhook-id`
    pub id: &'a str,
    /// `webhook-timestamp`
    pub timestamp: &'a str,
    /// `webhook-signature`: one or more, with spaces between them
    pub signature: &'a str,
}

/// The message is not known to be from whoever shares a key with us
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A header is not there
    #[error("header `{0}` is missing")]
    Missing(&'static str),
    /// A header cannot be read
    #[error("header `{0}` is malformed")]
    Malformed(&'static str),
    /// Sent too long ago, or in the future
    #[error("message was sent more than {TOLERANCE_SECONDS} seconds from now")]
    Stale,
    /// Signed with no key of ours, or not what was signed
    #[error("signature is wrong")]
    Wrong,
}

impl SigningKey {
    /// Reads `whsec_…`, or says what keeps it from being a key
    pub fn parse(text: &str) -> Result<Self, SigningKeyError> {
        let encoded =
            text.trim().strip_prefix(KEY_PREFIX).ok_or(SigningKeyError::Malformed(None))?;
        let bytes = BASE64
            .decode(encoded)
            .map_err(|error| SigningKeyError::Malformed(Some(error.into())))?;
        if !(KEY_BYTES_MIN..=KEY_BYTES_MAX).contains(&bytes.len()) {
            return Err(SigningKeyError::Length(bytes.len()));
        }
        Hmac::new_from_slice(&bytes)
            .map(|mac| Self { mac })
            .map_err(|error| SigningKeyError::Malformed(Some(error.into())))
    }

    /// The value of `webhook-signature` for a message
    pub fn sign(&self, id: &str, timestamp: Timestamp, body: &[u8]) -> String {
        let tag = self.tag(id, &timestamp.as_second().to_string(), body);
        format!("{VERSION},{}", BASE64.encode(tag))
    }

    fn tag(&self, id: &str, timestamp: &str, body: &[u8]) -> [u8; 32] {
        let mut mac = self.mac.clone();
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

/// Checks that the message was signed with any one of `keys`, not long before or after `now`
pub fn verify(
    keys: &[SigningKey],
    headers: SignatureHeaders<'_>,
    body: &[u8],
    now: Timestamp,
) -> Result<(), SignatureError> {
    let SignatureHeaders { id, timestamp, signature } = headers;
    for (name, value) in
        [(WEBHOOK_ID, id), (WEBHOOK_TIMESTAMP, timestamp), (WEBHOOK_SIGNATURE, signature)]
    {
        if value.trim().is_empty() {
            return Err(SignatureError::Missing(name));
        }
    }
    // Why: no sign, space or leading zero, since what was signed is the header's own text.
    let sent: i64 = timestamp
        .parse()
        .ok()
        .filter(|sent: &i64| sent.to_string() == timestamp)
        .ok_or(SignatureError::Malformed(WEBHOOK_TIMESTAMP))?;
    if now.as_second().abs_diff(sent) > TOLERANCE_SECONDS {
        return Err(SignatureError::Stale);
    }
    let given = read_signatures(signature)?;

    // Every key against every signature, to the end: how long it takes tells nothing.
    let right = keys.iter().fold(Choice::from(0), |right, key| {
        let tag = key.tag(id, timestamp, body);
        given.iter().fold(right, |right, it| right | it.as_slice().ct_eq(&tag))
    });
    if bool::from(right) { Ok(()) } else { Err(SignatureError::Wrong) }
}

/// The `v1` signatures of the header; other versions are for other receivers
fn read_signatures(header: &str) -> Result<Vec<Vec<u8>>, SignatureError> {
    let malformed = SignatureError::Malformed(WEBHOOK_SIGNATURE);
    let mut signatures = Vec::new();
    for part in header.split_ascii_whitespace().take(SIGNATURES_MAX) {
        let (version, encoded) = part.split_once(',').ok_or(malformed)?;
        if version == VERSION {
            signatures.push(BASE64.decode(encoded).ok().ok_or(malformed)?);
        }
    }
    Ok(signatures)
}

/// Whether `given` is one of the expected tokens; an empty one never is.
///
/// Digests are compared, so that neither content nor length shows in the time it takes.
pub fn verify_token(expected: &[Secret], given: &str) -> bool {
    let digest = Sha256::digest(given);
    let right = expected
        .iter()
        .filter(|it| !it.expose().is_empty())
        .fold(Choice::from(0), |right, token| {
            right | Sha256::digest(token.expose()).as_slice().ct_eq(digest.as_slice())
        });
    !given.is_empty() && bool::from(right)
}

#[cfg(test)]
mod tests;
