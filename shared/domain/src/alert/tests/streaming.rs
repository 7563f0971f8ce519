//! Streamed alerts: whatever order their records come in, and however often.

use serde_json::{Value, json};

use super::{flagged, users};
use crate::{
    alert::{Alert, RECORDS_MAX, Shape, read_body},
    flag::Oddity,
    severity::Severity,
    source::{DetectionSource, ServiceSource},
};

const AT: &str = "2026-11-22T20:58:12.7654321Z";

fn record(category: &str, properties: Value) -> String {
    let mut all = json!({ "AlertId": "ed1", "Timestamp": AT });
    all.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
    let category = format!("AdvancedHunting-{category}");
    json!({ "time": AT, "tenantId": "t", "category": category, "properties": all }).to_string()
}

fn info() -> String {
    record(
        "AlertInfo",
        json!({ "Title": "Copying", "Severity": "High", "Category": "Exfiltration",
        "ServiceSource": "MicrosoftDefenderforOffice365", "DetectionSource": "EDR",
        "AttackTechniques": "[\"Valid Accounts (T1078)\"]" }),
    )
}

fn user(name: &str) -> String {
    record("AlertEvidence", json!({ "EntityType": "User", "AccountUpn": name, "Title": "Copying" }))
}

fn read(body: &str) -> Alert {
    let mut read = read_body(body.as_bytes());
    assert_eq!(read.len(), 1, "{read:?}");
    read.remove(0).unwrap()
}

#[test]
fn records_make_the_same_alert_in_whatever_order_and_envelope() {
    let records = [info(), user("kim@x.example"), user("lee@x.example")];
    let [a, b, c] = &records;
    let whole = Alert::of_records(&records).unwrap();
    for body in [
        format!("{{\"records\":[{a},{b},{c}]}}"),
        format!("{{\"records\":[{c},{a},{b},{a},{c}]}}"),
        format!("[{b},{c},{a}]"),
        format!("{c}\n{b}\n{a}\n"),
        format!("{{\"records\":[{c}]}}\n{{\"records\":[{b},{a}]}}"),
    ] {
        let alert = read(&body);
        assert_eq!(Alert { raw: whole.raw.clone(), ..alert }, whole, "for {body}");
    }
    assert_eq!(whole.shape, Shape::Streaming);
    assert_eq!(whole.known_severity(), Some(Severity::High));
    assert_eq!(whole.known_service_source(), Some(ServiceSource::DefenderForOffice365));
    let sensor = whole.detection_source.as_ref().and_then(|it| it.known().copied());
    assert_eq!(sensor, Some(DetectionSource::DefenderForEndpoint));
    assert_eq!(whole.mitre_techniques, ["T1078"]);
    assert_eq!(users(&whole), ["kim@x.example", "lee@x.example"]);
    assert!(whole.is_whole());
}

#[test]
fn each_record_makes_the_alert_newer_even_where_it_is_older_itself() {
    let early = record(
        "AlertEvidence",
        json!({ "EntityType": "Ip", "RemoteIP": "192.0.2.1", "Timestamp": "2026-11-22T01:00:00Z" }),
    );
    let mut records = vec![info()];
    let mut last = Alert::of_records(&records).unwrap().revision();
    for next in [user("kim@x.example"), early, user("lee@x.example")] {
        records.push(next);
        let revision = Alert::of_records(&records).unwrap().revision();
        assert!(revision > last, "{revision} is not after {last}");
        last = revision;
        records.push(info());
        assert_eq!(Alert::of_records(&records).unwrap().revision(), last, "again");
    }
}

#[test]
fn only_evidence_is_no_alert_yet_and_says_what_it_can() {
    let alert = read(&user("kim@x.example"));
    assert!(!alert.is_whole());
    flagged(&alert, "AlertInfo", Oddity::Missing);
    assert_eq!(alert.title.as_deref(), Some("Copying"));
    assert_eq!(alert.records(), [user("kim@x.example")]);
    assert_eq!(Alert::of_records(&alert.records()).unwrap().users(), alert.users());
}

#[test]
fn alerts_of_one_body_stay_apart() {
    let other = info().replace("\"ed1\"", "\"ed2\"");
    let body = format!("{{\"records\":[{},{},{other}]}}", user("kim@x.example"), info());
    let read = read_body(body.as_bytes());
    let ids: Vec<String> = read.iter().map(|it| it.as_ref().unwrap().id.to_string()).collect();
    assert_eq!(ids, ["ed1", "ed2"]);
    let mixed = Alert::of_records(&[info(), other]).unwrap();
    flagged(&mixed, "records", Oddity::UnknownMember);
}

#[test]
fn additional_fields_refer_to_objects_by_number() {
    let fields = json!({
        "$id": "1", "ProcessId": "7", "ParentProcess": { "$ref": "2" }, "Loop": { "$ref": "1" },
        "Others": [{ "$id": "2", "ProcessId": 8, "ImageFile": { "Name": "cmd.exe" } }],
    });
    let process = |fields: Value| {
        let row =
            json!({ "EntityType": "Process", "FileName": "a.exe", "AdditionalFields": fields });
        Alert::of_records(&[info(), record("AlertEvidence", row)]).unwrap()
    };
    let alert = process(json!(fields.to_string()));
    let piece = &alert.evidence[0];
    assert_eq!(piece.get("processId"), Some(&json!(7)));
    assert_eq!(piece.get("parentProcessId"), Some(&json!(8)));
    assert_eq!(piece.text("parentProcessImageFile.fileName"), Some("cmd.exe"));
    for odd in [json!("{"), json!("[]"), json!(7), json!("[".repeat(10_000))] {
        let alert = process(odd);
        flagged(&alert, "evidence[0].AdditionalFields", Oddity::WrongType);
        assert_eq!(alert.evidence[0].text("imageFile.fileName"), Some("a.exe"));
    }
    assert!(process(Value::Null).flags.iter().all(|it| it.problem == Oddity::Missing));
}

#[test]
fn what_is_none_of_it_is_flagged_or_refused() {
    let device = r#"{"category":"AdvancedHunting-DeviceEvents","properties":{"DeviceId":"1"}}"#;
    let alert = Alert::of_records(&[info(), device.to_owned(), "7".to_owned()]).unwrap();
    flagged(&alert, "records[1]", Oddity::UnknownMember);
    flagged(&alert, "records[2]", Oddity::WrongType);
    let refused = read_body(format!("{{\"records\":[{device}]}}").as_bytes());
    assert!(refused[0].is_err());
    assert!(read_body(b"{\"records\":[]}").is_empty());
    let gadget = record("AlertEvidence", json!({ "EntityType": "Gadget" }));
    let alert = Alert::of_records(&[info(), gadget]).unwrap();
    flagged(&alert, "evidence[0].@odata.type", Oddity::UnknownEvidence);
}

#[test]
fn very_many_records_are_bounded() {
    let mut records: Vec<String> =
        (0..RECORDS_MAX + 50).map(|it| user(&format!("u{it:05}@x.example"))).collect();
    records.push(info());
    let alert = Alert::of_records(&records).unwrap();
    assert!(alert.is_whole());
    assert_eq!(alert.evidence.len(), RECORDS_MAX - 1);
    flagged(&alert, "records", Oddity::TooMany);
}
