//! What `allowListed` answers.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    alert::Alert,
    allow_list::{AllowedOn, Listed},
    explanation::{Explanation, Truth},
    fact::{Answer, Fact, Question, Unknown, UnknownReason},
    indicator::Indicator,
    organisation::Organisation,
    test_kit::{NOW, alert_with, condition, explain, fact, ip_evidence, reason, time},
};

fn file(sha256: &str, sha1: &str) -> Value {
    json!({ "@odata.type": "#microsoft.graph.security.fileEvidence",
        "fileDetails": { "fileName": "setup.exe", "sha256": sha256, "sha1": sha1 } })
}

fn sha256(digit: &str) -> String {
    digit.repeat(64)
}

/// An entry that ends so many minutes from the time of deciding
fn listed(on: AllowedOn, minutes: i64) -> Answer {
    let expires = time(NOW) + SignedDuration::from_mins(minutes);
    Answer::AllowListed(Some(Listed { title: "Updates".to_owned(), on, expires }))
}

fn everywhere() -> Answer {
    listed(AllowedOn::AllDevices, 60)
}

fn nowhere() -> Answer {
    Answer::AllowListed(None)
}

fn about(value: &str, answer: Result<Answer, Unknown>) -> Fact {
    fact(Question::AllowListed(Indicator::guess(value).unwrap()), answer)
}

fn on(yaml: &str, alert: &Alert, facts: Vec<Fact>) -> Explanation {
    explain(yaml, alert, facts, &Organisation::default())
}

fn with(evidence: &[Value]) -> Alert {
    alert_with(json!({ "evidence": evidence }))
}

#[test]
fn any_takes_one_thing_and_all_takes_every_one() {
    let alert = with(&[ip_evidence("203.0.113.9"), file(&sha256("a"), "")]);
    for (of_address, of_file, any, all) in [
        (everywhere(), everywhere(), Truth::True, Truth::True),
        (everywhere(), nowhere(), Truth::True, Truth::False),
        (nowhere(), nowhere(), Truth::False, Truth::False),
    ] {
        let facts = || {
            vec![
                about("203.0.113.9", Ok(of_address.clone())),
                about(&sha256("a"), Ok(of_file.clone())),
            ]
        };
        assert_eq!(on("allowListed: any", &alert, facts()).answer, any);
        assert_eq!(on("allowListed: all", &alert, facts()).answer, all);
    }
}

#[test]
fn a_file_is_known_by_any_of_its_hashes() {
    let alert = with(&[file(&sha256("a"), &"b".repeat(40))]);
    let facts =
        |of_sha1| vec![about(&sha256("a"), Ok(nowhere())), about(&"b".repeat(40), Ok(of_sha1))];
    assert_eq!(on("allowListed: all", &alert, facts(everywhere())).answer, Truth::True);
    assert_eq!(on("allowListed: all", &alert, facts(nowhere())).answer, Truth::False);
}

#[test]
fn what_triggered_the_alert_counts_by_itself() {
    let with_verdict = |mut piece: Value, verdict: &str| {
        piece["verdict"] = json!(verdict);
        piece
    };
    let address = || ip_evidence("203.0.113.9");
    let facts = || vec![about("203.0.113.9", Ok(nowhere())), about(&sha256("a"), Ok(everywhere()))];
    let of = |evidence: &[Value]| on("allowListed: trigger", &with(evidence), facts());
    let suspicious = with_verdict(file(&sha256("a"), ""), "suspicious");
    assert_eq!(of(&[address(), suspicious.clone()]).answer, Truth::True);
    let both = [with_verdict(address(), "malicious"), suspicious.clone()];
    assert_eq!(of(&both).answer, Truth::False);
    let task = json!({ "@odata.type": "#microsoft.graph.security.registryKeyEvidence",
        "verdict": "malicious" });
    let explanation = of(&[task, suspicious]);
    assert_eq!(reason(&explanation).as_deref(), Some("noIndicator"), "{explanation:?}");
    let explanation = of(&[address(), file(&sha256("a"), "")]);
    assert_eq!(explanation.answer, Truth::Unknown);
    assert_eq!(reason(&explanation).as_deref(), Some("propertyMissing"), "{explanation:?}");
}

#[test]
fn what_expires_at_the_very_moment_is_over() {
    let alert = with(&[ip_evidence("203.0.113.9")]);
    for (minutes, expected) in [(1, Truth::True), (0, Truth::False), (-1, Truth::False)] {
        let facts = vec![about("203.0.113.9", Ok(listed(AllowedOn::AllDevices, minutes)))];
        assert_eq!(on("allowListed: any", &alert, facts).answer, expected, "for {minutes}");
    }
}

#[test]
fn what_is_allowed_on_some_devices_needs_to_know_which_these_are() {
    let device = |group: Value| json!({ "@odata.type": "#microsoft.graph.security.deviceEvidence", "rbacGroupName": group });
    let servers = || listed(AllowedOn::DeviceGroups(vec!["servers".to_owned()]), 60);
    for (group, expected) in [
        (json!("Servers"), Truth::True),
        (json!("laptops"), Truth::False),
        (json!(null), Truth::Unknown),
    ] {
        let alert = with(&[device(group.clone()), ip_evidence("203.0.113.9")]);
        let facts = vec![about("203.0.113.9", Ok(servers()))];
        assert_eq!(on("allowListed: all", &alert, facts).answer, expected, "for {group}");
    }
}

#[test]
fn in_doubt_nothing_is_allowed() {
    let unknown = |evidence: &[Value], facts, expected: &str| {
        let explanation = on("allowListed: all", &with(evidence), facts);
        assert_eq!(explanation.answer, Truth::Unknown, "for {evidence:?}");
        assert_eq!(reason(&explanation).as_deref(), Some(expected), "for {evidence:?}");
    };
    let address = || ip_evidence("203.0.113.9");
    let known = || about("203.0.113.9", Ok(everywhere()));
    unknown(&[], vec![], "noIndicator");
    unknown(&[address()], vec![], "notAsked");
    let busy = Err(Unknown::because(UnknownReason::Unavailable));
    unknown(&[address()], vec![about("203.0.113.9", busy)], "unavailable");
    unknown(&[address(), file("", "")], vec![known()], "propertyMissing");
    unknown(&[address(), file("none", "")], vec![known()], "propertyUnreadable");
    unknown(&[address(), ip_evidence("10.0.0.9")], vec![known()], "propertyUnreadable");
    let odd = json!({ "@odata.type": "#microsoft.graph.security.quantumEvidence" });
    unknown(&[address(), odd], vec![known()], "propertyUnreadable");
    unknown(&[address()], vec![about("203.0.113.9", Ok(Answer::Tags([].into())))], "unreadable");
    let old = Fact { read: time(NOW) - SignedDuration::from_mins(16), ..known() };
    unknown(&[address()], vec![old], "stale");
}

#[test]
fn a_choice_is_one_of_three() {
    for yaml in ["allowListed: any", "allowListed: { indicators: all, maxAge: 1m }"] {
        assert!(condition(yaml).is_ok(), "for {yaml}");
    }
    for yaml in ["allowListed", "allowListed: some", "allowListed: {}", "allowListed: []"] {
        assert_eq!(condition(yaml).unwrap_err().len(), 1, "for {yaml}");
    }
}
