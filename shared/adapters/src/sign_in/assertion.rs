//! The assertion that a certificate signs: good for one request, for ten minutes.
//!
//! Permissions: none.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::{Value, json};

use super::{Application, Certificate, CredentialError};
use crate::secret::Secret;

/// How long it is good
const LIFETIME_SECONDS: i64 = 600;

/// Signs one as RFC 7523 has it, with what Entra ID asks for: PS256 and the SHA-256 thumbprint
pub(super) fn sign(
    certificate: &Certificate,
    application: &Application,
    now: Timestamp,
) -> Result<Secret, CredentialError> {
    if certificate.until() <= now {
        return Err(CredentialError::Ended(certificate.until()));
    }
    let header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": certificate.thumbprint() });
    let random = SystemRandom::new();
    let issued = now.as_second();
    let claims = json!({
        "aud": application.token_url,
        "exp": issued.saturating_add(LIFETIME_SECONDS),
        "iat": issued,
        "iss": application.client_id,
        "jti": unique(&random)?,
        "nbf": issued,
        "sub": application.client_id,
    });
    let text = format!("{}.{}", part(&header), part(&claims));
    let signature = certificate.sign(&random, text.as_bytes())?;
    Ok(Secret::new(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))))
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// An id that nobody has used: a GUID, as Entra ID wants it
fn unique(random: &SystemRandom) -> Result<String, CredentialError> {
    let mut bytes = [0; 16];
    random.fill(&mut bytes)?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string())
}
