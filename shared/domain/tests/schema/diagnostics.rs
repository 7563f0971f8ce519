//! What the schemas mark of the bad documents in `docs/reference/diagnostics.md`.

use serde_json::Value;

use crate::{
    documents::{Document, playbook_without, shipped},
    tuning_rules::tuning_rule_with,
    yaml,
};

/// The codes that a schema can express
const EXPRESSED: [&str; 12] = [
    "P002", "P003", "P004", "P005", "P007", "P008", "P009", "P012", "P013", "P014", "P015", "P016",
];

#[test]
fn what_the_diagnostics_show_is_marked_as_far_as_a_schema_can() {
    let reference = shipped("docs/reference/diagnostics.md");
    for section in reference.split("\n## ").skip(1) {
        let code = section.lines().next().unwrap();
        let example = |name: &str| {
            let (_, rest) = section.split_once(&format!("```yaml {name}\n")).unwrap();
            rest.split_once("```").unwrap().0
        };
        let marks = |part: &str| {
            let document = kind_of(part);
            document.marks_of(&completed(document, code, part))
        };
        assert_eq!(marks(example("good")), [""; 0], "in the good document of {code}");
        let is_yaml = yaml::read(example("bad")).is_some();
        assert_eq!(is_yaml, code != "P001");
        if is_yaml {
            let marks = marks(example("bad"));
            assert_eq!(!marks.is_empty(), EXPRESSED.contains(&code), "{code}: {marks:?}");
        }
    }
}

/// The part of a document with what it leaves out, unless that is what it is about
fn completed(document: Document, code: &str, part: &str) -> Value {
    let whole = match document {
        Document::TuningRule => tuning_rule_with("enabled", "true"),
        Document::Playbook | Document::Settings | Document::Facts => playbook_without(""),
    };
    let mut whole = yaml::read(&whole).unwrap();
    let fields = whole.as_object_mut().unwrap();
    match code {
        "P003" => fields.clear(),
        "P012" => drop(fields.remove("limits")),
        _ => {}
    }
    fields.extend(yaml::read(part).unwrap().as_object().unwrap().clone());
    whole
}

/// What a part of a document is a part of
fn kind_of(part: &str) -> Document {
    if part.contains("kind: TuningRule") { Document::TuningRule } else { Document::Playbook }
}
