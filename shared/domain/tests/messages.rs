//! What people read: diagnostics, traces, reasons and notifications, whole.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::{fs, path::Path};

use defuse_domain::{
    Alert, Case, Decision, Effect, EffectAction, Facts, Organisation, Outcome, Plan, Playbook,
    RuleBook, RunKey, decide, read_body,
};
use jiff::Timestamp;

const MANY_MISTAKES: &str = "\
apiVersion: defuse/v1
kind: Playbook
name: Legitimate Travel
description: A user who is away signs in from elsewhere.
description: A user who is away signs in from elsewhere, twice.
owner: secops@contoso.example
mode: enforced
trigger:
  all:
    - alert: { type: { in: [impossibleTravel] }, severty: low }
    - alert: { severity: { like: 'm*' } }
    - userHighRisk
criterai: { not: userHighRisk }
criteria: userOutOfOffice
then:
  - resolve: { falsePositive: malware }
  - resolve: { truePositive: apt }
  - resolve: { informationalExpectedActivity: confirmedActivty }
  - { comment: Away., tag: travel }
otherwise:
  - tag: travel
";

const MORE_MISTAKES: &str = "\
apiVersion: defuse/v1
kind: Playbook
name: careless
description: Believes whoever holds the mailbox.
owner: secops@contoso.example
mode: enforce
trigger: { alert: { type: impossibleTravel } }
criteria:
  any:
    - userOutOfOffice: { maxAge: ten minutes, coverFirstActivity: true }
    - { not: userHighRisk, userTagged: vip }
limits: { perHour: 5000 }
then:
  - resolve: { informationalExpectedActivity: confirmedActivity }
otherwise:
  - comment: Stays open.
tests:
  - { name: away, alert: events/receive/impossible-travel.json, expect: resolve }
  - { name: off, alert: a.json, facts: { userOutOfOffice: of, userRisc: high }, expect: open }
";

fn problems(text: &str) -> String {
    let problems = Playbook::parse("playbooks/travel.yaml", text).unwrap_err();
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    problems.join("\n\n")
}

#[test]
fn every_mistake_of_a_playbook_is_named_at_once() {
    insta::assert_snapshot!("many_mistakes", problems(MANY_MISTAKES));
    insta::assert_snapshot!("more_mistakes", problems(MORE_MISTAKES));
}

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The shipped playbook, and what becomes of one of its cases
fn decided(case: &str) -> (Alert, RuleBook, Decision) {
    let text = fs::read_to_string(root().join("infra/playbooks/legitimate-travel.yaml")).unwrap();
    let playbook = Playbook::parse("legitimate-travel.yaml", &text).unwrap();
    let rules = RuleBook::new([playbook.clone()], Organisation::default());
    let case: &Case = playbook.cases().iter().find(|it| it.name == case).unwrap();
    let alert = read_body(&fs::read(root().join(&case.alert)).unwrap()).remove(0).unwrap();
    let now = alert.last_update.unwrap();
    let decision = decide(&alert, &case.facts(&rules.questions(&alert), now), &rules, now);
    (alert, rules, decision)
}

/// What people are told of it
fn told(case: &str) -> String {
    let (alert, rules, decision) = decided(case);
    let key = RunKey { alert_id: alert.id.clone(), revision: alert.revision(), look: 0 };
    let plan = Plan::of(&alert, &decision, &rules, &key);
    let effects: Vec<String> = plan.effects.iter().map(shown).collect();
    format!("{case}\n{}\n", effects.concat())
}

fn shown(effect: &Effect) -> String {
    let id = &effect.id;
    match &effect.action {
        EffectAction::Resolve { classification, comment } => {
            let comment = comment.as_deref().unwrap_or("-");
            format!("{id}: {}\n  {comment}\n", classification.in_words())
        }
        EffectAction::Assign { to } => format!("{id} to {to}\n"),
        EffectAction::Comment { text } => format!("{id}: {text}\n"),
        EffectAction::Count { rules } => format!("{id} for {rules:?}\n"),
        EffectAction::Notify(it) => {
            let facts: Vec<String> =
                it.facts.iter().map(|(name, value)| format!("  {name}: {value}\n")).collect();
            format!(
                "{id} to {}\n  {}\n{}  why:\n    {}\n  {}\n",
                it.channel,
                it.title,
                facts.concat(),
                it.reasons.join("\n    "),
                it.url.as_deref().unwrap_or("-"),
            )
        }
    }
}

#[test]
fn a_decision_shows_its_trace() {
    let trace = |case| serde_json::to_string_pretty(&decided(case).2).unwrap();
    insta::assert_snapshot!("trace_resolved", trace("on leave"));
    insta::assert_snapshot!("trace_open", trace("the directory does not answer"));
}

#[test]
fn people_are_told_what_and_why() {
    let text = fs::read_to_string(root().join("infra/playbooks/legitimate-travel.yaml")).unwrap();
    let playbook = Playbook::parse("legitimate-travel.yaml", &text).unwrap();
    let all: Vec<String> = playbook.cases().iter().map(|it| told(&it.name)).collect();
    insta::assert_snapshot!("told", all.concat());
}

#[test]
fn an_alert_that_stays_open_always_says_why() {
    let base = "apiVersion: defuse/v1\nkind: Playbook\ndescription: d\nowner: o\n\
        otherwise: [{ notify: { channel: soc, template: needsEyes } }]\n\
        trigger: { alert: { severity: { atMost: medium } } }\ncriteria: { alert: { id: a } }\n";
    let watching = format!("{base}name: watching\nmode: shadow\nthen: [{{ tag: seen }}]\n");
    let tagging = format!("{base}name: tagging\nmode: enforce\nthen: [{{ tag: seen }}]\n");
    let approving = format!(
        "{base}name: approving\nmode: approve\nlimits: {{ perDay: 1 }}\n\
        then: [{{ resolve: {{ falsePositive: notMalicious }} }}]\n"
    );
    let other = format!(
        "{base}name: other\nmode: enforce\nlimits: {{ perDay: 1 }}\n\
        then: [{{ resolve: {{ falsePositive: other }} }}]\n"
    );
    let alert = Alert::read(r#"{ "id": "a", "severity": "low" }"#).unwrap();
    let none = Alert::read(r#"{ "id": "b", "severity": "high" }"#).unwrap();
    let reasons = |alert: &Alert, texts: &[&String]| {
        let playbooks = texts.iter().map(|it| Playbook::parse("f", it).unwrap());
        let rules = RuleBook::new(playbooks, Organisation::default());
        let decision = decide(alert, &Facts::default(), &rules, Timestamp::UNIX_EPOCH);
        assert_eq!(decision.outcome, Outcome::Open);
        decision.reasons.join("; ")
    };
    assert_eq!(reasons(&alert, &[]), "no playbook is about this alert");
    assert_eq!(reasons(&none, &[&other]), "no playbook is about this alert");
    assert_eq!(reasons(&alert, &[&watching]), "only watching is about this alert, in shadow mode");
    assert_eq!(reasons(&alert, &[&tagging]), "no playbook about this alert resolves anything");
    assert_eq!(
        reasons(&alert, &[&approving]),
        "approving would resolve it as false positive: not malicious: a person must approve"
    );
    assert_eq!(
        reasons(&alert, &[&approving, &other]),
        "playbooks disagree: approving says false positive: not malicious, \
         other says false positive: other"
    );
}
