//! A world of the real adapters: the store on DynamoDB, everything else over HTTP against a
//! stand-in tenant.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use defuse_adapters::{
    Application, Certificate, ChannelKind, ChannelSettings, ChatChannels, CloudAppsSettings,
    CloudAppsSignIn, CloudAppsSource, Credential, DynamoDbStore, Graph, GraphFacts, GraphSettings,
    GraphSource, Secret, Sources, StoredAlertFacts,
};
use defuse_domain::{Alert, AlertId, Notification, Organisation, RiskLevel};
use defuse_lambda::{AllFacts, OpenAlertFacts, Turns};
use defuse_testkit::{
    Fault, FaultKind, MemoryTopic, RecordedRequest, SourceView, TRAVEL, Tenant, UserRecord,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{
    ground::Ground,
    scenarios::{Directory, Scenario},
    world::{Told, World},
};

/// The object id of kim, whom every alert is about
const KIM_ID: &str = "6f1d2c3b-1111-4a5b-8c6d-0a1b2c3d4e01";

/// The channels of all playbooks
const CHANNELS: [&str; 2] = ["soc", "duty"];

/// How long the adapters may try
const TRIES: Duration = Duration::from_secs(30);

/// Ports to a table and a tenant of its own
#[derive(Clone, Debug)]
pub(crate) struct RealWorld {
    pub(crate) tenant: Arc<Tenant>,
    store: DynamoDbStore,
    facts: AllFacts,
    source: Sources,
    topic: MemoryTopic,
    chat: ChatChannels,
    /// The alert as the scenario put it at its source
    put: Value,
    /// Every notification that was ever published
    ids: Arc<Mutex<BTreeSet<String>>>,
    /// The one fault that was ordered
    ordered: Arc<OnceLock<Fault>>,
}

impl RealWorld {
    pub(crate) async fn new(ground: &Ground, scenario: &Scenario) -> Self {
        let tenant = Tenant::start().unwrap();
        put_people(&tenant, scenario.directory);
        let put: Value = serde_json::from_str(&scenario.at_source).unwrap();
        if is_cloud_apps(&put) {
            tenant.put_cloud_apps_alert(put.clone()).unwrap();
        } else {
            tenant.put_alert(put.clone()).unwrap();
        }
        if scenario.refuses_to_resolve {
            let no = FaultKind::Status { status: 403, retry_after: None };
            tenant.fault(Fault::always("PATCH", "/v1.0/security/alerts_v2/", no));
        }
        let store = ground.store().await;
        // Each has a sign-in of its own, as functions have.
        let graph = || Graph::new(&graph_settings(&tenant), ground.http.clone()).unwrap();
        let cloud_apps = CloudAppsSettings {
            base_url: tenant.cloud_apps_url(),
            sign_in: CloudAppsSignIn::Token(Secret::new(Tenant::CLOUD_APPS_KEY)),
            change_within: TRIES,
        };
        let cloud_apps = CloudAppsSource::new(&cloud_apps, ground.http.clone()).unwrap();
        Self {
            facts: AllFacts {
                graph: Some(GraphFacts::new(graph(), Turns::Free)),
                // Once the one, once the other: both are in use.
                open_alerts: if is_cloud_apps(&put) {
                    OpenAlertFacts::Stored(StoredAlertFacts::new(store.clone()))
                } else {
                    OpenAlertFacts::AtSource
                },
                organisation: Organisation::default(),
            },
            store,
            source: Sources {
                graph: Some(GraphSource::new(graph())),
                cloud_apps: Some(cloud_apps),
            },
            topic: MemoryTopic::default(),
            chat: ChatChannels::new(ground.http.clone(), channels(&tenant)),
            tenant: Arc::new(tenant),
            put,
            ids: Arc::default(),
            ordered: Arc::default(),
        }
    }

    /// Orders the one fault of this world
    pub(crate) fn order(&self, fault: Fault) {
        self.tenant.fault(fault.clone());
        self.ordered.set(fault).unwrap();
    }

    /// Whether the tenant did what it was asked, be it that nobody heard of it
    fn was_done(&self, request: &RecordedRequest) -> bool {
        let kind = self.ordered.get().map(|it| &it.kind);
        match request.status {
            None => kind == Some(&FaultKind::CrashAfter),
            Some(200) if kind == Some(&FaultKind::GarbageBody) => !self.was_hit(request),
            Some(status) => (200..=299).contains(&status),
        }
    }

    /// Whether the fault hit this request, if it hits but once
    fn was_hit(&self, request: &RecordedRequest) -> bool {
        let hit = self.ordered.get().and_then(|fault| {
            let requests = self.tenant.requests();
            requests.into_iter().find(|it| {
                fault.method.as_deref() == Some(&it.method)
                    && it.path.starts_with(&fault.path_prefix)
            })
        });
        hit.is_some_and(|it| it.number == request.number)
    }

    /// The requests that changed something, or would have
    fn n_done(&self, method: &str, path: &str) -> usize {
        let requests = self.tenant.requests_to(method, path);
        requests.iter().filter(|it| it.status.is_some() && self.was_done(it)).count()
    }

    /// The alert as its source has it
    fn text(&self, id: &AlertId) -> Value {
        let alert = if is_cloud_apps(&self.put) {
            self.tenant.cloud_apps_alert(id.as_str().trim_start_matches("ca"))
        } else {
            self.tenant.alert(id.as_str())
        };
        alert.unwrap()
    }
}

fn is_cloud_apps(alert: &Value) -> bool {
    alert.get("_id").is_some()
}

fn graph_settings(tenant: &Tenant) -> GraphSettings {
    GraphSettings {
        base_url: tenant.graph_url(),
        application: application(tenant),
        scope: "https://graph.microsoft.com/.default".to_owned(),
        answer_within: TRIES,
        change_within: TRIES,
    }
}

/// It signs in with its certificate
fn application(tenant: &Tenant) -> Application {
    let certificate = Certificate::parse(&Secret::new(Tenant::CERTIFICATE)).unwrap();
    Application {
        token_url: tenant.token_url(),
        client_id: Tenant::CLIENT_ID.to_owned(),
        credential: Credential::Certificate(certificate),
    }
}

fn channels(tenant: &Tenant) -> Vec<ChannelSettings> {
    let channel = |name: &str| ChannelSettings {
        name: name.to_owned(),
        kind: ChannelKind::Teams,
        url: Secret::new(tenant.teams_url(name)),
        signing_key: None,
    };
    CHANNELS.map(channel).into()
}

/// Kim as the directory has it, and lee, who is never away
fn put_people(tenant: &Tenant, directory: Directory) {
    let mut kim = UserRecord::new(KIM_ID, "kim@contoso.example");
    let at = |time: &str| json!({ "dateTime": time, "timeZone": "UTC" });
    kim.automatic_replies = directory.is_away_known.then(|| {
        json!({
            "status": "scheduled",
            "scheduledStartDateTime": at("2026-11-18T09:00:00.0000000"),
            "scheduledEndDateTime": at("2026-11-25T09:00:00.0000000"),
        })
    });
    kim.risk = (directory.risk != RiskLevel::None)
        .then(|| json!({ "riskLevel": directory.risk.name(), "riskState": "atRisk" }));
    tenant.put_user(kim);
    tenant.put_user(UserRecord::new("6f1d2c3b-1111-4a5b-8c6d-0a1b2c3d4e02", "lee@contoso.example"));
}

impl World for RealWorld {
    type Store = DynamoDbStore;
    type Facts = AllFacts;
    type Source = Sources;
    type Topic = MemoryTopic;
    type Chat = ChatChannels;

    fn store(&self) -> DynamoDbStore {
        self.store.clone()
    }

    fn facts(&self) -> AllFacts {
        self.facts.clone()
    }

    fn source(&self) -> Sources {
        self.source.clone()
    }

    fn topic(&self) -> MemoryTopic {
        self.topic.clone()
    }

    fn chat(&self) -> ChatChannels {
        self.chat.clone()
    }

    async fn published(&self) -> Vec<Notification> {
        let published = self.topic.take();
        self.ids.lock().unwrap().extend(published.iter().map(|it| it.id.clone()));
        published
    }

    async fn told(&self) -> Vec<Told> {
        let ids = self.ids.lock().unwrap();
        let mut posts = self.tenant.requests();
        posts.retain(|it| it.path.starts_with("/teams/") && self.was_done(it));
        let told = posts.iter().map(|it| {
            let last = it.body.pointer("/attachments/0/content/body").and_then(Value::as_array);
            let text = last.and_then(|it| it.last()?.get("text")?.as_str()).unwrap();
            let (id, doubt) = text.split_once(" · ").unwrap_or((text, ""));
            let id = letters(id.strip_prefix("Notification ").unwrap());
            let id = ids.iter().find(|it| letters(it) == id).unwrap();
            Told { id: id.clone(), unsure: doubt == "may be a repeat" }
        });
        told.collect()
    }

    async fn at_source(&self, id: &AlertId) -> SourceView {
        let text = self.text(id);
        let alert = Alert::read(&text.to_string()).unwrap();
        let resolved = alert.is_resolved_at_source();
        if is_cloud_apps(&text) {
            let is_travel = resolved && alert.classification.as_deref() == Some(TRAVEL.name());
            let comment = text["comment"].as_str().filter(|it| !it.is_empty());
            let n_closed = self.n_done("POST", "/cas/api/v1/alerts/close_benign/");
            return SourceView {
                resolved,
                assigned_to: None,
                classification: is_travel.then_some(TRAVEL),
                comments: comment.into_iter().map(str::to_owned).collect(),
                n_resolved: n_closed.max(usize::from(is_travel)),
            };
        }
        let is_travel = resolved && alert.classified() == Some(TRAVEL);
        let n_patched = self.n_done("PATCH", &format!("/v1.0/security/alerts_v2/{id}"));
        SourceView {
            resolved,
            assigned_to: alert.assigned_to.clone(),
            classification: alert.classified(),
            comments: alert.comments.iter().filter_map(|it| it.text.clone()).collect(),
            // One whose answer was lost counts by what it did.
            n_resolved: n_patched.max(usize::from(is_travel)),
        }
    }

    /// As it is there; a change of ours is a second later than the alert, whatever the tenant's
    /// clock says
    async fn polled(&self, id: &AlertId) -> String {
        let mut text = self.text(id);
        if text["lastUpdateDateTime"] != self.put["lastUpdateDateTime"] {
            let put = Alert::read(&self.put.to_string()).unwrap().revision().updated();
            text["lastUpdateDateTime"] = json!((put + SignedDuration::from_secs(1)).to_string());
        }
        text.to_string()
    }
}

/// What is left of a text in a card when everything that makes it harmless there is taken away
fn letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}
