//! Writes that come twice: the same key is the same request, and is answered the same.

use defuse_flow::{Begun, KeptAnswer, RequestLog as _};
use defuse_lambda::ApiApp;
use lambda_http::http::header::IF_MATCH;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{Answer, Asked, header_once, problem::Problem};

/// The header that names a request
const KEY: &str = "idempotency-key";
/// The longest key, in bytes
const KEY_BYTES_MAX: usize = 128;

/// Carries a write out, or answers it as before
pub(crate) async fn once(app: &ApiApp, asked: &mut Asked<'_>) -> Result<Answer, Problem> {
    if !asked.headers.contains_key(KEY) {
        return (asked.route.handler)(app, asked).await;
    }
    let key = header_once(asked.headers, KEY).filter(|it| {
        (1..=KEY_BYTES_MAX).contains(&it.len()) && !it.bytes().any(|it| !it.is_ascii_graphic())
    });
    let key = key.ok_or(Problem::BadKey)?;
    let name = digest(&[&asked.principal.actor.id, key]);
    let version = header_once(asked.headers, IF_MATCH.as_str()).unwrap_or_default();
    let route = asked.route;
    let said = digest(&[route.method, route.path, &asked.id, version, asked.body]);
    match app.store.begin(&name, &said, asked.now).await? {
        Begun::First => {}
        Begun::Answered(kept) => return Ok(again(kept)),
        Begun::Underway => return Err(Problem::Underway),
        Begun::Another => return Err(Problem::KeyOfAnother),
    }
    asked.request = Some(name.clone());
    let carried_out = (route.handler)(app, asked).await;
    match &carried_out {
        Ok(answer) => {
            let kept = KeptAnswer {
                status: answer.status,
                body: kept_body(answer).to_string(),
                etag: answer.version.map(|it| it.to_string()),
            };
            app.store.answered(&name, &kept, asked.now).await?;
        }
        // Whether it was done is not known: a repeat finds out.
        Err(Problem::Busy) => {}
        // Nothing was done, so that a repeat may fare better.
        Err(_refused) => app.store.forget(&name).await?,
    }
    carried_out
}

/// What is kept of an answer: what is shown once is kept nowhere
fn kept_body(answer: &Answer) -> Value {
    let mut body = answer.body.clone();
    if let (Some(secret), Some(object)) = (answer.once, body.as_object_mut()) {
        object.insert(secret.to_owned(), Value::from("<shown once>"));
    }
    body
}

fn again(kept: KeptAnswer) -> Answer {
    let version = kept.etag.and_then(|it| it.parse().ok());
    let body = serde_json::from_str(&kept.body).unwrap_or_default();
    Answer { version, ..Answer::of(kept.status, body) }
}

fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        // Lengths go in too, so that no two requests look alike.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    format!("{:x}", hash.finalize())
}
