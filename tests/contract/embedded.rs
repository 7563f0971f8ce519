//! An embedded DynamoDB behind HTTP on the loopback, and how it is reached.

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Config, Region};
use dynoxide::{Database, server::serve_on};
use tokio::net::TcpListener;

/// Serves it for as long as the test runs, and gives its address
pub(crate) async fn served(database: Database) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(serve_on(listener, database));
    endpoint
}

/// The beginning of a client of what is served there
pub(crate) fn client_of(endpoint: &str) -> Builder {
    Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(Credentials::new("id", "secret", None, None, "tests"))
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
}
