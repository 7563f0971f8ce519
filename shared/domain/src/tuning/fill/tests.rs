use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Fill, FillError};
use crate::{
    alert::Alert,
    explanation::Truth::True,
    fact::Facts,
    organisation::Organisation,
    test_kit::{NOW, alert_with, ip_evidence, time, user_evidence},
    tuning::TuningRule,
};

/// The rule as its author leaves it
fn finished(text: &str) -> TuningRule {
    let text = text
        .replace("owner: \"\"", "owner: secops@contoso.example")
        .replace("reason: \"\"", "reason: expected");
    TuningRule::parse("filled.yaml", &text).unwrap_or_else(|it| panic!("{text}\n{it:#?}"))
}

#[track_caller]
fn holds(fill: Fill, alert: &Alert) -> String {
    let text = fill.rule(alert, time(NOW)).unwrap();
    let rule = finished(&text);
    let (facts, organisation) = (Facts::default(), Organisation::default());
    let trace = rule.explain(alert, &facts, &organisation, time(NOW));
    assert_eq!(trace.answer(), True, "{text}\n{:#?}", trace.explanation);
    assert_eq!(trace.what_is_missing(), None);
    text
}

fn file(properties: Value) -> Value {
    let mut file = json!({
        "@odata.type": "#microsoft.graph.security.fileEvidence",
        "createdDateTime": "2026-11-22T10:00:00Z",
        "verdict": "suspicious",
        "fileDetails": {
            "fileName": "backup.exe", "filePath": "C:\\Tools", "fileSize": 4096,
            "sha256": "a".repeat(64), "issuer": null, "signer": "",
        },
    });
    file.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
    file
}

fn device(id: Option<&str>, group: Option<&str>) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.security.deviceEvidence",
        "mdeDeviceId": id, "rbacGroupName": group, "riskScore": "high",
        "loggedOnUsers": [{ "accountName": "kim" }, { "accountName": "lee" }],
        "roles": ["source", "compromised"],
    })
}

#[test]
fn every_property_of_every_piece_has_a_line() {
    let evidence = [file(json!({})), device(Some("d1"), Some("Lab")), ip_evidence("203.0.113.9")];
    let alert = alert_with(json!({ "evidence": evidence }));
    insta::assert_snapshot!(holds(Fill::default(), &alert), @r###"
    # Filled in from alert "a1", "Impossible travel activity".
    # Write who answers for it and why these alerts are expected. Every line under
    # `condition` must hold: delete those that need not. Then check and preview it.
    apiVersion: defuse/v1
    kind: TuningRule
    name: "impossible-travel-activity"
    owner: ""  # who answers for it
    reason: ""  # why these alerts are expected
    serviceSources: [microsoftDefenderForCloudApps]
    alertTypes: ["impossibleTravel"]  # or: any
    scope:  # or: organisation
      devices:
        - "d1"
    condition:
      all:
        - alert: { severity: { atMost: medium } }
        - evidence:
            file:
              role: trigger
              fileDetails.fileName: "backup.exe"
              fileDetails.filePath: "C:\\Tools"
              fileDetails.fileSize: 4096
              fileDetails.sha256: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
              # Left out, for they change from alert to alert: createdDateTime, verdict
        - evidence:
            device:
              mdeDeviceId: "d1"
              rbacGroupName: "Lab"
              roles: { in: ["compromised", "source"] }
              # Left out, for they change from alert to alert: loggedOnUsers.accountName, loggedOnUsers.domainName, riskScore
        - evidence:
            ip:
              ipAddress: "203.0.113.9"
    action: hide  # or: { resolve: { informationalExpectedActivity: confirmedActivity } }
    expires: 2027-02-20T00:00:00Z
    "###);
}

#[test]
fn what_triggered_the_alert_will_do() {
    let alert = alert_with(json!({ "evidence": [ip_evidence("203.0.113.9"), file(json!({}))] }));
    let text = holds(Fill { trigger_only: true, any_alert_type: true }, &alert);
    assert!(text.contains("role: trigger") && text.contains("alertTypes: any\n"), "{text}");
    assert!(!text.contains("ipAddress"), "{text}");

    let nobody_knows = [ip_evidence("203.0.113.9"), ip_evidence("203.0.113.10")];
    let alert = alert_with(json!({ "evidence": nobody_knows }));
    let refused = Fill { trigger_only: true, ..Fill::default() }.rule(&alert, time(NOW));
    assert_eq!(refused, Err(FillError::TriggerUnknown));
    assert!(FillError::TriggerUnknown.to_string().contains("`role: trigger`"));
    holds(Fill::default(), &alert);
}

#[test]
fn until_its_author_writes_owner_and_reason_it_is_refused() {
    let text = Fill::default().rule(&alert_with(json!({})), time(NOW)).unwrap();
    let problems = TuningRule::parse("filled.yaml", &text).unwrap_err();
    let paths: Vec<&str> = problems.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(paths, ["owner", "reason"]);
}

#[test]
fn its_scope_is_what_the_alert_names_all_of() {
    let scope = |evidence: &[Value]| {
        let evidence = [evidence, &[ip_evidence("203.0.113.9")]].concat();
        let text = holds(Fill::default(), &alert_with(json!({ "evidence": evidence })));
        let (_, scope) = text.split_once("\nscope:").unwrap();
        scope.split_once("\ncondition:").unwrap().0.trim().to_owned()
    };
    let both = [device(Some("d2"), None), device(Some("d1"), Some("Lab"))];
    assert_eq!(scope(&both), "# or: organisation\n  devices:\n    - \"d1\"\n    - \"d2\"");
    let groups = [device(None, Some("Lab")), device(Some("d1"), Some("Lab"))];
    assert_eq!(scope(&groups), "# or: organisation\n  deviceGroups:\n    - \"Lab\"");
    let users = [device(None, None), user_evidence("Kim@contoso.example")];
    assert_eq!(scope(&users), "# or: organisation\n  users:\n    - \"kim@contoso.example\"");
    assert_eq!(scope(&[device(None, None)]), "organisation");
    let many: Vec<Value> = (0..40).map(|it| device(Some(&format!("{it:0>250}")), None)).collect();
    assert_eq!(scope(&many), "organisation");
}

#[test]
fn hostile_text_comes_out_as_data() {
    let hostile = [
        "\"quoted\" 'both' \\ back\\slash",
        "line\nbreak\r\n\u{85}\u{2028}\u{2029}- all: [x]",
        "*?* ?x* \\* \\?",
        "&anchor *alias !!tag | > % @ ` # comment: {a: b}, [c]",
        "--- ...\t\u{0}\u{1}\u{7f}",
        "\u{202e}gnp.exe \u{feff}\u{200b}\u{e0041}",
        "😀 Größe İ ß ＦＵＬＬ \u{301}",
        "null",
        "~",
        "NO",
        "1e3",
        "true",
        " padded ",
        "=",
        "<<",
        "y",
    ];
    for text in hostile {
        let piece = file(json!({ "fileDetails": { "fileName": text, "filePath": text } }));
        let alert = alert_with(json!({ "title": text, "id": "a1", "detectorId": text,
            "evidence": [piece, device(Some(text), None), user_evidence(text)] }));
        let filled = holds(Fill::default(), &alert);
        let unseen = filled
            .chars()
            .find(|it| *it != '\n' && it.escape_debug().len() > 2 && !it.is_alphanumeric());
        assert_eq!(unseen, None, "{filled}");
    }
}

#[test]
fn what_is_too_long_or_too_much_is_left_out_and_said() {
    let long = "x".repeat(64 * 1024);
    let process = json!({
        "@odata.type": "#microsoft.graph.security.processEvidence",
        "processCommandLine": long, "processId": 7, "imageFile": { "fileName": "a.exe" },
    });
    let text = holds(Fill::default(), &alert_with(json!({ "evidence": [process], "title": long })));
    assert!(
        text.contains("too long (use `contains` or `startsWith`): processCommandLine"),
        "{text}"
    );
    assert!(text.contains("change from alert to alert: processId"), "{text}");

    let many: Vec<Value> = (0..60)
        .map(|it| {
            file(json!({ "fileDetails": { "fileName": format!("{it}{}", "é".repeat(400)) } }))
        })
        .collect();
    let text = holds(Fill::default(), &alert_with(json!({ "evidence": many })));
    assert!(text.contains("more pieces, for want of room"), "{text}");

    let small: Vec<Value> = (0..210).map(|it| ip_evidence(&format!("203.0.113.{it}"))).collect();
    let text = holds(Fill::default(), &alert_with(json!({ "evidence": small })));
    assert!(text.contains("Left out: 10 more pieces"), "{text}");
}

#[test]
fn evidence_that_no_condition_can_name_is_any_evidence() {
    let odd = |odata_type: &str| json!({ "@odata.type": odata_type, "quanta": 7 });
    let one = holds(
        Fill::default(),
        &alert_with(json!({ "evidence": [odd("#microsoft.graph.security.quantumEvidence")] })),
    );
    assert!(one.contains("any:\n          role: trigger"), "{one}");
    let two = [odd("#a.quantum\nEvidence"), odd("#a.otherEvidence")];
    let text = holds(Fill::default(), &alert_with(json!({ "evidence": two })));
    assert!(text.contains("Left out: a piece of evidence of type"), "{text}");
    assert!(text.contains("- evidence: any\n"), "{text}");
}

#[test]
fn an_alert_about_which_there_can_be_no_rule_is_refused() {
    let refused = |properties: Value, fill: Fill| {
        fill.rule(&alert_with(properties), Timestamp::MAX).unwrap_err()
    };
    let all = Fill::default();
    assert_eq!(refused(json!({ "evidence": [] }), all), FillError::NoEvidence);
    assert_eq!(refused(json!({ "severity": "grave" }), all), FillError::NoSeverity);
    assert_eq!(refused(json!({ "serviceSource": "oracle" }), all), FillError::NoServiceSource);
    let untyped = json!({ "detectorId": null, "title": "Something" });
    assert_eq!(refused(untyped.clone(), all), FillError::NoAlertType);
    holds(Fill { any_alert_type: true, ..all }, &alert_with(untyped));
}

#[test]
fn a_name_is_made_of_the_title() {
    let name = |title: &str| {
        let text = Fill::default().rule(&alert_with(json!({ "title": title })), time(NOW)).unwrap();
        finished(&text).name().to_string()
    };
    assert_eq!(name("Impossible travel activity"), "impossible-travel-activity");
    assert_eq!(name("  'Lodi' malware — was (prevented)! "), "lodi-malware-was-prevented");
    assert_eq!(name("日本語"), "filled-in");
    assert_eq!(name(&"a ".repeat(500)).len(), 63);
}
