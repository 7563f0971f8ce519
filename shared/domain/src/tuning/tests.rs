//! What tuning rules hold for, and what they come to with one another.

use serde_json::json;

use super::{TuningRule, TuningTrace};
use crate::{
    alert::Alert,
    decision::{Decision, Kept, Outcome, RuleBook, decide},
    diagnostic::Code,
    explanation::Truth::{self, False, True, Unknown},
    fact::Facts,
    organisation::Organisation,
    test_kit::{NOW, alert_of, alert_with, an_alert, time},
};

/// A rule about the alerts of `test_kit`, with `fields` in place of its own
fn rule(name: &str, fields: &[(&str, &str)]) -> TuningRule {
    TuningRule::parse("rule.yaml", &text(name, fields)).unwrap()
}

fn text(name: &str, fields: &[(&str, &str)]) -> String {
    let mut all = vec![
        ("apiVersion", "defuse/v1"),
        ("kind", "TuningRule"),
        ("name", name),
        ("owner", "secops@contoso.example"),
        ("reason", "the office in Oslo"),
        ("serviceSources", "[microsoftDefenderForCloudApps]"),
        ("alertTypes", "any"),
        ("scope", "organisation"),
        ("condition", BROAD),
        ("action", "hide"),
        ("expires", "2027-01-01T00:00:00Z"),
    ];
    for (name, value) in fields {
        all.retain(|(known, _)| known != name);
        all.push((name, value));
    }
    all.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n")
}

const BROAD: &str = "{ all: [{ alert: { severity: { atMost: medium } } }, { evidence: { ip: { ipAddress: 203.0.113.9 } } }] }";

const RESOLVE: &str = "{ resolve: { informationalExpectedActivity: securityTesting } }";

fn decided(rules: Vec<TuningRule>, alert: &Alert) -> Decision {
    let rules = RuleBook::new([], Organisation::default()).tuned_by(rules);
    decide(alert, &Facts::default(), &rules, time(NOW))
}

fn outcome(rules: Vec<TuningRule>, alert: &Alert) -> Outcome {
    decided(rules, alert).outcome
}

fn problems(fields: &[(&str, &str)]) -> Vec<Code> {
    let problems = TuningRule::parse("rule.yaml", &text("a", fields)).err().unwrap_or_default();
    problems.into_iter().map(|it| it.code).collect()
}

#[test]
fn a_rule_that_holds_takes_the_alert_out_of_the_queue() {
    let decision = decided(vec![rule("oslo", &[])], &an_alert());

    assert_eq!(decision.outcome, Outcome::Hidden);
    assert_eq!(decision.reasons, ["tuning rule oslo hides it"]);
    assert_eq!(decision.tuning.len(), 1);
    assert!(decision.trace.is_empty());
}

#[test]
fn each_part_of_a_rule_counts() {
    check(&[("serviceSources", "[microsoftDefenderForEndpoint]")], False);
    check(&[("alertTypes", "[impossibleTravel]")], True);
    check(&[("alertTypes", "[IMPOSSIBLETRAVEL, other]")], True);
    check(&[("alertTypes", "[Impossible travel activity]")], False);
    check(&[("enabled", "false")], False);
    check(&[("expires", NOW)], False);
    check(&[("expires", "2026-11-22T10:30:00.000000001Z")], True);
    check(&[("scope", "{ users: [KIM@contoso.example] }")], True);
    check(&[("scope", "{ users: [lee@contoso.example] }")], False);
    check(&[("scope", "{ devices: [laptop-1] }")], False);
}

#[track_caller]
fn check(fields: &[(&str, &str)], expected: Truth) {
    assert_eq!(answer(&rule("a", fields), &an_alert()), expected, "for {fields:?}");
}

fn answer(rule: &TuningRule, alert: &Alert) -> Truth {
    let (facts, organisation) = (Facts::default(), Organisation::default());
    let situation = crate::condition::Situation {
        alert,
        facts: &facts,
        organisation: &organisation,
        now: time(NOW),
    };
    TuningTrace::answer(&rule.trace(situation))
}

#[test]
fn everybody_whom_an_alert_touches_must_be_in_the_scope() {
    let device = |name: &str, group: &str| {
        json!({
            "@odata.type": "#microsoft.graph.security.deviceEvidence",
            "deviceDnsName": name,
            "rbacGroupName": group,
        })
    };
    let on = |devices: &[serde_json::Value]| {
        alert_with(json!({
            "evidence": devices.iter().cloned().chain([crate::test_kit::ip_evidence("203.0.113.9")])
                .collect::<Vec<_>>(),
        }))
    };
    let lab = rule("lab", &[("scope", "{ devices: [laptop-1], deviceGroups: [Lab] }")]);
    for (alert, expected) in [
        (on(&[device("LAPTOP-1", "")]), True),
        (on(&[device("server-9", "lab")]), True),
        (on(&[device("laptop-1", ""), device("server-9", "lab")]), True),
        (on(&[device("laptop-1", ""), device("server-9", "Servers")]), False),
        (on(&[device("server-9", "")]), Unknown),
        (on(&[]), False),
    ] {
        assert_eq!(answer(&lab, &alert), expected, "for {}", alert.raw);
    }
    let two = alert_of(&["kim@contoso.example", "lee@contoso.example"]);
    let kim = rule(
        "kim",
        &[
            ("scope", "{ users: [kim@contoso.example] }"),
            ("condition", "{ all: [{ alert: { severity: low } }, { evidence: any }] }"),
        ],
    );
    assert_eq!(answer(&kim, &two), False);
}

#[test]
fn where_one_hides_and_one_resolves_the_alert_is_hidden() {
    let resolve = || rule("resolving", &[("action", RESOLVE)]);
    assert!(matches!(outcome(vec![resolve()], &an_alert()), Outcome::Resolved(_)));

    let both = decided(vec![resolve(), rule("hiding", &[])], &an_alert());
    assert_eq!(both.outcome, Outcome::Hidden);
    assert_eq!(both.reasons, ["tuning rule hiding hides it"]);
    assert_eq!(both.tuning.len(), 2);
}

#[test]
fn where_two_resolve_as_different_things_a_person_looks() {
    let other = "{ resolve: { falsePositive: notMalicious } }";
    let rules = vec![rule("a", &[("action", RESOLVE)]), rule("b", &[("action", other)])];
    let decision = decided(rules, &an_alert());

    assert_eq!(decision.outcome, Outcome::Open);
    assert!(decision.reasons[0].starts_with("tuning rules disagree: a would resolve as"));
}

#[test]
fn any_rule_that_might_do_something_else_keeps_the_alert_open() {
    let asking =
        "{ all: [{ alert: { severity: medium } }, { evidence: any }, { userTagged: vip }] }";
    let resolving = |name, condition| rule(name, &[("action", RESOLVE), ("condition", condition)]);
    let hiding = rule("hiding", &[("condition", asking)]);
    // One that might do the same is no reason, and does not stand before one that is.
    let agreeing = || vec![resolving("holds", BROAD), resolving("a-same", asking)];
    assert!(matches!(outcome(agreeing(), &an_alert()), Outcome::Resolved(_)));
    assert_eq!(outcome([agreeing(), vec![hiding]].concat(), &an_alert()), Outcome::Open);
}

#[test]
fn an_alert_that_somebody_works_on_is_left_to_them() {
    let taken = json!({ "status": "inProgress", "assignedTo": "lee@contoso.example" });
    let decision = decided(vec![rule("oslo", &[])], &alert_with(taken));

    assert_eq!((decision.outcome, decision.kept), (Outcome::Open, Some(Kept::Taken)));
}

#[test]
fn a_rule_acts_on_what_comes_after_it() {
    let came = |at: &str| Alert { received: Some(time(at)), ..an_alert() };
    let since = || vec![rule("oslo", &[]).in_force_since(time("2026-11-22T10:25:00Z"))];

    assert_eq!(outcome(since(), &came("2026-11-22T10:24:59Z")), Outcome::Open);
    assert_eq!(outcome(since(), &came("2026-11-22T10:25:00Z")), Outcome::Hidden);
    assert_eq!(outcome(since(), &an_alert()), Outcome::Hidden);
}

#[test]
fn what_triggered_an_alert_is_what_its_source_suspects() {
    let trigger = rule(
        "a",
        &[(
            "condition",
            "{ all: [{ alert: { severity: medium } }, { evidence: { ip: { role: trigger } } }] }",
        )],
    );
    let with = |user: serde_json::Value, ip: serde_json::Value| {
        let mut evidence = [
            crate::test_kit::user_evidence("kim@contoso.example"),
            crate::test_kit::ip_evidence("203.0.113.9"),
        ];
        for (piece, more) in evidence.iter_mut().zip([user, ip]) {
            piece.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        }
        alert_with(json!({ "evidence": evidence }))
    };
    let nothing = || json!({});
    for (alert, expected) in [
        (with(nothing(), nothing()), Unknown),
        (with(nothing(), json!({ "verdict": "suspicious" })), True),
        (with(json!({ "verdict": "malicious" }), nothing()), False),
        (with(json!({ "verdict": "malicious" }), json!({ "roles": ["Trigger"] })), True),
        (with(nothing(), json!({ "detailedRoles": ["triggering"] })), True),
        (alert_with(json!({ "evidence": [crate::test_kit::ip_evidence("203.0.113.9")] })), True),
    ] {
        assert_eq!(answer(&trigger, &alert), expected, "for {}", alert.raw);
    }
}

#[test]
fn mistakes_that_only_tuning_rules_make_are_named() {
    let severity = "{ alert: { severity: low } }";
    assert_eq!(problems(&[("condition", severity)]), [Code::NoEvidence]);
    assert_eq!(problems(&[("condition", "{ evidence: any }")]), [Code::SeverityUnbounded]);
    let negated = "{ all: [{ alert: { severity: low } }, { not: { evidence: any } }] }";
    assert_eq!(problems(&[("condition", negated)]), [Code::NoEvidence]);
    let out_of_office =
        "{ all: [{ alert: { severity: low } }, { evidence: any }, userOutOfOffice] }";
    assert_eq!(problems(&[("condition", out_of_office)]), [Code::NotInTrigger]);
    assert_eq!(problems(&[("action", "{ resolve: { truePositive: malware } }")]), [Code::BadValue]);
    assert_eq!(problems(&[("action", "resolve")]), [Code::MissingKey]);
    assert_eq!(problems(&[("scope", "{}")]), [Code::WrongType]);
    assert_eq!(problems(&[("serviceSources", "[any]")]), [Code::UnknownWord]);
    let late = "[{ rrule: FREQ=DAILY, starts: 2027-01-01T00:00, for: 1h, timeZone: UTC }]";
    assert_eq!(problems(&[("windows", late)]), [Code::BadValue]);
    assert_eq!(problems(&[("windows", late), ("expires", "2027-01-01T00:00:01Z")]), []);

    let rule = rule("a", &[("expires", "2027-11-23T10:30:00Z")]);
    assert_eq!(rule.check_expiry("a.yaml", time(NOW)), None);
    let late = rule.check_expiry("a.yaml", time("2026-11-22T10:29:59Z")).unwrap();
    assert_eq!((late.code, late.line), (Code::ExpiresTooLate, 11));
}

#[test]
fn what_is_missing_is_said_in_one_line() {
    let missing = |condition: &str, scope: &str, alert: &Alert| {
        let rule = rule("a", &[("condition", condition), ("scope", scope)]);
        let trace = rule.explain(alert, &Facts::default(), &Organisation::default(), time(NOW));
        trace.what_is_missing().unwrap_or_default()
    };
    let low = |test: &str| format!("{{ all: [{{ alert: {{ severity: medium }} }}, {test}] }}");
    let of = |test: &str| missing(&low(test), "organisation", &an_alert());

    assert_eq!(of("{ evidence: { ip: { ipAddress: 203.0.113.9 } } }"), "");
    assert_eq!(
        of("{ evidence: { ip: { ipAddress: 203.0.113.1 } } }"),
        "ip: ipAddress is `203.0.113.1`, but the alert has `203.0.113.9`"
    );
    assert_eq!(
        of("{ evidence: { ip: { ipAddress: 203.0.113.9, countryLetterCode: NO } } }"),
        "ip: countryLetterCode is `NO`, but nobody can say (countryLetterCode is unknown: \
         the alert does not say)"
    );
    assert_eq!(of("{ evidence: file }"), "evidence: file, but the alert has no such evidence");
    assert_eq!(
        of("{ all: [{ evidence: any }, { not: { evidence: user } }] }"),
        "what must not be: piece of evidence: yes"
    );
    assert_eq!(
        of("{ any: [{ evidence: url }, { evidence: { ip: { ipAddress: 10.0.0.1 } } }] }"),
        "one of: evidence: url, but the alert has no such evidence | \
         ip: ipAddress is `10.0.0.1`, but the alert has `203.0.113.9`"
    );
    assert_eq!(
        missing(&low("{ evidence: any }"), "{ users: [lee@contoso.example] }", &an_alert()),
        "scope: user is `lee@contoso.example`, but the alert has `kim@contoso.example`"
    );
    let off = rule("a", &[("enabled", "false")]);
    let trace = off.explain(&an_alert(), &Facts::default(), &Organisation::default(), time(NOW));
    assert_eq!(
        trace.what_is_missing().unwrap(),
        "in force until 2027-01-01T00:00:00Z, but the rule is turned off"
    );
}

#[test]
fn what_its_author_must_be_allowed_follows_from_its_scope() {
    for (scope, administrator) in [
        ("organisation", true),
        ("{ users: [kim@contoso.example] }", true),
        ("{ users: [kim@contoso.example, lee@contoso.example] }", true),
        ("{ users: [kim@contoso.example], devices: [laptop-1] }", false),
        ("{ users: [kim@contoso.example], deviceGroups: [Lab] }", false),
        ("{ users: [kim@contoso.example], devices: [laptop-1], deviceGroups: [Lab] }", false),
        ("{ devices: [laptop-1] }", false),
        ("{ devices: [laptop-1, laptop-2] }", false),
        ("{ deviceGroups: [Lab] }", false),
    ] {
        let sources = "[awsGuardDuty, microsoftDefenderForEndpoint, awsGuardDuty]";
        let rule = rule("a", &[("scope", scope), ("serviceSources", sources)]);
        let demands = rule.demands();
        assert_eq!(demands.administrator, administrator, "for {scope}");
        let seen: Vec<&str> = demands.service_sources.iter().map(|it| it.name()).collect();
        assert_eq!(seen, ["microsoftDefenderForEndpoint", "awsGuardDuty"]);
    }
}

#[test]
fn what_a_rule_asks_is_asked_whether_or_not_a_window_is_open() {
    let window = "{ rrule: FREQ=DAILY, starts: '2026-01-01T10:00', for: 1h, timeZone: UTC }";
    let condition =
        "{ all: [{ alert: { severity: medium } }, { evidence: any }, { userTagged: vip }] }";
    let asking = |more: &[(&str, &str)]| {
        let windows = format!("[{window}]");
        let fields = [&[("condition", condition), ("windows", windows.as_str())], more].concat();
        let rules = RuleBook::new([], Organisation::default()).tuned_by([rule("a", &fields)]);
        rules.questions(&an_alert()).len()
    };
    assert_eq!(asking(&[]), 1);
    assert_eq!(asking(&[("enabled", "false")]), 0);
    assert_eq!(asking(&[("alertTypes", "[other]")]), 0);
}
