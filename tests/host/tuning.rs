//! `defuse tuning` on the state of a host that runs, and of one that stopped.

use defuse_testkit::a_tuning_rule;
use serde_json::Value;
use tokio::time::timeout;

use crate::{
    dev::{Dev, command},
    world::{LIMIT, World, eventually, id},
};

/// Exit code, what it printed, what it said to stderr
async fn tuning(world: &World, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = command();
    command.arg("tuning").args(arguments).arg("--data").arg(world.data());
    command.arg("--config").arg(world.config());
    let output = timeout(LIMIT, command.output()).await.unwrap().unwrap();
    let text = |it: Vec<u8>| String::from_utf8(it).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// The same, which works
async fn tuned(world: &World, arguments: &[&str]) -> String {
    let (code, out, said) = tuning(world, arguments).await;
    assert_eq!((code, said.as_str()), (Some(0), ""), "for {arguments:?}: {out}");
    out
}

fn rule_file(world: &World, action: &str) -> String {
    let path = world.config().join("../rule.yaml");
    std::fs::write(&path, a_tuning_rule("oslo", action)).unwrap();
    path.display().to_string()
}

#[tokio::test]
async fn a_rule_is_saved_hides_an_alert_and_lets_it_go() {
    let world = World::new();
    let host = Dev::start(&world).await;
    let file = rule_file(&world, "hide");
    assert_eq!(tuned(&world, &["list", "--json"]).await, "");
    let saved = tuned(&world, &["save", &file, "--by", "kim"]).await;
    assert!(saved.starts_with("saved tuning rule `oslo`, version 1\n"), "{saved}");

    let (first, second) = (world.travel(1), world.travel(2));
    host.push("one", &[first.clone(), second.clone()]).await;
    for alert in [&first, &second] {
        assert_eq!(host.decided(&id(alert)).await["decision"]["outcome"], "hidden");
    }
    let listed = async || -> Value {
        serde_json::from_str(&tuned(&world, &["list", "--json"]).await).unwrap()
    };
    eventually("both counted", async || listed().await["matches"] == 2).await;
    let (code, _, said) = tuning(&world, &["save", &file, "--by", "lee"]).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("kim changed tuning rule `oslo` at ") && said.contains("--version 1"));

    let file = rule_file(&world, "{ resolve: { falsePositive: notMalicious } }");
    let edited = tuned(&world, &["save", &file, "--version", "1", "--by", "lee"]).await;
    assert!(edited.contains("2 alerts that it hid are still hidden"), "{edited}");
    let released = tuned(&world, &["release", &id(&first), "--by", "lee"]).await;
    assert_eq!(released, format!("1 of 1: released {}\n", id(&first)));
    let released = tuned(&world, &["release", "--rule", "oslo", "--by", "lee", "--json"]).await;
    let released: Value = serde_json::from_str(&released).unwrap();
    assert_eq!((&released["alert"], &released["released"]), (&second["id"], &true.into()));
    for alert in [&first, &second] {
        let decided = async || host.decided(&id(alert)).await["decision"].clone();
        eventually("open", async || decided().await["kept"] == "released").await;
        assert_eq!(decided().await["outcome"], "open");
    }
    let (code, _, said) = tuning(&world, &["release", &id(&first), "--by", "lee"]).await;
    assert_eq!((code, said.as_str()), (Some(1), "error: 1 of 1 alerts were not released\n"));

    tuned(&world, &["off", "oslo", "--by", "kim"]).await;
    tuned(&world, &["delete", "oslo", "--by", "kim"]).await;
    host.kill().await;
    let shown = tuned(&world, &["show", "oslo"]).await;
    for part in [
        "oslo: deleted, saved",
        "2 alerts, last ",
        "version 1  saved by kim",
        "version 2  saved by lee",
        "version 3  turned off by kim",
        "version 4  deleted by kim",
        "- action: hide",
        "+ action: { resolve: { falsePositive: notMalicious } }",
    ] {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
    let none = tuned(&world, &["list"]).await;
    assert!(none.starts_with("There are no tuning rules"), "{none}");
}

#[tokio::test]
async fn what_cannot_be_is_said() {
    let world = World::new();
    let file = rule_file(&world, "hide");
    let check = async |arguments: &[&str], expected: (i32, &str)| {
        let (code, out, said) = tuning(&world, arguments).await;
        assert_eq!((code, out.as_str()), (Some(expected.0), ""), "for {arguments:?}: {said}");
        assert!(said.contains(expected.1), "{said}");
    };
    check(&["list"], (1, "there is no state in ")).await;
    let deployed = world.config().join("tuning");
    std::fs::create_dir(&deployed).unwrap();
    let text = a_tuning_rule("of-a-file", "hide");
    std::fs::write(deployed.join("of-a-file.yaml"), &text).unwrap();
    Dev::start(&world).await.kill().await;

    check(&["save", &file], (1, "say so with --by NAME")).await;
    check(&["show", "oslo"], (1, "there is no tuning rule `oslo`")).await;
    check(&["off", "oslo", "--by", "kim"], (1, "there is no saved tuning rule `oslo`")).await;
    check(&["on", "Not A Name", "--by", "kim"], (1, "is no name of a rule")).await;
    check(&["release", "ca1", "ca 2", "--by", "kim"], (1, "no such alert")).await;
    let bad = world.config().join("../bad.yaml");
    std::fs::write(&bad, "kind: TuningRule\naction: hid\n").unwrap();
    let bad = bad.display().to_string();
    check(&["save", &bad, "--by", "kim"], (2, "did you mean `hide`?")).await;
    std::fs::write(&bad, &text).unwrap();
    check(&["save", &bad, "--by", "kim"], (1, "is deployed from a file")).await;
    check(&["delete", "of-a-file", "--by", "kim"], (1, "is deployed from a file")).await;
    let listed = tuned(&world, &["list"]).await;
    assert!(listed.contains("of-a-file  on     hide    organisation"), "{listed}");
}
