//! `--help`, as a newcomer reads it.

use crate::folder::Folder;

#[test]
fn a_newcomer_can_work_from_help() {
    let folder = Folder::new();
    let check = |name: &str, arguments: &[&str]| {
        let ran = folder.run(arguments);
        assert_eq!((ran.code, ran.said.as_str()), (Some(0), ""));
        let longest = ran.out.lines().map(str::len).max();
        assert!(longest <= Some(100), "{name} has a line of {longest:?} characters");
        insta::assert_snapshot!(format!("help_{name}"), ran.out);
    };
    check("defuse", &["--help"]);
    check("demo", &["demo", "--help"]);
    check("dev", &["dev", "--help"]);
    check("triage", &["triage", "--help"]);
    check("explain", &["explain", "--help"]);
    check("status", &["status", "--help"]);
    check("allow_add", &["allow", "add", "--help"]);
    check("tuning", &["tuning", "--help"]);
    check("tuning_check", &["tuning", "check", "--help"]);
    check("tuning_preview", &["tuning", "preview", "--help"]);
    check("tuning_from_alert", &["tuning", "from-alert", "--help"]);
    check("tuning_why", &["tuning", "why", "--help"]);
}

#[test]
fn the_facts_in_help_are_facts() {
    let folder = Folder::new();
    folder.event("impossible-travel.json");
    let help = folder.run(&["triage", "--help"]).out;
    let (_, facts) = help.split_once("Graph:\n").unwrap();
    let (facts, _) = facts.split_once("What it leaves out").unwrap();
    folder.write("facts.yaml", facts);
    let decided = folder.triage(&["--facts", "facts.yaml", "impossible-travel.json"]);
    assert_eq!(decided[0]["outcome"], "resolved", "{:#}", decided[0]["reasons"]);
}
