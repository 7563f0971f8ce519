//! Entra's token endpoint.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use ring::{
    rand::SystemRandom,
    signature::{RSA_PSS_SHA256, RsaKeyPair},
};

use super::*;

const GRAPH: &str = "https://graph.microsoft.com/.default";
const CLOUD_APPS: &str = "05a65629-4c1b-48c1-a78b-804c4abdd4af/.default";

/// A tenant that is asked for a token
struct Counter {
    tenant: Tenant,
    client: Client,
}

impl Counter {
    fn open() -> Self {
        Self { tenant: Tenant::start().unwrap(), client: client() }
    }

    /// The code of the refusal, or 0 for a token
    async fn ask(&self, scope: &str, proof: &[(&str, &str)]) -> u64 {
        let (status, body) = self.answer(scope, proof).await;
        assert_eq!(status == 200, body["access_token"].is_string(), "{body}");
        body.pointer("/error_codes/0").map_or(0, |it| it.as_u64().unwrap())
    }

    async fn answer(&self, scope: &str, proof: &[(&str, &str)]) -> (u16, Value) {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", Tenant::CLIENT_ID)
            .append_pair("scope", scope)
            .append_pair("grant_type", "client_credentials")
            .extend_pairs(proof)
            .finish();
        reply(self.client.post(self.tenant.token_url()).body(form)).await
    }

    async fn assert(&self, assertion: &str) -> u64 {
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        self.ask(GRAPH, &[("client_assertion_type", kind), ("client_assertion", assertion)]).await
    }

    /// Claims that are good
    fn claims(&self, id: &str) -> Value {
        let now = Timestamp::now().as_second();
        json!({
            "aud": self.tenant.token_url(),
            "iss": Tenant::CLIENT_ID,
            "sub": Tenant::CLIENT_ID,
            "jti": id,
            "nbf": now,
            "exp": now + 600,
        })
    }
}

/// Signs with the certificate's key
fn sign(header: &Value, claims: &Value) -> String {
    let (key, _) = Tenant::CERTIFICATE.split_once("-----END").unwrap();
    let key: String = key.lines().skip(1).collect();
    let key = base64::engine::general_purpose::STANDARD.decode(key).unwrap();
    let key = RsaKeyPair::from_pkcs8(&key).unwrap();
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(header), part(claims));
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PSS_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn header() -> Value {
    // As `openssl x509 -outform DER | openssl dgst -sha256` has it.
    let thumbprint = "kWUlzGyy6XA8lpQSHjJbgrVa5fyn-_OrLqNcbDhCQ5s";
    json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint })
}

#[tokio::test]
async fn an_assertion_is_taken_once_if_all_of_it_is_right() {
    let counter = Counter::open();
    let good = sign(&header(), &counter.claims("1"));
    assert_eq!(counter.assert(&good).await, 0);
    assert_eq!(counter.assert(&good).await, 50_013);

    let now = Timestamp::now().as_second();
    for (name, value, code) in [
        ("aud", json!("https://login.example/token"), 700_023),
        ("sub", json!("somebody"), 700_023),
        ("iss", json!("somebody"), 70_021),
        ("nbf", json!(now + 3600), 700_024),
        ("exp", json!(now - 3600), 700_024),
        ("exp", json!(now + 86_400), 700_024),
        ("jti", Value::Null, 50_027),
    ] {
        let mut claims = counter.claims(name);
        claims[name] = value;
        assert_eq!(counter.assert(&sign(&header(), &claims)).await, code, "for {claims}");
    }
    let mut other = header();
    other["x5t#S256"] = json!("AAAA");
    assert_eq!(counter.assert(&sign(&other, &counter.claims("2"))).await, 700_027);

    let (text, _) = sign(&header(), &counter.claims("3"))
        .rsplit_once('.')
        .map(|(text, rest)| (text.to_owned(), rest.to_owned()))
        .unwrap();
    assert_eq!(counter.assert(&format!("{text}.AAAA")).await, 700_027);
    assert_eq!(counter.assert("no token").await, 50_027);
}

#[tokio::test]
async fn a_token_of_another_issuer_stands_for_the_application_while_it_lasts() {
    let counter = Counter::open();
    let token = counter.tenant.federated_token(SignedDuration::from_mins(10));
    assert_eq!(counter.assert(&token).await, 0);
    assert_eq!(counter.assert(&token).await, 0);
    let over = counter.tenant.federated_token(-SignedDuration::from_mins(10));
    assert_eq!(counter.assert(&over).await, 70_021);
}

#[tokio::test]
async fn one_proof_is_wanted_and_a_scope_that_there_is() {
    let counter = Counter::open();
    let secret = ("client_secret", Tenant::CLIENT_SECRET);
    assert_eq!(counter.ask(GRAPH, &[secret]).await, 0);
    assert_eq!(counter.ask(GRAPH, &[]).await, 7_000_216);
    assert_eq!(counter.ask(GRAPH, &[secret, ("client_assertion", "x")]).await, 7_000_216);
    assert_eq!(counter.ask("https://contoso.example/.default", &[secret]).await, 500_011);
    assert_eq!(counter.ask("https://graph.microsoft.com/User.Read", &[secret]).await, 1_002_012);
}

#[tokio::test]
async fn a_token_is_good_for_its_own_service() {
    let mut visit = Visit::begin().await;
    visit.tenant.put_user(kim());
    let url = format!("{}/alerts/", visit.tenant.cloud_apps_url());
    let status = async |visit: &Visit| {
        let bearer = format!("Bearer {}", visit.token);
        reply(visit.client.get(&url).header("authorization", bearer)).await.0
    };
    assert_eq!((visit.get(KIM).await.0, status(&visit).await), (200, 401));

    let counter = Counter { tenant: visit.tenant, client: visit.client };
    let secret = ("client_secret", Tenant::CLIENT_SECRET);
    let (_, body) = counter.answer(CLOUD_APPS, &[secret]).await;
    let token = body["access_token"].as_str().unwrap().to_owned();
    visit = Visit { tenant: counter.tenant, client: counter.client, token };
    assert_eq!((visit.get(KIM).await.0, status(&visit).await), (401, 200));
}
