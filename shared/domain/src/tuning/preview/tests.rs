use serde_json::{Value, json};

use super::{Later, Preview, PreviewReport, PreviewWarning, Share};
use crate::{
    alert::Alert,
    fact::Facts,
    organisation::Organisation,
    test_kit::{NOW, alert_with, ip_evidence, time, user_evidence},
    tuning::{TuningBook, TuningRule},
};

fn rule(name: &str, scope: &str, condition: &str) -> TuningRule {
    let text = format!(
        "apiVersion: defuse/v1\nkind: TuningRule\nname: {name}\nowner: o\nreason: r\n\
         serviceSources: [microsoftDefenderForCloudApps]\nalertTypes: [impossibleTravel]\n\
         scope: {scope}\naction: hide\nexpires: 2027-01-01T00:00:00Z\n\
         condition: {{ all: [{{ alert: {{ severity: {{ atMost: medium }} }} }}, {condition}] }}\n"
    );
    TuningRule::parse("r.yaml", &text).unwrap()
}

/// Alerts from addresses, the first the oldest
fn alerts(addresses: &[&str]) -> Vec<Alert> {
    let one = |(index, address): (usize, &&str)| {
        alert_with(json!({
            "id": format!("a{index}"),
            "createdDateTime": format!("2026-11-{:02}T10:00:00Z", index + 1),
            "evidence": [user_evidence("kim@contoso.example"), ip_evidence(address)],
        }))
    };
    addresses.iter().enumerate().map(one).collect()
}

fn report(rule: &TuningRule, book: &[TuningRule], alerts: &[Alert]) -> PreviewReport {
    let organisation = Organisation::default();
    let book = TuningBook::new(book.iter().cloned());
    let mut preview = Preview::new(rule, &book, &organisation, time(NOW), 2);
    for alert in alerts {
        preview.see(alert, &Later::from(alert), &Facts::default());
    }
    preview.finish(Share(0.5))
}

const OSLO: &str = "{ evidence: { ip: { ipAddress: { inSubnet: 203.0.113.0/24 } } } }";

#[test]
fn it_counts_what_the_rule_would_have_taken_and_keeps_the_newest() {
    let alerts = alerts(&["203.0.113.1", "192.0.2.1", "203.0.113.2", "203.0.113.3", "nowhere"]);
    let rule = rule("oslo", "organisation", OSLO);
    let report = report(&rule, &[], &alerts);

    assert_eq!((report.alerts, report.about, report.taken), (5, 5, 3));
    let newest: Vec<&str> = report.newest.iter().map(|it| it.alert.as_str()).collect();
    assert_eq!(newest, ["a3", "a2"]);
    assert_eq!((report.unknown, report.missing.get("ipAddress")), (1, Some(&1)));
    assert_eq!(
        report.warnings,
        [PreviewWarning::TakesTooMany(Share(0.5)), PreviewWarning::NamesNobody]
    );
}

#[test]
fn real_threats_among_them_are_named_however_old() {
    let mut all = alerts(&["203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4"]);
    all[0].classification = Some("truePositive".to_owned());
    all[0].determination = Some("malware".to_owned());
    all[1].classification = Some("falsePositive".to_owned());
    let report = report(&rule("oslo", "organisation", OSLO), &[], &all);

    assert_eq!(report.warnings[0], PreviewWarning::TakesTruePositives(1));
    let [threat] = &report.taken_true_positives[..] else { panic!("{report:#?}") };
    assert_eq!(threat.alert, "a0");
    assert_eq!(threat.determination.as_deref(), Some("malware"));
}

#[test]
fn it_is_as_if_the_rule_had_been_there() {
    let alerts = alerts(&["203.0.113.1"]);
    let off = TuningRule {
        enabled: false,
        expires: time("2020-01-01T00:00:00Z"),
        ..rule("oslo", "{ users: [kim@contoso.example] }", OSLO)
    }
    .in_force_since(time(NOW));
    let report = report(&off, &[], &alerts);

    assert_eq!(report.taken, 1);
    let expected = [
        PreviewWarning::TakesTooMany(Share(0.5)),
        PreviewWarning::Expired,
        PreviewWarning::TurnedOff,
    ];
    assert_eq!(report.warnings, expected);
}

#[test]
fn other_rules_that_take_the_same_are_counted() {
    let alerts = alerts(&["203.0.113.1", "203.0.113.2"]);
    let one = "{ evidence: { ip: { ipAddress: 203.0.113.2 } } }";
    let others = [
        rule("one", "organisation", one),
        rule("oslo", "organisation", OSLO),
        TuningRule { enabled: false, ..rule("off", "organisation", OSLO) },
        rule("other", "{ users: [lee@contoso.example] }", OSLO),
    ];
    let report = report(&rule("oslo", "organisation", OSLO), &others, &alerts);

    let overlaps: Vec<(String, usize)> =
        report.overlaps.iter().map(|(name, it)| (name.to_string(), *it)).collect();
    assert_eq!(overlaps, [("one".to_owned(), 1)]);
}

#[test]
fn parts_that_never_held_are_told_apart() {
    let alerts = alerts(&["203.0.113.1", "192.0.2.1"]);
    let condition = "{ any: [{ evidence: { ip: { ipAddress: 203.0.113.1, countryLetterCode: NO } } }, \
        { evidence: { file: { fileName: a } } }] }, { not: { evidence: url } }";
    let report = report(&rule("a", "{ users: [lee@contoso.example] }", condition), &[], &alerts);

    let parts: Vec<(&str, usize, usize)> =
        report.parts.iter().map(|it| (it.part.as_str(), it.held, it.unknown)).collect();
    assert_eq!(
        parts,
        [
            ("scope: user is `lee@contoso.example`", 0, 0),
            ("severity is at most medium", 2, 0),
            ("evidence: ip", 0, 1),
            ("evidence: ip, ipAddress is `203.0.113.1`", 1, 0),
            ("evidence: ip, countryLetterCode is `NO`", 0, 2),
            ("evidence: file", 0, 0),
            ("not evidence: url", 2, 0),
        ]
    );
    assert_eq!(report.warnings, [PreviewWarning::TakesNothing]);
}

#[test]
fn what_is_kept_is_bounded_however_many_there_are() {
    let pieces: Vec<Value> = (0..25)
        .map(|it| ip_evidence(&format!("192.0.2.{it}")))
        .chain([ip_evidence("203.0.113.9")])
        .collect();
    let organisation = Organisation::default();
    let rule = rule("oslo", "organisation", OSLO);
    let mut preview = Preview::new(&rule, &TuningBook::default(), &organisation, time(NOW), 3);
    for index in 0..100 {
        let alert = alert_with(json!({ "id": format!("a{index}"), "title": "x".repeat(9_000),
            "classification": "truePositive", "evidence": pieces }));
        preview.see(&alert, &Later::from(&alert), &Facts::default());
    }
    let report = preview.finish(Share(1.0));
    assert_eq!((report.taken, report.true_positives), (100, 100));
    assert!(serde_json::to_string(&report).unwrap().len() < 8_000);
    assert!(report.parts.iter().all(|it| !it.never_held()));
}
