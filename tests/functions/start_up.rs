//! A function that cannot do its work does not start, and says everything that is wrong.

use std::fs;

use defuse_testkit::InvokeError;
use serde_json::{Value, json};

use crate::{
    binaries::Name,
    world::{World, in_a_world},
};

/// Starts a function that must not start; the errors that it logged
async fn refuses_to_start(world: &World, name: Name, variables: &[(&str, &str)]) -> Vec<String> {
    let function = world.function_with(name, variables);
    let ended = function.invoke(json!({})).await;
    assert_eq!(ended, Err(InvokeError::Exited("exit status: 1".to_owned())), "{name:?}");
    let lines = function.lines();
    let read = |it: &String| serde_json::from_str::<Value>(it).unwrap_or_else(|_| panic!("{it}"));
    let lines: Vec<Value> = lines.iter().map(read).collect();
    assert!(lines.iter().all(|it| it["level"] == "ERROR"), "{name:?}: {lines:#?}");
    lines.iter().map(|it| format!("{}: {}", it["message"], it["error"])).collect()
}

#[track_caller]
fn check(errors: &[String], expected: &[&[&str]]) {
    for parts in expected {
        let is_said = errors.iter().any(|it| parts.iter().all(|part| it.contains(part)));
        assert!(is_said, "nothing says {parts:?} in {errors:#?}");
    }
    assert_eq!(errors.len(), expected.len(), "{errors:#?}");
}

#[tokio::test]
async fn every_mistake_in_a_playbook_is_named_with_file_line_and_code() {
    in_a_world(async |world| {
        let playbooks = world.config().join("playbooks");
        let shipped = fs::read_to_string(playbooks.join("legitimate-travel.yaml")).unwrap();
        let mistaken = shipped
            .replace("mode: enforce", "mode: enforced")
            .replace("- not: userHighRisk", "- not: userHihgRisk");
        fs::write(playbooks.join("mistaken.yaml"), mistaken).unwrap();
        fs::write(playbooks.join("no-yaml.yml"), "a: [b\n").unwrap();
        let place = |line: usize| format!("mistaken.yaml:{line}:");
        let line = |part: &str| 1 + shipped.lines().position(|it| it.contains(part)).unwrap();
        let [mode, criterion] = [line("mode: enforce"), line("- not: userHighRisk")].map(place);

        for name in Name::ALL {
            let errors = refuses_to_start(world, name, &[]).await;
            check(
                &errors,
                &[
                    &["P005", "`enforced`", &mode, "enforce"],
                    &["`userHihgRisk`", &criterion, "userHighRisk"],
                    &["P001", "no-yaml.yml:"],
                ],
            );
        }
    })
    .await;
}

#[tokio::test]
async fn settings_that_are_missing_or_mistaken_are_named() {
    in_a_world(async |world| {
        let settings = world.config().join("settings.yaml");
        fs::write(&settings, "apiVersion: defuse/v1\nkind: Settings\nchanels: {}\n").unwrap();
        for name in Name::ALL {
            let errors = refuses_to_start(world, name, &[]).await;
            let unknown: &[&str] = &["P002", "settings.yaml:3:", "channels"];
            let channel: &[&str] = &["P017", "legitimate-travel.yaml:", "soc"];
            assert!(errors.iter().any(|it| unknown.iter().all(|part| it.contains(part))));
            assert!(errors.iter().any(|it| channel.iter().all(|part| it.contains(part))));
        }

        let nowhere = [("DEFUSE_CONFIG", "/nowhere/at/all")];
        for name in Name::ALL {
            let errors = refuses_to_start(world, name, &nowhere).await;
            check(&errors, &[&["P020", "/nowhere/at/all/settings.yaml"]]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_secret_that_is_missing_is_named() {
    in_a_world(async |world| {
        for (name, variable) in [
            (Name::Receive, "SIGNING_KEY"),
            (Name::Receive, "SENDER_TOKEN"),
            (Name::Triage, "GRAPH_SECRET"),
            (Name::Deliver, "GRAPH_SECRET"),
            (Name::Deliver, "CLOUD_APPS_TOKEN"),
            (Name::Deliver, "DEFUSE_TOPIC_ARN"),
            (Name::Chat, "SOC_URL"),
        ] {
            let errors = refuses_to_start(world, name, &[(variable, "")]).await;
            check(&errors, &[&[&format!("`{variable}`"), "is missing"]]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_and_not_shown() {
    in_a_world(async |world| {
        world.must_not_be_logged("canary-no-key");
        world.must_not_be_logged("Y2FuYXJ5");
        for key in ["canary-no-key", "whsec_canary-no-key", "whsec_Y2FuYXJ5"] {
            let errors = refuses_to_start(world, Name::Receive, &[("SIGNING_KEY", key)]).await;
            check(&errors, &[&["signing key"]]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_certificate_that_is_none_is_refused_and_not_shown() {
    in_a_world(async |world| {
        world.must_not_be_logged("canary-no-certificate");
        for key in ["canary-no-certificate", "-----BEGIN PRIVATE KEY-----\ncanary-no-certificate"] {
            let errors = refuses_to_start(world, Name::Triage, &[("GRAPH_SECRET", key)]).await;
            check(&errors, &[&["certificate", "private key"]]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_function_needs_the_secrets_of_its_own_work_only() {
    in_a_world(async |world| {
        let others = [("GRAPH_SECRET", ""), ("CLOUD_APPS_TOKEN", ""), ("SOC_URL", "")];
        let receive = world.function_with(Name::Receive, &others);
        let request = crate::requests::Request::unsigned("");
        assert_eq!(receive.request(&request).await.status, 401);

        let others = [("SIGNING_KEY", ""), ("SENDER_TOKEN", ""), ("SOC_URL", "")];
        let triage = world.function_with(Name::Triage, &others);
        assert_eq!(triage.failures(&[]).await, [""; 0]);
        let deliver = world.function_with(Name::Deliver, &others);
        assert_eq!(deliver.failures(&[]).await, [""; 0]);

        let others = [("SIGNING_KEY", ""), ("SENDER_TOKEN", ""), ("GRAPH_SECRET", "")];
        let chat = world.function_with(Name::Chat, &others);
        assert!(chat.answer(json!({ "Records": [] })).await.is_null());
    })
    .await;
}
