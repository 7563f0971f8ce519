//! `defuse check`: every mistake, for people and for programs, before anything is deployed.

use std::fs;

use serde_json::Value;

use crate::{
    binary::root,
    folder::{Folder, Ran},
};

const PLAYBOOK: &str = "infra/playbooks/legitimate-travel.yaml";

/// The shipped configuration with the alerts that its tests name
fn folder() -> Folder {
    let folder = Folder::new();
    folder.events();
    folder
}

#[track_caller]
fn refused(ran: Ran) -> String {
    assert_eq!((ran.code, ran.said.as_str()), (Some(2), ""), "{}", ran.out);
    ran.out
}

/// The one problem of a configuration whose playbook has that in the place of something
#[track_caller]
fn only_problem(folder: &Folder, from: &str, to: &str) -> Value {
    let shipped = include_str!("../../infra/playbooks/legitimate-travel.yaml");
    let changed = shipped.replacen(from, to, 1);
    assert_ne!(changed, shipped);
    folder.write(PLAYBOOK, &changed);
    let out = refused(folder.run(&["check", "--format", "json"]));
    let checked: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(checked["bundle"], Value::Null);
    let problems = checked["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 1, "{out}");
    problems[0].clone()
}

#[test]
fn what_ships_has_no_mistakes() {
    let folder = folder();
    let ran = folder.run(&["check"]);
    assert_eq!((ran.code, ran.said.as_str()), (Some(0), ""), "{}", ran.out);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert!(lines[0].starts_with("infra: 1 playbooks with ") && lines[0].ends_with(" no mistakes"));
    let digest = lines[1].strip_prefix("bundle sha256:").unwrap();
    assert_eq!((lines.len(), digest.len()), (2, 64));

    let ran = folder.run(&["check", "--format", "json", "infra"]);
    let checked: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(checked["bundle"], format!("sha256:{digest}"));
    assert_eq!((ran.code, &checked["problems"]), (Some(0), &Value::Array(Vec::new())));
}

#[test]
fn five_mistakes_are_told_at_once() {
    let folder = folder();
    let mistaken = fs::read_to_string(folder.path(PLAYBOOK))
        .unwrap()
        .replace("name: legitimate-travel\n", "name: Travel!\n")
        .replace("mode: enforce", "mode: enforced")
        .replace("userOutOfOffice: { covers", "userOutOfOfice: { covers")
        .replace("perHour: 30", "perHour: many");
    folder.write("infra/playbooks/mistaken.yaml", &mistaken);
    folder.write("infra/playbooks/not-yaml.yaml", "a: [b\n");
    insta::assert_snapshot!("check_five_mistakes", refused(folder.run(&["check"])));
}

#[test]
fn sarif_has_what_its_readers_require() {
    let folder = folder();
    folder.write("infra/playbooks/a name with ü and %.yaml", "a: [b\n");
    let elsewhere = Folder::new();
    elsewhere.write("infra/settings.yaml", "kind: Settings\n");
    fs::remove_file(elsewhere.path(PLAYBOOK)).unwrap();
    let absolute = folder.path("infra").display().to_string();
    let other = elsewhere.path("infra").display().to_string();
    let escaped = "infra/playbooks/a%20name%20with%20%C3%BC%20and%20%25.yaml";
    for (dir, uri) in [
        ("infra", escaped.to_owned()),
        ("./infra", escaped.to_owned()),
        (&absolute, escaped.to_owned()),
        (&other, format!("file://{other}/settings.yaml")),
    ] {
        let out = refused(folder.run(&["check", "--format", "sarif", dir]));
        let log: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(log["version"], "2.1.0");
        let run = &log["runs"][0];
        let driver = &run["tool"]["driver"];
        assert_eq!(driver["name"], "defuse");
        let rules: Vec<&Value> =
            driver["rules"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
        let results = run["results"].as_array().unwrap();
        assert!(!results.is_empty(), "{out}");
        for result in results {
            assert!(rules.contains(&&result["ruleId"]), "{result}");
            assert_eq!(result["level"], "error");
            assert_ne!(result["message"]["text"].as_str().unwrap(), "");
            let place = &result["locations"][0]["physicalLocation"];
            assert_eq!(place["artifactLocation"]["uri"], uri);
            let region = &place["region"];
            assert!(
                region["startLine"].as_u64() > Some(0) && region["startColumn"].as_u64() > Some(0)
            );
        }
    }

    fs::remove_file(folder.path("infra/playbooks/a name with ü and %.yaml")).unwrap();
    let ran = folder.run(&["check", "--format", "sarif"]);
    let log: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &log["runs"][0]["results"]), (Some(0), &Value::Array(Vec::new())));
}

#[test]
fn a_folder_that_is_not_there_is_said() {
    let folder = folder();
    let out = refused(folder.run(&["check", "nowhere"]));
    assert!(out.contains("error[P020]: ") && out.contains("nowhere/settings.yaml"), "{out}");
}

#[test]
fn a_file_stands_for_its_folder() {
    let folder = folder();
    let whole = folder.run(&["check"]);
    let absolute = folder.path(PLAYBOOK).display().to_string();
    for file in [PLAYBOOK, "infra/settings.yaml"] {
        assert_eq!(folder.run(&["check", file]).out, whole.out);
    }
    assert_eq!(folder.run(&["check", &absolute]).code, Some(0));
    folder.write(PLAYBOOK, "a: [b\n");
    assert_eq!(refused(folder.run(&["check", PLAYBOOK])), refused(folder.run(&["check"])));
}

#[test]
fn a_test_that_fails_is_a_mistake() {
    let problem = only_problem(&folder(), "expect: resolved", "expect: open");
    assert_eq!(problem["code"], "P019");
    assert_eq!(problem["file"], PLAYBOOK);
    assert!(problem["line"].as_u64() > Some(1));
    assert_eq!(problem["message"], "test `on leave` is resolved, and `open` is expected");
}

#[test]
fn a_test_is_about_one_alert_of_the_project() {
    let folder = folder();
    folder.write("events/receive/two.ndjson", "{\"id\":\"ca1\"}\n{\"id\":\"ca2\"}\n");
    folder.write("events/receive/none.json", "[]");
    let outside = folder.path("events/receive/two.ndjson").display().to_string();
    for (alert, words) in [
        ("../../etc/passwd", "does not lie in the project"),
        ("events/../../../etc/passwd", "does not lie in the project"),
        ("/etc/passwd", "does not lie in the project"),
        (outside.as_str(), "does not lie in the project"),
        ("events/receive/two.ndjson", "has several alerts, and a test is about one"),
        ("events/receive/none.json", "there is none in events/receive/none.json"),
        ("events/receive/missing.json", "cannot read events/receive/missing.json: "),
        ("events/receive", "cannot read events/receive: "),
    ] {
        let problem = only_problem(&folder, "events/receive/atypical-travel-entra.json", alert);
        assert_eq!(problem["code"], "P020", "{problem}");
        let message = problem["message"].as_str().unwrap();
        assert!(message.contains(words), "{message}");
        // What is in such a file is nobody's business.
        assert!(!message.contains("root:"), "{message}");
    }
}

#[test]
fn the_repository_itself_has_no_mistakes() {
    let infra = root().join("infra").display().to_string();
    let ran = Folder::new().run(&["check", &infra]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
}
