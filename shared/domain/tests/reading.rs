//! Every sample event is readable, and the snapshot says as what.

use std::{fmt::Write as _, fs, path::Path};

use defuse_domain::{Alert, AsRead, Evidence, UnreadableCode, read_body};
use serde_json::{Value, json};

#[test]
fn every_sample_event_is_readable() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/receive");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 40, "only {} files", files.len());
    let mut seen = String::new();
    for file in files {
        writeln!(seen, "\n# {}", file.file_name().unwrap().display()).unwrap();
        for alert in read_body(&fs::read(&file).unwrap()) {
            match alert {
                Ok(alert) => seen.push_str(&described(&alert)),
                Err(refused) => {
                    // A quiet tenant gives an empty list; everything else must be an alert.
                    assert_eq!(
                        refused.code,
                        UnreadableCode::Empty,
                        "{file:?}: {}",
                        refused.message
                    );
                    writeln!(seen, "{}: {}", refused.code, refused.message).unwrap();
                }
            }
        }
    }
    insta::assert_snapshot!("sample_events", seen);
}

fn described(alert: &Alert) -> String {
    let users: Vec<String> = alert.users().iter().map(ToString::to_string).collect();
    let flags: Vec<String> = alert
        .flags
        .iter()
        .map(|it| format!("  {} {}: {}\n", it.property, it.problem, it.value))
        .collect();
    format!(
        "{} {} {}\n  {} | {} | {} | {}\n  users: {}\n{}",
        alert.id,
        alert.shape,
        alert.revision(),
        as_read(alert.severity.as_ref()),
        as_read(alert.status.as_ref()),
        as_read(alert.service_source.as_ref()),
        alert.alert_type.as_ref().map_or("(no type)", |it| it.as_str()),
        users.join(", "),
        flags.concat()
    )
}

fn as_read<T: std::fmt::Display>(value: Option<&AsRead<T>>) -> String {
    match value {
        None => "(none)".to_owned(),
        Some(AsRead::Known(member)) => member.to_string(),
        Some(AsRead::Other(text)) => format!("other: {text}"),
    }
}

#[test]
fn nothing_of_a_sample_is_lost() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/receive");
    let text = fs::read_to_string(folder.join("unknown-evidence.json")).unwrap();
    let alert = Alert::read(&text).unwrap();
    let sent: Value = serde_json::from_str(&text).unwrap();
    let kept: Vec<Value> =
        alert.evidence.iter().map(|it: &Evidence| json!(it.properties)).collect();
    assert_eq!(sent["evidence"], Value::Array(kept));
    assert_eq!(alert.raw, text);
}
