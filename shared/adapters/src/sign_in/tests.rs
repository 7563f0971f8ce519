use std::{collections::BTreeSet, io::Write as _, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::Method;
use ring::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};
use serde_json::{Value, json};

use super::*;
use crate::{
    deadline::Deadline,
    http::{Answer, Http, Reach},
    scripted::{Scene, Scripted, json, text},
};

const GOOD: &str = include_str!("certificates/good.pem");
const LIMIT: Duration = Duration::from_secs(10);

fn certificate() -> Certificate {
    Certificate::parse(&Secret::new(GOOD)).unwrap()
}

fn token(token: &str) -> Scene {
    json("POST /token", 200, json!({ "access_token": token, "expires_in": 3599 }))
}

/// A service that is called once, after signing in with that credential
async fn call(server: &Scripted, credential: Credential) -> Result<Answer, SignInError> {
    let application = Application { credential, ..testing::application(server) };
    let tokens = Tokens::new("Contoso", &application, "https://contoso.example/.default").unwrap();
    let shown = format!("{tokens:?}");
    assert!(!shown.contains("s3cret") && !shown.contains("PRIVATE"), "{shown}");
    let http = Http::new(Reach::Anywhere, LIMIT).unwrap();
    let send = |token: Secret| {
        let request = http::Request::builder()
            .method(Method::GET)
            .uri(format!("{}/x", server.address()))
            .header("authorization", format!("Bearer {}", token.expose()))
            .body(Vec::new());
        let http = http.clone();
        async move {
            let answer = http.send(request?).await;
            answer.map_err(|source| SignInError::Http { target: "Contoso", source })
        }
    };
    tokens.send(&http, Deadline::within(LIMIT), send).await
}

/// The fields of every form that was posted for a token
fn forms(server: &Scripted) -> Vec<Vec<(String, String)>> {
    let posts = server.seen().into_iter().filter(|it| it.line == "POST /token");
    posts.map(|it| url::form_urlencoded::parse(it.body.as_bytes()).into_owned().collect()).collect()
}

fn names(form: &[(String, String)]) -> Vec<&str> {
    form.iter().map(|(name, _)| name.as_str()).collect()
}

fn assertion(form: &[(String, String)]) -> String {
    form.iter().find(|(name, _)| name == "client_assertion").unwrap().1.clone()
}

/// Header and claims of an assertion whose signature is good
fn verified(assertion: &str) -> (Value, Value) {
    let (text, signature) = assertion.rsplit_once('.').unwrap();
    let PrivateKeyDer::Pkcs8(key) = PrivateKeyDer::from_pem_slice(GOOD.as_bytes()).unwrap() else {
        panic!("another kind of key");
    };
    let key = ring::signature::RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, key.public())
        .verify(text.as_bytes(), &signature)
        .unwrap();
    let read = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let (header, claims) = text.split_once('.').unwrap();
    (read(header), read(claims))
}

#[tokio::test]
async fn a_certificate_signs_an_assertion_and_its_key_stays_here() {
    let server = Scripted::start(vec![token("t1"), text("GET /x", 200, "")]).await;
    let before = Timestamp::now().as_second();
    call(&server, Credential::Certificate(certificate())).await.unwrap();

    let form = forms(&server).pop().unwrap();
    assert_eq!(
        names(&form),
        ["grant_type", "client_id", "client_assertion_type", "client_assertion", "scope"]
    );
    assert_eq!(form[2].1, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    assert_eq!(form[4].1, "https://contoso.example/.default");

    let (header, claims) = verified(&assertion(&form));
    assert_eq!(
        header,
        json!({
            "alg": "PS256",
            "typ": "JWT",
            "x5t#S256": "6y384uO2oICsPWMV-eE7fjjyB7O4pMEFWBUINiQwbIw",
        })
    );
    let issued = claims["iat"].as_i64().unwrap();
    assert!((before..before + 60).contains(&issued), "{issued}");
    let id = claims["jti"].as_str().unwrap();
    assert_eq!(
        claims,
        json!({
            "aud": format!("{}/token", server.address()),
            "exp": issued + 600,
            "iat": issued,
            "iss": "app",
            "jti": id,
            "nbf": issued,
            "sub": "app",
        })
    );
    let lengths: Vec<usize> = id.split('-').map(str::len).collect();
    assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
    assert!(id.split('-').nth(2).unwrap().starts_with('4'), "{id}");
    assert_eq!(server.seen().pop().unwrap().headers["authorization"], "Bearer t1");
}

#[tokio::test]
async fn every_try_has_an_assertion_of_its_own() {
    let busy = || text("POST /token", 503, "");
    let scenes = vec![busy(), busy(), token("t1"), text("GET /x", 401, ""), token("t2")];
    let server = Scripted::start(scenes).await;
    server.then(vec![text("GET /x", 200, "")]);
    let answer = call(&server, Credential::Certificate(certificate())).await.unwrap();
    assert_eq!(answer.status, 200);

    let ids: BTreeSet<String> = forms(&server)
        .iter()
        .map(|it| verified(&assertion(it)).1["jti"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 4);
}

#[tokio::test]
async fn a_token_file_is_read_for_every_request() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "first.token.x").unwrap();
    let server = Scripted::start(vec![token("t1"), text("GET /x", 200, "")]).await;
    let credential = Credential::TokenFile(file.path().to_owned());
    call(&server, credential.clone()).await.unwrap();

    fs::write(file.path(), "second.token.x").unwrap();
    server.then(vec![token("t2"), text("GET /x", 200, "")]);
    call(&server, credential).await.unwrap();
    let sent: Vec<String> = forms(&server).iter().map(|it| assertion(it)).collect();
    assert_eq!(sent, ["first.token.x", "second.token.x"]);
}

#[tokio::test]
async fn nobody_is_asked_without_anything_to_prove_it_with() {
    let server = Scripted::start(Vec::new()).await;
    let empty = tempfile::NamedTempFile::new().unwrap();
    let credential = Credential::TokenFile(empty.path().to_owned());
    assert!(call(&server, credential).await.is_err());
    let path = PathBuf::from("/no/such/file");
    let error = call(&server, Credential::TokenFile(path)).await.unwrap_err();
    assert_eq!(
        error.said(),
        "sign-in for Contoso was not tried: the token file `/no/such/file` cannot be read; check \
         `workloadIdentity` in the settings"
    );
    let DeliveryError::Refused { target, .. } = error.into_delivery_error() else { panic!() };
    assert_eq!(target, "Contoso");
    assert!(server.seen().is_empty());
}

#[test]
fn a_certificate_that_is_over_signs_nothing() {
    let certificate = certificate();
    let application = Application {
        token_url: String::new(),
        client_id: String::new(),
        credential: Credential::Certificate(certificate.clone()),
    };
    let at = |now: &str| {
        let now = now.parse().unwrap();
        assertion::sign(&certificate, &application, now).map_err(|it| it.to_string())
    };
    assert!(at("2095-05-05T16:38:14Z").is_ok());
    assert_eq!(
        at("2095-05-05T16:38:15Z").unwrap_err(),
        "the certificate ended at 2095-05-05T16:38:15Z; make a new one, add it to the application \
         in Entra ID, and store it with its key"
    );
}

#[test]
fn a_sign_in_that_may_pass_is_busy_and_the_rest_refused() {
    let refused = |status, code: u64| {
        let body = json!({ "error": "e", "error_codes": [code] });
        let refusal = Refusal::read(status, &body);
        SignInError::Refused { target: "Contoso", status, retry_after: None, refusal }
    };
    for (error, is_busy) in [
        (refused(429, 1), true),
        (refused(503, 1), true),
        (refused(400, 700_016), false),
        (refused(401, 7_000_215), false),
        (SignInError::Http { target: "Contoso", source: HttpError::TimedOut }, true),
    ] {
        let shown = format!("{error:?}");
        let is = matches!(error.into_delivery_error(), DeliveryError::Busy { .. });
        assert_eq!(is, is_busy, "for {shown}");
    }
}

mod web_identity;
