//! What surrounds a host: the stand-in tenant with its people, a folder of configuration, a folder
//! for the state, and alerts to send.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use defuse_testkit::{RecordedRequest, Tenant, UserRecord};
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::MissedTickBehavior;

/// What senders sign with
pub(crate) const SIGNING_KEY: &str =
    "whsec_dGhlLWtleS1vZi10aGUtdGVzdHMtd2hpY2gtb3BlbnMtbm8tZG9vcg==";

/// How long anything may take, on a slow machine with much else to do
pub(crate) const LIMIT: Duration = Duration::from_mins(1);

const SETTINGS: &str = "\
apiVersion: defuse/v1
kind: Settings
channels:
  soc: { kind: teams, url: { env: DEFUSE_CHANNEL_SOC_URL } }
receive:
  signingKeys:
    - env: DEFUSE_RECEIVE_SIGNING_KEY
highRisk:
  userRisk: { atLeast: high }
  tags: [high risk]
";

/// A tenant and two folders
pub(crate) struct World {
    pub(crate) tenant: Tenant,
    folder: TempDir,
}

impl World {
    /// A tenant without alerts, and the shipped playbook with limits that no test reaches
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let playbooks = folder.path().join("infra/playbooks");
        fs::create_dir_all(&playbooks).unwrap();
        fs::write(folder.path().join("infra/settings.yaml"), SETTINGS).unwrap();
        let shipped = include_str!("../../infra/playbooks/legitimate-travel.yaml");
        let playbook = shipped.replace(
            "limits: { perHour: 30, perUserPerDay: 2 }",
            "limits: { perHour: 900, perUserPerDay: 900 }",
        );
        assert_ne!(playbook, shipped);
        fs::write(playbooks.join("legitimate-travel.yaml"), playbook).unwrap();
        Self { tenant: Tenant::start().unwrap(), folder }
    }

    /// Where the configuration is
    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("infra")
    }

    /// Where the state is
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The variables of a host that asks and tells `base_url`, which leads to the tenant
    pub(crate) fn variables(&self, base_url: &str) -> Vec<(String, String)> {
        let at = |url: String| url.replace(self.tenant.base_url(), base_url);
        let tenant = &self.tenant;
        [
            ("DEFUSE_GRAPH_URL", at(tenant.graph_url())),
            ("DEFUSE_GRAPH_TOKEN_URL", at(tenant.token_url())),
            ("DEFUSE_GRAPH_CLIENT_ID", Tenant::CLIENT_ID.to_owned()),
            ("DEFUSE_GRAPH_CLIENT_SECRET", Tenant::CLIENT_SECRET.to_owned()),
            ("DEFUSE_CLOUD_APPS_URL", at(tenant.cloud_apps_url())),
            ("DEFUSE_CLOUD_APPS_TOKEN", Tenant::CLOUD_APPS_KEY.to_owned()),
            ("DEFUSE_CHANNEL_SOC_URL", at(tenant.teams_url("soc"))),
            ("DEFUSE_RECEIVE_SIGNING_KEY", SIGNING_KEY.to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    /// An alert about a traveller, whom the tenant knows to be on leave; the tenant has the alert
    pub(crate) fn travel(&self, number: u32) -> Value {
        let user = format!("traveller{number}@contoso.example");
        let user_id = format!("6f1d2c3b-2222-4a5b-8c6d-0a1b2c{number:06}");
        let mut record = UserRecord::new(&user_id, &user);
        record.automatic_replies = Some(leave());
        self.tenant.put_user(record);
        let alert = travel(number, &user_id, &user);
        self.tenant.put_alert(alert.clone()).unwrap();
        alert
    }

    /// How the tenant has an alert
    pub(crate) fn at_source(&self, id: &str) -> Value {
        self.tenant.alert(id).unwrap()
    }

    /// The cards about an alert, in the order they were posted
    pub(crate) fn cards(&self, id: &str) -> Vec<RecordedRequest> {
        let mut cards = self.tenant.posts_to("/teams/soc");
        cards.retain(|it| words(&texts(&it.body)).contains(&words(id)));
        cards
    }

    /// Every request that changes something, chat aside
    pub(crate) fn changes(&self) -> Vec<RecordedRequest> {
        let mut changes = self.tenant.requests();
        changes.retain(|it| {
            it.method != "GET" && !it.path.contains("/oauth2/") && !it.path.starts_with("/teams/")
        });
        changes
    }

    /// Checks that an alert is resolved as legitimate travel, with one change and one comment
    #[track_caller]
    pub(crate) fn assert_resolved_once(&self, id: &str) {
        let alert = self.at_source(id);
        let is = |name: &str| alert[name].as_str().unwrap_or_default().to_owned();
        assert_eq!(
            [is("status"), is("classification"), is("determination")],
            ["resolved", "informationalExpectedActivity", "confirmedActivity"],
            "alert {id}"
        );
        assert_eq!(alert["comments"].as_array().unwrap().len(), 1, "comments of {id}");
        let path = format!("/v1.0/security/alerts_v2/{id}");
        assert_eq!(self.tenant.requests_to("PATCH", &path).len(), 1, "changes of {id}");
        let comments = self.tenant.posts_to(&format!("{path}/comments"));
        assert_eq!(comments.len(), 1, "posted comments of {id}");
    }
}

/// Automatic replies that began days ago and last for days, as Graph gives them
fn leave() -> Value {
    let at = |days: i32| {
        let time = Timestamp::now() + (days * 24).hours();
        json!({ "dateTime": time.strftime("%Y-%m-%dT%H:%M:%S.0000000").to_string(),
            "timeZone": "UTC" })
    };
    json!({
        "status": "scheduled", "externalAudience": "all",
        "scheduledStartDateTime": at(-3), "scheduledEndDateTime": at(4),
        "internalReplyMessage": "", "externalReplyMessage": "",
    })
}

/// The sample of impossible travel, of now and of another user
fn travel(number: u32, user_id: &str, user: &str) -> Value {
    let sample = include_str!("../../events/receive/impossible-travel.json");
    let mut alert: Value = serde_json::from_str(sample).unwrap();
    let before = |minutes: i32| {
        let time = Timestamp::now() - minutes.minutes();
        json!(format!("{time:.7}"))
    };
    alert["id"] = json!(format!("cahost{number:04}"));
    alert["providerAlertId"] = json!(format!("host{number:04}"));
    for name in ["createdDateTime", "lastUpdateDateTime"] {
        alert[name] = before(5);
    }
    alert["firstActivityDateTime"] = before(20);
    alert["lastActivityDateTime"] = before(10);
    let account = &mut alert["evidence"][0]["userAccount"];
    account["azureAdUserId"] = json!(user_id);
    account["userPrincipalName"] = json!(user);
    alert
}

/// An alert's id
pub(crate) fn id(alert: &Value) -> String {
    alert["id"].as_str().unwrap().to_owned()
}

/// Every text of a card
pub(crate) fn texts(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text}\n"),
        Value::Array(items) => items.iter().map(texts).collect(),
        Value::Object(object) => object.values().map(texts).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => String::new(),
    }
}

/// A text's letters and digits alone: cards escape everything else
pub(crate) fn words(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// Waits until it is so; looks again and again, since nobody tells
pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    // Whoever is waited for may run on this very thread.
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !is_so().await {
        assert!(began.elapsed() < 3 * LIMIT, "{what}: not within {:?}", 3 * LIMIT);
        tick.tick().await;
    }
}
