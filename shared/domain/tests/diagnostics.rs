//! Every code of `docs/reference/diagnostics.md` is raised by its bad document and not by its good
//! one.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::{fs, path::Path};

use defuse_domain::{Code, Playbook, TuningRule};

/// What only the command line can tell
const OF_THE_COMMAND_LINE: [Code; 5] = [
    Code::UnknownReference,
    Code::RepeatedName,
    Code::CaseFailed,
    Code::FileUnreadable,
    Code::ExpiresTooLate,
];

#[test]
fn every_code_has_a_bad_and_a_good_document() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/diagnostics.md");
    let document = fs::read_to_string(path).unwrap();
    let sections: Vec<&str> = document.split("\n## ").skip(1).collect();
    let names: Vec<&str> = sections.iter().filter_map(|it| it.lines().next()).collect();
    let codes: Vec<&str> = Code::ALL.iter().map(|it| it.name()).collect();
    assert_eq!(names, codes);
    for (code, section) in Code::ALL.iter().zip(sections) {
        let marked = section.contains("Raised by the command line only");
        assert_eq!(marked, OF_THE_COMMAND_LINE.contains(code), "{code}");
        let (bad, good) = (codes_of(part(section, "bad")), codes_of(part(section, "good")));
        assert_eq!(bad.contains(code), !marked, "the bad document of {code} raises {bad:?}");
        assert!(!good.contains(code), "the good document of {code} raises it");
    }
}

fn part<'a>(section: &'a str, name: &str) -> &'a str {
    let (_, rest) = section.split_once(&format!("```yaml {name}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

fn codes_of(text: &str) -> Vec<Code> {
    let problems = if text.contains("kind: TuningRule") {
        TuningRule::parse("document.yaml", text).err()
    } else {
        Playbook::parse("document.yaml", text).err()
    };
    let problems = problems.unwrap_or_default();
    problems.into_iter().map(|it| it.code).collect()
}
