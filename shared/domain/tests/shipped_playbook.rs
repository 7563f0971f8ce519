//! The playbook that we ship does what its own cases say.

use std::{fs, path::Path};

use defuse_domain::{Organisation, Playbook, RuleBook, read_body};

#[test]
fn every_case_of_the_shipped_playbook_comes_out_as_expected() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let file = "infra/playbooks/legitimate-travel.yaml";
    let text = fs::read_to_string(root.join(file)).unwrap();
    let playbook = Playbook::parse(file, &text).unwrap_or_else(|problems| {
        panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    });
    let rules = RuleBook::new([playbook.clone()], Organisation::default());
    let mut failures = Vec::new();
    for case in playbook.cases() {
        let body = fs::read(root.join(&case.alert)).unwrap();
        let alert = read_body(&body).remove(0).unwrap();
        let result = case.check(playbook.name(), &alert, &rules);
        failures.extend(result.failure.map(|it| format!("{}: {it}", case.name)));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(playbook.cases().len() >= 10);
}
