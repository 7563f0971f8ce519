//! The readers: what each shape becomes, and what is odd.

mod aws;
mod sentinel;
mod streaming;

use serde_json::{Value, json};

use crate::{
    alert::{Alert, Shape},
    alert_type::AlertType,
    flag::{FLAGS_MAX, Oddity},
    severity::{Severity, Status},
    test_kit::{alert_with, time},
    wire_name::AsRead,
};

fn read(value: Value) -> Alert {
    Alert::read(&value.to_string()).unwrap()
}

fn users(alert: &Alert) -> Vec<String> {
    alert.users().iter().map(ToString::to_string).collect()
}

#[test]
fn cloud_apps_writes_numbers_for_members() {
    severity(0, Some(AsRead::Known(Severity::Low)));
    severity(1, Some(AsRead::Known(Severity::Medium)));
    severity(2, Some(AsRead::Known(Severity::High)));
    severity(3, Some(AsRead::Known(Severity::Informational)));
    severity(4, Some(AsRead::Other("4".to_owned())));
    standing(json!(0), Status::New, None);
    standing(json!(1), Status::Resolved, Some("falsePositive"));
    standing(json!(2), Status::Resolved, Some("truePositive"));
    standing(json!(3), Status::Resolved, Some("falsePositive"));
    standing(json!(4), Status::Resolved, Some("informationalExpectedActivity"));
    standing(json!(5), Status::Resolved, Some("truePositive"));
    standing(Value::Null, Status::New, None);
    let odd = read(json!({ "_id": "1", "resolutionStatusValue": 9 }));
    assert_eq!(odd.status, Some(AsRead::Other("9".to_owned())));
}

#[track_caller]
fn severity(number: i64, expected: Option<AsRead<Severity>>) {
    assert_eq!(read(json!({ "_id": "1", "severityValue": number })).severity, expected);
}

#[track_caller]
fn standing(number: Value, status: Status, classification: Option<&str>) {
    let alert = read(json!({ "_id": "1", "resolutionStatusValue": number }));
    assert_eq!(alert.status, Some(AsRead::Known(status)), "for {number}");
    assert_eq!(alert.classification.as_deref(), classification, "for {number}");
}

#[test]
fn an_id_of_cloud_apps_gets_its_prefix_once() {
    let id = |name: &str, text: &str| read(json!({ name: text })).id.to_string();
    assert_eq!(id("_id", "6b003c136ca18f87c57aad11"), "ca6b003c136ca18f87c57aad11");
    // An id that begins with the same letters is still an id without a prefix.
    assert_eq!(id("_id", "ca003c136ca18f87c57aad11"), "caca003c136ca18f87c57aad11");
    assert_eq!(id("ProviderAlertId", "ca6b003c136ca18f87c57aad11"), "ca6b003c136ca18f87c57aad11");
}

#[test]
fn cloud_apps_names_people_in_several_ways() {
    let of = |entities: Value| users(&read(json!({ "_id": "1", "entities": entities })));
    assert_eq!(
        of(json!([{ "type": "account", "pa": "Kim@Contoso.example" }])),
        ["kim@contoso.example"]
    );
    let both = json!([
        { "type": "user", "id": "kim@contoso.example", "label": "kim@contoso.example" },
        { "type": "account", "id": "6f1d", "pa": "kim@contoso.example" },
    ]);
    assert_eq!(of(both), ["kim@contoso.example"]);
    // Somebody without a name is somebody.
    assert_eq!(of(json!([{ "type": "account" }])), ["(unnamed user)"]);
    assert_eq!(of(json!([{ "type": "ip", "id": "10.0.0.1" }])).len(), 0);
}

#[test]
fn a_flow_names_types_as_sentinel_does() {
    let alert = read(json!({
        "ProviderAlertId": "6b03143e921f3b18412d714b",
        "AlertType": "MCAS_ALERT_ANUBIS_DETECTION_VELOCITY",
        "Severity": "Medium",
        "Status": "Dismissed",
        "CompromisedEntity": "sam@contoso.example",
        "StartTimeUtc": "2026-11-22T15:51:07.204Z",
        "Entities": [
            { "Type": "Account", "Name": "sam", "UPNSuffix": "contoso.example", "AadUserId": "1" },
            { "Type": "account" },
            { "Type": "IP", "Address": "203.0.113.77" },
            "nonsense",
        ],
    }));
    assert_eq!(alert.shape, Shape::CloudAppsFlow);
    assert_eq!(alert.alert_type.as_ref().map(AlertType::as_str), Some("impossibleTravel"));
    assert_eq!(alert.known_severity(), Some(Severity::Medium));
    assert!(alert.is_resolved_at_source());
    assert_eq!(alert.first_activity, Some(time("2026-11-22T15:51:07.204Z")));
    assert_eq!(users(&alert), ["(unnamed user)", "sam@contoso.example"]);
    assert_eq!(alert.addresses(), ["203.0.113.77"]);
    let odd: Vec<&str> = alert.flags.iter().map(|it| it.property.as_str()).collect();
    assert_eq!(odd, ["Entities[3]"]);
}

#[test]
fn an_alert_inside_an_incident_has_other_names() {
    let alert = read(json!({
        "alertId": "caD28CF88E", "incidentId": 7, "serviceSource": "MicrosoftCloudAppSecurity",
        "status": "InProgress", "severity": "Medium", "title": "Impossible travel",
        "creationTime": "2026-11-22T10:00:00Z", "lastUpdatedTime": "2026-11-22T10:20:00.5Z",
        "firstActivity": "2026-11-22T09:00:00Z", "classification": "TruePositive",
        "determination": "CompromisedUser",
        "entities": [
            { "entityType": "User", "accountName": "kim", "userPrincipalName": "kim@contoso.example" },
            { "entityType": "Ip", "ipAddress": "203.0.113.9" },
            { "entityType": "MailBox", "mailboxAddress": "lee@contoso.example" },
            { "entityType": "Process", "processId": 7, "fileName": "a.exe", "accountName": "root" },
            { "entityType": "Gadget" },
        ],
    }));
    assert_eq!((alert.shape, alert.incident_id.as_deref()), (Shape::Incident, Some("7")));
    assert_eq!(alert.status, Some(AsRead::Known(Status::InProgress)));
    assert_eq!(alert.revision().to_string(), "2026-11-22T10:20:00.500000000Z");
    assert_eq!(alert.determination.as_deref(), Some("compromisedAccount"));
    assert_eq!(users(&alert), ["kim@contoso.example", "lee@contoso.example"]);
    assert_eq!(alert.addresses(), ["203.0.113.9"]);
    assert_eq!(alert.evidence.len(), 5);
    assert_eq!(alert.flags.len(), 1, "{:?}", alert.flags);

    let odd = read(json!({ "alertId": "x", "entities": "kim" }));
    assert!(odd.flags.iter().any(|it| it.property == "evidence"));
}

#[test]
fn a_piece_that_says_of_no_type_still_names_its_user() {
    let alert = alert_with(json!({ "evidence": [
        { "@odata.type": "#microsoft.graph.security.userEvidence",
          "userAccount": { "userPrincipalName": "kim@contoso.example" } },
        { "userAccount": { "userPrincipalName": "lee@contoso.example" } },
        "pat",
    ] }));
    assert_eq!(users(&alert), ["kim@contoso.example", "lee@contoso.example"]);
    assert_eq!(alert.evidence.len(), 3);
    flagged(&alert, "evidence[1].@odata.type", Oddity::UnknownEvidence);
    flagged(&alert, "evidence[2]", Oddity::WrongType);
}

#[test]
fn what_is_odd_in_a_long_list_crowds_out_no_flag_of_the_alert() {
    let alert = alert_with(json!({
        "comments": vec![json!(7); 200],
        "evidence": vec![json!(7); 200],
        "systemTags": 7,
        "title": null,
    }));
    assert_eq!(alert.flags.len(), FLAGS_MAX);
    flagged(&alert, "systemTags", Oddity::WrongType);
    flagged(&alert, "title", Oddity::Missing);
    flagged(&alert, "flags", Oddity::TooMany);
}

#[track_caller]
fn flagged(alert: &Alert, property: &str, problem: Oddity) {
    let found = alert.flags.iter().any(|it| it.property == property && it.problem == problem);
    assert!(found, "{property}: {:?}", alert.flags);
}

#[test]
fn an_alert_of_very_many_pieces_is_read_and_asked_about_in_time() {
    let user = |index| {
        json!({
            "@odata.type": "#microsoft.graph.security.userEvidence",
            "userAccount": { "userPrincipalName": format!("{index}@x") },
        })
    };
    let alert = alert_with(json!({ "evidence": (0..30_000).map(user).collect::<Value>() }));
    assert_eq!(alert.users().len(), 30_000);
}

#[test]
fn machines_and_nobody_are_no_persons() {
    for (assigned_to, person) in [
        ("null", None),
        ("\"\"", None),
        ("\" \"", None),
        ("\"automation\"", None),
        ("\"Suppression rule\"", None),
        ("\"kim@contoso.example\"", Some("kim@contoso.example")),
        ("\"Kim\"", Some("Kim")),
    ] {
        let raw = format!(r#"{{ "id": "ad1", "assignedTo": {assigned_to} }}"#);
        assert_eq!(Alert::read(&raw).unwrap().assigned_person(), person, "for {assigned_to}");
    }
}
