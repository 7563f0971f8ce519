//! `defuse explain` on a host that runs, and on what one stored.

use serde_json::Value;
use tokio::time::timeout;

use crate::{
    dev::{Dev, command},
    state::State,
    world::{LIMIT, World, eventually, id},
};

/// Exit code, what it printed, what it said to stderr
async fn explain(world: &World, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = command();
    command.arg("explain").args(arguments).arg("--data").arg(world.data());
    let output = timeout(LIMIT, command.output()).await.unwrap().unwrap();
    let text = |it: Vec<u8>| String::from_utf8(it).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn a_host_is_explained_whether_it_runs_or_not() {
    let world = World::new();
    let alert = world.travel(1);
    let id = id(&alert);
    let host = Dev::start(&world).await;
    host.push("one", &[alert]).await;
    host.decided(&id).await;
    let state = State::open(&world.data()).await;
    eventually("all done", async || state.work().await.is_empty()).await;

    let running = explain(&world, &[&id]).await;
    let running_json = explain(&world, &[&id, "--json"]).await;
    host.kill().await;
    let stored = explain(&world, &[&id]).await;
    let stored_json = explain(&world, &[&id, "--json"]).await;

    assert_eq!((running.0, running.2.as_str()), (Some(0), ""));
    for part in [&id, "RESOLVED as informational", "legitimate-travel (enforce) holds", "decided "]
    {
        assert!(running.1.contains(part), "{part} is not in {}", running.1);
    }
    assert_eq!(running, stored);
    assert_eq!(running_json, stored_json);
    let object: Value = serde_json::from_str(&running_json.1).unwrap();
    assert_eq!(
        (object["alert"].as_str(), &object["outcome"]),
        (Some(id.as_str()), &"resolved".into())
    );
    assert_eq!(object["trace"][0]["answer"], "true");
    assert!(object["decided"].is_string());
    let bundle = object["bundle"].as_str().unwrap();
    assert!(bundle.starts_with("sha256:") && running.1.contains(bundle), "{bundle}");
    assert!(!object["facts"].as_array().unwrap().is_empty());
    assert!(
        running.1.contains("  history\n") && running.1.contains("arrived from Microsoft Graph")
    );
    let history = object["history"].as_array().unwrap();
    assert!(history.iter().any(|it| it["decided"]["look"] == 0), "{history:?}");
}

#[tokio::test]
async fn what_the_settings_leave_out_is_counted_and_named() {
    let world = World::new();
    let settings = world.config().join("settings.yaml");
    let text = std::fs::read_to_string(&settings).unwrap();
    let text = format!("{text}\nservices: {{ entraIdProtection: high }}\n");
    std::fs::write(&settings, text).unwrap();
    let mut alert = world.travel(1);
    alert["serviceSource"] = "azureAdIdentityProtection".into();
    alert["severity"] = "low".into();
    let host = Dev::start(&world).await;
    let (status, answer) = host.push("one", &[alert.clone()]).await;
    assert_eq!((status, &answer["alerts"][0]["stored"]), (202, &"leftOut".into()));

    let id = id(&alert);
    let running = [explain(&world, &[&id]).await, status_of(&world).await];
    host.kill().await;
    let stored = [explain(&world, &[&id]).await, status_of(&world).await];

    assert_eq!(running, stored);
    let [explained, counted] = running;
    let named = "is left out by the service settings: its severity is low";
    assert!(explained.1.contains(named), "{explained:?}");
    assert!(counted.1.contains("  low 1\n"), "{counted:?}");
}

async fn status_of(world: &World) -> (Option<i32>, String, String) {
    let mut command = command();
    command.arg("status").arg("--data").arg(world.data());
    let output = timeout(LIMIT, command.output()).await.unwrap().unwrap();
    let text = |it: Vec<u8>| String::from_utf8(it).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let world = World::new();
    let check = async |alert_id: &str, expected: &str| {
        let (code, out, said) = explain(&world, &[alert_id]).await;
        assert_eq!((code, out.as_str()), (Some(1), ""));
        assert!(said.contains(expected), "{said}");
    };
    check("ca1", "there is no state in ").await;
    std::fs::create_dir(world.data()).unwrap();
    check("ca1", "there is no state in ").await;
    let host = Dev::start(&world).await;
    check("ca1", "there is no alert `ca1`").await;
    check("a b", "alert id `a b` has white space").await;
    host.kill().await;
    check("ca1", "there is no alert `ca1`").await;
}
