//! Alerts and their histories, as JSON.

use defuse_domain::{AsRead, EffectState, ServiceSource};
use defuse_flow::{AlertState, ManagedAlert, Told};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub(super) fn alert(shown: &ManagedAlert) -> Value {
    let (alert, standing) = (&shown.alert, shown.standing());
    let told: Vec<Value> = shown
        .asked
        .iter()
        .map(|(id, state)| {
            let (name, at, answer) = match state {
                EffectState::Outstanding => ("outstanding", None, None),
                EffectState::Done { at, answer } => ("done", Some(at), Some(answer)),
                EffectState::Overtaken { at } => ("overtaken", Some(at), None),
                EffectState::Refused { at, answer } => ("refused", Some(at), Some(answer)),
            };
            json!({ "id": id, "state": name, "at": at, "answer": answer })
        })
        .collect();
    let source = alert.service_source.as_ref().map(|it| match it {
        AsRead::Known(source) => ServiceSource::name(*source).to_owned(),
        AsRead::Other(text) => text.clone(),
    });
    let users: Vec<String> = alert.users().iter().map(ToString::to_string).collect();
    json!({
        "id": alert.id,
        "version": shown.version,
        "state": state(shown.state),
        "status": standing.status,
        "assignedTo": standing.assigned_to,
        "classification": standing.classification,
        "tags": standing.tags,
        "decidedBy": shown.managed.by,
        "source": alert.source_name(),
        "sourceTold": told,
        "revision": alert.revision().to_string(),
        "title": alert.title,
        "description": alert.description,
        "severity": alert.known_severity(),
        "serviceSource": source,
        "productName": alert.product_name,
        "category": alert.category,
        "incidentId": alert.incident_id,
        "deviceGroups": alert.device_groups(),
        "users": users,
        "created": alert.created,
        "firstActivity": alert.first_activity,
        "lastActivity": alert.last_activity,
        "url": alert.alert_web_url,
    })
}

const fn state(state: AlertState) -> &'static str {
    match state {
        AlertState::Pending => "pending",
        AlertState::Open => "open",
        AlertState::Hidden => "hidden",
        AlertState::Resolved => "resolved",
    }
}

/// Every entry with its place, which it keeps whatever comes after
pub(super) fn entries(told: &Told) -> Vec<(String, Value)> {
    let acts = told.acts.acts.iter().map(|(act, digest)| {
        let mut shown = json!({ "act": act });
        if let Some(act) = shown.get_mut("act").and_then(Value::as_object_mut) {
            act.insert("digest".to_owned(), json!(digest));
            act.remove("request");
        }
        (act.at, shown)
    });
    let entries = told.entries.iter().map(|it| (it.at(), json!(it)));
    let mut all: Vec<(String, Value)> =
        entries.chain(acts).map(|(at, it)| (place(at, &it), it)).collect();
    all.sort_by(|left, right| left.0.cmp(&right.0));
    all
}

/// Sorts as the times do; of one time, as the digests do
fn place(at: Timestamp, entry: &Value) -> String {
    format!("{at:.9}#{:.16x}", Sha256::digest(entry.to_string()))
}
