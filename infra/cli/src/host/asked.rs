//! What other commands ask of a host: over HTTP while it runs, else in the folder where it kept its
//! state.

use std::{fs, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use defuse_adapters::{DynamoDbStore, Http, Reach};
use defuse_lambda::{AwsCredentials, Config, Environment, SharedLookup, Wiring};
use lambda_http::http;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Folder, database::Database, open};
use crate::failure::Failure;

/// The file that says where the host of a folder listens
const ANNOUNCEMENT: &str = "host.json";

/// How long a host may take to answer
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

#[derive(Debug, Deserialize, Serialize)]
struct Announcement {
    address: SocketAddr,
}

/// Says where this folder's host listens
pub(crate) fn announce(data: &Path, address: SocketAddr) -> Result<(), Failure> {
    let path = data.join(ANNOUNCEMENT);
    let text = json!(Announcement { address }).to_string();
    fs::write(&path, text).map_err(|source| Failure::File { path, source })
}

/// Where this folder's host listens, or did
pub(crate) fn announced(data: &Path) -> Option<SocketAddr> {
    let text = fs::read_to_string(data.join(ANNOUNCEMENT)).ok()?;
    let Announcement { address } = serde_json::from_str(&text).ok()?;
    Some(address)
}

/// Status and body of a running host's answer; `None` where none runs
pub(crate) async fn ask(data: &Path, path: &[&str]) -> Option<(u16, Vec<u8>)> {
    send(data, path, Vec::new(), http::Method::GET).await
}

/// The same of what it is told
pub(crate) async fn tell(data: &Path, path: &[&str], body: &Value) -> Option<(u16, Vec<u8>)> {
    send(data, path, body.to_string().into_bytes(), http::Method::POST).await
}

async fn send(
    data: &Path,
    path: &[&str],
    body: Vec<u8>,
    method: http::Method,
) -> Option<(u16, Vec<u8>)> {
    // Why: whoever listens there now may be somebody else.
    let address = Folder::is_taken(data).then(|| announced(data)).flatten()?;
    let mut url = url::Url::parse(&format!("http://{address}/")).ok()?;
    url.path_segments_mut().ok()?.pop_if_empty().extend(path);
    let client = Http::new(Reach::Anywhere, ANSWERS_WITHIN).ok()?;
    let request = http::Request::builder().method(method).uri(url.as_str());
    let request = request.header(http::header::CONTENT_TYPE, "application/json").body(body).ok()?;
    let answer = client.send(request).await.ok()?;
    Some((answer.status, answer.body))
}

/// The store of a host that does not run; it is there for as long as the database is held
pub(crate) async fn store(data: &Path) -> Result<(DynamoDbStore, Database), Failure> {
    let database = open(data).await?;
    let lookup: SharedLookup = Arc::new(|_: &str| None);
    let environment = Environment {
        dynamodb_endpoint: Some(database.endpoint.clone()),
        credentials: Some(AwsCredentials {
            access_key_id: "embedded".to_owned(),
            secret_access_key: "embedded".to_owned(),
            session_token: None,
        }),
        ..Environment::read(&*lookup)
    };
    Ok((Wiring::of(environment, Config::default(), lookup).store(), database))
}
