//! The JSON Schemas for editors are those in `infra/schema/`, mark what they can express, and
//! never mark what the reader takes.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test ends at the first surprise"
)]

#[path = "schema/agreement.rs"]
mod agreement;
#[path = "schema/diagnostics.rs"]
mod diagnostics;
#[path = "schema/documents.rs"]
mod documents;
#[path = "schema/tuning_rules.rs"]
mod tuning_rules;
#[path = "schema/yaml.rs"]
mod yaml;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use defuse_domain::{AlertProperty, EvidenceType};
use serde_json::Value;

use self::documents::{Document, corpus};

#[test]
fn the_files_are_those_that_the_code_makes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/schema");
    for document in Document::ALL {
        let path = folder.join(format!("{}.schema.json", document.name()));
        let file = fs::read_to_string(&path).unwrap_or_default();
        let made = defuse_domain::schema_text(&document.schema());
        assert!(file == made, "{} is stale: renew it with `cargo run -- schema`", path.display());
        let read: Value = serde_json::from_str(&made).unwrap();
        assert_eq!(read, document.schema(), "the text is another schema");
    }
}

#[test]
fn they_are_schemas_and_every_part_is_used() {
    for document in Document::ALL {
        let schema = document.schema();
        jsonschema::draft202012::meta::validate(&schema).unwrap();
        let text = schema.to_string();
        for name in schema["$defs"].as_object().unwrap().keys() {
            let used = text.contains(&format!("\"#/$defs/{name}\""));
            assert!(used, "{}: nothing refers to {name}", document.name());
        }
    }
}

#[test]
fn every_field_stands_in_an_example() {
    for document in Document::ALL {
        let mut fields = BTreeSet::new();
        let schema = document.schema();
        let generated = |name: &str| {
            ["Evidence", "evidenceTest", "alertTests"].iter().any(|it| name.ends_with(it))
        };
        let definitions = schema["$defs"].as_object().unwrap();
        for (_, part) in definitions.iter().filter(|(name, _)| !generated(name)) {
            collect_fields(part, &mut fields);
        }
        collect_fields(&schema["properties"], &mut fields);
        let mut used = BTreeSet::new();
        for (_, text) in corpus().into_iter().filter(|(it, _)| *it == document) {
            collect_keys(&yaml::read(&text).unwrap(), &mut used);
        }
        let missing: Vec<&String> = fields.difference(&used).collect();
        assert!(missing.is_empty(), "no example of {} has {missing:?}", document.name());
    }
}

fn collect_fields(schema: &Value, fields: &mut BTreeSet<String>) {
    match schema {
        Value::Object(map) => {
            for (keyword, value) in map {
                if keyword == "properties" {
                    fields.extend(value.as_object().unwrap().keys().cloned());
                }
                collect_fields(value, fields);
            }
        }
        Value::Array(items) => items.iter().for_each(|it| collect_fields(it, fields)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn collect_keys(value: &Value, keys: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            keys.extend(map.keys().cloned());
            map.values().for_each(|it| collect_keys(it, keys));
        }
        Value::Array(items) => items.iter().for_each(|it| collect_keys(it, keys)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_property_that_an_editor_offers_can_be_tested() {
    let schema = Document::Playbook.schema();
    let definitions = &schema["$defs"];
    let names = |part: &str| -> Vec<String> {
        definitions[part]["properties"].as_object().unwrap().keys().cloned().collect()
    };
    let known: BTreeSet<String> = AlertProperty::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(names("alertTests").into_iter().collect::<BTreeSet<_>>(), known);
    for name in EvidenceType::ALL.iter().map(|it| it.name()).chain(["any"]) {
        let offered = names(&format!("{name}Evidence"));
        let tests: Vec<String> =
            offered.iter().map(|it| format!("{it}: {{ exists: true }}")).collect();
        let condition = format!("{{ evidence: {{ {name}: {{ {} }} }} }}", tests.join(", "));
        documents::both_take(Document::Playbook, &documents::playbook_with("criteria", &condition));
    }
    for evidence_type in EvidenceType::ALL {
        let offered = names(&format!("{evidence_type}Evidence"));
        let missing: Vec<String> =
            evidence_type.paths().into_iter().filter(|it| !offered.contains(it)).collect();
        // Pieces of evidence inside another cannot be tested.
        let refused = |path: &String| {
            let test = format!("{{ evidence: {{ {evidence_type}: {{ {path}: x }} }} }}");
            !Document::Playbook.reads(&documents::playbook_with("criteria", &test))
        };
        assert!(missing.iter().all(refused), "{evidence_type} lacks {missing:?}");
    }
}

#[test]
fn operators_and_operands_agree_with_the_reader() {
    let operators = [
        "is",
        "in",
        "like",
        "contains",
        "startsWith",
        "endsWith",
        "inSubnet",
        "exists",
        "atLeast",
        "atMost",
        "above",
        "below",
        "before",
        "after",
        "near",
    ];
    let operands = [
        "x",
        "5",
        "'5'",
        "-5",
        "1.5",
        "true",
        "'true'",
        "medium",
        "grave",
        "10.0.0.0/8",
        "''",
        "'2026-11-23T10:00:00Z'",
        "[x]",
        "[5]",
        "[true]",
        "[medium]",
        "[]",
        "{}",
        "~",
        "[[x]]",
        "['2026-11-23T10:00:00Z']",
    ];
    let properties = [
        "alert: { title: TEST }",
        "alert: { severity: TEST }",
        "alert: { createdDateTime: TEST }",
        "evidence: { process: { processId: TEST } }",
        "evidence: { container: { isPrivileged: TEST } }",
        "evidence: { any: { role: TEST } }",
    ];
    let mut verdicts: BTreeMap<bool, usize> = BTreeMap::new();
    for property in properties {
        for operand in operands {
            let tests = operators.iter().map(|it| format!("{{ {it}: {operand} }}"));
            for test in tests.chain([operand.to_owned()]) {
                let condition = format!("{{ {} }}", property.replace("TEST", &test));
                let text = documents::playbook_with("criteria", &condition);
                let verdict = documents::agree_exactly(Document::Playbook, &text);
                *verdicts.entry(verdict).or_default() += 1;
            }
        }
    }
    assert!(verdicts[&true] > 100 && verdicts[&false] > 500, "{verdicts:?}");
}

#[test]
fn criteria_with_and_without_a_body_agree_with_the_reader() {
    let schema = Document::Playbook.schema();
    let properties = &schema["$defs"]["criteria"]["anyOf"][0]["properties"];
    let names: Vec<&String> = properties.as_object().unwrap().keys().collect();
    assert_eq!(names.len(), 13, "{names:?}");
    let bodies = ["x", "{}", "[]", "~", "{ maxAge: 5m }", "{ anyOf: [x] }", "{ anyOf: x }"];
    for name in names {
        let with_bodies = bodies.iter().map(|body| format!("{{ {name}: {body} }}"));
        for condition in with_bodies.chain([name.clone()]) {
            for part in ["criteria", "trigger"] {
                let text = documents::playbook_with(part, &condition);
                documents::agree_exactly(Document::Playbook, &text);
            }
        }
    }
}
