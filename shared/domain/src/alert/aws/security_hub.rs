//! Reads a finding in the format of AWS Security Hub (ASFF), whichever product it is from.

use serde_json::{Map, Value, json};

use super::{account, action, address, alert_id, band, domain, resource, standing_at};
use crate::{
    alert::{
        Alert, AlertError, Comment, Shape,
        lenient::Lenient,
        pieces::{at, blank, file_details, finish, piece, text, with_role},
    },
    alert_type::AlertType,
    flag::Oddity,
    severity::{Severity, Status},
    source::ServiceSource,
    wire_name::AsRead,
};

/// The end of the ARN that `GuardDuty` has among products
const GUARD_DUTY: &str = "product/aws/guardduty";

pub(in crate::alert) fn read(object: &Map<String, Value>, raw: &str) -> Result<Alert, AlertError> {
    let mut from = Lenient::new(object);
    let provider_id = from.text("Id").ok_or(AlertError::NoId)?;
    let product = from.text("ProductArn").unwrap_or_default();
    // An id that is no ARN is one of its product's only.
    let is_arn = provider_id.starts_with("arn:");
    let whole = if is_arn { provider_id.clone() } else { format!("{product}/{provider_id}") };
    let (id, is_cut) = alert_id(&whole)?;
    let mut alert = blank(&id, Shape::SecurityHub, raw)?;
    if is_cut {
        from.flag("Id", Oddity::TooMany, id.as_str());
    }

    let is_of_guard_duty = product.ends_with(GUARD_DUTY);
    let source =
        if is_of_guard_duty { ServiceSource::AwsGuardDuty } else { ServiceSource::AwsSecurityHub };
    alert.provider_alert_id = Some(provider_id);
    alert.tenant_id = from.text_or_number("AwsAccountId");
    alert.title = from.prose("Title");
    alert.description = from.prose("Description");
    alert.severity = severity(&mut from);
    alert.service_source = Some(AsRead::Known(source));
    let product_name = from.text("ProductName");
    alert.product_name = product_name.or_else(|| Some(source.display_name().to_owned()));
    let types = from.texts("Types");
    alert.categories = categories(&types);
    alert.category = alert.categories.first().cloned();
    alert.detector_id = match types.first().filter(|_| is_of_guard_duty) {
        Some(first) => first.rsplit('/').next().map(|it| it.replacen('-', "/", 1)),
        None => from.text("GeneratorId"),
    };
    alert.alert_type = alert.detector_id.as_deref().map(AlertType::new);
    alert.recommended_actions = inside(&mut from, "Remediation", |it| {
        let inner = it.object("Recommendation");
        Lenient::inside(&inner, "Remediation.Recommendation".to_owned()).text("Text")
    });
    alert.classification = from.member("VerificationState", verified).map(as_text);
    alert.first_activity = from.time("FirstObservedAt");
    alert.last_activity = from.time("LastObservedAt");
    alert.created = from.time("CreatedAt");
    alert.alert_web_url = from.text("SourceUrl");
    alert.custom_details = from.object("UserDefinedFields");
    alert.additional_data = from.object("ProductFields");
    alert.comments = inside(&mut from, "Note", |it| Some(note(it))).into_iter().collect();
    let status = standing(&mut from);
    let updated = [from.time("UpdatedAt"), from.time("ProcessedAt"), alert.created];
    let updated = updated.into_iter().flatten().max();
    alert.last_update = match &status {
        Some(AsRead::Known(status)) => standing_at(updated, *status),
        Some(AsRead::Other(_)) | None => updated,
    };
    alert.status = status;

    let pieces = evidence(&mut from, alert.tenant_id.as_deref());
    finish(alert, from, pieces)
}

/// Reads what is in an object inside; nothing where there is none
fn inside<T>(
    from: &mut Lenient<'_>,
    name: &str,
    read: impl FnOnce(&mut Lenient<'_>) -> Option<T>,
) -> Option<T> {
    let object = from.object(name);
    let mut inner = Lenient::inside(&object, name.to_owned());
    let value = read(&mut inner).filter(|_| !object.is_empty());
    from.absorb(inner.into_flags());
    value
}

/// By its label, and only where there is none by its number
fn severity(from: &mut Lenient<'_>) -> Option<AsRead<Severity>> {
    inside(from, "Severity", |it| {
        let labelled = it.member("Label", |text| {
            let is_critical = text.eq_ignore_ascii_case("critical");
            if is_critical { Some(Severity::High) } else { Severity::from_name(text) }
        });
        labelled.or_else(|| {
            let value = it.value("Normalized")?;
            let severity = match value.as_i64() {
                Some(0) => Some(Severity::Informational),
                Some(number @ 1..10) => band(number.max(10)),
                Some(number) => band(number),
                None => None,
            };
            if severity.is_none() {
                it.flag_value("Normalized", Oddity::UnknownMember, value);
            }
            Some(severity.map_or_else(|| AsRead::Other(value.to_string()), AsRead::Known))
        })
    })
}

/// What stands second in `TTPs/Discovery/Recon:EC2-PortProbeUnprotectedPort`, each once
fn categories(types: &[String]) -> Vec<String> {
    let mut categories: Vec<String> = Vec::new();
    for kind in types {
        let mut parts = kind.split('/');
        let namespace = parts.next();
        let Some(category) = parts.next().or(namespace).filter(|it| !it.is_empty()) else {
            continue;
        };
        if !categories.iter().any(|it| it == category) {
            categories.push(category.to_owned());
        }
    }
    categories
}

fn verified(text: &str) -> Option<&'static str> {
    match text {
        "TRUE_POSITIVE" => Some("truePositive"),
        "FALSE_POSITIVE" => Some("falsePositive"),
        "BENIGN_POSITIVE" => Some("informationalExpectedActivity"),
        _ => None,
    }
}

fn as_text(it: AsRead<&'static str>) -> String {
    match it {
        AsRead::Known(name) => name.to_owned(),
        AsRead::Other(text) => text,
    }
}

fn note(from: &mut Lenient<'_>) -> Comment {
    Comment {
        text: from.text("Text"),
        created_by: from.text("UpdatedBy"),
        created: from.time("UpdatedAt"),
    }
}

/// What people made of it, and whether its product holds it to be past
fn standing(from: &mut Lenient<'_>) -> Option<AsRead<Status>> {
    let of_people = inside(from, "Workflow", |it| {
        it.member("Status", |text| match text.to_ascii_uppercase().as_str() {
            "NEW" => Some(Status::New),
            "NOTIFIED" => Some(Status::InProgress),
            "RESOLVED" | "SUPPRESSED" => Some(Status::Resolved),
            _ => None,
        })
    });
    let is_past = from
        .member("RecordState", |text| match text.to_ascii_uppercase().as_str() {
            "ACTIVE" => Some(false),
            "ARCHIVED" => Some(true),
            _ => None,
        })
        .is_some_and(|it| it == AsRead::Known(true));
    if is_past {
        return Some(AsRead::Known(Status::Resolved));
    }
    of_people.or(Some(AsRead::Known(Status::New)))
}

fn evidence(from: &mut Lenient<'_>, owner: Option<&str>) -> Vec<Value> {
    let mut pieces = Vec::new();
    for (index, item) in from.list("Resources").iter().enumerate() {
        if !item.is_object() {
            from.flag_value(&format!("Resources[{index}]"), Oddity::WrongType, item);
            continue;
        }
        pieces.extend(of_resource(item, owner));
    }
    let part = |from: &mut Lenient<'_>, name: &str| Value::Object(from.object(name));
    pieces.extend(action(&part(from, "Action")));
    pieces.extend(network(&part(from, "Network")));
    pieces.extend(process(&part(from, "Process")));
    for item in from.list("Malware") {
        let file = file_details(text(item, "Path"), None, None);
        let file = piece("file", json!({ "fileDetails": file }));
        let (name, kind) = (text(item, "Name"), text(item, "Type"));
        let malware = json!({ "name": name, "category": kind, "files": [file] });
        pieces.push(piece("malware", malware));
    }
    pieces.extend(from.list("ThreatIntelIndicators").iter().filter_map(indicator));
    pieces
}

/// A resource, and the user where it is one or a user's key
fn of_resource(item: &Value, owner: Option<&str>) -> Vec<Value> {
    let kind = text(item, "Type").unwrap_or("Other");
    let role = match text(item, "ResourceRole") {
        Some("Target") => Some("attacked"),
        Some("Actor") => Some("suspicious"),
        Some(_) | None => None,
    };
    let mut pieces = Vec::new();
    if let Some(id) = text(item, "Id") {
        let tagged = text(item, "Tags.Name");
        pieces.push(with_role(resource(id, tagged, kind, owner), role));
    }
    let key = at(item, "Details.AwsIamAccessKey");
    let of_key = key.and_then(|it| text(it, "UserName").or_else(|| text(it, "PrincipalName")));
    let principal_id = key.and_then(|it| text(it, "PrincipalId"));
    let of_user = text(item, "Details.AwsIamUser.UserName").or_else(|| {
        let id = text(item, "Id").filter(|_| kind == "AwsIamUser")?;
        id.rsplit('/').next()
    });
    pieces.extend(of_key.or(of_user).map(|it| account(it, principal_id)));
    pieces
}

/// Both ends of a connection, and the connection
fn network(network: &Value) -> Vec<Value> {
    let end = |side: &str, role: &str| {
        let v4 = text(network, &format!("{side}IpV4"));
        let v6 = text(network, &format!("{side}IpV6"));
        address(&json!({ "ipAddressV4": v4, "ipAddressV6": v6 }), role)
    };
    let ends = [end("Source", "source"), end("Destination", "destination")];
    if ends.iter().all(Option::is_none) {
        return Vec::new();
    }
    let [source, destination] = &ends;
    let connection = json!({
        "sourceAddress": source,
        "destinationAddress": destination,
        "sourcePort": at(network, "SourcePort"),
        "destinationPort": at(network, "DestinationPort"),
        "protocol": text(network, "Protocol").map(str::to_ascii_lowercase),
    });
    std::iter::once(piece("networkConnection", connection))
        .chain(ends.into_iter().flatten())
        .collect()
}

fn process(process: &Value) -> Option<Value> {
    let (path, name) = (text(process, "Path"), text(process, "Name"));
    path.or(name)?;
    Some(piece(
        "process",
        json!({
            "processId": at(process, "Pid"),
            "parentProcessId": at(process, "ParentPid"),
            "processCreationDateTime": text(process, "LaunchedAt"),
            "imageFile": file_details(path, name, None),
        }),
    ))
}

/// What the product knows to be bad, and saw
fn indicator(item: &Value) -> Option<Value> {
    let value = text(item, "Value")?;
    let hash =
        |algorithm: &str| piece("fileHash", json!({ "algorithm": algorithm, "value": value }));
    match text(item, "Type")? {
        "IPV4_ADDRESS" | "IPV6_ADDRESS" => Some(piece("ip", json!({ "ipAddress": value }))),
        "DOMAIN" => Some(domain(value)),
        "URL" => Some(piece("url", json!({ "url": value }))),
        "HASH_MD5" => Some(hash("md5")),
        "HASH_SHA1" => Some(hash("sha1")),
        "HASH_SHA256" => Some(hash("sha256")),
        _ => None,
    }
}
