//! Generates alerts as JSON, playbooks as YAML, and facts.

use std::collections::BTreeSet;

use defuse_domain::{
    Alert, AlertId, AllowedOn, Answer, AutomaticReplies, Fact, History, Listed, Mode, OpenAlert,
    Organisation, Playbook, Question, Risk, RiskLevel, RuleBook, Settings, Severity, Unknown,
    UnknownReason,
};
use jiff::{SignedDuration, Timestamp};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};

/// When every decision here is made
pub(crate) fn now() -> Timestamp {
    "2026-11-22T10:30:00Z".parse().unwrap()
}

fn maybe(values: Vec<Value>) -> impl Strategy<Value = Value> {
    select([values, vec![Value::Null]].concat())
}

fn user() -> impl Strategy<Value = Value> {
    let account = select(vec![
        json!({ "userPrincipalName": "kim@x.example" }),
        json!({ "userPrincipalName": "KIM@x.example", "azureAdUserId": "k1" }),
        json!({ "azureAdUserId": "k1" }),
        json!({ "userPrincipalName": "lee@x.example" }),
        json!({ "accountName": "root" }),
        json!({ "userPrincipalName": 7 }),
        json!({}),
    ]);
    account.prop_map(
        |it| json!({ "@odata.type": "#microsoft.graph.security.userEvidence", "userAccount": it }),
    )
}

fn other_evidence() -> impl Strategy<Value = Value> {
    select(vec![
        json!({ "@odata.type": "#microsoft.graph.security.ipEvidence", "ipAddress": "10.0.0.1" }),
        json!({ "@odata.type": "#microsoft.graph.security.ipEvidence", "ipAddress": "8.8.8.8" }),
        json!({ "@odata.type": "#microsoft.graph.security.ipEvidence", "ipAddress": "nowhere" }),
        json!({ "@odata.type": "#microsoft.graph.security.ipEvidence", "ipAddress": 7 }),
        json!({ "userAccount": { "userPrincipalName": "pat@x.example" } }),
        json!("nonsense"),
    ])
}

/// An alert with some of its properties odd or missing, of no user or up to three
pub(crate) fn alert() -> impl Strategy<Value = Alert> {
    let severity =
        maybe(["informational", "low", "medium", "high", "grave", ""].map(Value::from).to_vec());
    let status = maybe(["new", "inProgress", "snoozed"].map(Value::from).to_vec());
    let times = ["2026-11-22T10:00:00Z", "2026-11-22T10:20:00Z", "yesterday"];
    let time = || maybe(times.map(Value::from).to_vec());
    let tags = maybe(vec![json!([]), json!(["vip"]), json!(["vip", 7]), json!("vip")]);
    let evidence = (vec(user(), 0..=3), vec(other_evidence(), 0..=2))
        .prop_map(|(users, others)| json!([users, others].concat()));
    (severity, status, time(), time(), tags, evidence).prop_map(
        |(severity, status, first, updated, tags, evidence)| {
            let alert = json!({
                "id": "a1",
                "title": "Impossible travel",
                "severity": severity,
                "status": status,
                "detectorId": "impossibleTravel",
                "serviceSource": "microsoftDefenderForCloudApps",
                "firstActivityDateTime": first,
                "lastUpdateDateTime": updated,
                "systemTags": tags,
                "evidence": evidence,
            });
            Alert::read(&alert.to_string()).unwrap()
        },
    )
}

pub(crate) const ALERT_TESTS: [&str; 9] = [
    "alert: { severity: { atMost: medium } }",
    "alert: { severity: { in: [low, high] } }",
    "alert: { title: { like: 'imp*' } }",
    "alert: { systemTags: vip }",
    "alert: { systemTags: { exists: false } }",
    "alert: { firstActivityDateTime: { before: '2026-11-22T10:10:00Z' } }",
    "evidence: { ip: { ipAddress: { inSubnet: 10.0.0.0/8 } } }",
    "evidence: url",
    "evidence: { any: { verdict: { exists: false } } }",
];

const CRITERIA: [&str; 11] = [
    "userOutOfOffice: { maxAge: 10m }",
    "userOutOfOffice: { coversFirstActivity: false, setBeforehand: false }",
    "userOutOfOffice: { setBeforehand: false }",
    "userHighRisk: { maxAge: 1h }",
    "userRisk: { atLeast: low }",
    "userInGroup: VPN",
    "userInGroup: { anyOf: [VPN, Admins] }",
    "userTagged: vip",
    "addressInNamedRange: office",
    "addressInNamedRange: ofice",
    "otherOpenAlerts: { sameUser: true, within: 24h, severity: { atLeast: medium } }",
];

pub(crate) fn tree(leaves: Vec<&'static str>) -> impl Strategy<Value = String> {
    let leaf = select(leaves).prop_map(|it| format!("{{ {it} }}"));
    leaf.prop_recursive(3, 12, 3, |inner| {
        let joined = vec(inner.clone(), 1..=3).prop_map(|it| it.join(", "));
        prop_oneof![
            joined.clone().prop_map(|it| format!("{{ all: [{it}] }}")),
            joined.prop_map(|it| format!("{{ any: [{it}] }}")),
            inner.prop_map(|it| format!("{{ not: {it} }}")),
        ]
    })
}

/// A condition on alert and facts, in YAML
pub(crate) fn condition() -> impl Strategy<Value = String> {
    tree([&ALERT_TESTS[..], &CRITERIA[..]].concat())
}

/// A playbook, in YAML, whose criteria are `criteria`; one in five resolves nothing
pub(crate) fn playbook_with(
    criteria: impl Strategy<Value = String>,
) -> impl Strategy<Value = (String, Playbook)> {
    let modes: Vec<Mode> = [Mode::ALL, &[Mode::Enforce; 3]].concat();
    let actions = vec![
        "resolve: { informationalExpectedActivity: confirmedActivity }",
        "resolve: { informationalExpectedActivity: confirmedActivity }",
        "resolve: { falsePositive: notMalicious }",
        "resolve: { truePositive: malware }",
        "tag: looked-at",
    ];
    let more = vec(
        select(vec![
            "comment: Looked at.",
            "comment: Looked at twice.",
            "tag: seen",
            "notify: { channel: soc, template: resolved }",
            "notify: { channel: hr, template: resolved }",
        ]),
        0..=3,
    );
    let trigger = prop_oneof![
        3 => Just("{ alert: { type: impossibleTravel } }".to_owned()),
        1 => tree(ALERT_TESTS.to_vec()),
    ];
    (select(modes), trigger, criteria, select(actions), more, any::<bool>()).prop_map(
        |(mode, trigger, criteria, action, more, comments)| {
            let more = [&[action], &more[..]].concat().join("\n  - ");
            let otherwise = if comments { "\n  - comment: Stays open." } else { "" };
            let text = format!(
                "apiVersion: defuse/v1\nkind: Playbook\nname: NAME\ndescription: d\nowner: o\n\
                 mode: {mode}\ntrigger:\n  all:\n    - alert: {{ severity: {{ atMost: high }} }}\n\
                 \x20   - {trigger}\ncriteria:\n  all:\n    - {criteria}\n    \
                 - any: [{{ not: userHighRisk }}, userHighRisk]\n\
                 limits: {{ perHour: 30 }}\nthen:\n  - {more}\notherwise:{otherwise}\n  \
                 - notify: {{ channel: soc, template: needsEyes }}\n  \
                 - notify: {{ channel: soc, template: needsEyes }}\n"
            );
            (text.clone(), parsed("p0", &text))
        },
    )
}

fn parsed(name: &str, text: &str) -> Playbook {
    let text = text.replace("NAME", name);
    Playbook::parse("p.yaml", &text).unwrap_or_else(|problems| panic!("{text}\n{problems:?}"))
}

/// One to four playbooks of distinct names
pub(crate) fn playbooks() -> impl Strategy<Value = Vec<Playbook>> {
    let simple = select(CRITERIA.to_vec()).prop_map(|it| format!("{{ not: {{ {it} }} }}"));
    let some = prop_oneof![2 => condition().boxed(), 1 => simple.boxed()];
    vec(playbook_with(some), 1..=4).prop_map(|texts| {
        let named = texts.iter().enumerate();
        named.map(|(index, (text, _))| parsed(&format!("p{index}"), text)).collect()
    })
}

/// What the organisation says of itself: high risk by all three signs, one range
pub(crate) fn organisation() -> Organisation {
    let text = "apiVersion: defuse/v1\nkind: Settings\n\
        highRisk: { userRisk: { atLeast: high }, groups: [Admins], tags: [vip] }\n\
        namedRanges: { office: [10.0.0.0/8] }\n";
    Settings::parse("settings.yaml", text).unwrap().organisation
}

pub(crate) fn rules(playbooks: Vec<Playbook>) -> RuleBook {
    RuleBook::new(playbooks, organisation())
}

/// How a fact is known, as numbers that [`answered`] turns into an answer
pub(crate) type Known = (u8, u8, u8);

/// For each question there may be: how it is known
pub(crate) fn knowns() -> impl Strategy<Value = Vec<Known>> {
    vec((any::<u8>(), any::<u8>(), 0..8_u8), 24)
}

/// Knows everything, freshly
pub(crate) fn all_known(known: &[Known]) -> Vec<Known> {
    known.iter().map(|(_, value, _)| (0, *value, 0)).collect()
}

/// The fact that answers `question`: unknown in two cases of eight, stale in one
pub(crate) fn answered(question: &Question, (how, value, age): Known) -> Fact {
    let reason = usize::from(value) % UnknownReason::ALL.len();
    let answer = match how % 8 {
        6..=7 => Err(Unknown::because(UnknownReason::ALL[reason])),
        _ => Ok(answer(question, value)),
    };
    let minutes = if age == 7 { 3 * 60 } else { i64::from(age) };
    let read = now() - SignedDuration::from_mins(minutes);
    let hours = |hours: u8| SignedDuration::from_hours(i64::from(hours));
    let history = (how % 3 == 0).then(|| History {
        seen_since: read - hours(value % 7),
        last_other: value.is_multiple_of(2).then(|| read - hours(value % 7 + value % 5)),
    });
    Fact { question: question.clone(), answer, source: "generated".to_owned(), read, history }
}

fn answer(question: &Question, value: u8) -> Answer {
    let names = |names: [&str; 3]| {
        let kept = names.iter().enumerate().filter(|(bit, _)| value & (1 << bit) != 0);
        kept.map(|(_, it)| (*it).to_owned()).collect::<BTreeSet<String>>()
    };
    let hours = |hours: u8| SignedDuration::from_hours(i64::from(hours));
    match question {
        Question::AutomaticReplies(_) => Answer::AutomaticReplies(match value % 4 {
            0 => AutomaticReplies::Disabled,
            1 => AutomaticReplies::AlwaysEnabled,
            _ => AutomaticReplies::Scheduled {
                start: now() - hours(value / 16),
                end: now() + hours(value % 16),
            },
        }),
        Question::Risk(_) => Answer::Risk(Risk {
            level: RiskLevel::ALL[usize::from(value) % 4],
            confirmed_compromised: value > 250,
        }),
        Question::Groups(_) => Answer::Groups(names(["VPN", "admins", "HR"])),
        Question::Tags(_) => Answer::Tags(names(["VIP", "contractor", "new"])),
        Question::OpenAlerts(_) => Answer::OpenAlerts(
            (0..value % 3)
                .map(|index| OpenAlert {
                    id: AlertId::parse(&format!("a{index}")).unwrap(),
                    severity: Severity::ALL.get(usize::from(value) % 5).copied(),
                    created: now() - hours(value / 8),
                })
                .collect(),
        ),
        Question::AllowListed(_) => Answer::AllowListed(value.is_multiple_of(2).then(|| Listed {
            title: "Updates".to_owned(),
            on: AllowedOn::AllDevices,
            expires: now() + hours(value / 16),
        })),
    }
}
