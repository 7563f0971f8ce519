//! Bad input: exit code 2, with every problem by file and line, and nothing is decided.

use crate::folder::{Folder, Ran};

const ALERT: &str = "impossible-travel.json";

const BROKEN_LINES: &str = "\
{\"id\":\"ca1\",\"title\":\"good\"}
{\"title\":\"no id\"}

oops
{\"id\":\"a b\"}
";

const FACTS_WITH_THREE_MISTAKES: &str = "\
read: yesterday
users:
  kim@contoso.example:
    automaticReplySetting: { status: disabled }
    tags: high risk
";

const PLAYBOOK_WITH_FIVE_MISTAKES: &str = "\
apiVersion: defuse/v1
kind: Playbook
name: Travel!
description: A user who is away signs in from elsewhere.
owner: secops@contoso.example
mode: enforced
trigger:
  all:
    - alert: { type: { in: [impossibleTravel] } }
criteria:
  all:
    - userOutOfOfice: { coversFirstActivity: true, setBeforehand: true }
    - not: userHighRisk
limits: { perHour: many }
then:
  - resolve: { informationalExpectedActivity: confirmedActivity }
  - notify: { channel: soc, template: resolved }
otherwise:
  - notify: { channel: soc, template: needsEyes }
";

#[track_caller]
fn refused(ran: &Ran) {
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{}", ran.said);
}

#[test]
fn a_playbook_with_five_mistakes_is_told_all_five() {
    let folder = Folder::new();
    folder.event(ALERT);
    folder.write("infra/playbooks/travel.yaml", PLAYBOOK_WITH_FIVE_MISTAKES);
    let ran = folder.run(&["triage", ALERT]);
    refused(&ran);
    insta::assert_snapshot!("playbook_with_five_mistakes", ran.said);
}

#[test]
fn a_facts_file_with_three_mistakes_is_told_all_three() {
    let folder = Folder::new();
    folder.event(ALERT);
    folder.write("facts.yaml", FACTS_WITH_THREE_MISTAKES);
    let ran = folder.run(&["triage", "--facts", "facts.yaml", ALERT]);
    refused(&ran);
    insta::assert_snapshot!("facts_with_three_mistakes", ran.said);
}

#[test]
fn alerts_that_cannot_be_read_are_told_by_line() {
    let folder = Folder::new();
    folder.write("alerts.ndjson", BROKEN_LINES);
    folder.write("empty.json", "");
    folder.write("prose.json", "Dear colleagues,\n");
    folder.write("deep.json", &"[".repeat(10_000));
    let files = ["alerts.ndjson", "empty.json", "missing.json", "prose.json", "deep.json"];
    let ran = folder.run(&[&["triage"], &files[..]].concat());
    refused(&ran);
    insta::assert_snapshot!("alerts_that_cannot_be_read", ran.said);
}

#[test]
fn mistakes_of_all_inputs_are_told_at_once() {
    let folder = Folder::new();
    folder.write("alerts.ndjson", BROKEN_LINES);
    folder.write("facts.yaml", FACTS_WITH_THREE_MISTAKES);
    folder.write("infra/playbooks/travel.yaml", PLAYBOOK_WITH_FIVE_MISTAKES);
    let ran = folder.run(&["triage", "--facts", "facts.yaml", "alerts.ndjson"]);
    refused(&ran);
    for place in
        ["alerts.ndjson:2", "facts.yaml:1", "facts.yaml:5", "travel.yaml:3", "travel.yaml:6"]
    {
        assert!(ran.said.contains(place), "{place} is not in {}", ran.said);
    }
}

#[test]
fn what_is_missing_is_named() {
    let folder = Folder::new();
    folder.event(ALERT);
    let check = |arguments: &[&str], expected: &str| {
        let ran = folder.run(arguments);
        refused(&ran);
        assert!(ran.said.contains(expected), "{expected} is not in {}", ran.said);
    };
    check(&["triage", "nowhere.json"], "cannot read nowhere.json");
    check(&["triage", "--facts", "nowhere.yaml", ALERT], "cannot read nowhere.yaml");
    check(&["triage", "--config", "nowhere", ALERT], "there is no folder nowhere");
    check(&["dev", "--config", "nowhere"], "there is no folder nowhere");
    check(&["demo", "--config", "nowhere"], "there is no folder nowhere");
    check(&["demo", "--events", "nowhere"], "cannot read nowhere");
    check(&["triage", "--config", ".", ALERT], "settings.yaml");
    check(&["triage"], "<FILE>...");
    check(&["triage", "--now", "soon", ALERT], "soon");
    check(&["triaje", ALERT], "triage");
    check(&[], "Usage: defuse");
}

#[test]
fn too_much_is_too_much() {
    let folder = Folder::new();
    folder.write("large.json", &" ".repeat(5 * 1024 * 1024));
    folder.write("many.json", &format!("[{}]", vec![r#"{"id":"a"}"#; 1_001].join(",")));
    let ran = folder.run(&["triage", "large.json", "many.json"]);
    refused(&ran);
    assert!(ran.said.contains("tooLarge") && ran.said.contains("tooMany"), "{}", ran.said);
}
