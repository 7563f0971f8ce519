//! Alerts of Sentinel: out of an incident, and as a row of the table.

use serde_json::{Value, json};

use super::{flagged, read, users};
use crate::{
    alert::{Alert, Shape, read_body},
    flag::Oddity,
    severity::{Severity, Status},
    source::{DetectionSource, ServiceSource},
    test_kit::time,
    wire_name::AsRead,
};

fn alert_of(id: &str) -> Value {
    json!({ "name": id, "kind": "SecurityAlert", "properties": {
        "systemAlertId": id, "alertDisplayName": format!("title of {id}"), "severity": "Medium",
        "productName": "Azure Sentinel", "productComponentName": "Scheduled Alerts",
        "alertType": "w_r", "status": "New", "timeGenerated": "2026-11-22T10:00:00Z",
    }})
}

fn incident(alerts: Value, properties: Value) -> Value {
    let mut all = json!({
        "incidentNumber": 7, "title": "of the incident", "severity": "Low", "status": "New",
        "lastModifiedTimeUtc": "2026-11-22T10:05:00Z", "alerts": alerts,
        "relatedEntities": [
            { "kind": "Account", "properties": { "accountName": "kim", "upnSuffix": "x.example" } },
            { "kind": "Ip", "properties": { "address": "192.0.2.1" } },
            { "kind": "Gadget", "properties": { "friendlyName": "g" } },
        ],
    });
    all.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
    json!({ "objectSchemaType": "Incident", "object": { "name": "i1", "properties": all } })
}

fn alerts(body: &Value) -> Vec<Alert> {
    read_body(body.to_string().as_bytes()).into_iter().map(Result::unwrap).collect()
}

#[test]
fn each_alert_of_an_incident_has_all_its_entities() {
    let read = alerts(&incident(json!([alert_of("a1"), alert_of("a2")]), json!({})));
    let ids: Vec<&str> = read.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, ["sna1", "sna2"]);
    for alert in &read {
        assert_eq!((alert.shape, alert.incident_id.as_deref()), (Shape::Sentinel, Some("7")));
        assert_eq!(alert.known_severity(), Some(Severity::Medium));
        assert_eq!(alert.known_service_source(), Some(ServiceSource::Sentinel));
        let sensor = alert.detection_source.clone();
        assert_eq!(sensor, Some(AsRead::Known(DetectionSource::ScheduledAlerts)));
        assert_eq!(users(alert), ["kim@x.example"]);
        assert_eq!(alert.addresses(), ["192.0.2.1"]);
        assert_eq!(alert.evidence.len(), 3);
        flagged(alert, "evidence[2].@odata.type", Oddity::UnknownEvidence);
        assert_eq!(alert.revision().updated(), time("2026-11-22T10:05:00Z"));
        // What is stored of it is read as the same alert again.
        assert_eq!(Alert::read(&alert.raw).as_ref(), Ok(alert));
    }
}

#[test]
fn an_incident_is_its_one_alert_or_one_itself() {
    let one = incident(json!([alert_of("a1")]), json!({}));
    let [alert] = &alerts(&one)[..] else { panic!() };
    assert_eq!((alert.id.as_str(), alert.raw.as_str()), ("sna1", one.to_string().as_str()));
    let none = incident(json!([]), json!({}));
    let [alert] = &alerts(&none)[..] else { panic!() };
    assert_eq!((alert.id.as_str(), alert.title.as_deref()), ("sni1", Some("of the incident")));
    assert_eq!(alert.known_severity(), Some(Severity::Low));
    assert_eq!(users(alert), ["kim@x.example"]);
    // Without what a playbook's trigger puts round it.
    let mut bare = one["object"].clone();
    bare["type"] = json!("Microsoft.SecurityInsights/Incidents");
    bare["id"] = json!("/subscriptions/s/Incidents/i1");
    assert_eq!(alerts(&bare)[0].id.as_str(), "sna1");
}

#[test]
fn a_closed_incident_is_resolved_at_its_source_and_says_as_what() {
    for (classification, expected) in [
        ("TruePositive", Some("truePositive")),
        ("BenignPositive", Some("informationalExpectedActivity")),
        ("FalsePositive", Some("falsePositive")),
        ("Undetermined", None),
    ] {
        let closed = json!({ "status": "Closed", "classification": classification });
        let alert = read(incident(json!([alert_of("a1")]), closed));
        assert!(alert.is_resolved_at_source());
        assert_eq!(alert.classification.as_deref(), expected, "for {classification}");
    }
    let active = read(incident(json!([]), json!({ "status": "Active" })));
    assert_eq!(active.status, Some(AsRead::Known(Status::InProgress)));
}

#[test]
fn a_row_of_the_table_has_json_in_texts() {
    let row = |entities: Value| {
        read(json!({
            "SystemAlertId": "s1", "AlertSeverity": "High", "DisplayName": "t",
            "AlertType": "w_r", "ProductName": "Microsoft Sentinel", "Entities": entities,
            "Tactics": "InitialAccess, Persistence", "Techniques": "[\"T1078\"]",
            "ExtendedProperties": "{\"Custom Details\":\"{\\\"n\\\":[\\\"1\\\"]}\"}",
            "TimeGenerated": "2026-11-22T10:00:00Z",
        }))
    };
    let list = json!([
        { "$id": "1", "Type": "account", "Name": "lee", "UPNSuffix": "x.example" },
        { "$id": "2", "Type": "host", "HostName": "h", "DnsDomain": "x.example" },
        { "$ref": "1" },
    ]);
    for entities in [list.clone(), json!(list.to_string())] {
        let alert = row(entities);
        assert_eq!((alert.id.as_str(), alert.shape), ("sns1", Shape::Sentinel));
        assert_eq!(alert.categories, ["InitialAccess", "Persistence"]);
        assert_eq!(alert.mitre_techniques, ["T1078"]);
        assert_eq!(alert.custom_details["n"], json!(["1"]));
        assert_eq!(users(&alert), ["lee@x.example"]);
        assert_eq!(alert.evidence[1].text("deviceDnsName"), Some("h.x.example"));
        assert!(alert.flags.is_empty(), "{:?}", alert.flags);
    }
    for odd in [json!("["), json!(7), json!({}), json!([7]), json!("{}")] {
        let alert = row(odd);
        assert!(alert.evidence.is_empty());
        assert_eq!(alert.flags.len(), 1, "{:?}", alert.flags);
    }
}

#[test]
fn wrong_types_everywhere_lose_no_alert() {
    for odd in [json!(7), json!("x"), json!([]), json!({}), json!([[{}]]), json!(true), Value::Null]
    {
        for name in [
            "status",
            "owner",
            "labels",
            "additionalData",
            "relatedEntities",
            "comments",
            "classification",
            "incidentNumber",
            "lastModifiedTimeUtc",
            "relatedAnalyticRuleIds",
        ] {
            let alert = read(incident(json!([alert_of("a1")]), json!({ name: odd.clone() })));
            assert_eq!(alert.id.as_str(), "sna1", "{name}: {odd}");
        }
        let body = incident(odd.clone(), json!({}));
        for read in read_body(body.to_string().as_bytes()) {
            assert!(read.is_ok_and(|it| it.shape == Shape::Sentinel), "alerts: {odd}");
        }
    }
}

#[test]
fn an_incident_that_would_fill_the_store_is_not_taken_apart() {
    let text = "x".repeat(200_000);
    let many: Value = (0..200).map(|it| alert_of(&it.to_string())).collect();
    let read = alerts(&incident(many, json!({ "description": text })));
    assert_eq!(read.len(), 1);
    assert_eq!(users(&read[0]), ["kim@x.example"]);
}
