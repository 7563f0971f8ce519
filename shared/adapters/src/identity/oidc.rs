//! Tokens of the organisation's issuer (`OpenID` Connect): each is checked against the issuer's own
//! keys, and says for whom it is, by whom and until when (RFC 7519, RFC 8725).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use defuse_domain::{Actor, ClaimedRole, Grant, Principal};
use defuse_flow::IdentityError;
use jiff::Timestamp;
use jsonwebtoken::{
    Validation, decode, decode_header,
    errors::{Error, ErrorKind},
};
use serde::Deserialize;
use serde_json::Value;

use super::keys::{Key, Keys};
use crate::http::{BaseUrl, Http, UrlError};

/// The longest token, in bytes
const TOKEN_BYTES_MAX: usize = 16 * 1_024;
/// By how much clocks may differ, in seconds
const SKEW_SECONDS: f64 = 60.0;

/// Whom we believe
#[derive(Clone, Debug)]
pub struct OidcSettings {
    /// Exactly as the tokens say it
    pub issuer: String,
    /// Whom they must be for
    pub audience: String,
    /// Where the issuer's keys are
    pub keys: String,
    /// What people may do, by what stands in their token
    pub roles: Vec<ClaimedRole>,
}

/// The organisation's issuer of tokens
#[derive(Debug)]
pub struct OidcIssuer {
    issuer: String,
    audience: String,
    roles: Vec<ClaimedRole>,
    keys: Keys,
}

/// What a token says
#[derive(Deserialize)]
struct Claims {
    exp: f64,
    #[serde(default)]
    nbf: Option<f64>,
    #[serde(default)]
    iat: Option<f64>,
    #[serde(default)]
    sub: Option<String>,
    #[serde(default)]
    oid: Option<String>,
    #[serde(default)]
    preferred_username: Option<String>,
    #[serde(default)]
    upn: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    app_displayname: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    groups: Vec<String>,
}

impl OidcIssuer {
    /// Believes that issuer, by the keys that it shows over `http`
    pub fn new(settings: OidcSettings, http: Http) -> Result<Self, UrlError> {
        let OidcSettings { issuer, audience, keys, roles } = settings;
        let keys = Keys::new(BaseUrl::parse(&keys)?, http);
        Ok(Self { issuer, audience, roles, keys })
    }

    /// Who shows that token
    pub(super) async fn principal(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Principal, IdentityError> {
        let claims = self.check(token, now).await?;
        let id = claims.oid.or(claims.sub).filter(|it| !it.is_empty());
        let id = id.ok_or(IdentityError::Refused("the token says not who it is for"))?;
        let names = [claims.preferred_username, claims.upn, claims.name, claims.app_displayname];
        let name = names.into_iter().flatten().find(|it| !it.trim().is_empty());
        let says = |it: &ClaimedRole| {
            claims.roles.contains(&it.claim) || claims.groups.contains(&it.claim)
        };
        let grants: Vec<Grant> =
            self.roles.iter().filter(|it| says(it)).map(|it| it.grant.clone()).collect();
        let name = name.map_or_else(|| id.clone(), |it| one_line(&it));
        Ok(Principal { actor: Actor { id: one_line(&id), name }, grants })
    }

    async fn check(&self, token: &str, now: Timestamp) -> Result<Claims, IdentityError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(IdentityError::Refused("the token is too long"));
        }
        let header = decode_header(token).map_err(|error| IdentityError::Refused(why(&error)))?;
        if has_extensions(token) {
            return Err(IdentityError::Refused("the token has extensions that must be understood"));
        }
        let kid = header.kid.ok_or(IdentityError::Refused("the token names no key"))?;
        let Key { key, algorithms } = self.keys.key(&kid, now).await?;
        let mut wanted = Validation::new(header.alg);
        wanted.algorithms = algorithms.to_vec();
        wanted.set_issuer(&[&self.issuer]);
        wanted.set_audience(&[&self.audience]);
        wanted.set_required_spec_claims(&["iss", "aud", "exp"]);
        // Why: the time is handed in, here as everywhere.
        wanted.validate_exp = false;
        let read = decode::<Claims>(token, &key, &wanted)
            .map_err(|error| IdentityError::Refused(why(&error)))?;
        check_times(&read.claims, now)?;
        Ok(read.claims)
    }
}

/// Whether the header names extensions: whoever knows none must refuse the token (RFC 7515, 4.1.11),
/// and the library does not look
fn has_extensions(token: &str) -> bool {
    let header = token.split('.').next().unwrap_or_default();
    let header = URL_SAFE_NO_PAD.decode(header).unwrap_or_default();
    let header: Result<Value, _> = serde_json::from_slice(&header);
    header.is_ok_and(|it| it.get("crit").is_some())
}

fn check_times(claims: &Claims, now: Timestamp) -> Result<(), IdentityError> {
    let now = now.as_duration().as_secs_f64();
    if !claims.exp.is_finite() || claims.exp <= now - SKEW_SECONDS {
        return Err(IdentityError::Refused("the token is expired"));
    }
    let is_begun = |it: Option<f64>| it.is_none_or(|it| it <= now + SKEW_SECONDS);
    if !is_begun(claims.nbf) || !is_begun(claims.iat) {
        return Err(IdentityError::Refused("the token is not yet good"));
    }
    Ok(())
}

/// What is wrong with a token, for the log
#[expect(clippy::wildcard_enum_match_arm, reason = "the library's own, and it grows")]
fn why(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::InvalidSignature => "the token's signature is wrong",
        ErrorKind::InvalidIssuer => "the token is of another issuer",
        ErrorKind::InvalidAudience => "the token is for somebody else",
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => {
            "the token is signed in no way that its key is for"
        }
        ErrorKind::MissingRequiredClaim(_) => {
            "the token does not say by whom, for whom or until when"
        }
        _ => "the token cannot be read",
    }
}

/// A name fit for a history: one line, not too long
fn one_line(text: &str) -> String {
    text.chars().map(|it| if it.is_control() { ' ' } else { it }).take(128).collect()
}
