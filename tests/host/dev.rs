//! `defuse dev` as a process: started, fed, asked, killed.

use std::{process::Stdio, sync::Once};

use defuse_adapters::{SigningKey, WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP};
use jiff::Timestamp;
use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

use crate::{
    binary,
    world::{LIMIT, SIGNING_KEY, World, eventually},
};

/// A running host; it is killed when dropped
pub(crate) struct Dev {
    child: Child,
    // Held open, so that it can go on writing.
    stdout: Lines<BufReader<ChildStdout>>,
    pub(crate) base_url: String,
    client: Client,
}

/// The command `defuse` with nothing of our surroundings
pub(crate) fn command() -> Command {
    let mut command = Command::new(binary::defuse());
    command.env_clear().current_dir(binary::root()).kill_on_drop(true).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A client for plain HTTP
pub(crate) fn client() -> Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    Client::builder().no_proxy().build().unwrap()
}

impl Dev {
    /// Starts a host that asks and tells the tenant directly
    pub(crate) async fn start(world: &World) -> Self {
        Self::start_with(world, world.variables(world.tenant.base_url())).await
    }

    /// Starts a host with those variables; returns once it listens
    pub(crate) async fn start_with(world: &World, variables: Vec<(String, String)>) -> Self {
        let mut child = Self::command(world, variables).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = timeout(LIMIT, stdout.next_line()).await.unwrap().unwrap();
        let Some(first) = first else {
            let mut said = String::new();
            child.stderr.take().unwrap().read_to_string(&mut said).await.unwrap();
            panic!("the host did not start: {said}");
        };
        let base_url = first.strip_prefix("Defuse listens on ").unwrap().to_owned();
        Self { child, stdout, base_url, client: client() }
    }

    /// What opens its API, as it prints it
    pub(crate) async fn token(&mut self) -> String {
        loop {
            let line = timeout(LIMIT, self.stdout.next_line()).await.unwrap().unwrap().unwrap();
            if let Some((_, rest)) = line.split_once("DEFUSE_TOKEN=") {
                return rest.split(',').next().unwrap().to_owned();
            }
        }
    }

    /// What starts a host
    pub(crate) fn command(world: &World, variables: Vec<(String, String)>) -> Command {
        let mut command = command();
        command.args(["dev", "--port", "0", "--data"]).arg(world.data());
        command.arg("--config").arg(world.config()).envs(variables);
        command
    }

    /// `kill -9`, and waits until the process is gone
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// A request to the host
    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.client.request(method.parse().unwrap(), format!("{}{path}", self.base_url))
    }

    /// A body, signed under that id as of now, not yet sent
    pub(crate) fn signed(&self, id: &str, body: &[u8]) -> RequestBuilder {
        signed(self.request("POST", "/receive"), id, Timestamp::now(), body)
    }

    /// Sends alerts in one body; gives status and answer
    pub(crate) async fn push(&self, id: &str, alerts: &[Value]) -> (u16, Value) {
        let answer = self.signed(id, Value::from(alerts).to_string().as_bytes()).send().await;
        let answer = answer.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// The last run of an alert, if the host has the alert and decided it
    pub(crate) async fn run(&self, id: &str) -> Option<Value> {
        let answer = self.request("GET", &format!("/runs/{id}")).send().await.unwrap();
        let found: Value = match answer.status().as_u16() {
            200 => answer.json().await.unwrap(),
            404 => return None,
            status => panic!("{status} for the run of {id}"),
        };
        found.get("run").filter(|it| !it.is_null()).cloned()
    }

    /// Waits until the alert is decided, and gives the run
    pub(crate) async fn decided(&self, id: &str) -> Value {
        eventually("decided", async || self.run(id).await.is_some()).await;
        self.run(id).await.unwrap()
    }
}

/// The same request, signed
pub(crate) fn signed(
    request: RequestBuilder,
    id: &str,
    at: Timestamp,
    body: &[u8],
) -> RequestBuilder {
    let key = SigningKey::parse(SIGNING_KEY).unwrap();
    request
        .header(WEBHOOK_ID, id)
        .header(WEBHOOK_TIMESTAMP, at.as_second())
        .header(WEBHOOK_SIGNATURE, key.sign(id, at, body))
        .body(body.to_vec())
}
