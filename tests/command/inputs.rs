//! `defuse triage` takes alerts in every shape that `receive` does, from files and from a pipe.

use std::fs;

use serde_json::Value;

use crate::{
    binary::root,
    folder::{Folder, NOW, unknown},
};

const FACTS: &str = "otherOpenAlerts: 0\n";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("facts.yaml", FACTS);
    folder
}

fn ids(decided: &[Value]) -> Vec<&str> {
    decided.iter().map(|it| it["alert"].as_str().unwrap()).collect()
}

#[test]
fn one_alert_a_list_lines_and_flow_bodies_are_read() {
    let folder = folder();
    let check = |event: &str, expected: &[&str]| {
        folder.event(event);
        let decided = folder.triage(&["--facts", "facts.yaml", event]);
        assert_eq!(ids(&decided), expected, "{event}");
    };
    check("impossible-travel.json", &["ca6b016779f552cc5023d8319a"]);
    check("impossible-travel-flow.json", &["ca6b03143e921f3b18412d714b"]);
    check("infrequent-country-cloud-apps.json", &["ca6b003c136ca18f87c57aad11"]);
    check(
        "travel-list.json",
        &[
            "ca6b03cda0151adf6e5384b57a",
            "ca6b03ca7e35731015916458cf",
            "ad7a724b98c7833e70b390540cb0af3c33ee20f408ff7c7fda0dc400f117047c4b",
        ],
    );
    check(
        "travel-mixed.ndjson",
        &[
            "ca6b03e7d25c2cc8e1668559b1",
            "adaec826631b0fedbebaae1d54497d18a6c22c78afff2267956ac19806729ac629",
            "ca6b03efd79e961d671985824d",
            "ca6b03f307752155036e7f61d6",
        ],
    );
    check("empty-list.json", &[]);
}

#[test]
fn every_sample_event_is_decided() {
    let folder = folder();
    let mut names = Vec::new();
    for file in fs::read_dir(root().join("events/receive")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        folder.event(&name);
        names.push(name);
    }
    let files: Vec<&str> = names.iter().map(String::as_str).collect();
    let decided = folder.triage(&[&["--facts", "facts.yaml"], &files[..]].concat());
    assert!(decided.len() > names.len());
    for decided in decided {
        let outcome = decided["outcome"].as_str().unwrap();
        assert!(["resolved", "hidden", "open"].contains(&outcome), "{outcome}");
        // Nothing is known of anybody, so no playbook holds.
        assert_eq!(decided["determinedBy"], Value::Array(Vec::new()));
    }
}

#[test]
fn several_files_and_standard_input_are_decided_in_order() {
    let folder = folder();
    for event in ["impossible-travel.json", "travel-list.json"] {
        folder.event(event);
    }
    let piped = fs::read_to_string(root().join("events/receive/dlp.json")).unwrap();
    let arguments = ["triage", "--json", "--now", NOW, "--facts", "facts.yaml"];
    let files = ["travel-list.json", "-", "impossible-travel.json"];
    let decided = folder.run_on(&piped, &[&arguments[..], &files].concat()).decided();
    let ids = ids(&decided);
    assert_eq!(ids.len(), 5);
    assert_eq!((ids[0], ids[4]), ("ca6b03cda0151adf6e5384b57a", "ca6b016779f552cc5023d8319a"));
    assert!(ids[3].starts_with("dl"));
}

#[test]
fn without_a_tenant_nothing_is_known_and_it_says_so() {
    let folder = Folder::new();
    folder.event("impossible-travel.json");
    let decided = folder.triage(&["impossible-travel.json"]).remove(0);
    assert_eq!(decided["outcome"], "open");
    let expected = ["userOutOfOffice", "userHighRisk", "otherOpenAlerts"];
    assert_eq!(unknown(&decided), expected.map(|it| format!("{it}: notConfigured")));
}

#[test]
fn a_person_gets_the_same_in_words() {
    let folder = folder();
    folder.event("impossible-travel.json");
    let arguments = ["triage", "--now", NOW, "--facts", "facts.yaml", "impossible-travel.json"];
    let ran = folder.run(&arguments);
    assert_eq!((ran.code, ran.said.as_str()), (Some(0), ""));
    insta::assert_snapshot!("in_words", ran.out);
}
