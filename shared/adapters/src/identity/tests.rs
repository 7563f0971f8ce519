//! Tokens that are good, and every way in which one is not.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use defuse_domain::{ClaimedRole, Grant, GrantScope, RoleName};
use defuse_flow::IdentityError;
use jiff::Timestamp;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::{Value, json};

use super::{NewToken, OidcIssuer, OidcSettings, token};
use crate::{
    http::{Http, Reach},
    scripted::{self, Scripted},
};

const NOW: &str = "2026-11-23T12:00:00Z";
const ISSUER: &str = "https://issuer.example/v2.0";

struct World {
    issuer: OidcIssuer,
    key: EcdsaKeyPair,
    other: EcdsaKeyPair,
    _server: Scripted,
}

fn key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap()
}

fn jwk(kid: &str, key: &EcdsaKeyPair) -> Value {
    let point = key.public_key().as_ref();
    let part = |range: std::ops::Range<usize>| URL_SAFE_NO_PAD.encode(&point[range]);
    json!({ "kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "x": part(1..33), "y": part(33..65) })
}

async fn world() -> World {
    let [key, other] = [(), ()].map(|()| key());
    let answer =
        json!({ "keys": [jwk("k1", &key), { "kty": "oct", "kid": "shared", "k": "c2VjcmV0" }] });
    let server = Scripted::start(vec![scripted::json("GET /keys", 200, answer)]).await;
    let http = Http::new(Reach::Anywhere, Duration::from_secs(5)).unwrap();
    let grant =
        Grant { role: RoleName::parse("securityReader").unwrap(), scope: GrantScope::default() };
    let settings = OidcSettings {
        issuer: ISSUER.to_owned(),
        audience: "api://defuse".to_owned(),
        keys: format!("{}/keys", server.address()),
        roles: vec![ClaimedRole { claim: "SOC".to_owned(), grant }],
    };
    World { issuer: OidcIssuer::new(settings, http).unwrap(), key, other, _server: server }
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn claims() -> Value {
    let now = now().as_second();
    json!({
        "iss": ISSUER, "aud": "api://defuse", "exp": now + 600, "nbf": now - 5, "iat": now - 5,
        "oid": "11111111-2222-3333-4444-555555555555", "preferred_username": "kim@contoso.example",
        "roles": ["SOC"],
    })
}

fn signed(key: &EcdsaKeyPair, header: &Value, claims: &Value) -> String {
    let part = |it: &Value| URL_SAFE_NO_PAD.encode(it.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn header() -> Value {
    json!({ "alg": "ES256", "kid": "k1", "typ": "JWT" })
}

/// An object with one property another
fn with(object: &Value, name: &str, value: Value) -> Value {
    let mut object = object.clone();
    object[name] = value;
    object
}

#[tokio::test]
async fn a_good_token_says_who_it_is_and_what_they_may_do() {
    let world = world().await;
    let token = signed(&world.key, &header(), &claims());
    let who = world.issuer.principal(&token, now()).await.unwrap();
    assert_eq!(who.actor.name, "kim@contoso.example");
    assert_eq!(who.grants.len(), 1);

    let nobody = with(&claims(), "roles", json!(["Another"]));
    let who = world.issuer.principal(&signed(&world.key, &header(), &nobody), now()).await.unwrap();
    assert!(who.grants.is_empty());
}

#[tokio::test]
async fn a_token_that_is_not_good_is_refused() {
    let world = world().await;
    let at = now().as_second();
    let of_claims =
        |name: &str, value: Value| signed(&world.key, &header(), &with(&claims(), name, value));
    let of_header =
        |name: &str, value: Value| signed(&world.key, &with(&header(), name, value), &claims());
    let good = signed(&world.key, &header(), &claims());
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (head, _) = message.split_once('.').unwrap();
    let admin = with(&claims(), "roles", json!(["SOC", "Admin"]));
    let forged = format!("{head}.{}.{signature}", URL_SAFE_NO_PAD.encode(admin.to_string()));
    for (what, token) in [
        ("forged claims", forged),
        ("no signature", format!("{message}.")),
        ("of another key", signed(&world.other, &header(), &claims())),
        ("expired", of_claims("exp", json!(at - 61))),
        ("without an end", of_claims("exp", Value::Null)),
        ("not yet good", of_claims("nbf", json!(at + 61))),
        ("from the future", of_claims("iat", json!(at + 61))),
        ("for somebody else", of_claims("aud", json!("api://other"))),
        ("for several others", of_claims("aud", json!(["a", "b"]))),
        ("of another issuer", of_claims("iss", json!("https://other.example/v2.0"))),
        ("of an issuer with a slash more", of_claims("iss", json!(format!("{ISSUER}/")))),
        ("alg none", of_header("alg", json!("none"))),
        ("alg HS256", of_header("alg", json!("HS256"))),
        ("alg of another kind of key", of_header("alg", json!("RS256"))),
        ("kid of another issuer", of_header("kid", json!("k9"))),
        ("kid of a shared key", of_header("kid", json!("shared"))),
        ("no kid", of_header("kid", Value::Null)),
        ("extensions", of_header("crit", json!(["b64"]))),
        ("four parts", format!("{good}.x")),
        ("no token at all", "x".to_owned()),
        ("nothing", String::new()),
        ("huge", "x".repeat(20_000)),
    ] {
        let refused = world.issuer.principal(&token, now()).await;
        assert!(matches!(refused, Err(IdentityError::Refused(_))), "{what}: {refused:?}");
    }
    for (what, token) in [
        ("just expired", of_claims("exp", json!(at - 59))),
        ("soon good", of_claims("nbf", json!(at + 59))),
        ("for several", of_claims("aud", json!(["x", "api://defuse"]))),
    ] {
        assert!(world.issuer.principal(&token, now()).await.is_ok(), "{what}");
    }
}

#[test]
fn a_token_of_ours_opens_until_it_is_expired_or_revoked() {
    let new = NewToken::make("nightly".to_owned(), Vec::new(), "Kim".to_owned(), 1, now()).unwrap();
    assert!(!format!("{new:?}").contains(new.token.expose()));
    let (id, secret) = token::split(new.token.expose()).unwrap();
    assert_eq!(id, new.stored.id);
    assert!(!new.stored.hash.contains(secret) && token::check(&new.stored, secret, now()).is_ok());

    let refused = |stored: &defuse_flow::StoredToken, secret: &str, at: Timestamp| {
        matches!(token::check(stored, secret, at), Err(IdentityError::Refused(_)))
    };
    assert!(refused(&new.stored, &"0".repeat(64), now()));
    assert!(refused(&new.stored, secret, new.stored.expires));
    let revoked = defuse_flow::StoredToken { revoked: Some(now()), ..new.stored.clone() };
    assert!(refused(&revoked, secret, now()));
    for odd in ["dfs_", "dfs_x_y", "dfs_0123456789abcdef_", "dfs_0123456789ABCDEF_00", "abc"] {
        assert_eq!(token::split(odd), None, "for {odd}");
    }
}
