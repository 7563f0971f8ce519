//! Documents, good and bad: what the reader and the schema say of them.

use std::{fs, path::Path, sync::LazyLock};

use defuse_domain::{Diagnostic, FactsDocument, Playbook, Settings, TuningRule};
use jiff::Timestamp;
use jsonschema::Validator;
use serde_json::Value;

use crate::{tuning_rules, yaml};

/// A kind of document that people write
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Document {
    Playbook,
    TuningRule,
    Settings,
    Facts,
}

impl Document {
    pub(crate) const ALL: [Self; 4] =
        [Self::Playbook, Self::TuningRule, Self::Settings, Self::Facts];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Playbook => "playbook",
            Self::TuningRule => "tuning-rule",
            Self::Settings => "settings",
            Self::Facts => "facts",
        }
    }

    pub(crate) fn schema(self) -> Value {
        match self {
            Self::Playbook => defuse_domain::playbook_schema(),
            Self::TuningRule => defuse_domain::tuning_rule_schema(),
            Self::Settings => defuse_domain::settings_schema(),
            Self::Facts => defuse_domain::facts_schema(),
        }
    }

    /// Whether the reader takes it
    pub(crate) fn reads(self, text: &str) -> bool {
        self.problems(text).is_none()
    }

    fn problems(self, text: &str) -> Option<Vec<Diagnostic>> {
        match self {
            Self::Playbook => Playbook::parse("f", text).err(),
            Self::TuningRule => TuningRule::parse("f", text).err(),
            Self::Settings => Settings::parse("f", text).err(),
            Self::Facts => FactsDocument::parse("f", text, Timestamp::UNIX_EPOCH).err(),
        }
    }

    /// What the schema marks
    pub(crate) fn marks(self, text: &str) -> Vec<String> {
        let Some(json) = yaml::read(text) else { return vec!["not YAML".to_owned()] };
        self.marks_of(&json)
    }

    pub(crate) fn marks_of(self, json: &Value) -> Vec<String> {
        static VALIDATORS: LazyLock<[Validator; 4]> = LazyLock::new(|| {
            Document::ALL.map(|it| jsonschema::validator_for(&it.schema()).unwrap())
        });
        let errors = VALIDATORS[self as usize].iter_errors(json);
        errors.map(|it| format!("{}: {it}", it.instance_path())).collect()
    }
}

/// Reader and schema take it
#[track_caller]
pub(crate) fn both_take(document: Document, text: &str) {
    assert_eq!(document.problems(text), None, "in\n{text}");
    assert_eq!(document.marks(text), [""; 0], "in\n{text}");
}

/// Reader and schema refuse it
#[track_caller]
pub(crate) fn both_refuse(document: Document, text: &str) {
    assert!(!document.reads(text), "the reader takes\n{text}");
    assert_ne!(document.marks(text), [""; 0], "nothing is marked in\n{text}");
}

/// What the reader takes, the schema takes
#[track_caller]
pub(crate) fn agree(document: Document, text: &str) {
    if document.reads(text) {
        assert_eq!(document.marks(text), [""; 0], "in\n{text}");
    }
}

/// Reader and schema say the same; whether they take it
#[track_caller]
pub(crate) fn agree_exactly(document: Document, text: &str) -> bool {
    let (reads, marks) = (document.reads(text), document.marks(text));
    assert_eq!(reads, marks.is_empty(), "{marks:?} in\n{text}");
    reads
}

const PLAYBOOK: [(&str, &str); 12] = [
    ("apiVersion", "defuse/v1"),
    ("kind", "Playbook"),
    ("name", "example"),
    ("description", "d"),
    ("owner", "o"),
    ("mode", "shadow"),
    ("trigger", "{ alert: { severity: { atMost: medium } } }"),
    ("criteria", "userHighRisk"),
    ("limits", "{ perHour: 1, perDay: 2 }"),
    ("then", "[{ tag: t }]"),
    ("otherwise", "[{ notify: { channel: soc, template: needsEyes } }]"),
    ("tests", "[{ name: n, alert: a, now: '2026-11-23T10:00:00Z', expect: open }]"),
];

/// A playbook with `text` in the place of its part `name`
pub(crate) fn playbook_with(name: &str, text: &str) -> String {
    let parts = PLAYBOOK.iter().map(|(part, filler)| {
        let text = if *part == name { text } else { filler };
        let indented: Vec<String> = text.lines().map(|it| format!("  {it}\n")).collect();
        format!("{part}:\n{}", indented.concat())
    });
    parts.collect::<Vec<String>>().concat()
}

pub(crate) fn playbook_without(name: &str) -> String {
    let others = PLAYBOOK.iter().filter(|(part, _)| *part != name);
    let lines: Vec<String> = others.map(|(part, text)| format!("{part}: {text}\n")).collect();
    lines.concat()
}

pub(crate) fn shipped(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

/// Every good document there is: what is shipped, the examples of the reference, and a few more
pub(crate) fn corpus() -> Vec<(Document, String)> {
    let mut corpus = vec![
        (Document::Playbook, ALL_CASES.to_owned()),
        (Document::Settings, shipped("infra/settings.yaml")),
        (Document::Settings, SETTINGS.to_owned()),
        (Document::Settings, WITH_A_TOKEN.to_owned()),
        (Document::Facts, "{}".to_owned()),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/playbooks");
    for entry in fs::read_dir(folder).unwrap() {
        corpus.push((Document::Playbook, fs::read_to_string(entry.unwrap().path()).unwrap()));
    }
    let reference = shipped("docs/reference/playbook.md");
    for part in reference.split("```yaml ").skip(1) {
        let (name, rest) = part.split_once('\n').unwrap();
        let text = rest.split("```").next().unwrap();
        corpus.push(match name {
            "playbook" => (Document::Playbook, text.to_owned()),
            "condition" => (Document::Playbook, playbook_with("criteria", text)),
            "settings" => (Document::Settings, text.to_owned()),
            "facts" => (Document::Facts, text.to_owned()),
            part => (Document::Playbook, playbook_with(part, text)),
        });
    }
    let rules = tuning_rules::corpus().into_iter();
    corpus.extend(rules.map(|it| (Document::TuningRule, it)));
    corpus
}

/// Everything that a test can say, in a playbook that says it oddly
const ALL_CASES: &str = "
apiVersion: defuse/v1
kind: Playbook
name: 42
description: true
owner: 1.5
mode: approve
trigger:
  all:
    - alert: { severity: { is: low }, title: { endsWith: 5 }, createdDateTime: { before: 2026-11-23T10:00Z } }
    - not: { all: [{ alert: { status: new, id: 7 } }, { evidence: { process: { processId: { above: '+7' } } } }] }
criteria:
  all:
    - { userHighRisk: {} }
    - { userTagged: { anyOf: [], maxAge: PT10M } }
    - { userInGroup: 7 }
    - { userOutOfOffice: { setBeforehand: 'false', maxAge: '+1.5 hours' } }
    - { addressInNamedRange: true }
    - { userRisk: { atLeast: low, maxAge: 1d 02:00:00 } }
    - { otherOpenAlerts: { sameUser: 'true', within: 2 weeks } }
    - { allowListed: { indicators: any, maxAge: 1h } }
limits: { perHour: '7', perDay: 007, perUserPerDay: +7 }
then: [{ resolve: { truePositive: other } }, { assign: 7@8 }, { comment: 5 }, { tag: no }]
otherwise: [{ assign: kim@contoso.example }, { notify: { channel: 1, template: resolved } }]
tests:
  - name: 1
    alert: 2
    now: 2026-11-23 10:00:00+01
    facts:
      age: 3h ago
      userRisk: none
      userInGroup: []
      userTagged: { unknown: 5 }
      otherOpenAlerts: '3'
      allowListed: 'true'
      users: { 7: { userOutOfOffice: alwaysEnabled, userHighRisk: 'true', age: -1h } }
    expect: { open: 5 }
";

/// Settings with a token of Cloud Apps' own
const WITH_A_TOKEN: &str = "
apiVersion: defuse/v1
kind: Settings
cloudApps: { baseUrl: https://x, token: { env: T } }
";

/// Settings that say things oddly
const SETTINGS: &str = "
apiVersion: defuse/v1
kind: Settings
graph: { baseUrl: https://x, tokenUrl: https://y, clientId: 7, certificate: { key: { env: K } } }
cloudApps: { baseUrl: https://x, tokenUrl: https://y, clientId: a, workloadIdentity: { tokenFile: 5 } }
endpoint: { baseUrl: https://x, tokenUrl: https://y, clientId: 7, workloadIdentity: { awsAudience: 5 } }
channels: { 7: { kind: webhook, url: { secretsManager: 5 } } }
highRisk: { groups: [7] }
namedRanges: { true: [10.0.0.1, '::1/+64', ::ffff:10.0.0.0/104] }
userTags: { 7: [] }
";

#[test]
fn good_documents_are_not_marked() {
    let corpus = corpus();
    assert!(corpus.len() >= 20, "only {} documents", corpus.len());
    for (document, text) in corpus {
        both_take(document, &text);
    }
}

#[test]
fn bad_playbooks_are_marked() {
    for (name, _) in PLAYBOOK.iter().filter(|(name, _)| !["limits", "tests"].contains(name)) {
        both_refuse(Document::Playbook, &playbook_without(name));
    }
    let nested = |depth| format!("{}userHighRisk{}", "{ not: ".repeat(depth), " }".repeat(depth));
    let list = |count, item| format!("[{}]", vec![item; count].join(", "));
    both_take(Document::Playbook, &playbook_with("criteria", &nested(7)));
    both_take(Document::Playbook, &playbook_with("then", &list(16, "{ tag: t }")));
    both_take(Document::Playbook, &playbook_with("name", &"n".repeat(64)));
    for (part, text) in [
        ("criteria", nested(8)),
        ("then", list(17, "{ tag: t }")),
        ("name", "n".repeat(65)),
        ("description", "d".repeat(1_001)),
        ("tests", list(101, "{ name: n, alert: a, expect: open }")),
        ("criteria", format!("{{ alert: {{ title: {{ in: {} }} }} }}", list(1_001, "x"))),
    ] {
        both_refuse(Document::Playbook, &playbook_with(part, &text));
    }
    for (part, text) in [
        ("apiVersion", "defuse/v2"),
        ("kind", "playbook"),
        ("name", "Legitimate Travel"),
        ("owner", "' '"),
        ("mode", "Enforce"),
        ("mode", "[enforce]"),
        ("trigger", "userHighRisk"),
        ("trigger", "{ all: [{ userHighRisk: {} }] }"),
        ("criteria", "[userHighRisk]"),
        ("criteria", "{ not: userHighRisk, all: [userHighRisk] }"),
        ("criteria", "userRisk"),
        ("criteria", "{ userRisk: { atLeast: none } }"),
        ("criteria", "{ userHighRisk: { maxAge: 10 } }"),
        ("criteria", "{ userHighRisk: { maxAge: -10m } }"),
        ("criteria", "{ userHighRisk: { maxAge: 3 months } }"),
        ("criteria", "{ otherOpenAlerts: { sameUser: false, within: 1h } }"),
        ("criteria", "{ otherOpenAlerts: { sameUser: true } }"),
        ("criteria", "{ allowListed: some }"),
        ("criteria", "{ allowListed: { maxAge: 1h } }"),
        ("criteria", "{ alert: {} }"),
        ("criteria", "{ alert: { colour: red } }"),
        ("criteria", "{ evidence: ipp }"),
        ("criteria", "{ evidence: { ip: { colour: red } } }"),
        ("limits", "{ perHour: 0 }"),
        ("limits", "{ perMinute: 1 }"),
        ("then", "[]"),
        ("then", "[resolve]"),
        ("then", "[{ resolve: { falsePositive: malware } }]"),
        ("then", "[{ resolve: { falsePositive: other, truePositive: other } }]"),
        ("then", "[{ resolve: truePositive }]"),
        ("then", "[{ notify: { channel: soc } }]"),
        ("then", "[{ notify: { channel: soc, template: party } }]"),
        ("then", "[{ assign: kim }]"),
        ("then", "[{ assign: kim@ }]"),
        ("then", "[{ assign: 7 }]"),
        ("otherwise", "[{ tag: t }]"),
        ("otherwise", "[{ resolve: { falsePositive: other } }]"),
        ("tests", "[{ name: n, alert: a, expect: closed }]"),
        ("tests", "[{ name: n, alert: a, expect: { resolved: x } }]"),
        ("tests", "[{ name: n, alert: a, expect: open, facts: { userHighRisk: maybe } }]"),
        ("tests", "[{ name: n, alert: a, expect: open, facts: { otherOpenAlerts: 21 } }]"),
        ("tests", "[{ name: n, alert: a, expect: open, facts: { allowListed: [x] } }]"),
        ("tests", "[{ name: n, alert: a, expect: open, facts: { userOutOfOffice: scheduled } }]"),
        ("tests", "[{ name: n, alert: a, expect: open, facts: { users: { x: { users: {} } } } }]"),
        ("tests", "[{ name: n, alert: a, expect: open, now: noon }]"),
    ] {
        both_refuse(Document::Playbook, &playbook_with(part, text));
    }
}

#[test]
fn bad_settings_and_facts_are_marked() {
    for text in [
        "graph: { baseUrl: https://x }",
        "graph: { baseUrl: https://x, tokenUrl: https://y, clientId: a }",
        "graph: { baseUrl: https://x, tokenUrl: https://y, clientId: a, clientSecret: { env: S }, workloadIdentity: { tokenFile: /t } }",
        "graph: { baseUrl: https://x, tokenUrl: https://y, clientId: a, certificate: { env: S } }",
        "cloudApps: { baseUrl: https://x }",
        "cloudApps: { baseUrl: https://x, token: { env: T }, clientId: a }",
        "cloudApps: { baseUrl: https://x, token: { env: T }, clientSecret: { env: S } }",
        "cloudApps: { baseUrl: ftp://x, token: { env: T } }",
        "cloudApps: { baseUrl: https://x, token: hunter2 }",
        "endpoint: { baseUrl: https://x, token: { env: T } }",
        "graph: { baseUrl: https://x, tokenUrl: https://y, clientId: a, workloadIdentity: {} }",
        "graph: { baseUrl: https://x, tokenUrl: https://y, clientId: a, workloadIdentity: { tokenFile: /t, awsAudience: a } }",
        "endpoint: { baseUrl: https://x, tokenUrl: https://y, clientId: a, clientSecret: { env: S }, poll: true }",
        "channels: { soc: { kind: carrierPigeon, url: { env: U } } }",
        "channels: { soc: { kind: teams, url: { env: U, secretsManager: U } } }",
        "channels: [soc]",
        "receive: { tokens: [] }",
        "receive: { keys: [{ env: K }] }",
        "receive: { graphNotifications: {} }",
        "receive: { graphNotifications: { clientStates: [] } }",
        "receive: { graphNotifications: { clientState: { env: S } } }",
        "highRisk: {}",
        "highRisk: { userRisk: high }",
        "namedRanges: { office: [the office] }",
        "namedRanges: { office: 10.0.0.0/8 }",
        "userTags: { kim: vip }",
        "colour: red",
    ] {
        let whole = format!("apiVersion: defuse/v1\nkind: Settings\n{text}\n");
        both_refuse(Document::Settings, &whole);
        both_refuse(Document::Facts, text);
    }
    both_refuse(Document::Settings, "kind: Settings");
    both_refuse(Document::Settings, "[]");
    for text in [
        "read: yesterday",
        "users: { kim: { tags: vip } }",
        "users: { kim: { unknown: [] } }",
        "users: { kim: { unknown: x, tags: [] } }",
        "otherOpenAlerts: 101",
        "otherOpenAlerts: [{ id: 'a b' }]",
        "otherOpenAlerts: [{ severity: grave }]",
        "otherOpenAlerts: [7]",
        "allowList: contoso.example",
        "allowList: [{}]",
    ] {
        both_refuse(Document::Facts, text);
    }
}
