//! Reads an alert of Microsoft Sentinel: out of the incident that an automation rule hands to a
//! playbook, or as a row of the table `SecurityAlert`.

mod entity;

use std::collections::BTreeMap;

use serde_json::{Map, Value, value::RawValue};

use super::{
    Alert, AlertError, BODY_BYTES_MAX, Comment, Shape,
    lenient::Lenient,
    pieces::{at, blank, finish, text},
};
use crate::{
    alert_id::AlertId,
    alert_type::AlertType,
    flag::Oddity,
    severity::{Severity, Status},
    source::{DetectionSource, ServiceSource},
    wire_name::AsRead,
};

/// The prefix that Graph puts before Sentinel's own id
const PREFIX: &str = "sn";
/// The type of an incident at Azure Resource Manager
const INCIDENT: &str = "Microsoft.SecurityInsights/Incidents";
/// What people call a classification that is *not set*
const UNDETERMINED: &str = "undetermined";
/// What tells the table's rows from the like that Cloud Apps sends to flows
const OF_THE_TABLE: [&str; 4] =
    ["AlertSeverity", "WorkspaceId", "WorkspaceSubscriptionId", "VendorOriginalId"];

/// Whether the object is an incident, with one alert or without
pub(super) fn is_incident(object: &Map<String, Value>) -> bool {
    let kind = object.get("type").and_then(Value::as_str);
    object.contains_key("objectSchemaType")
        || kind.is_some_and(|it| it.eq_ignore_ascii_case(INCIDENT))
}

/// Whether the object is a row of the table
pub(super) fn is_row(object: &Map<String, Value>) -> bool {
    let is_row = OF_THE_TABLE.iter().any(|it| object.contains_key(*it));
    object.contains_key("SystemAlertId") && is_row
}

/// The alerts of an incident that has several, each with what the incident says of all of them
/// round it; nothing where `text` is no such incident.
///
/// An incident with one alert is that alert as it stands. One so large that its parts would be many
/// times the body is not taken apart: it is one alert with all of its entities.
pub(super) fn alerts_of(text: &str) -> Option<Vec<String>> {
    type Members<'a> = BTreeMap<String, &'a RawValue>;
    let read = |text| serde_json::from_str::<Members<'_>>(text).ok();
    if !text.contains("objectSchemaType") && !text.contains(INCIDENT) {
        return None;
    }
    let mut outer = read(text)?;
    let mut incident =
        match outer.remove("object").filter(|_| outer.contains_key("objectSchemaType")) {
            Some(object) => read(object.get())?,
            None => std::mem::take(&mut outer),
        };
    let mut properties = read(incident.remove("properties")?.get())?;
    let alerts: Vec<&RawValue> = serde_json::from_str(properties.remove("alerts")?.get()).ok()?;
    let join = |members: &Members<'_>| -> String {
        let members = members.iter().filter_map(|(name, value)| {
            Some(format!("{}:{}", serde_json::to_string(name).ok()?, value.get()))
        });
        members.collect::<Vec<_>>().join(",")
    };
    let list = |parts: &[String]| -> String {
        parts.iter().filter(|it| !it.is_empty()).map(String::as_str).collect::<Vec<_>>().join(",")
    };
    let incident = list(&[join(&incident), format!("\"properties\":{{{}}}", join(&properties))]);
    let outer = list(&[
        join(&outer.into_iter().filter(|(name, _)| name != "objectSchemaType").collect()),
        "\"objectSchemaType\":\"Incident\"".to_owned(),
        format!("\"object\":{{{incident}}}"),
    ]);
    if alerts.len() < 2 || outer.len().saturating_mul(alerts.len()) > 4 * BODY_BYTES_MAX {
        return None;
    }
    Some(alerts.iter().map(|it| format!("{{{outer},\"alert\":{}}}", it.get())).collect())
}

/// Reads an incident: its one alert, or where it lists none the incident as an alert of its own
pub(super) fn read(object: &Map<String, Value>, raw: &str) -> Result<Alert, AlertError> {
    let mut from = Lenient::new(object);
    let incident =
        if object.contains_key("object") { from.object("object") } else { object.clone() };
    let mut of_incident = Lenient::inside(&incident, String::new());
    let properties = of_incident.object("properties");
    let mut all = Lenient::inside(&properties, "incident".to_owned());
    let listed = all.list("alerts").first().cloned();
    let of_alert = from.value("alert").cloned().or(listed);
    let alert_properties = of_alert.as_ref().and_then(|it| at(it, "properties"));
    let empty = Map::new();
    let said = alert_properties.and_then(Value::as_object);
    let mut one = Lenient::inside(said.unwrap_or(&empty), String::new());

    let own_id = one.text("systemAlertId");
    let name = of_alert.as_ref().and_then(|it| text(it, "name")).map(str::to_owned);
    // An alert without a name of its own has the incident's.
    let name = name.or_else(|| of_incident.text("name"));
    let id = own_id.or(name).ok_or(AlertError::NoId)?;
    let mut alert = blank(&AlertId::parse(&format!("{PREFIX}{id}"))?, Shape::Sentinel, raw)?;
    said_of_alert(&mut alert, &mut one, &NAMES);
    said_of_incident(&mut alert, &mut all, of_alert.is_none());
    alert.provider_alert_id = one.text("providerAlertId").or(Some(id));

    let mut pieces = Vec::new();
    for (index, item) in all.list("relatedEntities").iter().enumerate() {
        let entity = at(item, "properties").filter(|it| it.is_object());
        match (text(item, "kind"), entity) {
            (Some(kind), Some(entity)) => pieces.push(entity::piece_of(kind, entity)),
            (Some(_) | None, _) => {
                from.flag_value(&format!("relatedEntities[{index}]"), Oddity::WrongType, item);
            }
        }
    }
    for part in [one, all, of_incident] {
        from.absorb(part.into_flags());
    }
    finish(alert, from, pieces)
}

/// What the incident says of all its alerts
fn said_of_incident(alert: &mut Alert, all: &mut Lenient<'_>, is_all_there_is: bool) {
    alert.incident_id = all.text_or_number("incidentNumber");
    alert.incident_web_url = all.text("incidentUrl");
    alert.alert_policy_id = all.texts("relatedAnalyticRuleIds").into_iter().next();
    let status = all.member("status", status);
    if status == Some(AsRead::Known(Status::Resolved)) || alert.status.is_none() {
        alert.status = status;
    }
    alert.classification = all.member("classification", classified).and_then(|it| match it {
        AsRead::Known(UNDETERMINED) => None,
        AsRead::Known(name) => Some(name.to_owned()),
        AsRead::Other(text) => Some(text),
    });
    let owner = Value::Object(all.object("owner"));
    let owner =
        ["userPrincipalName", "assignedTo", "email"].into_iter().find_map(|it| text(&owner, it));
    alert.assigned_to = owner.map(str::to_owned);
    alert.system_tags = all
        .list("labels")
        .iter()
        .filter_map(|it| text(it, "labelName").or_else(|| it.as_str()))
        .map(str::to_owned)
        .collect();
    alert.comments = all.list("comments").iter().map(comment).collect();
    let more = Value::Object(all.object("additionalData"));
    let techniques = super::pieces::list(&more, "techniques").iter().filter_map(Value::as_str);
    alert.mitre_techniques = techniques.map(str::to_owned).collect();
    let changed = all.time("lastModifiedTimeUtc");
    alert.last_update = alert.last_update.max(changed);
    if is_all_there_is {
        alert.title = all.prose("title");
        alert.description = all.prose("description");
        alert.severity = all.member("severity", Severity::from_name);
        alert.service_source = Some(AsRead::Known(ServiceSource::Sentinel));
        alert.product_name = Some(ServiceSource::Sentinel.display_name().to_owned());
        alert.first_activity = all.time("firstActivityTimeUtc");
        alert.last_activity = all.time("lastActivityTimeUtc");
        alert.created = all.time("createdTimeUtc");
        let tactics = super::pieces::list(&more, "tactics").iter().filter_map(Value::as_str);
        alert.categories = tactics.map(str::to_owned).collect();
        alert.category = alert.categories.first().cloned();
    }
}

fn comment(item: &Value) -> Comment {
    let inner = at(item, "properties").unwrap_or(item);
    Comment {
        text: text(inner, "message").map(str::to_owned),
        created_by: text(inner, "author.name").map(str::to_owned),
        created: text(inner, "createdTimeUtc").and_then(|it| it.parse().ok()),
    }
}

/// A row's names for what an alert in an incident names otherwise
struct Names {
    title: &'static [&'static str],
    description: &'static str,
    severity: &'static [&'static str],
    status: &'static str,
    product: &'static str,
    component: &'static str,
    kind: &'static str,
    tactics: &'static str,
    begun: &'static [&'static str],
    ended: &'static [&'static str],
    generated: &'static str,
    processed: &'static str,
    link: &'static str,
    remediation: &'static str,
    more: &'static str,
}

const NAMES: Names = Names {
    title: &["alertDisplayName"],
    description: "description",
    severity: &["severity"],
    status: "status",
    product: "productName",
    component: "productComponentName",
    kind: "alertType",
    tactics: "tactics",
    begun: &["startTimeUtc"],
    ended: &["endTimeUtc"],
    generated: "timeGenerated",
    processed: "processingEndTime",
    link: "alertLink",
    remediation: "remediationSteps",
    more: "additionalData",
};

const NAMES_IN_ROW: Names = Names {
    title: &["DisplayName", "AlertDisplayName", "AlertName"],
    description: "Description",
    severity: &["AlertSeverity", "Severity"],
    status: "Status",
    product: "ProductName",
    component: "ProductComponentName",
    kind: "AlertType",
    tactics: "Tactics",
    begun: &["StartTime", "StartTimeUtc"],
    ended: &["EndTime", "EndTimeUtc"],
    generated: "TimeGenerated",
    processed: "ProcessingEndTime",
    link: "AlertLink",
    remediation: "RemediationSteps",
    more: "ExtendedProperties",
};

/// What is said of the alert itself, by either set of names
fn said_of_alert(alert: &mut Alert, from: &mut Lenient<'_>, names: &Names) {
    let there = |from: &Lenient<'_>, names: &[&'static str]| -> &'static str {
        let found = names.iter().copied().find(|it| from.value(it).is_some_and(|it| it != ""));
        found.or_else(|| names.first().copied()).unwrap_or_default()
    };
    let title = there(from, names.title);
    alert.title = from.prose(title);
    alert.description = from.prose(names.description);
    let severity = there(from, names.severity);
    alert.severity = from.member(severity, Severity::from_name);
    alert.status = from.member(names.status, status);
    alert.service_source = from.member(names.product, |text| {
        ServiceSource::from_name(text).or_else(|| ServiceSource::from_display_name(text))
    });
    alert.product_name = from.text(names.product);
    alert.detection_source = from.member(names.component, DetectionSource::from_display_name);
    alert.detector_id = from.text(names.kind);
    alert.alert_type = alert.detector_id.as_deref().map(AlertType::new);
    alert.categories = from.listed(names.tactics);
    alert.category = alert.categories.first().cloned();
    let (begun, ended) = (there(from, names.begun), there(from, names.ended));
    alert.first_activity = from.time(begun);
    alert.last_activity = from.time(ended);
    alert.created = from.time(names.generated);
    alert.last_update = alert.created.max(from.time(names.processed));
    alert.alert_web_url = from.text(names.link);
    let steps = from.listed(names.remediation);
    alert.recommended_actions = (!steps.is_empty()).then(|| steps.join("\n"));
    alert.additional_data = from.object_or_text(names.more);
    let details = alert.additional_data.get("Custom Details").and_then(Value::as_str);
    let details = details.and_then(|it| serde_json::from_str::<Map<String, Value>>(it).ok());
    alert.custom_details = details.unwrap_or_default();
}

/// Reads a row of the table, or what a playbook is given for one alert
pub(super) fn read_row(object: &Map<String, Value>, raw: &str) -> Result<Alert, AlertError> {
    let mut from = Lenient::new(object);
    let id = from.text("SystemAlertId").ok_or(AlertError::NoId)?;
    let mut alert = blank(&AlertId::parse(&format!("{PREFIX}{id}"))?, Shape::Sentinel, raw)?;
    said_of_alert(&mut alert, &mut from, &NAMES_IN_ROW);
    let provider_id = from.text("VendorOriginalId").or_else(|| from.text("ProviderAlertId"));
    alert.provider_alert_id = provider_id.or(Some(id));
    alert.mitre_techniques = from.listed("Techniques");

    let mut pieces = Vec::new();
    for (index, item) in entities(&mut from).iter().enumerate() {
        match text(item, "Type") {
            Some(kind) => pieces.push(entity::piece_of(kind, item)),
            // A mere reference to an entity that is there already.
            None if item.get("$ref").is_some() => {}
            None => from.flag_value(&format!("Entities[{index}]"), Oddity::WrongType, item),
        }
    }
    let compromised = from.text("CompromisedEntity").filter(|it| it.contains('@'));
    if let Some(name) = compromised {
        let account = serde_json::json!({ "UserPrincipalName": name });
        pieces.push(entity::piece_of("account", &account));
    }
    finish(alert, from, pieces)
}

/// A list, or one written as a text
fn entities(from: &mut Lenient<'_>) -> Vec<Value> {
    let Some(Value::String(text)) = from.value("Entities") else {
        return from.list("Entities").to_vec();
    };
    if text.is_empty() {
        return Vec::new();
    }
    serde_json::from_str::<Vec<Value>>(text).unwrap_or_else(|_| {
        from.flag("Entities", Oddity::WrongType, text);
        Vec::new()
    })
}

fn status(text: &str) -> Option<Status> {
    match text.to_ascii_lowercase().as_str() {
        "active" => Some(Status::InProgress),
        "closed" | "dismissed" => Some(Status::Resolved),
        _ => Status::from_name(text),
    }
}

fn classified(text: &str) -> Option<&'static str> {
    match text.to_ascii_lowercase().as_str() {
        "truepositive" => Some("truePositive"),
        "benignpositive" => Some("informationalExpectedActivity"),
        "falsepositive" => Some("falsePositive"),
        "undetermined" => Some(UNDETERMINED),
        _ => None,
    }
}
