//! An index over conditions answers as each condition does by itself, whichever way the alert comes.
//!
//! `PROPTEST_CASES=50000 cargo test --release -p defuse-domain --test properties index` tries
//! 100,000 sets of conditions.

#[path = "index/alerts.rs"]
mod alerts;

use defuse_domain::{Alert, Condition, ConditionIndex, Facts, Match, Truth};
use proptest::{collection::vec, prelude::*, sample::select, test_runner::Config};
use serde_json::{Map, Value, json};

use self::alerts::alert;
use crate::arbitrary::{now, organisation};

fn config() -> Config {
    let usual = Config::default();
    Config {
        cases: usual.cases.saturating_mul(2),
        max_shrink_iters: 10_000,
        failure_persistence: None,
        ..usual
    }
}

fn one_of(values: &[&str]) -> impl Strategy<Value = Value> + Clone + use<> {
    select(values.iter().map(|it| Value::from(*it)).collect::<Vec<_>>())
}

const TEXTS: [&str; 18] = [
    "alpha",
    "ALPHA",
    "Alpha beta",
    "beta.exe",
    "BETA.EXE",
    r"c:\alpha\beta.exe",
    "straße",
    "STRASSE",
    "Kelvin",
    "\u{212A}elvin",
    "İstanbul",
    "ΣΑΣ",
    "σας",
    "",
    "aaaaaaaaaaab",
    "a*b?c",
    "trigger",
    "ｆｕｌｌ",
];
const ADDRESSES: [&str; 8] = [
    "203.0.113.9",
    "203.0.113.77",
    "::ffff:203.0.113.9",
    "2001:db8::1",
    "2001:DB8::1",
    "nowhere",
    "198.51.100.7",
    "0.0.0.0",
];
const SUBNETS: [&str; 6] = [
    "203.0.113.0/24",
    "203.0.113.9",
    "2001:db8::/32",
    "0.0.0.0/0",
    "::/0",
    "::ffff:203.0.113.0/120",
];
const PATTERNS: [&str; 18] = [
    "*alpha*",
    "alpha*",
    "*.exe",
    "*",
    "?",
    "",
    "a*a*b",
    "*a*a*a*",
    r"*\*b\?*",
    "?lpha*",
    "*beta?exe",
    r"c:\\*\\beta.exe",
    "*σ?ς",
    "str*e",
    "?elvin",
    "*ｌ",
    "*?*?",
    "al*ha*ta",
];
const TIMES: [&str; 4] = [
    "2026-11-22T10:00:00Z",
    "2026-11-22T12:00:00.5+02:00",
    "2026-11-22T10:00:00.5Z",
    "1969-12-31T23:59:59.5Z",
];
const SEVERITIES: [&str; 4] = ["informational", "low", "medium", "high"];

/// A value of any kind, now and then; else one of those
fn or_odd(values: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let odd = select(vec![
        json!(null),
        json!(7),
        json!(true),
        json!([]),
        json!({}),
        json!(["alpha", 7]),
        json!("unknown"),
        json!([["alpha"]]),
        json!({ "fileName": "alpha" }),
        json!("unknownFutureValue"),
        json!(1.5),
    ]);
    prop_oneof![12 => values, 1 => odd]
}

fn text() -> impl Strategy<Value = Value> {
    one_of(&TEXTS)
}

/// A text to compare with, which may not be blank
fn operand() -> impl Strategy<Value = Value> {
    text().prop_filter("blank", |it| it != "")
}

fn text_test() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => operand(),
        3 => vec(operand(), 1..4).prop_map(|it| json!({ "in": it })),
        6 => one_of(&PATTERNS).prop_map(|it| json!({ "like": it })),
        2 => operand().prop_map(|it| json!({ "contains": it })),
        1 => operand().prop_map(|it| json!({ "startsWith": it })),
        1 => operand().prop_map(|it| json!({ "endsWith": it })),
        2 => one_of(&SUBNETS).prop_map(|it| json!({ "inSubnet": it })),
        1 => any::<bool>().prop_map(|it| json!({ "exists": it })),
    ]
}

fn address_test() -> impl Strategy<Value = Value> {
    prop_oneof![
        2 => one_of(&ADDRESSES),
        4 => one_of(&SUBNETS).prop_map(|it| json!({ "inSubnet": it })),
        1 => text_test(),
    ]
}

fn comparison(values: impl Strategy<Value = Value> + Clone) -> impl Strategy<Value = Value> {
    let how = select(vec!["is", "atLeast", "atMost", "above", "below"]);
    prop_oneof![
        5 => (how, values.clone()).prop_map(|(how, value)| json!({ how: value })),
        2 => vec(values, 1..3).prop_map(|it| json!({ "in": it })),
        1 => any::<bool>().prop_map(|it| json!({ "exists": it })),
    ]
}

fn number() -> impl Strategy<Value = Value> + Clone {
    select(vec![json!(0), json!(7), json!(-7), json!(4_096), json!(i64::MAX), json!(i64::MIN)])
}

fn role_test() -> impl Strategy<Value = Value> {
    let role = one_of(&["trigger", "Compromised", "attacker", "triggering"]);
    prop_oneof![5 => role, 1 => text_test()]
}

/// A few of the tests, by property
fn some(
    all: Vec<(&'static str, BoxedStrategy<Value>)>,
    max: usize,
) -> impl Strategy<Value = Value> {
    let one = select((0..all.len()).collect::<Vec<_>>())
        .prop_flat_map(move |it| (Just(all[it].0), all[it].1.clone()));
    vec(one, 1..=max).prop_map(|pairs| {
        let pairs = pairs.into_iter().map(|(name, test)| (name.to_owned(), test));
        Value::Object(pairs.collect::<Map<_, _>>())
    })
}

fn alert_tests() -> impl Strategy<Value = Value> {
    let times = comparison(one_of(&TIMES)).boxed();
    let words = [
        "new",
        "resolved",
        "microsoftDefenderForEndpoint",
        "edr",
        "antivirus",
        "benignPositive",
        "truePositive",
        "unknown",
        "snoozed",
        "impossibleTravel",
        "malware",
    ];
    let word = prop_oneof![4 => one_of(&words), 2 => text_test()].boxed();
    let all = vec![
        ("id", prop_oneof![one_of(&["da1", "a1"]), text_test()].boxed()),
        ("title", text_test().boxed()),
        ("category", text_test().boxed()),
        ("categories", text_test().boxed()),
        ("systemTags", text_test().boxed()),
        ("severity", comparison(one_of(&SEVERITIES)).boxed()),
        ("status", word.clone()),
        ("classification", word.clone()),
        ("determination", word.clone()),
        ("serviceSource", word.clone()),
        ("detectionSource", word.clone()),
        ("type", word.clone()),
        ("detectorId", word),
        ("incidentId", prop_oneof![one_of(&["7", "4096"]), text_test()].boxed()),
        ("createdDateTime", times.clone()),
        ("lastUpdateDateTime", times),
    ];
    some(all, 3).prop_map(|it| json!({ "alert": it }))
}

fn evidence_tests() -> impl Strategy<Value = Value> {
    let text = || text_test().boxed();
    let base = || {
        vec![
            ("roles", role_test().boxed()),
            ("verdict", prop_oneof![one_of(&["malicious", "clean"]), text_test()].boxed()),
            ("tags", text_test().boxed()),
            ("createdDateTime", comparison(one_of(&TIMES)).boxed()),
        ]
    };
    let with = |own: Vec<(&'static str, BoxedStrategy<Value>)>| some([own, base()].concat(), 3);
    let file = with(vec![
        ("fileDetails.fileName", text()),
        ("fileDetails.sha256", text()),
        ("fileDetails.fileSize", comparison(number()).boxed()),
        ("mdeDeviceId", text()),
    ]);
    let ip = with(vec![("ipAddress", address_test().boxed()), ("location.city", text())]);
    let device = with(vec![
        ("ipInterfaces", address_test().boxed()),
        ("loggedOnUsers.accountName", text()),
        ("osBuild", comparison(number()).boxed()),
        ("deviceDnsName", text()),
    ]);
    let privileged = any::<bool>().prop_map(Value::from).boxed();
    let container = with(vec![("isPrivileged", privileged), ("args", text())]);
    prop_oneof![
        4 => file.prop_map(|it| json!({ "evidence": { "file": it } })),
        3 => ip.prop_map(|it| json!({ "evidence": { "ip": it } })),
        3 => device.prop_map(|it| json!({ "evidence": { "device": it } })),
        1 => container.prop_map(|it| json!({ "evidence": { "container": it } })),
        3 => some(base(), 2).prop_map(|it| json!({ "evidence": { "any": it } })),
        1 => select(vec!["file", "ip", "device", "url", "any"]).prop_map(|it| json!({ "evidence": it })),
    ]
}

fn condition() -> impl Strategy<Value = Value> {
    let criterion = select(vec![json!({ "addressInNamedRange": "office" }), json!("userHighRisk")]);
    let leaf = prop_oneof![8 => alert_tests(), 12 => evidence_tests(), 1 => criterion];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            3 => vec(inner.clone(), 1..=3).prop_map(|it| json!({ "all": it })),
            2 => vec(inner.clone(), 1..=3).prop_map(|it| json!({ "any": it })),
            2 => inner.prop_map(|it| json!({ "not": it })),
        ]
    })
}

fn parsed(condition: &Value) -> Condition {
    let text = condition.to_string();
    Condition::parse("c.yaml", &text).unwrap_or_else(|problems| panic!("{text}\n{problems:?}"))
}

fn asks_criteria(condition: &Value) -> bool {
    let text = condition.to_string();
    text.contains("addressInNamedRange") || text.contains("userHighRisk")
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_index_answers_as_its_conditions_do(
        conditions in vec(condition(), 1..8), alerts in vec(alert(), 1..5),
    ) {
        let rules: Vec<Condition> = conditions.iter().map(parsed).collect();
        let index = ConditionIndex::new(&rules);
        let mut matcher = index.matcher();
        for text in &alerts {
            let read = Alert::read(text);
            let Ok(alert) = read else {
                prop_assert_eq!(matcher.of_json(text.as_bytes()).map(<[Match]>::to_vec), Err(read.unwrap_err()));
                continue;
            };
            let matches = matcher.of_alert(&alert).to_vec();
            let of_json = matcher.of_json(text.as_bytes()).unwrap();
            prop_assert_eq!(of_json, &matches, "from JSON and from {:#?}", alert);
            for ((rule, condition), number) in rules.iter().zip(&conditions).zip(0..) {
                let explanation = rule.explain(&alert, &Facts::default(), &organisation(), now());
                let found = matches.iter().find(|it| it.condition == number);
                let holds = explanation.answer == Truth::True;
                if asks_criteria(condition) {
                    prop_assert!(!holds || found.is_some(), "{} missed on {}", condition, text);
                    prop_assert!(holds || found.is_none_or(|it| !it.is_sure), "{} found on {}", condition, text);
                } else {
                    let expected = holds.then_some(Match { condition: number, is_sure: true });
                    prop_assert_eq!(found.copied(), expected, "{} on {}\n{:#?}", condition, text, explanation);
                }
            }
        }
    }
}
