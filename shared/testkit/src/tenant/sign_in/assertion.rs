//! Assertions: signed by the application's certificate, or issued by somebody whom the tenant trusts.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jiff::Timestamp;
use ring::{
    digest::{SHA256, digest},
    signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey},
};
use serde_json::{Value, json};

use super::super::{Tenant, state::Shared};

/// The only type of assertion
pub(super) const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The public key of [`Tenant::CERTIFICATE`]
const PUBLIC_KEY: &str = include_str!("app.pub");

/// How far clocks may be apart, in seconds
const SKEW: i64 = 300;

/// Number and description of what is wrong
type Wrong = (u32, &'static str);

/// Whether the application may sign in with it; each can be used once
pub(super) fn check(shared: &Shared, text: &str, now: Timestamp) -> Result<(), Wrong> {
    let unreadable = (50_027, "The JWT token is invalid or malformed.");
    let mut parts = text.split('.');
    let (Some(header), Some(claims), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(unreadable);
    };
    let (header, claims) = read(header).zip(read(claims)).ok_or(unreadable)?;
    let is =
        |of: &Value, name: &str, wanted: &str| of.get(name).and_then(Value::as_str) == Some(wanted);
    let time = |name: &str| claims.get(name).and_then(Value::as_i64);

    if !is(&claims, "iss", Tenant::CLIENT_ID) {
        let is_trusted = shared.state().trusts(text, now);
        let wrong = (70_021, "No matching federated identity record found.");
        return is_trusted.then_some(()).ok_or(wrong);
    }
    if !is(&header, "alg", "PS256") || !is(&header, "x5t#S256", &thumbprint()) {
        return Err((700_027, "The certificate with that thumbprint is not registered."));
    }
    let signed = text.rsplit_once('.').map_or("", |(signed, _)| signed);
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
    let key = STANDARD.decode(PUBLIC_KEY.trim()).unwrap_or_default();
    UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, key)
        .verify(signed.as_bytes(), &signature)
        .map_err(|ring::error::Unspecified| (700_027, "The signature is not valid."))?;
    let place = format!("{}/{}/oauth2/v2.0/token", shared.base_url(), Tenant::TENANT_ID);
    if !is(&claims, "aud", &place) || !is(&claims, "sub", Tenant::CLIENT_ID) {
        return Err((700_023, "The audience or the subject is another."));
    }
    let second = now.as_second();
    let (Some(from), Some(until)) = (time("nbf"), time("exp")) else { return Err(unreadable) };
    if from > second + SKEW || until < second - SKEW || until - from > 2 * SKEW {
        return Err((700_024, "The assertion is not within its valid time range."));
    }
    let id = claims.get("jti").and_then(Value::as_str).ok_or(unreadable)?;
    let is_new = shared.state().takes_assertion(id);
    is_new.then_some(()).ok_or((50_013, "The assertion was used already."))
}

/// A token of the issuer that the tenant trusts, such as a cluster writes into a file
pub(in super::super) fn federated(number: u64, until: Timestamp) -> String {
    let header = json!({ "alg": "RS256", "kid": "stand-in-issuer", "typ": "JWT" });
    let claims = json!({
        "aud": "api://AzureADTokenExchange",
        "exp": until.as_second(),
        "iss": "https://issuer.contoso.example",
        "jti": number.to_string(),
        "sub": "system:serviceaccount:defuse:defuse",
    });
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    // Nobody verifies it: the tenant remembers what it trusts.
    format!("{}.{}.{}", part(header), part(claims), URL_SAFE_NO_PAD.encode("stand-in"))
}

fn read(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// The SHA-256 thumbprint of the registered certificate
fn thumbprint() -> String {
    let pem = Tenant::CERTIFICATE.split("-----BEGIN CERTIFICATE-----").nth(1).unwrap_or_default();
    let text: String = pem.split("-----").next().unwrap_or_default().split_whitespace().collect();
    let der = STANDARD.decode(text).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(digest(&SHA256, &der))
}
