//! What a function finds round it: table, topic, tenant, configuration, secrets. One for each test.
//!
//! Every secret and every text of an alert is a canary: when a test is through, none of them may
//! stand in any line that its functions wrote, and every line must be JSON.

use std::{cell::RefCell, fs, path::Path, rc::Rc, time::Duration};

use defuse_testkit::{FunctionProcess, Invocation, InvokeError, RuntimeStub, Tenant, UserRecord};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    binaries::{Name, binary},
    database::{Database, TABLE},
    topic::{self, Topic},
};

/// How long anything may take
pub(crate) const LIMIT: Duration = Duration::from_mins(1);

/// What senders sign with
pub(crate) const SIGNING_KEY: &str = "whsec_Y2FuYXJ5LXNpZ25pbmcta2V5LW9mLXRoZS10ZXN0cw==";
/// What senders that cannot sign show
pub(crate) const TOKEN: &str = "canary-token-of-a-sender";
/// The part of the channel's URL that only we and Teams know
const CHANNEL: &str = "canary-path-of-the-channel";
const SESSION: &str = "canary-session-of-the-role";

/// Where the configuration that we ship is
const INFRA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra");

/// What a function finds round it
pub(crate) struct World {
    pub(crate) database: Database,
    pub(crate) topic: Topic,
    pub(crate) tenant: Tenant,
    config: TempDir,
    canaries: RefCell<Vec<String>>,
    functions: RefCell<Vec<Rc<FunctionProcess>>>,
}

/// A running function
pub(crate) struct Function {
    stub: RuntimeStub,
    process: Rc<FunctionProcess>,
}

/// Runs a test in a world of its own, and looks at the logs when it is through
pub(crate) async fn in_a_world(test: impl AsyncFnOnce(&World)) {
    let world = World::start().await;
    Box::pin(test(&world)).await;
    world.check_logs();
}

/// Where the channel posts to at the tenant
pub(crate) fn channel_path() -> String {
    format!("/teams/{CHANNEL}")
}

impl World {
    async fn start() -> Self {
        let tenant = Tenant::start().unwrap();
        let config = tempfile::tempdir().unwrap();
        fs::write(config.path().join("settings.yaml"), settings(&tenant)).unwrap();
        let playbooks = config.path().join("playbooks");
        fs::create_dir(&playbooks).unwrap();
        let shipped = Path::new(INFRA).join("playbooks/legitimate-travel.yaml");
        fs::copy(shipped, playbooks.join("legitimate-travel.yaml")).unwrap();

        let canaries = [
            SIGNING_KEY,
            "Y2FuYXJ5LXNpZ25pbmcta2V5",
            "canary-signing-key",
            TOKEN,
            CHANNEL,
            SESSION,
            // The first line of the certificate's private key.
            Tenant::CERTIFICATE.lines().nth(1).unwrap(),
            Tenant::CLOUD_APPS_KEY,
            "stand-in-token",
            "not-a-secret-stand-in-key",
            "automatic replies were on and the user is not at high risk",
            "@contoso.example",
            // What every signature begins with.
            "v1,",
        ];
        Self {
            database: Database::start().await,
            topic: Topic::start().await,
            tenant,
            config,
            canaries: RefCell::new(canaries.map(str::to_owned).to_vec()),
            functions: RefCell::default(),
        }
    }

    /// The folder with settings and playbooks
    pub(crate) fn config(&self) -> &Path {
        self.config.path()
    }

    /// Starts a function
    pub(crate) fn function(&self, name: Name) -> Function {
        self.function_with(name, &[])
    }

    /// Starts a function with some of its surroundings otherwise; an empty variable is not there
    pub(crate) fn function_with(&self, name: Name, variables: &[(&str, &str)]) -> Function {
        let (channel, config) = (self.tenant.teams_url(CHANNEL), self.config.path().display());
        let config = config.to_string();
        let mut all = vec![
            ("AWS_ENDPOINT_URL_DYNAMODB", self.database.endpoint.as_str()),
            ("AWS_ENDPOINT_URL_SNS", &self.topic.endpoint),
            ("AWS_SESSION_TOKEN", SESSION),
            ("DEFUSE_CONFIG", &config),
            ("DEFUSE_TABLE", TABLE),
            ("DEFUSE_TOPIC_ARN", topic::ARN),
            // Why: a function in Lambda reaches no private address, and the tenant is at one.
            ("DEFUSE_REACH", "anywhere"),
            ("AWS_SAM_LOCAL", "true"),
            ("GRAPH_SECRET", Tenant::CERTIFICATE),
            ("CLOUD_APPS_TOKEN", Tenant::CLOUD_APPS_KEY),
            ("SOC_URL", &channel),
            ("SIGNING_KEY", SIGNING_KEY),
            ("SENDER_TOKEN", TOKEN),
        ];
        all.extend_from_slice(variables);
        let stub = RuntimeStub::start().unwrap();
        let process = Rc::new(stub.spawn(binary(name), &all).unwrap());
        self.functions.borrow_mut().push(Rc::clone(&process));
        Function { stub, process }
    }

    /// From here on, this may stand in no line of any log
    pub(crate) fn must_not_be_logged(&self, text: &str) {
        // Why: short texts stand in other words too.
        if text.chars().count() >= 6 {
            self.canaries.borrow_mut().push(text.to_owned());
        }
    }

    /// Looks through every line that any function of this world wrote
    fn check_logs(&self) {
        let canaries = self.canaries.borrow();
        for function in self.functions.borrow().iter() {
            for line in function.lines() {
                let is_json = serde_json::from_str::<Value>(&line).is_ok_and(|it| it.is_object());
                assert!(is_json, "not JSON: {line}");
                let shown: String = unescaped(&line);
                for canary in canaries.iter() {
                    let is_there =
                        line.contains(canary.as_str()) || shown.contains(canary.as_str());
                    assert!(!is_there, "`{canary}` stands in the log: {line}");
                }
            }
        }
    }

    /// Kim, who is on leave since three days before now
    pub(crate) fn put_kim(&self) {
        self.put_on_leave("6f1d2c3b-1111-4a5b-8c6d-0a1b2c3d4e01", "kim@contoso.example");
    }

    /// A user who is on leave for some days, and at no risk
    pub(crate) fn put_on_leave(&self, id: &str, name: &str) {
        let now = jiff::Timestamp::now();
        let at = |days: i64| {
            let time = now + jiff::SignedDuration::from_hours(24 * days);
            json!({ "dateTime": format!("{}", time.strftime("%Y-%m-%dT%H:%M:%S.0000000")),
                "timeZone": "UTC" })
        };
        let mut user = UserRecord::new(id, name);
        user.automatic_replies = Some(json!({
            "status": "scheduled",
            "externalAudience": "all",
            "scheduledStartDateTime": at(-3),
            "scheduledEndDateTime": at(4),
            "internalReplyMessage": "<p>canary: I am in the mountains.</p>",
            "externalReplyMessage": "",
        }));
        self.must_not_be_logged("canary: I am in the mountains");
        self.tenant.put_user(user);
    }
}

/// The settings of an installation whose tenant this is
fn settings(tenant: &Tenant) -> String {
    let (graph, token) = (tenant.graph_url(), tenant.token_url());
    let (client, cloud_apps) = (Tenant::CLIENT_ID, tenant.cloud_apps_url());
    format!(
        "\
apiVersion: defuse/v1
kind: Settings
services: {{ entraIdProtection: all }}
graph:
  baseUrl: {graph}
  tokenUrl: {token}
  clientId: {client}
  certificate: {{ key: {{ env: GRAPH_SECRET }} }}
cloudApps:
  baseUrl: {cloud_apps}
  token: {{ env: CLOUD_APPS_TOKEN }}
channels:
  soc: {{ kind: teams, url: {{ env: SOC_URL }} }}
receive:
  signingKeys:
    - env: SIGNING_KEY
  tokens:
    - env: SENDER_TOKEN
highRisk:
  userRisk: {{ atLeast: high }}
"
    )
}

/// Every text in a line of JSON as it was before it was written
fn unescaped(line: &str) -> String {
    fn texts(value: &Value, all: &mut String) {
        match value {
            Value::String(text) => {
                all.push_str(text);
                all.push('\n');
            }
            Value::Array(items) => items.iter().for_each(|it| texts(it, all)),
            Value::Object(object) => object.values().for_each(|it| texts(it, all)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut all = String::new();
    texts(&serde_json::from_str(line).unwrap_or_default(), &mut all);
    all
}

impl Function {
    /// Hands it an event; what it makes of it
    pub(crate) async fn invoke(&self, event: Value) -> Result<Invocation, InvokeError> {
        self.invoke_within(LIMIT, event).await
    }

    /// The same with that much time, as the function is told
    pub(crate) async fn invoke_within(
        &self,
        limit: Duration,
        event: Value,
    ) -> Result<Invocation, InvokeError> {
        self.stub.invoke(event, limit).await
    }

    /// Hands it an event that it must answer
    pub(crate) async fn answer(&self, event: Value) -> Value {
        match self.invoke(event).await {
            Ok(Invocation::Response(answer)) => answer,
            other => panic!("{other:?}; it wrote {:#?}", self.process.lines()),
        }
    }

    /// Hands it records of a stream; the sequence numbers of those that failed
    pub(crate) async fn failures(&self, records: &[Value]) -> Vec<String> {
        self.failures_of(json!({ "Records": records })).await
    }

    /// Hands it an event of a stream; the sequence numbers of those that failed
    pub(crate) async fn failures_of(&self, event: Value) -> Vec<String> {
        let answer = self.answer(event).await;
        let names: Vec<&String> = answer.as_object().unwrap().keys().collect();
        assert_eq!(names, ["batchItemFailures"]);
        let failures = answer["batchItemFailures"].as_array().unwrap();
        let id = |it: &Value| it["itemIdentifier"].as_str().unwrap().to_owned();
        failures.iter().map(id).collect()
    }

    /// Waits for a line of its log with that in it, read as JSON
    pub(crate) async fn logged(&self, part: &str) -> Value {
        let line = self.process.wait_for_line(part, LIMIT).await;
        let line =
            line.unwrap_or_else(|| panic!("no line with `{part}` in {:#?}", self.process.lines()));
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line}"))
    }

    /// Every line of its log so far
    pub(crate) fn lines(&self) -> Vec<String> {
        self.process.lines()
    }
}
