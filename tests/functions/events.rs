//! The sample events, and alerts made of them.

use std::{fs, path::PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    requests::Request,
    world::{Function, World},
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Names of properties whose text is for people, or tells who they are
const PROPERTIES_FOR_PEOPLE: [&str; 19] = [
    "title",
    "description",
    "recommendedActions",
    "comment",
    "displayName",
    "createdByDisplayName",
    "userPrincipalName",
    "accountName",
    "assignedTo",
    "fileName",
    "filePath",
    "processCommandLine",
    "subject",
    "ipAddress",
    "url",
    "actorDisplayName",
    "alertDisplayName",
    "alertWebUrl",
    "userSid",
];

/// The files of a folder of events, in the order of their names
pub(crate) fn files(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(PathBuf::from(ROOT).join(folder)).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|it| it.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "no events in {folder}");
    files
}

/// A sample event as it stands in its file
pub(crate) fn text(file: &str) -> String {
    fs::read_to_string(PathBuf::from(ROOT).join(file)).unwrap()
}

/// A sample event
pub(crate) fn event(file: &str) -> Value {
    serde_json::from_str(&text(file)).unwrap()
}

/// Kim's impossible travel under another id, as if it had come about just now
pub(crate) fn travel_of_today(id: &str) -> Value {
    let ago = |minutes: i64| (Timestamp::now() - SignedDuration::from_mins(minutes)).to_string();
    let mut alert = event("events/receive/impossible-travel.json");
    alert["id"] = id.into();
    alert["firstActivityDateTime"] = ago(45).into();
    alert["lastActivityDateTime"] = ago(34).into();
    alert["createdDateTime"] = ago(25).into();
    alert["lastUpdateDateTime"] = ago(25).into();
    alert["title"] = json!(format!("canary-title of {id}"));
    alert["description"] = json!(format!("canary-description of {id}"));
    alert
}

impl World {
    /// Nothing that people wrote or that tells who they are may stand in a log
    pub(crate) fn nothing_of_it_is_logged(&self, body: &str) {
        let documents: Vec<Value> = match serde_json::from_str(body) {
            Ok(document) => vec![document],
            Err(_) => body.lines().filter_map(|it| serde_json::from_str(it).ok()).collect(),
        };
        for document in &documents {
            self.nothing_of_the_value_is_logged(document);
        }
    }

    fn nothing_of_the_value_is_logged(&self, value: &Value) {
        match value {
            Value::Array(items) => {
                for item in items {
                    self.nothing_of_the_value_is_logged(item);
                }
            }
            Value::Object(object) => {
                for (name, value) in object {
                    if let Some(text) = value.as_str()
                        && PROPERTIES_FOR_PEOPLE.contains(&name.as_str())
                    {
                        self.must_not_be_logged(text);
                    }
                    self.nothing_of_the_value_is_logged(value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// Stores an alert by way of the function `receive`, and has its source know it; the records
    /// that the stream has of it
    pub(crate) async fn receive(&self, receive: &Function, alert: &Value) -> Vec<Value> {
        let id = alert["id"].as_str().unwrap();
        self.tenant.put_alert(alert.clone()).unwrap();
        self.nothing_of_it_is_logged(&alert.to_string());
        let request = Request::signed(&format!("msg-{id}"), alert.to_string());
        let answer = receive.request(&request).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        self.records_of(id).await
    }

    /// The records of the table's stream about an alert's head
    pub(crate) async fn records_of(&self, id: &str) -> Vec<Value> {
        let mut records = self.database.stream().await;
        records.retain(|it| {
            it["dynamodb"]["Keys"]
                == json!({ "pk": { "S": format!("A#{id}") }, "sk": { "S": "H" } })
        });
        records
    }
}

/// The sequence number by which an answer names a record
pub(crate) fn number(record: &Value) -> String {
    record["dynamodb"]["SequenceNumber"].as_str().unwrap().to_owned()
}

/// An event of SNS with that message in it, as Lambda hands it on
pub(crate) fn sns_event(message: &str) -> Value {
    let mut event = event("events/chat/resolved.json");
    event["Records"][0]["Sns"]["Message"] = message.into();
    event
}
