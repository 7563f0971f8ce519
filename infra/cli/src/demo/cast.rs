//! Who is who in the demo: five people, their mailboxes and risks.

use std::path::Path;

use defuse_domain::{ChannelKind, Settings};
use defuse_testkit::{Tenant, UserRecord};
use serde_json::{Value, json};

/// The files that are played first, in that order: the plain story
const FIRST: [&str; 7] = [
    "impossible-travel.json",
    "atypical-travel-entra.json",
    "infrequent-country-cloud-apps.json",
    "impossible-travel-high-risk-user.json",
    "tuned-attack-simulation.json",
    "tuned-backup-agent.json",
    "tuned-near-miss.json",
];

/// Whose turn it is
pub(crate) fn turn(file: &Path) -> usize {
    let name = file.file_name().unwrap_or_default();
    FIRST.iter().position(|it| name == *it).unwrap_or(FIRST.len())
}

/// Puts the people into the tenant
pub(crate) fn people(tenant: &Tenant) {
    let leave = json!({
        "status": "scheduled",
        "externalAudience": "all",
        "scheduledStartDateTime":
            { "dateTime": "2026-11-16T08:00:00.0000000", "timeZone": "W. Europe Standard Time" },
        "scheduledEndDateTime":
            { "dateTime": "2026-11-30T18:00:00.0000000", "timeZone": "W. Europe Standard Time" },
        "internalReplyMessage": "<p>On leave.</p>",
        "externalReplyMessage": "",
    });
    let since_nobody_knows = json!({ "status": "alwaysEnabled", "externalAudience": "none" });
    let at_work = json!({ "status": "disabled", "externalAudience": "all" });
    let high_risk = json!({
        "riskLevel": "high", "riskState": "atRisk", "riskDetail": "none",
        "isDeleted": false, "isProcessing": false,
        "riskLastUpdatedDateTime": "2026-11-21T06:12:44.1234567Z",
    });
    person(tenant, "kim", "01", &leave, None);
    person(tenant, "lee", "02", &leave, None);
    person(tenant, "sam", "03", &since_nobody_knows, None);
    person(tenant, "pat", "04", &leave, Some(high_risk));
    person(tenant, "alex", "05", &at_work, None);
}

fn person(tenant: &Tenant, name: &str, number: &str, replies: &Value, risk: Option<Value>) {
    let id = format!("6f1d2c3b-1111-4a5b-8c6d-0a1b2c3d4e{number}");
    let mut user = UserRecord::new(&id, &format!("{name}@contoso.example"));
    user.automatic_replies = Some(replies.clone());
    user.risk = risk;
    tenant.put_user(user);
}

/// A value for every secret that the settings name: channels lead to the tenant
pub(crate) fn secrets(tenant: &Tenant, settings: &Settings, key: &str) -> Vec<(String, String)> {
    let mut secrets = Vec::new();
    for (name, channel) in &settings.channels {
        let url = match channel.kind {
            ChannelKind::Teams => tenant.teams_url(name),
            ChannelKind::Slack => tenant.slack_url(name),
            ChannelKind::Webhook => tenant.webhook_url(name),
        };
        secrets.push((channel.url.variable(), url));
        secrets.extend(channel.signing_key.iter().map(|it| (it.variable(), key.to_owned())));
    }
    let senders = settings.signing_keys.iter().chain(&settings.tokens);
    secrets.extend(senders.map(|it| (it.variable(), key.to_owned())));
    secrets
}
