//! Reads an alert inside an incident of the older Microsoft 365 Defender API (`/api/incidents`).
//!
//! It says `alertId`, `creationTime`, `InProgress`; entities and devices stand in the place
//! of evidence.

use serde_json::{Map, Value, json};

use super::{Alert, AlertError, Shape, graph};

/// Their name for a property, and Graph's
const RENAMED: [(&str, &str); 9] = [
    ("alertId", "id"),
    ("creationTime", "createdDateTime"),
    ("lastUpdatedTime", "lastUpdateDateTime"),
    ("resolvedTime", "resolvedDateTime"),
    ("firstActivity", "firstActivityDateTime"),
    ("lastActivity", "lastActivityDateTime"),
    ("actorName", "actorDisplayName"),
    ("threatFamilyName", "threatFamilyName"),
    ("entities", "evidence"),
];

pub(super) fn read(object: &Map<String, Value>, raw: &str) -> Result<Alert, AlertError> {
    let mut renamed = Map::new();
    for (name, value) in object {
        let name =
            RENAMED.iter().find(|(theirs, _)| theirs == name).map_or(name.as_str(), |it| it.1);
        let entities = value.as_array().filter(|_| name == "evidence");
        let value =
            entities.map_or_else(|| value.clone(), |it| it.iter().map(piece).collect::<Value>());
        renamed.insert(name.to_owned(), value);
    }
    let devices = object.get("devices").and_then(Value::as_array);
    let devices: Vec<Value> = devices.into_iter().flatten().map(device).collect();
    if !devices.is_empty() {
        let evidence = renamed.entry("evidence").or_insert(Value::Null);
        if evidence.is_null() {
            *evidence = json!([]);
        }
        if let Some(evidence) = evidence.as_array_mut() {
            evidence.extend(devices);
        }
    }
    let mut alert = graph::read(&renamed, raw)?;
    alert.shape = Shape::Incident;
    Ok(alert)
}

/// An entity as a piece of evidence; a type that has no counterpart keeps its own name
fn piece(entity: &Value) -> Value {
    let at = |name: &str| entity.get(name).cloned().unwrap_or_default();
    let account = json!({
        "accountName": at("accountName"),
        "domainName": at("domainName"),
        "userSid": at("userSid"),
        "azureAdUserId": at("aadUserId"),
        "userPrincipalName": at("userPrincipalName"),
    });
    let file = json!({
        "fileName": at("fileName"),
        "filePath": at("filePath"),
        "sha1": at("sha1"),
        "sha256": at("sha256"),
    });
    let kind = entity.get("entityType").and_then(Value::as_str).unwrap_or_default();
    let mut piece = match kind.to_ascii_lowercase().as_str() {
        "user" => json!({ "userAccount": account }),
        "mailbox" => json!({
            "primaryAddress": at("mailboxAddress"),
            "displayName": at("mailboxDisplayName"),
            "userAccount": account,
        }),
        "file" => json!({ "fileDetails": file, "mdeDeviceId": at("deviceId") }),
        "process" => json!({
            "imageFile": file,
            "processId": at("processId"),
            "processCommandLine": at("processCommandLine"),
            "processCreationDateTime": at("processCreationTime"),
            "parentProcessId": at("parentProcessId"),
            "parentProcessCreationDateTime": at("parentProcessCreationTime"),
            "mdeDeviceId": at("deviceId"),
            "userAccount": account,
        }),
        "registry" => json!({
            "registryHive": at("registryHive"),
            "registryKey": at("registryKey"),
            "registryValueName": at("registryValueName"),
            "registryValue": at("registryValue"),
            "registryValueType": at("registryValueType"),
            "mdeDeviceId": at("deviceId"),
        }),
        "ip" => json!({ "ipAddress": at("ipAddress") }),
        "url" => json!({ "url": at("url") }),
        _ => entity.clone(),
    };
    if let Some(piece) = piece.as_object_mut() {
        let name = match kind.to_ascii_lowercase().as_str() {
            "mailmessage" => "analyzedMessage".to_owned(),
            "mailcluster" => "mailCluster".to_owned(),
            "registry" if at("registryValueName").is_null() && at("registryValue").is_null() => {
                "registryKey".to_owned()
            }
            "registry" => "registryValue".to_owned(),
            other => other.to_owned(),
        };
        piece.insert("@odata.type".to_owned(), json!(format!("{name}Evidence")));
        piece.insert("verdict".to_owned(), at("verdict"));
        piece.insert("remediationStatus".to_owned(), at("remediationStatus"));
        piece.insert("createdDateTime".to_owned(), at("evidenceCreationTime"));
    }
    piece
}

/// A device of the alert, which stands apart from the entities
fn device(device: &Value) -> Value {
    let at = |name: &str| device.get(name).cloned().unwrap_or_default();
    let Value::Object(_) = device else { return device.clone() };
    let name = at("deviceDnsName");
    let host = name.as_str().and_then(|it| it.split('.').next()).map(str::to_owned);
    json!({
        "@odata.type": "deviceEvidence",
        "mdeDeviceId": at("mdatpDeviceId"),
        "azureAdDeviceId": at("aadDeviceId"),
        "deviceDnsName": name,
        "hostName": host,
        "osPlatform": at("osPlatform"),
        "osBuild": at("osBuild"),
        "version": at("version"),
        "healthStatus": at("healthStatus"),
        "riskScore": at("riskScore"),
        "rbacGroupId": at("rbacGroupId"),
        "rbacGroupName": at("rbacGroupName"),
        "firstSeenDateTime": at("firstSeen"),
        "onboardingStatus": at("onboardingStatus"),
        "defenderAvStatus": at("defenderAvStatus"),
        "loggedOnUsers": at("loggedOnUsers"),
        "vmMetadata": at("vmMetadata"),
        "tags": at("tags"),
    })
}
