//! Alerts and runs to store.

use defuse_domain::{Alert, Effect, Notification, Revision, Run};
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

/// The time of the tests
pub(crate) fn now() -> Timestamp {
    at("2026-11-21T10:00:00Z")
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// An alert of Kim's, updated so many seconds after it was created
pub(crate) fn alert(id: &str, updated: i64) -> Alert {
    alert_of(id, updated, &json!({ "userPrincipalName": "kim@contoso.example" }))
}

/// An alert of that account
pub(crate) fn alert_of(id: &str, updated: i64, account: &Value) -> Alert {
    let created = at("2026-11-21T09:00:00Z");
    read(&json!({
        "id": id,
        "severity": "medium",
        "status": "new",
        "title": format!("Impossible travel {updated}"),
        "createdDateTime": created,
        "lastUpdateDateTime": created + updated.seconds(),
        "evidence": [{
            "@odata.type": "#microsoft.graph.security.userEvidence",
            "userAccount": account,
        }],
    }))
}

/// An alert of two users, as Graph sends it: the sample with the evidence that is usual
pub(crate) fn typical_alert() -> Alert {
    Alert::read(include_str!("../../events/receive/impossible-travel.json")).unwrap()
}

pub(crate) fn read(value: &Value) -> Alert {
    Alert::read(&value.to_string()).unwrap()
}

/// Text that hardly gets smaller by compression
pub(crate) fn noise(length: usize) -> String {
    let mut state: u64 = 1;
    let mut letter = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'0' + u8::try_from((state >> 40) % 64).unwrap())
    };
    (0..length).map(|_| letter()).filter(|it| *it != '\\').collect()
}

/// A run that resolves the alert and tells two channels
pub(crate) fn run(alert: &Alert, look: u32) -> Run {
    run_with(alert.id.as_str(), alert.revision(), look, "Legitimate travel.")
}

/// The same with another comment: what another decider came to
pub(crate) fn other_run(alert: &Alert, look: u32) -> Run {
    run_with(alert.id.as_str(), alert.revision(), look, "Decided elsewhere.")
}

/// A run that leaves the alert open and does nothing
pub(crate) fn run_that_keeps(alert: &Alert, look: u32) -> Run {
    let mut run = run(alert, look);
    run.decision.outcome = defuse_domain::Outcome::Open;
    run.effects.clear();
    run.if_refused.clear();
    run
}

fn run_with(id: &str, revision: Revision, look: u32, comment: &str) -> Run {
    let classification = json!({ "informationalExpectedActivity": "confirmedActivity" });
    let key = json!({ "alertId": id, "revision": revision, "look": look });
    let part = |part: &str, answer: &str| {
        json!({ "part": part, "answer": answer, "value": "scheduled from 2026-11-18 to 2026-11-25",
            "source": "Microsoft Graph", "read": now(), "ageSeconds": 1 })
    };
    let trace = |playbook: &str, answer: &str| {
        json!({ "playbook": playbook, "version": "9f86d081884c7d65", "mode": "enforce",
        "answer": answer, "trigger": part("alert type is `impossibleTravel`", "true"),
        "criteria": { "part": "all of", "answer": answer, "because": [
            part("user is out of office", answer),
            part("not user is at high risk", "true"),
        ]}})
    };
    serde_json::from_value(json!({
        "key": key,
        "decided": now(),
        "decision": {
            "outcome": { "resolved": classification },
            "determinedBy": ["legitimate-travel"],
            "reasons": [],
            "unknown": [],
            "trace": [trace("legitimate-travel", "true"), trace("known-range", "false")],
        },
        "facts": [{
            "question": { "risk": { "principalName": "kim@contoso.example" } },
            "answer": { "Ok": { "risk": { "level": "none", "confirmedCompromised": false } } },
            "source": "Microsoft Graph",
            "read": now(),
        }],
        "effects": [
            { "id": "resolve", "action": {
                "resolve": { "classification": classification, "comment": comment } } },
            notify(id, "soc", "resolved"),
            notify(id, "travel", "resolved"),
        ],
        "ifRefused": [notify(id, "soc", "needsEyes")],
    }))
    .unwrap()
}

fn notify(id: &str, channel: &str, template: &str) -> Value {
    json!({ "id": format!("notify/{channel}/{template}"), "action": {
        "notify": notification(id, channel, template) } })
}

/// What is told to a channel about an alert
pub(crate) fn notification(id: &str, channel: &str, template: &str) -> Notification {
    serde_json::from_value(json!({
        "id": format!("{id}/{channel}/{template}"), "channel": channel, "template": template,
        "title": "Impossible travel activity", "alertId": id, "severity": "medium",
        "facts": [["User", "kim@contoso.example"], ["Source", "Defender for Cloud Apps"]],
        "reasons": ["The user is away."], "url": "https://security.microsoft.com/alerts/1",
    }))
    .unwrap()
}

/// The ids of effects
pub(crate) fn ids(effects: &[Effect]) -> Vec<&str> {
    effects.iter().map(|it| it.id.0.as_str()).collect()
}
