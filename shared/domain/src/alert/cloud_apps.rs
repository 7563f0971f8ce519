//! Reads an alert of Defender for Cloud Apps: as its API gives it, and as it is sent to flows.
//!
//! Both become the same alert as at Graph, where Cloud Apps' own id has `ca` in front.

use serde_json::{Map, Value, json};

use super::{
    Alert, AlertError, Shape,
    lenient::Lenient,
    pieces::{blank, finish},
};
use crate::{
    alert_id::AlertId,
    alert_type::AlertType,
    flag::Oddity,
    severity::{Severity, Status},
    source::{DetectionSource, ServiceSource},
    wire_name::AsRead,
};

/// The prefix that Graph puts before Cloud Apps' own id
const PREFIX: &str = "ca";

/// How long a GUID is
const GUID_LENGTH: usize = 36;

/// Reads what the API's `/alerts/` gives (`_id`, times in milliseconds, numbers for members)
pub(super) fn read(object: &Map<String, Value>, raw: &str) -> Result<Alert, AlertError> {
    let mut from = Lenient::new(object);
    let provider_id = from.text("_id").ok_or(AlertError::NoId)?;
    let mut alert = empty(&provider_id, Shape::CloudApps, raw)?;

    alert.title = from.prose("title");
    alert.description = from.prose("description");
    alert.severity = numbered(&mut from, "severityValue", |it| match it {
        0 => Some(Severity::Low),
        1 => Some(Severity::Medium),
        2 => Some(Severity::High),
        3 => Some(Severity::Informational),
        _ => None,
    });
    standing(&mut from, &mut alert);
    alert.created = from.milliseconds("timestamp");
    alert.first_activity = alert.created;
    alert.last_activity = alert.created;
    alert.resolved = from.time("resolveTime");
    alert.last_update = alert.resolved.max(alert.created);
    alert.alert_web_url = from.text("URL");
    alert.assigned_to = from.text("handledByUser");

    let mut pieces = Vec::new();
    for (index, item) in from.list("entities").iter().enumerate() {
        if let Value::Object(entity) = item {
            pieces.extend(piece(entity));
        } else {
            from.flag_value(&format!("entities[{index}]"), Oddity::WrongType, item);
        }
        if let Some(policy) = built_in_policy(item) {
            alert.detector_id = Some(policy.to_owned());
            alert.alert_type = Some(AlertType::new(policy));
        }
    }
    finish(alert, from, pieces)
}

/// Reads what "When an alert is generated" hands to a flow (`ProviderAlertId`, `CompromisedEntity`)
pub(super) fn read_flow(object: &Map<String, Value>, raw: &str) -> Result<Alert, AlertError> {
    let mut from = Lenient::new(object);
    let provider_id = from
        .text("ProviderAlertId")
        .or_else(|| from.text("SystemAlertId"))
        .ok_or(AlertError::NoId)?;
    let mut alert = empty(&provider_id, Shape::CloudAppsFlow, raw)?;

    alert.title = from.prose("AlertDisplayName");
    alert.description = from.prose("Description");
    alert.severity = from.member("Severity", Severity::from_name);
    alert.status = from.member("Status", status);
    alert.detector_id = from.text("AlertType");
    alert.alert_type = alert.detector_id.as_deref().map(AlertType::new);
    alert.first_activity = from.time("StartTimeUtc");
    alert.last_activity = from.time("EndTimeUtc");
    alert.created = from.time("TimeGenerated").or(alert.last_activity).or(alert.first_activity);
    alert.last_update = alert.created;
    alert.alert_web_url = from.text("AlertUri").or_else(|| from.text("AlertLink"));
    alert.product_name = from.text("ProductName").or(alert.product_name);

    let mut pieces = Vec::new();
    if let Some(name) = from.text("CompromisedEntity") {
        pieces.push(account_piece(&name, None));
    }
    for (index, item) in from.list("Entities").iter().enumerate() {
        if let Value::Object(entity) = item {
            pieces.extend(flow_piece(entity));
        } else {
            from.flag_value(&format!("Entities[{index}]"), Oddity::WrongType, item);
        }
    }
    finish(alert, from, pieces)
}

/// An alert of Cloud Apps that says nothing yet
fn empty(provider_id: &str, shape: Shape, raw: &str) -> Result<Alert, AlertError> {
    // An id of Cloud Apps is hexadecimal and may itself begin with the letters of the prefix.
    let as_it_is = AlertId::parse(provider_id)?;
    let is_prefixed = provider_id.starts_with(PREFIX)
        && ServiceSource::from_prefix(&as_it_is) == Some(ServiceSource::DefenderForCloudApps);
    let id = if is_prefixed { provider_id.to_owned() } else { format!("{PREFIX}{provider_id}") };
    let mut alert = blank(&AlertId::parse(&id)?, shape, raw)?;
    alert.provider_alert_id = Some(provider_id.to_owned());
    alert.service_source = Some(AsRead::Known(ServiceSource::DefenderForCloudApps));
    alert.detection_source = Some(AsRead::Known(DetectionSource::CloudAppSecurity));
    alert.product_name = Some(ServiceSource::DefenderForCloudApps.display_name().to_owned());
    Ok(alert)
}

/// A member that the API writes as a number
fn numbered<T>(
    from: &mut Lenient<'_>,
    name: &str,
    member: impl Fn(i64) -> Option<T>,
) -> Option<AsRead<T>> {
    let value = from.value(name)?;
    if let Some(member) = value.as_i64().and_then(member) {
        return Some(AsRead::Known(member));
    }
    from.flag_value(name, Oddity::UnknownMember, value);
    Some(AsRead::Other(value.to_string()))
}

/// `resolutionStatusValue`: 0 open, 1 dismissed, 2 resolved, 3 false positive, 4 benign,
/// 5 true positive; dismissed and resolved mean what the API maps them to today
fn standing(from: &mut Lenient<'_>, alert: &mut Alert) {
    let Some(value) = from.value("resolutionStatusValue") else {
        alert.status = Some(AsRead::Known(Status::New));
        return;
    };
    let (status, classification) = match value.as_i64() {
        Some(0) => (Status::New, None),
        Some(1 | 3) => (Status::Resolved, Some("falsePositive")),
        Some(4) => (Status::Resolved, Some("informationalExpectedActivity")),
        Some(2 | 5) => (Status::Resolved, Some("truePositive")),
        _ => {
            from.flag_value("resolutionStatusValue", Oddity::UnknownMember, value);
            alert.status = Some(AsRead::Other(value.to_string()));
            return;
        }
    };
    alert.status = Some(AsRead::Known(status));
    alert.classification = classification.map(str::to_owned);
}

/// A flow's status words
fn status(text: &str) -> Option<Status> {
    match text.to_ascii_lowercase().as_str() {
        "open" | "unread" | "read" => Some(Status::New),
        "dismissed" | "closed" => Some(Status::Resolved),
        _ => Status::from_name(text),
    }
}

/// The built-in detection that an anomaly policy stands for; the policy's name is all the API says
fn built_in_policy(entity: &Value) -> Option<&str> {
    let text = |name: &str| entity.get(name).and_then(Value::as_str);
    let built_in =
        text("type") == Some("policyRule") && text("policyType") == Some("ANOMALY_DETECTION");
    built_in.then(|| text("label")).flatten()
}

/// An entity of the API as a piece of evidence
fn piece(entity: &Map<String, Value>) -> Option<Value> {
    let text = |name: &str| entity.get(name).and_then(Value::as_str).filter(|it| !it.is_empty());
    let roles = match text("entityRole") {
        Some(role) if role.eq_ignore_ascii_case("source") => json!(["source"]),
        Some(_) | None => json!([]),
    };
    let mut piece = match text("type")? {
        // Who has no name is somebody all the same.
        "account" | "user" => {
            // The id of a `user` is the principal name, that of an `account` Entra ID's.
            let (principal, id) = match text("id") {
                Some(id) if id.contains('@') => (Some(id), None),
                id => (None, id),
            };
            let name = text("pa").or(principal).or(text("label")).unwrap_or_default();
            account_piece(name, id)
        }
        "ip" => json!({
            "@odata.type": "#microsoft.graph.security.ipEvidence",
            "ipAddress": text("id").or(text("label"))?,
        }),
        "device" => json!({
            "@odata.type": "#microsoft.graph.security.deviceEvidence",
            "hostName": text("label"),
        }),
        "service" => json!({
            "@odata.type": "#microsoft.graph.security.cloudApplicationEvidence",
            "displayName": text("label"),
            "appId": entity.get("id").and_then(Value::as_i64),
        }),
        "file" => json!({
            "@odata.type": "#microsoft.graph.security.fileEvidence",
            "fileDetails": { "fileName": text("label") },
        }),
        _ => return None,
    };
    if let Some(object) = piece.as_object_mut() {
        object.insert("roles".to_owned(), roles);
    }
    Some(piece)
}

/// An entity of a flow's body, which names types as Sentinel does
fn flow_piece(entity: &Map<String, Value>) -> Option<Value> {
    let text = |name: &str| entity.get(name).and_then(Value::as_str).filter(|it| !it.is_empty());
    match text("Type")?.to_ascii_lowercase().as_str() {
        "account" => {
            let name = match (text("UserPrincipalName"), text("Name"), text("UPNSuffix")) {
                (None, Some(name), Some(suffix)) => format!("{name}@{suffix}"),
                (Some(name), _, _) | (None, Some(name), None) => name.to_owned(),
                (None, None, _) => String::new(),
            };
            Some(account_piece(&name, text("AadUserId")))
        }
        "ip" => Some(json!({
            "@odata.type": "#microsoft.graph.security.ipEvidence",
            "ipAddress": text("Address")?,
            "countryLetterCode": entity.get("Location").and_then(|it| it.get("CountryCode")),
        })),
        _ => None,
    }
}

/// A user by principal name, or by mere account name where it is none
fn account_piece(name: &str, id: Option<&str>) -> Value {
    let is_principal = name.contains('@');
    // Cloud Apps has ids of its own for accounts; only a GUID is one of the directory's.
    let id = id.filter(|it| it.len() == GUID_LENGTH);
    json!({
        "@odata.type": "#microsoft.graph.security.userEvidence",
        "userAccount": {
            "accountName": name.split('@').next().filter(|it| !it.is_empty()),
            "userPrincipalName": is_principal.then_some(name),
            "azureAdUserId": id,
        },
    })
}
