//! Findings of AWS: severities, standing, ids, evidence, and what is none of it.

use serde_json::{Value, json};

use super::{flagged, read, users};
use crate::{
    alert::{Alert, Shape, read_body},
    alert_id::ALERT_ID_LENGTH_MAX,
    alert_type::AlertType,
    flag::Oddity,
    severity::{Severity, Status},
    source::ServiceSource,
    wire_name::AsRead,
};

fn with(mut finding: Value, properties: Value) -> Alert {
    let Value::Object(properties) = properties else { panic!("{properties} is no object") };
    finding.as_object_mut().unwrap().extend(properties);
    read(finding)
}

fn guard_duty(properties: Value) -> Alert {
    let finding = json!({
        "schemaVersion": "2.0", "accountId": "111122223333", "region": "eu-central-1",
        "id": "f1", "arn": "arn:aws:guardduty:eu-central-1:111122223333:detector/d/finding/f1",
        "type": "Recon:EC2/PortProbeUnprotectedPort", "severity": 2, "title": "t",
        "updatedAt": "2026-11-22T10:00:00.123Z",
    });
    with(finding, properties)
}

fn hub(properties: Value) -> Alert {
    let finding = json!({
        "SchemaVersion": "2018-10-08", "Id": "arn:aws:x:finding/1", "AwsAccountId": "111122223333",
        "ProductArn": "arn:aws:securityhub:eu-central-1::product/aws/inspector",
        "GeneratorId": "g", "Severity": { "Label": "LOW" }, "UpdatedAt": "2026-11-22T10:00:00Z",
    });
    with(finding, properties)
}

#[test]
fn severities_of_guard_duty_are_bands_of_a_number() {
    for (number, expected) in [
        (json!(1), Some(Severity::Low)),
        (json!(3.9), Some(Severity::Low)),
        (json!(4), Some(Severity::Medium)),
        (json!(6.9), Some(Severity::Medium)),
        (json!(7.0), Some(Severity::High)),
        (json!(8.9), Some(Severity::High)),
        (json!(9.5), Some(Severity::High)),
        (json!("8"), Some(Severity::High)),
        (json!(0), None),
        (json!(11), None),
        (json!(-1e300), None),
        (json!("high"), None),
        (json!([7]), None),
    ] {
        let alert = guard_duty(json!({ "severity": number }));
        assert_eq!(alert.known_severity(), expected, "for {number}");
        if expected.is_none() {
            flagged(&alert, "severity", Oddity::UnknownMember);
        }
    }
    flagged(&guard_duty(json!({ "severity": null })), "severity", Oddity::Missing);
}

#[test]
fn severities_of_security_hub_are_labels_and_only_then_numbers() {
    for (severity, expected) in [
        (json!({ "Label": "INFORMATIONAL" }), Some(Severity::Informational)),
        (json!({ "Label": "LOW", "Normalized": 90 }), Some(Severity::Low)),
        (json!({ "Label": "CRITICAL" }), Some(Severity::High)),
        (json!({ "Normalized": 0 }), Some(Severity::Informational)),
        (json!({ "Normalized": 1 }), Some(Severity::Low)),
        (json!({ "Normalized": 69 }), Some(Severity::Medium)),
        (json!({ "Normalized": 100 }), Some(Severity::High)),
        (json!({ "Normalized": 101 }), None),
        (json!({ "Label": "SEVERE" }), None),
        (json!("HIGH"), None),
    ] {
        let alert = hub(json!({ "Severity": severity }));
        assert_eq!(alert.known_severity(), expected, "for {severity}");
        assert_eq!(alert.flags.is_empty(), expected.is_some(), "{:?}", alert.flags);
    }
}

#[test]
fn what_people_made_of_a_finding_is_its_standing_and_makes_it_newer() {
    let of = |workflow: &str, record: &str| {
        hub(json!({ "Workflow": { "Status": workflow }, "RecordState": record }))
    };
    let new = of("NEW", "ACTIVE");
    let notified = of("NOTIFIED", "ACTIVE");
    let resolved = of("RESOLVED", "ACTIVE");
    let status = |it: &Alert| it.status.clone();
    assert_eq!(status(&new), Some(AsRead::Known(Status::New)));
    assert_eq!(status(&notified), Some(AsRead::Known(Status::InProgress)));
    for gone in [&resolved, &of("SUPPRESSED", "ACTIVE"), &of("NEW", "ARCHIVED")] {
        assert!(gone.is_resolved_at_source());
        assert_eq!(gone.revision(), resolved.revision());
    }
    assert!(new.revision() < notified.revision() && notified.revision() < resolved.revision());
    let later = hub(json!({ "UpdatedAt": "2026-11-22T10:00:00.001Z" }));
    assert!(resolved.revision() < later.revision());

    let archived = guard_duty(json!({ "service": { "archived": true } }));
    assert!(archived.is_resolved_at_source());
    assert!(archived.revision() > guard_duty(json!({})).revision());
    // Not `true`: somebody must look.
    assert!(!guard_duty(json!({ "service": { "archived": "yes" } })).is_resolved_at_source());
}

#[test]
fn a_finding_has_one_id_whichever_way_it_comes() {
    let arn = "arn:aws:guardduty:eu-central-1:111122223333:detector/d/finding/f1";
    let direct = guard_duty(json!({}));
    let handed_on = hub(json!({
        "Id": arn, "ProductArn": "arn:aws:securityhub:eu-central-1::product/aws/guardduty",
        "Types": ["TTPs/Discovery/Recon:EC2-PortProbeUnprotectedPort"],
    }));
    for alert in [&direct, &handed_on] {
        assert_eq!(alert.id.as_str(), arn);
        assert_eq!(alert.known_service_source(), Some(ServiceSource::AwsGuardDuty));
        let kind = alert.alert_type.as_ref().map(AlertType::as_str);
        assert_eq!(kind, Some("Recon:EC2/PortProbeUnprotectedPort"));
    }
    assert_eq!(direct.shape, Shape::GuardDuty);
    assert_eq!(handed_on.shape, Shape::SecurityHub);

    // What is no ARN is an id among those of its product only.
    let short = hub(json!({ "Id": "7", "ProductArn": "arn:p" }));
    assert_eq!(short.id.as_str(), "arn:p/7");
    assert_eq!(short.provider_alert_id.as_deref(), Some("7"));
}

#[test]
fn an_id_that_cannot_stand_is_cut_and_stays_apart_from_others() {
    let of = |id: &str| hub(json!({ "Id": id }));
    let [left, right] = ["a", "b"].map(|it| of(&format!("arn:{}{it}", "x".repeat(500))));
    assert_ne!(left.id, right.id);
    assert!(left.id.as_str().chars().count() <= ALERT_ID_LENGTH_MAX);
    flagged(&left, "Id", Oddity::TooMany);
    let spaced = of("arn:a b\n");
    assert!(spaced.id.as_str().starts_with("arn:a_b_~"), "{}", spaced.id);
    assert_ne!(spaced.id, of("arn:a\tb\n").id);
}

#[test]
fn who_used_a_key_is_a_user_of_the_directory_only_by_way_of_the_sign_in_center() {
    let of = |name: &str, kind: &str| {
        let key = json!({
            "userName": name, "userType": kind, "principalId": "AROA1:kim@contoso.example",
        });
        users(&guard_duty(json!({ "resource": { "accessKeyDetails": key } })))
    };
    assert_eq!(of("AWSReservedSSO_Read_1", "AssumedRole"), ["kim@contoso.example"]);
    // Whoever takes any other role writes the session's name as they like.
    assert_eq!(of("deploy", "AssumedRole"), ["deploy"]);
    assert_eq!(of("deploy", "IAMUser"), ["deploy"]);
    assert!(of("signin", "AWSService").is_empty());
}

#[test]
fn every_address_of_an_action_is_evidence() {
    let remote = |last: u8| json!({ "ipAddressV4": format!("192.0.2.{last}") });
    let action = json!({
        "networkConnectionAction": { "connectionDirection": "INBOUND", "remoteIpDetails": remote(1),
            "localIpDetails": { "ipAddressV4": "10.0.0.1" } },
        "awsApiCallAction": { "remoteIpDetails": remote(2), "domainDetails": { "domain": "d.example" } },
        "kubernetesApiCallAction": { "remoteIpDetails": remote(3) },
        "rdsLoginAttemptAction": { "remoteIpDetails": remote(4), "loginAttributes": [{ "user": "app" }] },
        "portProbeAction": { "portProbeDetails": [{ "remoteIpDetails": remote(5) }] },
        "dnsRequestAction": { "domain": "e.example" },
    });
    let alert = guard_duty(json!({ "service": { "action": action } }));
    let expected = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"];
    assert_eq!(alert.addresses(), expected);
    assert_eq!(users(&alert), ["app"]);
    assert!(alert.flags.is_empty(), "{:?}", alert.flags);
}

#[test]
fn an_event_brings_one_finding_or_several() {
    let ids = |body: &str| -> Vec<String> {
        let read = read_body(body.as_bytes());
        read.into_iter().map(|it| it.map_or_else(|it| it.message, |it| it.id.to_string())).collect()
    };
    let event =
        |detail: Value| json!({ "id": "e", "detail-type": "x", "detail": detail }).to_string();
    let one = json!({ "schemaVersion": "2.0", "accountId": "1", "type": "a:b", "id": "f1" });
    let several =
        json!({ "findings": [{ "ProductArn": "p", "Id": "1" }, { "ProductArn": "p", "Id": "2" }] });
    assert_eq!(ids(&event(one.clone())), ["f1"]);
    assert_eq!(ids(&event(several.clone())), ["p/1", "p/2"]);
    assert_eq!(ids(&format!("[{},{}]", event(one.clone()), event(several))), ["f1", "p/1", "p/2"]);
    assert_eq!(ids(&format!("{}\n{}", event(one.clone()), event(one))), ["f1", "f1"]);
    // An event about something else is no alert, whatever id the event has.
    assert!(ids(&event(json!({ "state": "running" })))[0].contains("no id"));
    assert!(ids(&event(json!(7)))[0].contains("a number"));
}

#[test]
fn wrong_types_everywhere_lose_no_finding() {
    for odd in [json!(7), json!("x"), json!([]), json!({}), json!([[{}]]), json!(true), Value::Null]
    {
        for name in ["resource", "service", "title", "severity", "updatedAt", "region", "arn"] {
            let alert = guard_duty(json!({ name: odd.clone() }));
            assert_eq!(alert.shape, Shape::GuardDuty, "{name}: {odd}");
        }
        for name in [
            "Severity",
            "Types",
            "Resources",
            "Network",
            "Process",
            "Malware",
            "Note",
            "Workflow",
            "RecordState",
            "ThreatIntelIndicators",
            "Action",
            "Remediation",
            "ProductFields",
        ] {
            let alert = hub(json!({ name: odd.clone() }));
            assert_eq!(alert.shape, Shape::SecurityHub, "{name}: {odd}");
            let is_resolved = alert.is_resolved_at_source();
            assert!(!is_resolved, "{name}: {odd} resolves it");
        }
    }
}
