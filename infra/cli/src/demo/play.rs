//! Plays one file: seeds the tenant with its alerts, signs and sends it, waits until all is done,
//! and tells what was sent where.

use std::{fs, path::Path, time::Duration};

use defuse_adapters::{Http, Reach, SigningKey, WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP};
use defuse_domain::{
    Alert, AlertId, Decision, Facts, Outcome, Revision, RuleBook, Shape, TuningRuleName, read_body,
};
use defuse_flow::{AlertState, Outbox as _, RunStore as _};
use defuse_testkit::{RecordedRequest, Tenant};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    failure::Failure,
    host::{Clock, Host},
    report,
};

/// How long one file may take
const LIMIT: Duration = Duration::from_mins(1);
/// How often we look whether all is done
const LOOK: Duration = Duration::from_millis(10);

/// Plays files against one host
pub(crate) struct Player<'a> {
    host: &'a Host,
    tenant: &'a Tenant,
    rules: RuleBook,
    key: SigningKey,
    http: Http,
    clock: Clock,
    n_sent: usize,
    n_requests: u64,
}

/// What became of one alert, or of a part of a file that is none
pub(crate) struct Played {
    /// What else is to be said
    pub(crate) note: String,
    pub(crate) decided: Option<(Alert, Decision)>,
    /// Tuning rules about alerts like this one that do not hold of it, each with what is missing
    pub(crate) missed: Vec<(TuningRuleName, String)>,
    pub(crate) effects: Vec<Sent>,
}

/// Something that was sent out
pub(crate) struct Sent {
    pub(crate) target: String,
    pub(crate) sent: Value,
    pub(crate) at: Timestamp,
    pub(crate) answer: u16,
}

impl Sent {
    pub(crate) fn is_message(&self) -> bool {
        ["/teams/", "/slack/", "/webhook/"].iter().any(|it| self.target.contains(it))
    }

    /// Whether the alert of that id is named in it, escaped or not, or by its id at Cloud Apps
    fn is_about(&self, id: &str) -> bool {
        let plain = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect();
        let said: String = plain(&format!("{} {}", self.target, self.sent));
        let id: String = plain(id);
        said.contains(&id) || id.strip_prefix("ca").is_some_and(|it| said.contains(it))
    }

    /// The gist of what was sent
    pub(crate) fn in_words(&self) -> String {
        if let Some(body) = self.sent.pointer("/attachments/0/content/body") {
            let mut texts = Vec::new();
            collect_texts(body, &mut texts);
            return texts.join(" | ");
        }
        self.sent.to_string()
    }
}

/// Every text of a card, facts as `title: value`
fn collect_texts(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|it| collect_texts(it, texts)),
        Value::Object(object) => {
            let text = |name: &str| object.get(name).and_then(Value::as_str);
            if let (Some(title), Some(value)) = (text("title"), text("value")) {
                texts.push(format!("{title}: {value}"));
            } else if let Some(text) = text("text") {
                texts.push(text.to_owned());
            }
            for name in ["facts", "items", "columns"] {
                if let Some(inner) = object.get(name) {
                    collect_texts(inner, texts);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

impl Played {
    pub(crate) fn to_json(&self) -> Value {
        let mut object = match &self.decided {
            Some((alert, decision)) => report::as_json(alert, decision),
            None => json!({ "note": self.note }),
        };
        let effects: Value = self
            .effects
            .iter()
            .map(|it| json!({ "target": it.target, "sent": it.sent, "at": it.at, "answer": it.answer }))
            .collect();
        let missed = self.missed.iter();
        let missed: Value =
            missed.map(|(rule, missing)| json!({ "rule": rule, "missing": missing })).collect();
        if let Some(object) = object.as_object_mut() {
            object.insert("effects".to_owned(), effects);
            object.insert("notTunedBy".to_owned(), missed);
        }
        object
    }
}

impl<'a> Player<'a> {
    pub(crate) fn new(
        host: &'a Host,
        tenant: &'a Tenant,
        rules: RuleBook,
        clock: Clock,
    ) -> Result<Self, Failure> {
        let key = SigningKey::parse(super::SIGNING_KEY)
            .map_err(|error| Failure::host("no key", error))?;
        let http = Http::new(Reach::Anywhere, LIMIT)
            .map_err(|error| Failure::host("cannot make an HTTP client", error))?;
        Ok(Self { host, tenant, rules, key, http, clock, n_sent: 0, n_requests: 0 })
    }

    /// Sends a file and waits until everything it calls for is done
    pub(crate) async fn play(&mut self, file: &Path) -> Result<Vec<Played>, Failure> {
        let body =
            fs::read(file).map_err(|source| Failure::File { path: file.to_owned(), source })?;
        let alerts: Vec<Alert> = read_body(&body).into_iter().filter_map(Result::ok).collect();
        for alert in &alerts {
            self.seed(alert);
        }
        let (status, answer) = self.send(&body).await?;
        if status >= 400 {
            let detail = answer.get("detail").and_then(Value::as_str).unwrap_or_default();
            let note = format!("refused with {status}: {detail}");
            return Ok(vec![Played {
                note,
                decided: None,
                missed: Vec::new(),
                effects: Vec::new(),
            }]);
        }
        let mut played = Vec::new();
        let mut seen: Vec<(AlertId, Revision)> = Vec::new();
        for alert in &alerts {
            let key = (alert.id.clone(), alert.revision());
            if !seen.contains(&key) {
                seen.push(key);
            }
        }
        let n_repeats = alerts.len() - seen.len();
        for (id, revision) in &seen {
            played.push(self.finish(id, *revision).await?);
        }
        for sent in self.sent() {
            // Alerts of one body are worked on together, so what was sent says whose it is.
            let ids = seen.iter().map(|(id, _)| id.as_str());
            let whose = ids.enumerate().filter(|(_, id)| sent.is_about(id));
            let whose = whose.max_by_key(|(_, id)| id.len()).map_or(0, |(index, _)| index);
            if let Some(played) = played.get_mut(whose) {
                played.effects.push(sent);
            }
        }
        if n_repeats > 0 {
            let note = format!("and {n_repeats} repeats of the same, with no effect");
            played.push(Played { note, decided: None, missed: Vec::new(), effects: Vec::new() });
        }
        Ok(played)
    }

    /// The source has the alerts that it sends
    fn seed(&self, alert: &Alert) {
        let Ok(value) = serde_json::from_str::<Value>(&alert.raw) else { return };
        let provider_id = alert.provider_alert_id.clone().unwrap_or_default();
        let seeded = match alert.shape {
            Shape::CloudApps if self.tenant.cloud_apps_alert(&provider_id).is_none() => {
                self.tenant.put_cloud_apps_alert(value)
            }
            Shape::CloudAppsFlow if self.tenant.cloud_apps_alert(&provider_id).is_none() => {
                let bare = json!({ "_id": provider_id, "resolutionStatusValue": 0 });
                self.tenant.put_cloud_apps_alert(bare)
            }
            Shape::Graph | Shape::Incident if self.is_newer(alert) => self.tenant.put_alert(value),
            // Alerts of Sentinel and streamed ones would be there as Graph has them, which nobody
            // knows here; findings of AWS come from elsewhere.
            Shape::CloudApps
            | Shape::CloudAppsFlow
            | Shape::Graph
            | Shape::Incident
            | Shape::Sentinel
            | Shape::Streaming
            | Shape::GuardDuty
            | Shape::SecurityHub => Ok(()),
        };
        if let Err(error) = seeded {
            // An alert that even the stand-in cannot keep is sent all the same.
            tracing::debug!(error = ?error, "not seeded");
        }
    }

    fn is_newer(&self, alert: &Alert) -> bool {
        let known = self.tenant.alert(alert.id.as_str());
        let known = known.and_then(|it| Alert::read(&it.to_string()).ok());
        known.is_none_or(|it| it.revision() < alert.revision())
    }

    async fn send(&mut self, body: &[u8]) -> Result<(u16, Value), Failure> {
        self.n_sent += 1;
        let id = format!("demo-{}", self.n_sent);
        let now = (self.clock)();
        let request = lambda_http::http::Request::post(self.host.receive_url())
            .header("content-type", "application/json")
            .header(WEBHOOK_ID, &id)
            .header(WEBHOOK_TIMESTAMP, now.as_second().to_string())
            .header(WEBHOOK_SIGNATURE, self.key.sign(&id, now, body))
            .body(body.to_vec())
            .map_err(|error| Failure::host("cannot make a request", error))?;
        let answer = self
            .http
            .send(request)
            .await
            .map_err(|error| Failure::host("cannot send an alert to ourselves", error))?;
        Ok((answer.status, serde_json::from_slice(&answer.body).unwrap_or_default()))
    }

    /// Waits until an alert is decided and all its effects are done
    async fn finish(&mut self, id: &AlertId, revision: Revision) -> Result<Played, Failure> {
        let store = &self.host.apps.store;
        let mut looks = LIMIT.as_millis() / LOOK.as_millis();
        let stored = loop {
            let stored = store.load(id).await?;
            let decided = stored.filter(|it| it.state != AlertState::Pending);
            if let Some(stored) = decided
                && store.outstanding(id).await?.is_none()
                && self.host.topic.is_empty()
            {
                break stored;
            }
            looks = looks.saturating_sub(1);
            if looks == 0 {
                let what = format!("alert {id} is not done after {} s", LIMIT.as_secs());
                return Err(Failure::host(what, "see the log (RUST_LOG=info)"));
            }
            tokio::time::sleep(LOOK).await;
        };
        let run = match &stored.last_run {
            Some(key) => store.run(key).await?,
            None => None,
        };
        let note = format!("{id} at {revision} is known already, in this revision or a newer one");
        let decided = run.filter(|it| it.key.revision == revision);
        let decided = decided.map(|run| (stored.alert, run.decision));
        let missed = decided.as_ref().map(|(alert, decision)| self.missed(alert, decision));
        Ok(Played { note, decided, missed: missed.unwrap_or_default(), effects: Vec::new() })
    }

    /// The tuning rules that nearly took an alert that stays open
    fn missed(&self, alert: &Alert, decision: &Decision) -> Vec<(TuningRuleName, String)> {
        let organisation = self.rules.organisation();
        let about = self.rules.tuning().rules().filter(|it| it.is_about(alert));
        let missed = about.filter_map(|rule| {
            let now = (self.clock)();
            let trace = rule.explain(alert, &Facts::default(), organisation, now);
            Some((trace.rule.clone(), trace.what_is_missing()?))
        });
        if decision.outcome == Outcome::Open { missed.collect() } else { Vec::new() }
    }

    /// Everything that changed something at the tenant since we last looked
    fn sent(&mut self) -> Vec<Sent> {
        let changes = |it: &RecordedRequest| {
            let reads = it.method == "GET" || it.path.contains("/oauth2/");
            !reads
        };
        let mut sent = Vec::new();
        for request in self.tenant.requests() {
            if request.number <= self.n_requests {
                continue;
            }
            self.n_requests = request.number;
            if changes(&request) {
                sent.push(Sent {
                    target: format!("{} {}", request.method, request.path),
                    sent: request.body,
                    at: request.received_at,
                    answer: request.status.unwrap_or_default(),
                });
            }
        }
        sent
    }
}
