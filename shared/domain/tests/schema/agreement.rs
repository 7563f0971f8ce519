//! Whatever becomes of a good document: what the reader takes, the schema takes.

use std::sync::LazyLock;

use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::{Value, json};

use crate::{
    documents::{Document, agree, corpus, playbook_with},
    yaml,
};

static CORPUS: LazyLock<Vec<(Document, String)>> = LazyLock::new(corpus);

/// Every part of every good document, and some that fit nowhere
static PARTS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let odd = json!([
        null, true, "false", 0, "0", 7, "+7", -7, 1.5, 1e300, "", " ", "\u{feff}", "\u{85}", "10m",
        "-3d", "0y 5m", "PT1H", "2026-11-23 10:00Z", "::1/128", "https://x", [], {}, [[]], "x",
        "x".repeat(5_000), vec!["y"; 1_001], { "unknown": "z" }, { "unknown": [] }, "open",
    ]);
    let mut parts = odd.as_array().unwrap().clone();
    for (_, text) in CORPUS.iter() {
        collect(&yaml::read(text).unwrap(), &mut parts);
    }
    parts
});

fn collect(value: &Value, parts: &mut Vec<Value>) {
    parts.push(value.clone());
    match value {
        Value::Object(map) => map.values().for_each(|it| collect(it, parts)),
        Value::Array(items) => items.iter().for_each(|it| collect(it, parts)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// One change to a tree: where, what is done there, and what with
type Change = (Index, u8, Index);

fn change(tree: &mut Value, (place, how, what): &Change) {
    let n_nodes = nodes(tree);
    let mut left = place.index(n_nodes);
    if let Some(node) = nth(tree, &mut left) {
        let part = PARTS[what.index(PARTS.len())].clone();
        match (node, how % 4) {
            (Value::Object(map), 0) => {
                let key = map.keys().nth(what.index(map.len().max(1))).cloned();
                key.and_then(|it| map.remove(&it));
            }
            (Value::Object(map), 1) => {
                let from = part.as_object().and_then(|it| it.iter().next());
                map.extend(from.map(|(key, value)| (key.clone(), value.clone())));
            }
            (Value::Array(items), 0) if !items.is_empty() => {
                items.remove(what.index(items.len()));
            }
            (Value::Array(items), 1) => items.push(part),
            (node @ (Value::Number(_) | Value::Bool(_)), 2) => *node = node.to_string().into(),
            (node, _) => *node = part,
        }
    }
}

fn nodes(tree: &Value) -> usize {
    let mut parts = Vec::new();
    collect(tree, &mut parts);
    parts.len()
}

/// The node that `left` others stand before
fn nth<'a>(tree: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
    if *left == 0 {
        return Some(tree);
    }
    *left -= 1;
    match tree {
        Value::Object(map) => map.values_mut().find_map(|it| nth(it, left)),
        Value::Array(items) => items.iter_mut().find_map(|it| nth(it, left)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn on_documents_with_parts_changed(
        which in any::<Index>(),
        changes in vec((any::<Index>(), any::<u8>(), any::<Index>()), 1..3),
    ) {
        let (document, text) = which.get(&CORPUS);
        let mut tree = yaml::read(text).unwrap();
        for it in &changes {
            change(&mut tree, it);
        }
        agree(*document, &tree.to_string());
    }

    #[test]
    fn on_documents_with_letters_changed(
        which in any::<Index>(),
        place in any::<Index>(),
        gone in 0..4_usize,
        put in prop_oneof!["[a-zA-Z0-9.:'/+ -]{0,3}", "\\PC{0,2}", Just("\u{feff}".to_owned())],
    ) {
        let (document, text) = which.get(&CORPUS);
        let mut letters: Vec<char> = text.chars().collect();
        let start = place.index(letters.len() + 1);
        let end = (start + gone).min(letters.len());
        letters.splice(start..end, put.chars());
        agree(*document, &letters.into_iter().collect::<String>());
    }

    #[test]
    fn on_durations(
        text in "[+-]{0,2}([0-9]{1,2}([.,][0-9])? ?(w|d|hrs?|h|mins|m|s|ms|µs|usecs|nanos|0y|mo),? ?){0,3}([0-9]:0[0-9]:[0-9]{2})?( ago)?",
        iso in "[+-]?[Pp]([0-9]W)?([0-9]D)?(T([0-9]{1,2}H)?([0-9]m)?([0-9.,]{1,3}S)?)?",
    ) {
        for text in [text, iso] {
            let quoted = Value::from(text);
            let positive = format!("{{ userHighRisk: {{ maxAge: {quoted} }} }}");
            agree(Document::Playbook, &playbook_with("criteria", &positive));
            let case = format!("[{{ name: n, alert: a, facts: {{ age: {quoted} }}, expect: open }}]");
            agree(Document::Playbook, &playbook_with("tests", &case));
        }
    }

    #[test]
    fn on_times_and_ranges(
        time in "[+-]?(20)?2026-?1[12]-?2[0-9][Tt _][01][0-9](:?[0-5][0-9]){0,2}([.,][0-9]{1,9})?([Zz]|[+-]0[0-9](:?30)?)(\\[!?[A-Za-z/=]{1,13}\\])?",
        range in "([0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9a-fA-F:]{2,9}|::ffff:10\\.0\\.0\\.[0-9])(/\\+?[0-9]{1,3})?",
    ) {
        agree(Document::Facts, &json!({ "read": time }).to_string());
        let settings = json!({
            "apiVersion": "defuse/v1", "kind": "Settings", "namedRanges": { "office": [range] },
        });
        agree(Document::Settings, &settings.to_string());
    }
}

#[test]
fn the_changes_leave_some_documents_good() {
    // What is refused alike says nothing of agreement, so enough must be left that is taken.
    let mut n_taken = 0;
    for (document, text) in CORPUS.iter() {
        for (index, part) in PARTS.iter().take(30).enumerate() {
            let mut tree = yaml::read(text).unwrap();
            let mut left = (index * 7 + 1) % nodes(&tree).max(2);
            if let Some(node) = nth(&mut tree, &mut left) {
                *node = part.clone();
            }
            n_taken += usize::from(document.reads(&tree.to_string()));
        }
    }
    assert!(n_taken > 20, "only {n_taken}");
}
