//! Every operator on every kind of value, and tests of evidence.

use serde_json::{Value, json};

use super::{DEPTH_MAX, TESTS_MAX};
use crate::{
    diagnostic::Code,
    explanation::Truth::{self, False, True, Unknown},
    organisation::Organisation,
    test_kit::{alert_with, an_alert, answer, condition, explain, ip_evidence, reason},
};

#[track_caller]
fn check(yaml: &str, expected: Truth) {
    assert_eq!(answer(yaml, &an_alert()), expected, "for {yaml}");
}

#[test]
fn text_is_compared_without_case() {
    check("alert: { title: impossible TRAVEL activity }", True);
    check("alert: { title: { is: Impossible travel } }", False);
    check("alert: { title: { in: [other, Impossible travel activity] } }", True);
    check("alert: { title: { in: [other] } }", False);
    check("alert: { title: { like: 'impossible*' } }", True);
    check("alert: { title: { like: 'travel*' } }", False);
    check("alert: { title: { contains: TRAVEL } }", True);
    check("alert: { title: { contains: trousers } }", False);
    check("alert: { title: { startsWith: IMPOSSIBLE } }", True);
    check("alert: { title: { startsWith: travel } }", False);
    check("alert: { title: { endsWith: Activity } }", True);
    check("alert: { title: { endsWith: travel } }", False);
    check("alert: { title: { exists: true } }", True);
    check("alert: { title: { exists: false } }", False);
    check("alert: { title: { startsWith: imp, endsWith: ity } }", True);
    check("alert: { title: { startsWith: imp, endsWith: travel } }", False);
}

#[test]
fn of_a_list_one_text_is_enough() {
    check("alert: { mitreTechniques: T1078.004 }", True);
    check("alert: { mitreTechniques: { startsWith: T10 } }", True);
    check("alert: { mitreTechniques: T1110 }", False);
    check("alert: { systemTags: anything }", False);
    check("alert: { systemTags: { exists: true } }", False);
    check("alert: { systemTags: { exists: false } }", True);
}

#[test]
fn severities_are_ordered_from_mild_to_grave() {
    check("alert: { severity: medium }", True);
    check("alert: { severity: { in: [low, medium] } }", True);
    check("alert: { severity: { in: [low, high] } }", False);
    check("alert: { severity: { atLeast: medium } }", True);
    check("alert: { severity: { atLeast: high } }", False);
    check("alert: { severity: { atMost: medium } }", True);
    check("alert: { severity: { atMost: low } }", False);
    check("alert: { severity: { above: low } }", True);
    check("alert: { severity: { above: medium } }", False);
    check("alert: { severity: { below: high } }", True);
    check("alert: { severity: { below: medium } }", False);
}

#[test]
fn times_are_compared_to_the_nanosecond() {
    let first = "alert: { firstActivityDateTime: { OPERATOR: '2026-11-22T10:00:00Z' } }";
    for (operator, expected) in [
        ("is", True),
        ("atLeast", True),
        ("atMost", True),
        ("above", False),
        ("below", False),
        ("after", False),
        ("before", False),
    ] {
        check(&first.replace("OPERATOR", operator), expected);
    }
    check("alert: { firstActivityDateTime: { after: '2026-11-22T09:59:59.999999999Z' } }", True);
    check("alert: { firstActivityDateTime: { before: '2026-11-22T10:00:00.000000001Z' } }", True);
    check("alert: { firstActivityDateTime: { is: '2026-11-22T11:00:00+01:00' } }", True);
}

#[test]
fn what_the_alert_does_not_say_is_unknown_and_its_opposite_too() {
    unknown(json!({ "severity": null }), "severity: medium", "propertyMissing");
    unknown(json!({ "severity": "grave" }), "severity: medium", "propertyUnreadable");
    unknown(json!({ "severity": 3 }), "severity: medium", "propertyUnreadable");
    unknown(json!({ "status": "unknownFutureValue" }), "status: new", "propertyUnreadable");
    unknown(json!({ "category": "" }), "category: x", "propertyMissing");
    unknown(json!({ "category": ["x"] }), "category: x", "propertyUnreadable");
    unknown(json!({ "category": ["x"] }), "category: { exists: true }", "propertyUnreadable");
    unknown(json!({ "systemTags": 7 }), "systemTags: x", "propertyUnreadable");
    let time = "firstActivityDateTime: { after: '2026-01-01T00:00:00Z' }";
    unknown(json!({ "firstActivityDateTime": "yesterday" }), time, "propertyUnreadable");
    unknown(json!({ "firstActivityDateTime": null }), time, "propertyMissing");
    unknown(json!({ "title": "x" }), "title: { inSubnet: 10.0.0.0/8 }", "propertyUnreadable");
}

#[track_caller]
fn unknown(properties: Value, test: &str, expected: &str) {
    let alert = alert_with(properties.clone());
    for yaml in [format!("alert: {{ {test} }}"), format!("not: {{ alert: {{ {test} }} }}")] {
        let explanation = explain(&yaml, &alert, [], &Organisation::default());
        assert_eq!(explanation.answer, Unknown, "for {properties}: {yaml}");
        assert_eq!(reason(&explanation).as_deref(), Some(expected), "for {properties}: {yaml}");
    }
}

#[test]
fn what_a_source_says_beyond_what_we_know_can_be_tested_as_text() {
    let alert = alert_with(json!({ "serviceSource": "microsoftQuantumDefender" }));
    assert_eq!(answer("alert: { serviceSource: microsoftQuantumDefender }", &alert), True);
    assert_eq!(answer("alert: { serviceSource: microsoftSentinel }", &alert), False);
    let alert = alert_with(json!({ "severity": null }));
    assert_eq!(answer("alert: { severity: { exists: false } }", &alert), True);
}

#[test]
fn an_operator_belongs_to_kinds() {
    refused("alert: { severity: { like: 'm*' } }", Code::BadOperator);
    refused("alert: { severity: { after: medium } }", Code::BadOperator);
    refused("alert: { title: { atLeast: x } }", Code::BadOperator);
    refused("alert: { createdDateTime: { contains: '2026' } }", Code::BadOperator);
    refused("evidence: { container: { isPrivileged: { atLeast: true } } }", Code::BadOperator);
    refused("evidence: { process: { processId: { like: '4*' } } }", Code::BadOperator);
    refused("evidence: { process: { processId: four } }", Code::WrongType);
    refused("evidence: { container: { isPrivileged: maybe } }", Code::WrongType);
    refused("alert: { title: { is: ' ' } }", Code::WrongType);
    refused("alert: {}", Code::WrongType);
    refused("alert: { title: {} }", Code::WrongType);
    refused("evidence: { ip: { ipAddress: { inSubnet: office } } }", Code::BadValue);
    refused("evidence: { ip: { colour: red } }", Code::UnknownWord);
    refused("evidence: ipp", Code::UnknownWord);
    refused("all: []", Code::WrongType);
}

#[test]
fn groups_lie_in_groups_up_to_a_depth() {
    let nested = |depth| {
        format!("{}{{ alert: {{ id: x }} }}{}", "{ not: ".repeat(depth), " }".repeat(depth))
    };
    assert!(condition(&nested(DEPTH_MAX - 1)).is_ok());
    refused(&nested(DEPTH_MAX), Code::OverLimit);
    let many = |count| format!("any: [{}]", vec!["{ alert: { id: x } }"; count].join(", "));
    assert!(condition(&many(TESTS_MAX)).is_ok());
    refused(&many(TESTS_MAX + 1), Code::OverLimit);
}

#[track_caller]
fn refused(yaml: &str, code: Code) {
    let problems = condition(yaml).unwrap_err();
    assert!(problems.iter().any(|it| it.code == code), "for {yaml}: {problems:?}");
}

fn pieces() -> Value {
    json!([
        {
            "@odata.type": "#microsoft.graph.security.processEvidence",
            "processId": 4711,
            "processCommandLine": "powershell.exe -enc AAAA",
            "processCreationDateTime": "2026-11-22T10:00:00Z",
            "imageFile": { "fileName": "powershell.exe" },
            "roles": ["suspicious"],
        },
        {
            "@odata.type": "#microsoft.graph.security.processEvidence",
            "processId": 12,
            "imageFile": { "fileName": "explorer.exe" },
            "roles": [],
        },
        {
            "@odata.type": "#microsoft.graph.security.containerEvidence",
            "isPrivileged": true,
            "command": ["sh", 7],
        },
        {
            "@odata.type": "#microsoft.graph.security.deviceEvidence",
            "lastIpAddress": "unknown",
            "loggedOnUsers": [{ "accountName": "root" }, { "accountName": "kim" }, {}],
        },
    ])
}

#[test]
fn all_tests_hold_on_the_same_piece() {
    evidence("process: { processId: 4711, imageFile.fileName: powershell.exe }", True);
    evidence("process: { processId: 12, imageFile.fileName: powershell.exe }", False);
    evidence("process: { processId: { above: 4710, below: 4712 } }", True);
    evidence("process: { processId: { above: 12, below: 4711 } }", False);
    check_any_of_type("process", True);
    check_any_of_type("url", False);
    evidence("any: { roles: suspicious }", True);
    evidence("container: { isPrivileged: true }", True);
    evidence("container: { isPrivileged: false }", False);
    // The last step alone will do where it is the only one of that name.
    evidence("device: { accountName: KIM }", True);
}

#[track_caller]
fn check_any_of_type(name: &str, expected: Truth) {
    let alert = alert_with(json!({ "evidence": pieces() }));
    assert_eq!(answer(&format!("evidence: {name}"), &alert), expected, "for {name}");
}

#[test]
fn a_piece_that_does_not_say_might_be_the_one() {
    // One process has the property and differs, the other does not say.
    evidence("process: { processCommandLine: { contains: curl } }", Unknown);
    evidence("process: { processCommandLine: { contains: powershell } }", True);
    evidence("process: { processCommandLine: { exists: false } }", True);
    evidence("process: { processCreationDateTime: { before: '2026-01-01T00:00:00Z' } }", Unknown);
    evidence("device: { loggedOnUsers.accountName: root }", True);
    evidence("device: { loggedOnUsers.accountName: pat }", Unknown);
    evidence("container: { command: sh }", True);
    evidence("any: { role: attacker }", Unknown);
    evidence("container: { command: bash }", Unknown);
    evidence("device: { lastIpAddress: { inSubnet: 10.0.0.0/8 } }", Unknown);
}

#[track_caller]
fn evidence(test: &str, expected: Truth) {
    let alert = alert_with(json!({ "evidence": pieces() }));
    assert_eq!(answer(&format!("evidence: {{ {test} }}"), &alert), expected, "for {test}");
}

#[test]
fn a_piece_that_says_of_no_type_might_be_of_any() {
    let of = |pieces: Value| {
        let alert = alert_with(json!({ "evidence": pieces }));
        answer("not: { evidence: url }", &alert)
    };
    assert_eq!(of(json!([ip_evidence("203.0.113.9")])), True);
    assert_eq!(of(json!([{ "verdict": "malicious" }])), Unknown);
    assert_eq!(of(json!(["a text"])), Unknown);
    assert_eq!(of(json!([{ "@odata.type": "#microsoft.graph.security.quantumEvidence" }])), True);
    assert_eq!(of(json!([{ "@odata.type": "#microsoft.graph.security.urlEvidence" }])), False);
}

#[test]
fn an_explanation_stays_short_however_long_the_alert_is() {
    let long = "x".repeat(40_000);
    let alert =
        alert_with(json!({ "title": long, "evidence": vec![ip_evidence("10.0.0.1"); 900] }));
    let yaml =
        "all: [alert: { title: { contains: y } }, evidence: { ip: { ipAddress: 10.0.0.2 } }]";
    let explanation = explain(yaml, &alert, [], &Organisation::default());
    assert_eq!(explanation.because[1].value.as_deref(), Some("900 pieces"));
    assert!(serde_json::to_string(&explanation).unwrap().len() < 10_000);
}
