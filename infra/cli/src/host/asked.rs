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
    /// Where its table is, for commands that change something in it
    #[serde(default)]
    database: Option<String>,
}

/// Says where this folder's host listens
pub(crate) fn announce(data: &Path, address: SocketAddr, database: &str) -> Result<(), Failure> {
    let path = data.join(ANNOUNCEMENT);
    let database = Some(database.to_owned());
    let text = json!(Announcement { address, database }).to_string();
    fs::write(&path, text).map_err(|source| Failure::File { path, source })
}

/// Where this folder's host listens, or did
pub(crate) fn announced(data: &Path) -> Option<SocketAddr> {
    announcement(data).map(|it| it.address)
}

fn announcement(data: &Path) -> Option<Announcement> {
    let text = fs::read_to_string(data.join(ANNOUNCEMENT)).ok()?;
    serde_json::from_str(&text).ok()
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

/// What keeps a store there: the database of a host that does not run
pub(crate) type Held = Database;

/// The store in that folder, of a host that runs or of one that did; nothing where there is none.
///
/// A running host's database takes requests of others on the loopback, as it does of the host.
pub(crate) async fn live_store(
    data: &Path,
) -> Result<Option<(DynamoDbStore, Option<Held>)>, Failure> {
    if Folder::is_taken(data) {
        let endpoint = announcement(data).and_then(|it| it.database);
        return match endpoint {
            Some(endpoint) => Ok(Some((store_at(&endpoint), None))),
            None => Err(Failure::host("the host does not say where its table is", "start it anew")),
        };
    }
    if !super::has_state(data) {
        return Ok(None);
    }
    let (store, database) = store(data).await?;
    Ok(Some((store, Some(database))))
}

/// The store of a host that does not run; it is there for as long as the database is held
pub(crate) async fn store(data: &Path) -> Result<(DynamoDbStore, Database), Failure> {
    let database = open(data).await?;
    Ok((store_at(&database.endpoint), database))
}

fn store_at(endpoint: &str) -> DynamoDbStore {
    let lookup: SharedLookup = Arc::new(|_: &str| None);
    let environment = Environment {
        dynamodb_endpoint: Some(endpoint.to_owned()),
        credentials: Some(AwsCredentials {
            access_key_id: "embedded".to_owned(),
            secret_access_key: "embedded".to_owned(),
            session_token: None,
        }),
        ..Environment::read(&*lookup)
    };
    Wiring::of(environment, Config::default(), lookup).store()
}
