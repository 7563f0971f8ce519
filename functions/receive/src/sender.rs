//! Who sent a request: one that signs (Standard Webhooks), or one with a token of ours.

use defuse_adapters::{
    SignatureError, SignatureHeaders, WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP, verify,
    verify_token,
};
use defuse_lambda::ReceiveApp;
use jiff::Timestamp;
use lambda_http::http::{HeaderMap, header::AUTHORIZATION};

use crate::answer::Refusal;

/// Who sent a request
#[derive(Debug)]
pub(crate) enum Sender {
    /// One that signed this message, which has an id
    Signed {
        /// The message's id
        id: String,
    },
    /// One that showed a token; its messages have no ids
    Known,
}

const SIGNS: [&str; 3] = [WEBHOOK_ID, WEBHOOK_TIMESTAMP, WEBHOOK_SIGNATURE];

impl Sender {
    /// Whether no header says who it is
    pub(crate) fn is_unsaid(headers: &HeaderMap) -> bool {
        !headers.contains_key(AUTHORIZATION) && !Self::signs(headers)
    }

    fn signs(headers: &HeaderMap) -> bool {
        SIGNS.into_iter().any(|it| headers.contains_key(it))
    }

    /// Checks a signature if there is any sign of one, else a token
    pub(crate) fn check(
        app: &ReceiveApp,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        if Self::signs(headers) {
            return Self::check_signature(app, headers, body, now);
        }
        let Some(given) = header(headers, AUTHORIZATION.as_str()) else {
            return Err(Refusal::Unsigned);
        };
        let token = ["Token ", "Bearer "].into_iter().find_map(|it| given.strip_prefix(it));
        match token {
            Some(token) if verify_token(&app.tokens, token.trim()) => Ok(Self::Known),
            Some(_) | None => Err(Refusal::WrongToken),
        }
    }

    fn check_signature(
        app: &ReceiveApp,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let text = |name: &str| header(headers, name).unwrap_or_default();
        let signed = SignatureHeaders {
            id: text(WEBHOOK_ID),
            timestamp: text(WEBHOOK_TIMESTAMP),
            signature: text(WEBHOOK_SIGNATURE),
        };
        let id = signed.id.to_owned();
        match verify(&app.signing_keys, signed, body, now) {
            Ok(()) => Ok(Self::Signed { id }),
            Err(SignatureError::Missing(name)) => Err(Refusal::SignatureIncomplete(name)),
            Err(SignatureError::Malformed(name)) => Err(Refusal::SignatureMalformed(name)),
            Err(SignatureError::Stale) => Err(Refusal::Stale),
            Err(SignatureError::Wrong) => Err(Refusal::WrongSignature),
        }
    }
}

/// A header that is there once; twice is as good as not at all
fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(one), None) => one.to_str().ok(),
        (Some(_), Some(_)) | (None, _) => None,
    }
}
