//! Tuning rules, good and bad: what the reader and the schema say of them.

use crate::{
    documents::{Document, both_refuse, both_take, shipped},
    yaml,
};

const TUNING_RULE: [(&str, &str); 11] = [
    ("apiVersion", "defuse/v1"),
    ("kind", "TuningRule"),
    ("name", "example"),
    ("owner", "o"),
    ("reason", "r"),
    ("serviceSources", "[microsoftDefenderForEndpoint]"),
    ("alertTypes", "any"),
    ("scope", "organisation"),
    ("condition", "{ all: [{ alert: { severity: { atMost: medium } } }, { evidence: any }] }"),
    ("action", "hide"),
    ("expires", "'2027-01-01T00:00:00Z'"),
];

/// A tuning rule with `text` in the place of its part `name`, or as one part more
pub(crate) fn tuning_rule_with(name: &str, text: &str) -> String {
    let others = TUNING_RULE.iter().filter(|(part, _)| *part != name);
    let part = (name, text);
    let lines = others.chain([&part]).map(|(part, text)| format!("{part}: {text}\n"));
    lines.collect::<Vec<String>>().concat()
}

/// Every good tuning rule there is: the examples of the reference, and a few more
pub(crate) fn corpus() -> Vec<String> {
    let mut corpus = vec![
        tuning_rule_with("name", "42"),
        tuning_rule_with("action", "{ resolve: { falsePositive: notMalicious } }"),
        ODD.to_owned(),
    ];
    let reference = shipped("docs/reference/tuning-rule.md");
    for part in reference.split("```yaml ").skip(1) {
        let (name, rest) = part.split_once('\n').unwrap();
        let text = rest.split("```").next().unwrap();
        corpus.push(match name {
            "rule" => text.to_owned(),
            name => tuning_rule_with(name, &flow(text)),
        });
    }
    corpus
}

/// The same in one line
fn flow(text: &str) -> String {
    yaml::read(text).unwrap().to_string()
}

/// Everything that a tuning rule can say, said oddly
const ODD: &str = "
apiVersion: defuse/v1
kind: TuningRule
name: 7
owner: true
reason: 1.5
ticket: 42
enabled: 'false'
serviceSources: [awsGuardDuty, awsGuardDuty]
alertTypes: [7, true, 'any']
scope: { devices: [7], deviceGroups: [75], users: [true] }
condition:
  all:
    - alert: { severity: { in: [low] }, title: { endsWith: 5, startsWith: 1, contains: 2, like: '*', exists: true, is: 125 }, createdDateTime: { before: 2026-11-23T10:00Z, after: 2025-11-23T10:00Z } }
    - any: [{ evidence: { process: { role: trigger, processId: { above: '+7', below: 9, atLeast: 007, atMost: 8 } } } }, { evidence: file }]
    - not: { userTagged: { anyOf: [], maxAge: PT10M } }
    - not: { not: { userInGroup: { anyOf: [7] } } }
    - any: [{ addressInNamedRange: true }, { userTagged: vip }, { allowListed: { indicators: any, maxAge: 1h } }, { evidence: { ip: { ipAddress: { inSubnet: 10.0.0.1 } } } }]
action: { resolve: { informationalExpectedActivity: other } }
expires: 2026-11-23 10:00:00+01
windows:
  - rrule: freq=yearly;bymonth=1,10;bymonthday=+26,-1;wkst=su
    starts: '2026-01-01T00:00'
    for: +1.5 hours
    timeZone: utc
    exdates: [2026-01-26]
  - { rrule: 'FREQ=DAILY;UNTIL=20991231T235959', starts: 2026-01-01T00:00:00, for: 4w, timeZone: Asia/Kolkata }
";

#[test]
fn bad_tuning_rules_are_marked() {
    for (name, _) in TUNING_RULE {
        let whole = tuning_rule_with("enabled", "true");
        let lines = whole.lines().filter(|it| !it.starts_with(&format!("{name}:")));
        both_refuse(Document::TuningRule, &lines.collect::<Vec<_>>().join("\n"));
    }
    let window =
        |rest: &str| format!("[{{ starts: '2026-01-01T00:00', for: 1h, timeZone: UTC, {rest} }}]");
    let list = |count, item| format!("[{}]", vec![item; count].join(", "));
    let daily = "{ rrule: FREQ=DAILY, starts: '2026-01-01T00:00', for: 1h, timeZone: UTC }";
    both_take(Document::TuningRule, &tuning_rule_with("windows", &list(16, daily)));
    both_take(Document::TuningRule, &tuning_rule_with("alertTypes", &list(100, "a")));
    both_take(
        Document::TuningRule,
        &tuning_rule_with("scope", &format!("{{ users: {} }}", list(1_000, "a"))),
    );
    for (part, text) in [
        ("apiVersion", "defuse/v2".to_owned()),
        ("kind", "Playbook".to_owned()),
        ("name", "Nightly Backup".to_owned()),
        ("owner", "' '".to_owned()),
        ("ticket", "t".repeat(257)),
        ("enabled", "yes".to_owned()),
        ("serviceSources", "[]".to_owned()),
        ("serviceSources", "any".to_owned()),
        ("serviceSources", "[any]".to_owned()),
        ("alertTypes", "impossibleTravel".to_owned()),
        ("alertTypes", "[]".to_owned()),
        ("alertTypes", list(101, "a")),
        ("scope", "everybody".to_owned()),
        ("scope", "{}".to_owned()),
        ("scope", "{ devices: [] }".to_owned()),
        ("scope", "{ device: [a] }".to_owned()),
        ("scope", format!("{{ users: {} }}", list(1_001, "a"))),
        ("condition", "{ all: [{ alert: { severity: low } }, { evidence: any }, userHighRisk] }".to_owned()),
        ("condition", "{ all: [{ alert: { severity: low } }, { evidence: any }, { otherOpenAlerts: { sameUser: true, within: 1h } }] }".to_owned()),
        ("action", "resolve".to_owned()),
        ("action", "close".to_owned()),
        ("action", "{ hide: true }".to_owned()),
        ("action", "{ resolve: { truePositive: malware } }".to_owned()),
        ("action", "{ resolve: { falsePositive: malware } }".to_owned()),
        ("expires", "tomorrow".to_owned()),
        ("expires", "'2026-12-01'".to_owned()),
        ("windows", "[]".to_owned()),
        ("windows", list(17, daily)),
        ("windows", window("exdates: []")),
        ("windows", window("rrule: every day")),
        ("windows", window("rrule: FREQ=DAILY, exdates: []")),
        ("windows", window("rrule: FREQ=DAILY, exdates: [tomorrow]")),
        ("windows", window("rrule: FREQ=DAILY, until: x")),
        ("windows", daily.to_owned()),
    ] {
        both_refuse(Document::TuningRule, &tuning_rule_with(part, &text));
    }
}
