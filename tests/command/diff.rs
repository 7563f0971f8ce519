//! `defuse diff`: what a configuration changes, against another folder or against what is in force.

use std::{collections::BTreeMap, fs, net::TcpListener, sync::Arc};

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Config, Region},
};
use defuse_adapters::{DynamoDbStore, create_table};
use defuse_flow::{Bundle, BundleStore as _};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::folder::Folder;

pub(crate) const TABLE: &str = "defuse-under-test";
const PLAYBOOK: &str = "infra/playbooks/legitimate-travel.yaml";
const OTHER: &str = "infra/playbooks/other.yaml";
const NEW: &str = "infra/playbooks/new.yaml";

/// What ships, and a folder `old/` with what was there before
fn folder() -> Folder {
    let folder = Folder::new();
    fill(&folder);
    folder
}

fn fill(folder: &Folder) {
    let playbook = fs::read_to_string(folder.path(PLAYBOOK)).unwrap();
    let (heart, _) = playbook.split_once("tests:").unwrap();
    let named = |name: &str| heart.replace("name: legitimate-travel", &format!("name: {name}"));
    let settings = fs::read_to_string(folder.path("infra/settings.yaml")).unwrap();
    folder.write(&format!("old/{PLAYBOOK}"), &playbook);
    folder.write(&format!("old/{OTHER}"), &named("other"));
    folder.write("old/infra/settings.yaml", &settings);

    folder.write("infra/settings.yaml", &settings.replace("[Executives]", "[Executives, Board]"));
    let changed = playbook
        .replace("mode: enforce", "mode: shadow")
        .replace("owner: secops@", "owner: soc@")
        .replace("perHour: 30, perUserPerDay: 2", "perHour: 10, perDay: 99")
        .replace("within: 24h", "within: 48h")
        .replace("  - tag: legitimate-travel\n", "")
        .replace("name: two users, both away", "name: both of two users away");
    folder.write(PLAYBOOK, &changed);
    folder.write(NEW, &named("new").replace("mode: enforce", "mode: shadow"));
}

#[test]
fn a_person_is_told_in_words_and_lines() {
    let ran = folder().run(&["diff", "--against", "old/infra"]);
    assert_eq!((ran.code, ran.said.as_str()), (Some(0), ""));
    insta::assert_snapshot!("diff_in_words", ran.out.replace(" \n", "\n"));
}

#[test]
fn a_program_is_told_the_same() {
    let folder = folder();
    let digest = |dir: &str| folder.run(&["diff", dir, "--against", dir, "--json"]).out;
    let ran = folder.run(&["diff", "--against", "old/infra", "--json"]);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(ran.out.lines().count(), 1);
    for (name, dir) in [("from", "old/infra"), ("to", "infra")] {
        let itself: Value = serde_json::from_str(&digest(dir)).unwrap();
        assert_eq!(itself["changes"], json!([]));
        assert_eq!(told[name], itself["to"]);
    }
    assert_eq!(
        told["changes"],
        json!([
            { "file": "playbooks/legitimate-travel.yaml", "change": "changed", "differences": [
                "mode: enforce → shadow",
                "owner: secops@contoso.example → soc@contoso.example",
                "limits: 30 an hour, 2 a day for one user → 10 an hour, 99 a day",
                "criteria changed",
                "then changed",
                "tests changed",
            ]},
            { "file": "playbooks/new.yaml", "change": "added",
                "differences": ["playbook new (shadow)"] },
            { "file": "playbooks/other.yaml", "change": "removed",
                "differences": ["playbook other goes (enforce)"] },
            { "file": "settings.yaml", "change": "changed", "differences": [] },
        ])
    );
}

#[test]
fn where_a_part_stands_is_no_difference() {
    let folder = folder();
    let playbook = fs::read_to_string(folder.path(PLAYBOOK)).unwrap();
    for name in ["settings.yaml", "playbooks/new.yaml"] {
        let text = fs::read_to_string(folder.path("infra").join(name)).unwrap();
        folder.write(&format!("moved/{name}"), &text);
    }
    folder.write("moved/playbooks/legitimate-travel.yaml", &format!("# A note\n\n{playbook}"));
    let ran = folder.run(&["diff", "moved", "--against", "infra", "--json"]);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    let file = "playbooks/legitimate-travel.yaml";
    let expected = json!([{ "file": file, "change": "changed", "differences": [] }]);
    assert_eq!(told["changes"], expected);
}

#[test]
fn what_does_not_differ_and_what_cannot_be_read_is_said() {
    let folder = folder();
    let ran = folder.run(&["diff", "--against", "infra"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.said.as_str()), (Some(0), "no difference\n", ""));

    folder.write("broken/settings.yaml", "a: [b\n");
    for arguments in [["broken", "--against", "infra"], ["infra", "--against", "broken"]] {
        let ran = folder.run(&[&["diff"], &arguments[..]].concat());
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
        assert!(ran.said.contains("error[P001]") && ran.said.contains("broken/"), "{}", ran.said);
    }
    let ran = folder.run(&["diff", "--against", "nowhere"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    assert!(ran.said.contains("nowhere/settings.yaml"), "{}", ran.said);
}

#[test]
fn the_bundle_in_force_is_compared_with() {
    let runtime = Runtime::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let store = runtime.block_on(start(listener, &endpoint));
    let folder = Folder::with_variables(&[
        ("AWS_ENDPOINT_URL_DYNAMODB", endpoint),
        ("AWS_ACCESS_KEY_ID", "none".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "none".to_owned()),
        ("DEFUSE_TABLE", TABLE.to_owned()),
    ]);
    fill(&folder);

    let ran = folder.run(&["diff"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert!(ran.said.contains("no bundle is in force in that table; give --against DIR"));

    let names = ["settings.yaml", "playbooks/legitimate-travel.yaml", "playbooks/other.yaml"];
    let read = |it: &str| fs::read_to_string(folder.path(&format!("old/infra/{it}"))).unwrap();
    let files: BTreeMap<String, String> =
        names.iter().map(|it| ((*it).to_owned(), read(it))).collect();
    let bundle = Bundle { digest: "sha256:in-force".to_owned(), files };
    runtime.block_on(store.put_in_force(&bundle, "layer:1", Timestamp::now())).unwrap();
    let ran = folder.run(&["diff"]);
    assert_eq!((ran.code, ran.said.as_str()), (Some(0), ""));
    assert_eq!(ran.out, folder.run(&["diff", "--against", "old/infra"]).out);
    let told: Value = serde_json::from_str(&folder.run(&["diff", "--json"]).out).unwrap();
    assert_eq!(told["from"], "sha256:in-force");
}

#[test]
fn a_table_that_cannot_be_had_is_said() {
    let folder = Folder::with_variables(&[
        ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9".to_owned()),
        ("AWS_ACCESS_KEY_ID", "none".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "none".to_owned()),
    ]);
    let ran = folder.run(&["diff"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert!(ran.said.contains("store is busy or out of reach"), "{}", ran.said);
}

/// An embedded DynamoDB with an empty table
pub(crate) async fn start(listener: TcpListener, endpoint: &str) -> Arc<DynamoDbStore> {
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let memory = dynoxide::Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_on(listener, memory));
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("none", "none", None, None, "tests"))
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let client = Client::from_conf(config);
    create_table(&client, TABLE).await.unwrap();
    Arc::new(DynamoDbStore::new(client, TABLE.to_owned()))
}
