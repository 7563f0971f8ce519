//! Enumerations that grew after they were published.
//!
//! A client sees the members after the sentinel only when it says `Prefer:
//! include-unknown-enum-members`; otherwise each of them is `unknownFutureValue`.

use axum::http::HeaderMap;
use serde_json::Value;

use super::super::state::Object;

const SENTINEL: &str = "unknownFutureValue";

const LATER_SERVICE_SOURCES: [&str; 5] = [
    "microsoftDefenderForCloud",
    "microsoftSentinel",
    "microsoftInsiderRiskManagement",
    "microsoftThreatIntelligence",
    "microsoftSecurityForAI",
];

const LATER_DETECTION_SOURCES: [&str; 21] = [
    "microsoftDefenderForCloud",
    "microsoftDefenderForIoT",
    "microsoftDefenderForServers",
    "microsoftDefenderForStorage",
    "microsoftDefenderForDNS",
    "microsoftDefenderForDatabases",
    "microsoftDefenderForContainers",
    "microsoftDefenderForNetwork",
    "microsoftDefenderForAppService",
    "microsoftDefenderForKeyVault",
    "microsoftDefenderForResourceManager",
    "microsoftDefenderForApiManagement",
    "nrtAlerts",
    "scheduledAlerts",
    "microsoftDefenderThreatIntelligenceAnalytics",
    "builtInMl",
    "microsoftInsiderRiskManagement",
    "microsoftThreatIntelligence",
    "microsoftDefenderForAIServices",
    "securityCopilot",
    "microsoftSentinel",
];

const LATER_REMEDIATION_STATUSES: [&str; 6] =
    ["active", "pendingApproval", "declined", "unremediated", "running", "partiallyRemediated"];

/// `alert` as this client gets to see it
pub(super) fn as_seen_by(headers: &HeaderMap, mut alert: Object) -> Object {
    let preferred = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let mut preferences = preferred.flat_map(|value| value.split(','));
    if preferences.any(|it| it.trim().eq_ignore_ascii_case("include-unknown-enum-members")) {
        return alert;
    }
    hide(alert.get_mut("serviceSource"), &LATER_SERVICE_SOURCES);
    hide(alert.get_mut("detectionSource"), &LATER_DETECTION_SOURCES);
    let evidence = alert.get_mut("evidence").and_then(Value::as_array_mut);
    for it in evidence.into_iter().flatten() {
        hide(it.get_mut("remediationStatus"), &LATER_REMEDIATION_STATUSES);
    }
    alert
}

fn hide(member: Option<&mut Value>, later: &[&str]) {
    if let Some(member) = member
        && member.as_str().is_some_and(|text| later.contains(&text))
    {
        *member = SENTINEL.into();
    }
}
