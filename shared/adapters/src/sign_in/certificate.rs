//! A certificate with its private key, as PEM.
//!
//! Permissions: none.

use std::{fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use ring::{
    error::Unspecified,
    rand::SystemRandom,
    signature::{KeyPair as _, RSA_PSS_SHA256, RsaKeyPair},
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use sha2::{Digest as _, Sha256};
use x509_cert::{der::Decode as _, time::Time};

use crate::secret::Secret;

/// How long before its end people are told
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A certificate with its private key.
///
/// The key prints as `<secret>`.
#[derive(Clone)]
pub struct Certificate {
    // INVARIANT: it belongs to the certificate whose thumbprint and end these are.
    key: Arc<RsaKeyPair>,
    thumbprint: String,
    until: Timestamp,
}

/// A text is no certificate with its private key
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// There is no key in it
    #[error(
        "there is no private key in it that is not encrypted; put key and certificate into one \
         secret, as PEM"
    )]
    NoKey,
    /// The key is of another kind
    #[error("its private key is no RSA key of 2,048 to 4,096 bits, which Entra ID needs: {0}")]
    NotRsa(String),
    /// No certificate in it belongs to the key
    #[error("no certificate in it belongs to its private key; put the certificate behind the key")]
    NoCertificate,
}

impl Certificate {
    /// Reads private key and certificate, in any order; of several certificates, the key's counts
    pub fn parse(pem: &Secret) -> Result<Self, CertificateError> {
        let bytes = pem.expose().as_bytes();
        let key = match PrivateKeyDer::from_pem_slice(bytes) {
            Ok(PrivateKeyDer::Pkcs1(key)) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            Ok(PrivateKeyDer::Pkcs8(key)) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            Ok(_) => return Err(CertificateError::NotRsa("another kind".to_owned())),
            // Why the cause is dropped: it may repeat what stands in the text.
            Err(_no_key) => return Err(CertificateError::NoKey),
        };
        let key = key.map_err(|rejected| CertificateError::NotRsa(rejected.to_string()))?;
        let found = CertificateDer::pem_slice_iter(bytes).flatten().find_map(|certificate| {
            let parts = x509_cert::Certificate::from_der(&certificate).ok()?.tbs_certificate;
            let public_key = parts.subject_public_key_info.subject_public_key;
            let thumbprint = URL_SAFE_NO_PAD.encode(Sha256::digest(&certificate));
            let is_the_keys = public_key.raw_bytes() == key.public_key().as_ref();
            is_the_keys.then(|| (thumbprint, end(parts.validity.not_after)))
        });
        let (thumbprint, until) = found.ok_or(CertificateError::NoCertificate)?;
        Ok(Self { key: Arc::new(key), thumbprint, until })
    }

    /// When it ends
    pub const fn until(&self) -> Timestamp {
        self.until
    }

    /// Whether people should make a new one
    pub(super) fn ends_soon(&self, now: Timestamp) -> bool {
        now.checked_add(SOON).is_ok_and(|soon| self.until <= soon)
    }

    /// The SHA-256 thumbprint, as `x5t#S256` has it
    pub(super) fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// Signs as PS256
    pub(super) fn sign(&self, random: &SystemRandom, text: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key.sign(&RSA_PSS_SHA256, random, text, &mut signature)?;
        Ok(signature)
    }
}

/// Later than our clock can say is never
fn end(not_after: Time) -> Timestamp {
    let after_epoch = not_after.to_unix_duration();
    Timestamp::UNIX_EPOCH.checked_add(after_epoch).unwrap_or(Timestamp::MAX)
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("key", &format_args!("<secret>"))
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = include_str!("certificates/good.pem");
    const CHAIN: &str = include_str!("certificates/chain-and-pkcs1.pem");
    const ELLIPTIC: &str = include_str!("certificates/elliptic.pem");

    fn parse(text: &str) -> Result<Certificate, CertificateError> {
        Certificate::parse(&Secret::new(text))
    }

    #[test]
    fn the_certificate_of_the_key_is_found_and_the_key_is_not_shown() {
        for (text, until) in [(GOOD, "2095-05-05T16:38:15Z"), (CHAIN, "2036-11-20T16:38:15Z")] {
            let certificate = parse(text).unwrap();
            let shown = format!("{certificate:?}");
            assert_eq!(shown, format!("Certificate {{ key: <secret>, until: {until}, .. }}"));
        }
        // As `openssl x509 -outform DER | openssl dgst -sha256` has it.
        let thumbprint = parse(GOOD).unwrap().thumbprint;
        assert_eq!(thumbprint, "6y384uO2oICsPWMV-eE7fjjyB7O4pMEFWBUINiQwbIw");
    }

    #[test]
    fn what_is_no_certificate_with_its_key_says_why() {
        let (key, certificate) = GOOD.split_once("-----BEGIN CERT").unwrap();
        let certificate = format!("-----BEGIN CERT{certificate}");
        let encrypted = GOOD.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        let (other, _) = CHAIN.split_once("-----END CERT").unwrap();
        let mismatched = format!("{key}{other}-----END CERTIFICATE-----\n");
        for (text, expected) in [
            ("", CertificateError::NoKey),
            ("hunter2", CertificateError::NoKey),
            (&certificate, CertificateError::NoKey),
            (&encrypted, CertificateError::NoKey),
            (key, CertificateError::NoCertificate),
            (&mismatched, CertificateError::NoCertificate),
        ] {
            assert_eq!(parse(text).unwrap_err(), expected, "for {text}");
        }
        let error = parse(ELLIPTIC).unwrap_err();
        assert!(matches!(error, CertificateError::NotRsa(_)), "{error}");
    }

    #[test]
    fn people_are_told_thirty_days_before_the_end() {
        let certificate = parse(CHAIN).unwrap();
        for (now, is_soon) in [
            ("2036-10-21T16:38:14Z", false),
            ("2036-10-21T16:38:15Z", true),
            ("2040-01-01T00:00:00Z", true),
        ] {
            assert_eq!(certificate.ends_soon(now.parse().unwrap()), is_soon, "at {now}");
        }
        assert!(!certificate.ends_soon(Timestamp::MAX));
    }
}
