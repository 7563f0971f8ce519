//! Tokens of the organisation's issuer (`OpenID` Connect): each is checked against the issuer's own
//! keys, and says for whom it is, by whom and until when (RFC 7519, RFC 8725).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use defuse_domain::{Actor, ClaimedRole, Grant, Principal};
use defuse_flow::IdentityError;
use jiff::Timestamp;
use serde::Deserialize;

use super::keys::{Algorithm, Keys};
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

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    crit: Option<serde_json::Value>,
}

/// What a token says
#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: OneOrMany,
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

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn has(&self, wanted: &str) -> bool {
        match self {
            Self::One(one) => one == wanted,
            Self::Many(many) => many.iter().any(|it| it == wanted),
        }
    }
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
        let mut parts = token.split('.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(IdentityError::Refused("the token has not three parts"));
        };
        let unreadable = IdentityError::Refused("a part of the token cannot be read");
        let Some(read) = decoded::<Header>(header) else { return Err(unreadable) };
        let Some(signature) = URL_SAFE_NO_PAD.decode(signature).ok() else {
            return Err(unreadable);
        };
        if read.crit.is_some() {
            return Err(IdentityError::Refused("the token has extensions that must be understood"));
        }
        let algorithm = Algorithm::from_name(&read.alg)
            .ok_or(IdentityError::Refused("the token is signed in no way that we take"))?;
        let kid = read.kid.ok_or(IdentityError::Refused("the token names no key"))?;
        let key = self.keys.key(&kid, now).await?;
        let message = format!("{header}.{claims}");
        if !key.verify(algorithm, message.as_bytes(), &signature) {
            return Err(IdentityError::Refused("the token's signature is wrong"));
        }
        let Some(claims) = decoded::<Claims>(claims) else { return Err(unreadable) };
        self.check_claims(&claims, now)?;
        Ok(claims)
    }

    fn check_claims(&self, claims: &Claims, now: Timestamp) -> Result<(), IdentityError> {
        if claims.iss != self.issuer {
            return Err(IdentityError::Refused("the token is of another issuer"));
        }
        if !claims.aud.has(&self.audience) {
            return Err(IdentityError::Refused("the token is for somebody else"));
        }
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
}

fn decoded<T: serde::de::DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// A name fit for a history: one line, not too long
fn one_line(text: &str) -> String {
    text.chars().map(|it| if it.is_control() { ' ' } else { it }).take(128).collect()
}
