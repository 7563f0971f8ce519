//! Reads an alert inside an incident of the older Microsoft 365 Defender API (`/api/incidents`).
//!
//! It says `alertId`, `creationTime`, `InProgress`; entities stand in the place of evidence.

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
        "file" => json!({ "fileDetails": file }),
        "process" => json!({
            "imageFile": file,
            "processId": at("processId"),
            "processCommandLine": at("processCommandLine"),
            "processCreationDateTime": at("processCreationTime"),
            "parentProcessId": at("parentProcessId"),
            "parentProcessCreationDateTime": at("parentProcessCreationTime"),
            "userAccount": account,
        }),
        "ip" => json!({ "ipAddress": at("ipAddress") }),
        "url" => json!({ "url": at("url") }),
        _ => entity.clone(),
    };
    if let Some(piece) = piece.as_object_mut() {
        let name = match kind.to_ascii_lowercase().as_str() {
            "mailmessage" => "analyzedMessage".to_owned(),
            "mailcluster" => "mailCluster".to_owned(),
            other => other.to_owned(),
        };
        piece.insert("@odata.type".to_owned(), json!(format!("{name}Evidence")));
        piece.insert("verdict".to_owned(), at("verdict"));
        piece.insert("remediationStatus".to_owned(), at("remediationStatus"));
        piece.insert("createdDateTime".to_owned(), at("evidenceCreationTime"));
    }
    piece
}
