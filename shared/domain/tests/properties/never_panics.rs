//! Whatever comes in, reading it ends in a value or in reasons.

use std::{fs, path::Path};

use defuse_domain::{
    Alert, Facts, FactsDocument, Organisation, Playbook, RuleBook, Settings, TuningRule, decide,
    read_body,
};
use proptest::{collection::vec, prelude::*, sample::Index};

use crate::arbitrary::now;

const SETTINGS: &str = "\
apiVersion: defuse/v1
kind: Settings
channels: { soc: { kind: slack, url: { env: SOC_URL } } }
receive: { signingKeys: [{ env: KEY }] }
highRisk: { userRisk: { atLeast: high }, tags: [vip] }
namedRanges: { office: [203.0.113.0/24, '2001:db8::/32'] }
userTags: { kim@contoso.example: [vip] }
";

const FACTS: &str = "\
read: 2026-11-22T10:29:00Z
users:
  kim@contoso.example:
    automaticRepliesSetting: { status: disabled }
    riskyUser: { unknown: throttled }
    tags: [vip]
    otherOpenAlerts: [{ id: b, severity: low, createdDateTime: '2026-11-22T09:00:00Z' }]
  lee@contoso.example: { unknown: timedOut }
otherOpenAlerts: 2
";

const TUNING_RULE: &str = "\
apiVersion: defuse/v1
kind: TuningRule
name: nightly-backup
owner: secops@contoso.example
reason: The backup reads every file.
ticket: CHG-7
enabled: true
serviceSources: [microsoftDefenderForEndpoint]
alertTypes: [0f9a8b7c]
scope: { devices: [ci-07], deviceGroups: [Build], users: [kim@contoso.example] }
condition:
  all:
    - alert: { severity: { atMost: medium } }
    - evidence: { file: { role: trigger, fileName: { like: 'backup-*.exe' } } }
    - not: { userTagged: vip }
action: { resolve: { informationalExpectedActivity: lineOfBusinessApplication } }
expires: 2027-01-01T00:00:00Z
windows:
  - rrule: FREQ=MONTHLY;INTERVAL=2;BYDAY=MO,TU;BYMONTHDAY=1,-1;BYSETPOS=1,-1;UNTIL=20270101T000000
    starts: 1970-01-01T22:30:00
    for: 31d
    timeZone: Europe/Oslo
    exdates: [2026-12-24]
";

fn shipped(path: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

/// One change to a text: where, how many bytes go, and what comes in their place
type Change = (Index, usize, String);

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let put = prop_oneof![
        "[\\[\\]{}:,'\"&*!|>%@`#~ \\n-]{0,3}",
        "[a-zA-Z0-9.]{0,4}",
        ".{0,2}",
        Just("null".to_owned()),
        Just("-9223372036854775808".to_owned()),
        Just("\u{202e}\u{0}".to_owned()),
    ];
    vec((any::<Index>(), 0..8_usize, put), 1..6)
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for (place, gone, put) in changes {
        let start = place.index(bytes.len() + 1);
        let end = (start + gone).min(bytes.len());
        bytes.splice(start..end, put.bytes());
    }
    bytes
}

fn read_all(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let playbook = Playbook::parse("f", &text);
    let tuning = TuningRule::parse("f", &text);
    if let Ok(rule) = &tuning {
        let _ = (rule.next_windows(now(), 3), rule.check_expiry("f", now()));
    }
    let _ = Settings::parse("f", &text);
    let _ = FactsDocument::parse("f", &text, now());
    let _ = Alert::read(&text);
    for alert in read_body(bytes).into_iter().flatten() {
        let rules =
            RuleBook::new(playbook.clone(), Organisation::default()).tuned_by(tuning.clone());
        let _ = (rules.questions(&alert), decide(&alert, &Facts::default(), &rules, now()));
    }
    for problem in playbook.err().into_iter().chain(tuning.err()).flatten() {
        assert!(problem.line >= 1 && problem.column >= 1 && !problem.to_string().is_empty());
    }
}

proptest! {
    #[test]
    fn on_any_bytes(bytes in vec(any::<u8>(), 0..200)) {
        read_all(&bytes);
    }

    #[test]
    fn on_any_text(text in "\\PC{0,80}") {
        read_all(text.as_bytes());
    }

    #[test]
    fn on_text_that_looks_like_yaml(text in "([\\[\\]{}:,'\"&*!|>%@#?~ \\n\\t-]|[a-c]|all: |not: ){0,60}") {
        read_all(text.as_bytes());
    }

    #[test]
    fn on_a_changed_playbook(changes in changes()) {
        read_all(&changed(shipped("infra/playbooks/legitimate-travel.yaml"), &changes));
    }

    #[test]
    fn on_changed_settings_and_facts(changes in changes()) {
        read_all(&changed(SETTINGS.into(), &changes));
        read_all(&changed(FACTS.into(), &changes));
    }

    #[test]
    fn on_a_changed_tuning_rule(changes in changes()) {
        read_all(&changed(TUNING_RULE.into(), &changes));
    }

    #[test]
    fn on_a_changed_alert(changes in changes(), which in 0..5_usize) {
        let files = [
            "impossible-travel.json",
            "impossible-travel-flow.json",
            "infrequent-country-cloud-apps.json",
            "travel-mixed.ndjson",
            "unknown-evidence.json",
        ];
        read_all(&changed(shipped(&format!("events/receive/{}", files[which])), &changes));
    }
}

#[test]
fn what_is_changed_above_is_right_as_it_stands() {
    assert!(Settings::parse("f", SETTINGS).is_ok());
    assert_eq!(TuningRule::parse("f", TUNING_RULE).err(), None);
    assert!(FactsDocument::parse("f", FACTS, now()).is_ok());
}
