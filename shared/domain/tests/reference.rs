//! The references in `docs/reference/playbook.md` and `tuning-rule.md` are whole, and the examples
//! are read.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::{fs, path::Path};

use defuse_domain::{
    AlertProperty, EvidenceType, FactsDocument, Playbook, Settings, UnknownReason,
};
use jiff::Timestamp;

fn reference() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/playbook.md");
    fs::read_to_string(path).unwrap()
}

/// Every fenced example: what it is, and its text
fn examples(document: &str) -> Vec<(&str, &str)> {
    let fences = document.split("```yaml ").skip(1);
    let parts = fences.map(|it| it.split_once('\n').unwrap());
    parts.map(|(name, rest)| (name, rest.split("```").next().unwrap())).collect()
}

/// A playbook with `text` in the place of its part `name`
fn playbook_with(name: &str, text: &str) -> String {
    let parts = [
        ("criteria", "userHighRisk\n"),
        ("limits", "{ perHour: 1 }\n"),
        ("then", "[{ tag: t }]\n"),
        ("tests", "[{ name: n, alert: a, expect: open }]\n"),
    ];
    let mut playbook = "apiVersion: defuse/v1\nkind: Playbook\nname: example\ndescription: d\n\
        owner: o\nmode: shadow\ntrigger: { alert: { severity: low } }\n\
        otherwise: [{ notify: { channel: soc, template: needsEyes } }]\n"
        .to_owned();
    for (part, filler) in parts {
        let text = if part == name { text } else { filler };
        let indented: Vec<String> = text.lines().map(|it| format!("  {it}\n")).collect();
        playbook = format!("{playbook}{part}:\n{}", indented.concat());
    }
    playbook
}

#[test]
fn every_example_is_read() {
    let document = reference();
    let examples = examples(&document);
    assert!(examples.len() >= 15, "only {} examples", examples.len());
    for (name, text) in examples {
        let problems = match name {
            "playbook" => Playbook::parse("example", text).err(),
            "condition" => Playbook::parse("example", &playbook_with("criteria", text)).err(),
            "limits" | "then" | "tests" => {
                Playbook::parse("example", &playbook_with(name, text)).err()
            }
            "settings" => Settings::parse("example", text).err(),
            "facts" => FactsDocument::parse("example", text, Timestamp::UNIX_EPOCH).err(),
            other => panic!("`{other}` is no kind of example"),
        };
        assert_eq!(problems, None, "{name}:\n{text}");
    }
}

#[test]
fn every_name_is_in_the_reference() {
    let document = reference();
    let mut missing = Vec::new();
    let mut needs = |line: String| {
        if !document.contains(&line) {
            missing.push(line);
        }
    };
    for property in AlertProperty::ALL {
        needs(format!("`{property}`"));
    }
    for evidence_type in EvidenceType::ALL {
        let own = evidence_type.paths().into_iter().filter(|it| !base().contains(it));
        let own: Vec<String> = own.map(|it| format!("`{it}`")).collect();
        needs(format!("| `{evidence_type}` | {} |", own.join(", ")));
    }
    for reason in UnknownReason::ALL {
        needs(format!("| `{reason}` |"));
    }
    assert!(missing.is_empty(), "not in playbook.md:\n{}", missing.join("\n"));
}

#[test]
fn every_field_of_a_tuning_rule_is_in_its_reference() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/tuning-rule.md");
    let document = fs::read_to_string(path).unwrap();
    let schema = defuse_domain::tuning_rule_schema();
    for place in ["/properties", "/$defs/window/properties", "/$defs/scope/anyOf/1/properties"] {
        for name in schema.pointer(place).unwrap().as_object().unwrap().keys() {
            assert!(document.contains(&format!("| `{name}` |")), "tuning-rule.md lacks `{name}`");
        }
    }
}

/// The properties that every piece of evidence has
fn base() -> Vec<String> {
    defuse_domain::BASE.iter().map(|(name, _)| (*name).to_owned()).collect()
}
