//! The index over conditions: rule sets and alerts made to be hard, its stored form, and what is no
//! plain alert.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::iter::repeat_n;

use defuse_domain::{
    Alert, AlertError, Condition, ConditionIndex, Facts, ImageError, Match, Organisation, Settings,
    Truth,
};
use jiff::Timestamp;
use serde_json::{Value, json};

fn index_of(conditions: &[Value]) -> (Vec<Condition>, ConditionIndex) {
    let read = |it: &Value| Condition::parse("c.yaml", &it.to_string()).unwrap();
    let conditions: Vec<Condition> = conditions.iter().map(read).collect();
    let index = ConditionIndex::new(&conditions);
    (conditions, index)
}

fn process(command_line: &str) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.security.processEvidence", "processCommandLine": command_line,
    })
}

fn file(sha256: &str, name: &str) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.security.fileEvidence",
        "fileDetails": { "sha256": sha256, "fileName": name },
    })
}

fn alert(evidence: Vec<Value>) -> String {
    json!({ "id": "da1", "severity": "low", "evidence": evidence }).to_string()
}

fn like(pattern: &str) -> Value {
    json!({ "evidence": { "process": { "processCommandLine": { "like": pattern } } } })
}

fn organisation() -> Organisation {
    let text = "apiVersion: defuse/v1\nkind: Settings\n\
        highRisk: { userRisk: { atLeast: high }, groups: [], tags: [] }\n";
    Settings::parse("settings.yaml", text).unwrap().organisation
}

/// The same ways in, and plain evaluation, give these conditions
#[track_caller]
fn check(conditions: &[Value], text: &str, expected: &[u32]) {
    let (conditions, index) = index_of(conditions);
    let read = Alert::read(text).unwrap();
    let mut matcher = index.matcher();
    let numbers = |it: &[Match]| it.iter().map(|it| it.condition).collect::<Vec<u32>>();
    assert_eq!(numbers(matcher.of_json(text.as_bytes()).unwrap()), expected, "from JSON");
    assert_eq!(numbers(matcher.of_alert(&read)), expected, "from the alert");
    let facts = Facts::default();
    let organisation = organisation();
    for (condition, number) in conditions.iter().zip(0..).step_by(997) {
        let explained = condition.explain(&read, &facts, &organisation, Timestamp::UNIX_EPOCH);
        assert_eq!(explained.answer == Truth::True, expected.contains(&number), "{number}");
    }
}

#[test]
fn rules_that_share_one_anchor_are_told_apart() {
    let rule = |number: u32| {
        json!({ "all": [
            { "evidence": { "file": { "fileDetails.sha256": "aa" } } },
            { "alert": { "severity": "low" } },
            { "not": { "evidence": { "file": { "fileDetails.fileName": format!("{}.exe", number % 7) } } } },
        ] })
    };
    let rules: Vec<Value> = (0..5_000).map(rule).collect();
    let expected: Vec<u32> = (0..5_000).filter(|it| it % 7 != 3).collect();
    check(&rules, &alert(vec![file("AA", "3.EXE")]), &expected);
    check(&rules, &alert(vec![file("ab", "3.exe")]), &[]);
}

#[test]
fn ten_thousand_rules_of_one_letter_hold_or_do_not() {
    let rules: Vec<Value> = repeat_n(like("*a*"), 10_000).collect();
    let all: Vec<u32> = (0..10_000).collect();
    check(&rules, &alert(vec![process("xAx")]), &all);
    check(&rules, &alert(vec![process("xyz")]), &[]);
}

#[test]
fn many_pieces_and_a_long_command_line_are_answered() {
    let long = format!("{}--token=seven {}", "a".repeat(40_000), "b".repeat(24_000));
    let mut pieces: Vec<Value> = (0..500).map(|it| file(&format!("{it:064x}"), "x.exe")).collect();
    pieces.push(process(&long));
    let mut rules: Vec<Value> = (0..500)
        .map(|it| {
            let sha256 = format!("{it:064x}");
            json!({ "evidence": { "file": { "fileDetails.sha256": sha256, "fileDetails.fileName": "X.exe" } } })
        })
        .collect();
    rules.push(like("*--token=seven*"));
    rules.push(like(&format!("{}c", "*a".repeat(16))));
    let expected: Vec<u32> = (0..=500).collect();
    check(&rules, &alert(pieces), &expected);
}

#[test]
fn rules_whose_parts_are_all_alike_end_in_plain_evaluation() {
    // Each part of eight letters stands in thousands of them, and again and again in the text.
    let blocks = ["abababab", "babababa", "cdcdcdcd", "dcdcdcdc", "acacacac", "bdbdbdbd"];
    let mut rules = Vec::new();
    for number in 0_usize..6_usize.pow(4) {
        let parts: Vec<&str> = (0..4).map(|it| blocks[number / 6_usize.pow(it) % 6]).collect();
        rules.push(like(&format!("*{}*", parts.concat())));
    }
    let text = blocks.concat().repeat(1_300);
    let expected: Vec<u32> = rules
        .iter()
        .zip(0..)
        .filter(|(rule, _)| {
            let pattern =
                rule["evidence"]["process"]["processCommandLine"]["like"].as_str().unwrap();
            text.contains(pattern.trim_matches('*'))
        })
        .map(|(_, number)| number)
        .collect();
    check(&rules, &alert(vec![process(&text)]), &expected);
}

#[test]
fn tests_of_one_leaf_hold_on_the_same_piece() {
    let rule = json!({ "evidence": { "file": { "fileDetails.sha256": "aa", "fileDetails.fileName": "x" } } });
    check(std::slice::from_ref(&rule), &alert(vec![file("aa", "y"), file("bb", "x")]), &[]);
    check(std::slice::from_ref(&rule), &alert(vec![file("aa", "y"), file("aa", "x")]), &[0]);
}

#[test]
fn what_triggered_the_alert_is_told_as_plain_evaluation_tells_it() {
    let rule = json!({ "evidence": { "file": { "fileDetails.sha256": "aa", "role": "trigger" } } });
    let with = |mut piece: Value, name: &str, value: Value| {
        piece[name] = value;
        piece
    };
    let suspected = with(file("aa", "x"), "verdict", json!("Malicious"));
    let labelled = with(file("bb", "x"), "roles", json!(["Trigger"]));
    check(std::slice::from_ref(&rule), &alert(vec![suspected.clone(), file("bb", "x")]), &[0]);
    check(std::slice::from_ref(&rule), &alert(vec![suspected, labelled]), &[]);
    check(std::slice::from_ref(&rule), &alert(vec![file("aa", "x")]), &[0]);
    check(std::slice::from_ref(&rule), &alert(vec![file("aa", "x"), file("aa", "y")]), &[]);
}

#[test]
fn a_condition_that_asks_facts_may_hold() {
    let (_, index) = index_of(&[
        json!({ "all": [{ "alert": { "severity": "low" } }, "userHighRisk"] }),
        json!({ "all": [{ "alert": { "severity": "high" } }, "userHighRisk"] }),
        json!({ "any": [{ "alert": { "severity": "low" } }, { "not": "userHighRisk" }] }),
    ]);
    let mut matcher = index.matcher();
    let found = matcher.of_json(alert(vec![]).as_bytes()).unwrap();
    let of = |condition, is_sure| Match { condition, is_sure };
    assert_eq!(found, [of(0, false), of(2, true)]);
}

#[test]
fn what_is_no_alert_is_refused_as_its_reader_refuses_it() {
    let (_, index) = index_of(&[like("*a*")]);
    let mut matcher = index.matcher();
    let deep = format!(r#"{{"id":"a","x":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    for text in [
        "",
        "7",
        "{}",
        r#"{"id":""}"#,
        r#"{"id":"a""#,
        r#"{"id":"a"} x"#,
        r#"{"id":"a","x":1e999}"#,
        &deep,
    ] {
        let expected = Alert::read(text).unwrap_err();
        assert_eq!(matcher.of_json(text.as_bytes()), Err(expected), "{text:.100}");
    }
    let not_text = b"{\"id\":\"a\",\"x\":\"\xFF\"}";
    assert!(matches!(matcher.of_json(not_text), Err(AlertError::NotJson(_))));
    // Each alert is answered by itself, whatever came before.
    assert_eq!(matcher.of_json(alert(vec![process("a")]).as_bytes()).map(<[Match]>::len), Ok(1));
}

#[test]
fn an_image_is_the_index_and_nothing_else_is() {
    let rules: Vec<Value> = (0..50)
        .map(|it| json!({ "any": [like(&format!("*tok{it}*x")), { "evidence": { "ip": { "ipAddress": {
            "inSubnet": format!("10.0.{it}.0/24") } } } }, { "evidence": { "any": { "role": "trigger" } } }] }))
        .collect();
    let (_, index) = index_of(&rules);
    let image = index.to_image("sha256:1");
    let again = ConditionIndex::from_image(&image, "sha256:1").unwrap();
    assert_eq!(again.to_image("sha256:1"), image);
    assert_eq!(again.len(), 50);
    for text in [alert(vec![process("tok7 x"), file("a", "b")]), alert(vec![process("tok1x")])] {
        let expected = index.matcher().of_json(text.as_bytes()).unwrap().to_vec();
        assert!(!expected.is_empty());
        assert_eq!(again.matcher().of_json(text.as_bytes()), Ok(expected.as_slice()));
    }

    let refused = |image: &[u8], rules: &str| ConditionIndex::from_image(image, rules).unwrap_err();
    let (found, wanted) = ("sha256:1".to_owned(), "sha256:2".to_owned());
    assert_eq!(refused(&image, "sha256:2"), ImageError::OtherRules { found, wanted });
    assert_eq!(refused(b"", "sha256:1"), ImageError::NotAnImage);
    assert_eq!(refused(b"PK\x03\x04", "sha256:1"), ImageError::NotAnImage);
    for length in 8..image.len() {
        let error = refused(&image[..length], "sha256:1");
        assert_eq!(error, ImageError::Damaged, "cut at {length}");
    }
    for place in 12..image.len() {
        let mut damaged = image.clone();
        damaged[place] ^= 0x10;
        assert_eq!(refused(&damaged, "sha256:1"), ImageError::Damaged, "changed at {place}");
    }
    let mut other = image;
    other[8] ^= 0x80;
    assert_eq!(refused(&other, "sha256:1"), ImageError::OtherVersion { found: 0x82 });
}

#[test]
fn an_index_of_nothing_answers_nothing() {
    check(&[], &alert(vec![process("a")]), &[]);
}
