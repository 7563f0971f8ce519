//! Entities of Sentinel as pieces of evidence: in an incident their names begin with a small letter,
//! in the table with a capital one, and a few differ.

use serde_json::{Value, json};

use crate::alert::pieces::{at, file_details, list, piece, text};

/// The piece that an entity of that kind is; a kind that has no counterpart keeps its own name
#[expect(clippy::too_many_lines, reason = "an arm for each kind: it reads as a table")]
pub(super) fn piece_of(kind: &str, entity: &Value) -> Value {
    let of = |names: &[&str]| names.iter().find_map(|it| text(entity, it)).map(str::to_owned);
    let name: String =
        kind.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    match name.as_str() {
        "account" => piece("user", json!({ "userAccount": account(entity) })),
        "ip" => piece(
            "ip",
            json!({
                "ipAddress": of(&["address"]),
                "countryLetterCode": of(&["location.countryCode"]),
            }),
        ),
        "host" => piece("device", host(entity)),
        "url" => piece("url", json!({ "url": of(&["url"]) })),
        "dns" | "dnsresolution" => {
            let resolved = list(entity, "ipAddresses").iter().filter_map(|it| text(it, "address"));
            let resolved: Vec<Value> =
                resolved.map(|it| piece("ip", json!({ "ipAddress": it }))).collect();
            piece("dns", json!({ "domainName": of(&["domainName"]), "ipAddresses": resolved }))
        }
        "file" => piece("file", json!({ "fileDetails": file(entity) })),
        "filehash" => {
            let algorithm = of(&["algorithm"]).map(|it| it.to_ascii_lowercase());
            let value = of(&["value", "hashValue"]);
            piece("fileHash", json!({ "algorithm": algorithm, "value": value }))
        }
        "process" => {
            let id = of(&["processId"]);
            let id = id.and_then(|it| it.parse::<i64>().ok()).map(Value::from);
            piece(
                "process",
                json!({
                    "processId": id.or_else(|| at(entity, "processId").cloned()),
                    "processCommandLine": of(&["commandLine"]),
                    "processCreationDateTime": of(&["creationTimeUtc"]),
                    "imageFile": at(entity, "imageFile").map(file),
                    "userAccount": at(entity, "account").map(account),
                }),
            )
        }
        "mailbox" => piece(
            "mailbox",
            json!({
                "primaryAddress": of(&["mailboxPrimaryAddress"]),
                "displayName": of(&["displayName"]),
                "upn": of(&["upn", "UPN"]),
            }),
        ),
        "mailmessage" => piece(
            "analyzedMessage",
            json!({
                "networkMessageId": of(&["networkMessageId"]),
                "internetMessageId": of(&["internetMessageId"]),
                "recipientEmailAddress": of(&["recipient"]),
                "subject": of(&["subject"]),
                "senderIp": of(&["senderIP"]),
                "p1Sender": { "emailAddress": of(&["p1Sender"]) },
                "p2Sender": { "emailAddress": of(&["p2Sender", "sender"]) },
            }),
        ),
        "mailcluster" => piece(
            "mailCluster",
            json!({
                "networkMessageIds": at(entity, "networkMessageIds"),
                "emailCount": at(entity, "mailCount"),
                "query": of(&["query"]),
            }),
        ),
        "cloudapplication" => piece(
            "cloudApplication",
            json!({
                "appId": at(entity, "appId"),
                "displayName": of(&["appName", "name"]),
                "instanceName": of(&["instanceName"]),
            }),
        ),
        "azureresource" => piece("azureResource", json!({ "resourceId": of(&["resourceId"]) })),
        "registrykey" => {
            let key = json!({ "registryHive": of(&["hive"]), "registryKey": of(&["key"]) });
            piece("registryKey", key)
        }
        "registryvalue" => piece(
            "registryValue",
            json!({
                "registryHive": of(&["key.hive"]),
                "registryKey": of(&["key.key"]),
                "registryValueName": of(&["valueName", "name"]),
                "registryValue": of(&["valueData", "value"]),
                "registryValueType": of(&["valueType"]),
            }),
        ),
        "malware" => piece(
            "malware",
            json!({ "name": of(&["malwareName", "name"]), "category": of(&["category"]) }),
        ),
        "securitygroup" => piece(
            "securityGroup",
            json!({ "displayName": of(&["distinguishedName"]), "sid": of(&["sid", "SID"]) }),
        ),
        _ => {
            let mut kept = entity.clone();
            if let Some(object) = kept.as_object_mut() {
                object.insert("@odata.type".to_owned(), json!(kind));
            }
            kept
        }
    }
}

fn account(entity: &Value) -> Value {
    let of = |names: &[&str]| names.iter().find_map(|it| text(entity, it));
    let name = of(&["accountName", "name"]);
    let suffix = of(&["upnSuffix", "UPNSuffix"]);
    let principal = match (of(&["userPrincipalName"]), name, suffix) {
        (Some(principal), _, _) => Some(principal.to_owned()),
        (None, Some(name), Some(suffix)) => Some(format!("{name}@{suffix}")),
        (None, Some(_) | None, _) => None,
    };
    json!({
        "accountName": name,
        "domainName": of(&["ntDomain", "NTDomain"]),
        "displayName": of(&["displayName"]),
        "userPrincipalName": principal,
        "userSid": of(&["sid"]),
        "azureAdUserId": of(&["aadUserId"]),
    })
}

fn host(entity: &Value) -> Value {
    let of = |names: &[&str]| names.iter().find_map(|it| text(entity, it));
    let name = of(&["hostName"]);
    let domain = of(&["dnsDomain"]);
    let dns_name = match (of(&["fqdn", "FQDN"]), name, domain) {
        (Some(whole), _, _) => Some(whole.to_owned()),
        (None, Some(name), Some(domain)) => Some(format!("{name}.{domain}")),
        (None, name, _) => name.map(str::to_owned),
    };
    json!({
        "hostName": name.or(of(&["netBiosName"])),
        "deviceDnsName": dns_name,
        "dnsDomain": domain,
        "ntDomain": of(&["ntDomain", "NTDomain"]),
        "azureAdDeviceId": of(&["aadDeviceId"]),
        "mdeDeviceId": of(&["mdatpDeviceId", "additionalData.MdatpDeviceId"]),
        "osPlatform": of(&["osFamily", "OSFamily"]),
        "version": of(&["osVersion", "OSVersion"]),
    })
}

fn file(entity: &Value) -> Value {
    let mut details = file_details(None, text(entity, "fileName").or(text(entity, "name")), None);
    let hash = |algorithm: &str| {
        let hashes = list(entity, "fileHashes").iter();
        let of = |it: &&Value| {
            text(it, "algorithm").is_some_and(|it| it.eq_ignore_ascii_case(algorithm))
        };
        hashes.filter(of).find_map(|it| text(it, "value").or(text(it, "hashValue")))
    };
    if let Some(object) = details.as_object_mut() {
        object.insert("filePath".to_owned(), json!(text(entity, "directory")));
        for algorithm in ["md5", "sha1", "sha256"] {
            object.insert(algorithm.to_owned(), json!(hash(algorithm)));
        }
    }
    details
}
