//! Rows of `AlertEvidence` as pieces of evidence.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    alert::{
        lenient::Lenient,
        pieces::{at, piece, text},
    },
    flag::Oddity,
};

/// One row of evidence
pub(super) fn evidence(
    from: &mut Lenient<'_>,
    index: usize,
    properties: &Map<String, Value>,
) -> Value {
    let row = Value::Object(properties.clone());
    let more = more(from, index, properties);
    let kind = text(&row, "EntityType").unwrap_or_default();
    let name = kind.to_ascii_lowercase();
    let mut piece = piece_of(&name, &row, &more).unwrap_or_else(|| {
        let mut kept = row.clone();
        if let Some(object) = kept.as_object_mut() {
            object.insert("@odata.type".to_owned(), json!(kind));
        }
        kept
    });
    if let Some(object) = piece.as_object_mut() {
        let direction = text(&row, "EvidenceDirection").map(str::to_ascii_lowercase);
        let role = direction.filter(|it| it == "source" || it == "destination");
        object.insert("roles".to_owned(), role.into_iter().collect());
        let role = text(&row, "EvidenceRole");
        object.insert("detailedRoles".to_owned(), role.into_iter().collect());
        object.insert("createdDateTime".to_owned(), json!(text(&row, "Timestamp")));
    }
    piece
}

/// `AdditionalFields`, which is JSON written as a text, with references in the place of objects
fn more(from: &mut Lenient<'_>, index: usize, properties: &Map<String, Value>) -> Value {
    let value = properties.get("AdditionalFields").filter(|it| !it.is_null() && *it != "");
    let read = match value {
        None => return Value::Null,
        Some(Value::String(text)) => serde_json::from_str::<Value>(text).ok(),
        Some(other) => Some(other.clone()),
    };
    if let Some(object) = read.filter(Value::is_object) {
        return referred(object);
    }
    if let Some(value) = value {
        from.flag_value(&format!("evidence[{index}].AdditionalFields"), Oddity::WrongType, value);
    }
    Value::Null
}

/// The object with what its own members refer to in their place, one step deep
fn referred(object: Value) -> Value {
    let mut known: BTreeMap<String, Value> = BTreeMap::new();
    collect(&object, &mut known);
    let Value::Object(mut members) = object else { return object };
    for value in members.values_mut() {
        let reference = value.get("$ref").and_then(Value::as_str);
        if let Some(found) = reference.and_then(|it| known.get(it)) {
            *value = found.clone();
        }
    }
    Value::Object(members)
}

/// Every object that has an id; the depth is that of JSON, which is bounded
fn collect(value: &Value, known: &mut BTreeMap<String, Value>) {
    if let Some(id) = value.get("$id").and_then(Value::as_str) {
        known.insert(id.to_owned(), value.clone());
    }
    match value {
        Value::Object(members) => members.values().for_each(|it| collect(it, known)),
        Value::Array(items) => items.iter().for_each(|it| collect(it, known)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[expect(clippy::too_many_lines, reason = "an arm for each kind: it reads as a table")]
fn piece_of(name: &str, row: &Value, more: &Value) -> Option<Value> {
    let of = |column: &str| text(row, column);
    let file = |it: &Value| {
        json!({
            "fileName": text(it, "FileName").or_else(|| text(it, "Name")),
            "filePath": text(it, "FolderPath").or_else(|| text(it, "Directory")),
            "sha1": text(it, "SHA1"),
            "sha256": text(it, "SHA256"),
            "fileSize": at(it, "FileSize"),
        })
    };
    let account = json!({
        "accountName": of("AccountName"),
        "domainName": of("AccountDomain"),
        "userSid": of("AccountSid"),
        "azureAdUserId": of("AccountObjectId"),
        "userPrincipalName": of("AccountUpn"),
    });
    Some(match name {
        "user" => piece("user", json!({ "userAccount": account })),
        "mailbox" => piece(
            "mailbox",
            json!({
                "primaryAddress": text(more, "MailboxPrimaryAddress").or(of("AccountUpn")),
                "displayName": text(more, "DisplayName"),
                "userAccount": account,
            }),
        ),
        "ip" => piece(
            "ip",
            json!({
                "ipAddress": of("RemoteIP").or(of("LocalIP")).or(text(more, "Address")),
                "countryLetterCode": text(more, "Location.CountryCode"),
            }),
        ),
        "url" => piece("url", json!({ "url": of("RemoteUrl").or(text(more, "Url")) })),
        "file" => piece("file", json!({ "fileDetails": file(row), "mdeDeviceId": of("DeviceId") })),
        "process" => piece(
            "process",
            json!({
                "imageFile": file(row),
                "processCommandLine": of("ProcessCommandLine").or(text(more, "CommandLine")),
                "processId": number(more, "ProcessId"),
                "processCreationDateTime": text(more, "CreationTimeUtc"),
                "parentProcessId": number(more, "ParentProcess.ProcessId"),
                "parentProcessCreationDateTime": text(more, "ParentProcess.CreationTimeUtc"),
                "parentProcessImageFile": at(more, "ParentProcess.ImageFile").map(file),
                "mdeDeviceId": of("DeviceId"),
                "userAccount": account,
            }),
        ),
        "machine" => piece(
            "device",
            json!({
                "mdeDeviceId": of("DeviceId"),
                "deviceDnsName": of("DeviceName"),
                "hostName": of("DeviceName").and_then(|it| it.split('.').next()),
                "lastIpAddress": of("LocalIP"),
                "osPlatform": text(more, "OSFamily"),
            }),
        ),
        "mailmessage" => piece(
            "analyzedMessage",
            json!({
                "networkMessageId": of("NetworkMessageId"),
                "subject": of("EmailSubject"),
                "internetMessageId": text(more, "InternetMessageId"),
                "recipientEmailAddress": text(more, "Recipient"),
                "senderIp": text(more, "SenderIP"),
                "p1Sender": { "emailAddress": text(more, "P1Sender") },
                "p2Sender": { "emailAddress": text(more, "P2Sender").or(text(more, "Sender")) },
            }),
        ),
        "mailcluster" => piece(
            "mailCluster",
            json!({
                "networkMessageIds": at(more, "NetworkMessageIds"),
                "emailCount": at(more, "MailCount"),
                "query": text(more, "Query"),
                "clusterBy": text(more, "ClusterBy"),
                "clusterByValue": text(more, "ClusterByValue"),
            }),
        ),
        "cloudapplication" => piece(
            "cloudApplication",
            json!({ "displayName": of("Application"), "appId": number(row, "ApplicationId") }),
        ),
        "oauthapplication" => piece(
            "oauthApplication",
            json!({ "displayName": of("Application"), "appId": of("OAuthApplicationId") }),
        ),
        "registrykey" | "registryvalue" => registry(name, row),
        "cloudresource" => cloud_resource(row),
        _ => return None,
    })
}

/// A number that may as well be written as a text
fn number(value: &Value, path: &str) -> Option<Value> {
    let number = at(value, path)?;
    let read = number.as_str().and_then(|it| it.parse::<i64>().ok());
    Some(read.map_or_else(|| number.clone(), Value::from))
}

/// The hive is the first step of the key
fn registry(name: &str, row: &Value) -> Value {
    let key = text(row, "RegistryKey");
    let (hive, key) = key
        .and_then(|it| it.split_once('\\'))
        .map_or((None, key), |(hive, key)| (Some(hive), Some(key)));
    if name == "registrykey" {
        return piece("registryKey", json!({ "registryHive": hive, "registryKey": key }));
    }
    let value = json!({
        "registryHive": hive,
        "registryKey": key,
        "registryValueName": text(row, "RegistryValueName"),
        "registryValue": text(row, "RegistryValueData"),
        "mdeDeviceId": text(row, "DeviceId"),
    });
    piece("registryValue", value)
}

fn cloud_resource(row: &Value) -> Value {
    let (id, name) = (text(row, "ResourceID"), text(row, "CloudResource"));
    let kind = text(row, "ResourceType");
    let platform = text(row, "CloudPlatform").unwrap_or_default().to_ascii_lowercase();
    if platform.contains("amazon") {
        let resource =
            json!({ "amazonResourceId": id, "resourceName": name, "resourceType": kind });
        return piece("amazonResource", resource);
    }
    if platform.contains("google") {
        let resource =
            json!({ "fullResourceName": id, "resourceName": name, "resourceType": kind });
        return piece("googleCloudResource", resource);
    }
    let resource = json!({ "resourceId": id, "resourceName": name, "resourceType": kind });
    piece("azureResource", resource)
}
