//! What the unit tests of conditions and criteria share.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    alert::Alert,
    condition::{Condition, May, Situation},
    diagnostic::Diagnostic,
    document::{Cursor, Problems, read_yaml},
    explanation::{Explanation, Truth},
    fact::{Answer, Fact, Facts, Question, Unknown},
    organisation::Organisation,
    settings::Settings,
    user::User,
};

/// When the first activity of every alert here happened
pub(crate) const FIRST_ACTIVITY: &str = "2026-11-22T10:00:00Z";

/// When decisions are made here
pub(crate) const NOW: &str = "2026-11-22T10:30:00Z";

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// An alert of kim from 203.0.113.9, with `properties` in place of its own
pub(crate) fn alert_with(properties: Value) -> Alert {
    let mut alert = json!({
        "id": "a1",
        "title": "Impossible travel activity",
        "severity": "medium",
        "status": "new",
        "serviceSource": "microsoftDefenderForCloudApps",
        "detectorId": "impossibleTravel",
        "mitreTechniques": ["T1078", "T1078.004"],
        "firstActivityDateTime": FIRST_ACTIVITY,
        "lastUpdateDateTime": "2026-11-22T10:20:00Z",
        "evidence": [user_evidence("kim@contoso.example"), ip_evidence("203.0.113.9")],
    });
    let Value::Object(properties) = properties else { panic!("{properties} is no object") };
    alert.as_object_mut().unwrap().extend(properties);
    Alert::read(&alert.to_string()).unwrap()
}

pub(crate) fn an_alert() -> Alert {
    alert_with(json!({}))
}

pub(crate) fn alert_of(users: &[&str]) -> Alert {
    alert_with(json!({ "evidence": users.iter().map(|it| user_evidence(it)).collect::<Value>() }))
}

pub(crate) fn user_evidence(principal_name: &str) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.security.userEvidence",
        "userAccount": { "userPrincipalName": principal_name },
    })
}

pub(crate) fn ip_evidence(address: &str) -> Value {
    json!({ "@odata.type": "#microsoft.graph.security.ipEvidence", "ipAddress": address })
}

pub(crate) fn user(principal_name: &str) -> User {
    User { principal_name: Some(principal_name.to_owned()), ..User::default() }
}

/// An answer that was read just now
pub(crate) fn fact(question: Question, answer: Result<Answer, Unknown>) -> Fact {
    Fact { question, answer, source: "test".to_owned(), read: time(NOW), history: None }
}

pub(crate) fn condition(yaml: &str) -> Result<Condition, Vec<Diagnostic>> {
    let node = read_yaml("test.yaml", yaml).map_err(|problem| vec![problem])?;
    let problems = Problems::new("test.yaml");
    let condition = Condition::read(&Cursor::new(&node, &problems), May::AskAnything);
    problems.finish(condition)
}

pub(crate) fn organisation(yaml: &str) -> Organisation {
    let text = format!("apiVersion: defuse/v1\nkind: Settings\n{yaml}");
    Settings::parse("settings.yaml", &text).unwrap().organisation
}

pub(crate) fn explain(
    yaml: &str,
    alert: &Alert,
    facts: impl IntoIterator<Item = Fact>,
    organisation: &Organisation,
) -> Explanation {
    let facts: Facts = facts.into_iter().collect();
    let condition = condition(yaml).unwrap_or_else(|problems| panic!("{yaml}: {problems:?}"));
    condition.evaluate(Situation { alert, facts: &facts, organisation, now: time(NOW) })
}

/// What `yaml` says of `alert` when nothing else is known
pub(crate) fn answer(yaml: &str, alert: &Alert) -> Truth {
    explain(yaml, alert, [], &Organisation::default()).answer
}

/// Why it is unknown, by the first reason
pub(crate) fn reason(explanation: &Explanation) -> Option<String> {
    explanation.unknown_facts().into_iter().next().map(|it| it.why.reason)
}
