//! `defuse tuning` on a host that runs, and on what one stored: from an alert to a rule that takes
//! the next of its kind.

use std::fs;

use defuse_testkit::a_tuning_rule;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    dev::{Dev, command},
    world::{LIMIT, World, id},
};

/// What it printed
async fn tuning(world: &World, arguments: &[&str]) -> String {
    let mut command = command();
    command.arg("tuning").args(arguments).arg("--data").arg(world.data());
    let output = timeout(LIMIT, command.output()).await.unwrap().unwrap();
    let text = |it: Vec<u8>| String::from_utf8(it).unwrap();
    let said = text(output.stderr);
    // How what is in the alert is allowed is said beside the rule.
    let is_silent = arguments.first() != Some(&"from-alert");
    assert_eq!((output.status.code(), said.is_empty()), (Some(0), is_silent), "{said}");
    text(output.stdout)
}

#[tokio::test]
async fn a_rule_made_from_an_alert_takes_the_next_one_of_its_kind() {
    let world = World::new();
    let (first, second) = (world.travel(1), world.travel(2));
    let host = Dev::start(&world).await;
    host.push("one", &[first.clone(), second.clone()]).await;
    host.decided(&id(&first)).await;
    host.decided(&id(&second)).await;

    let running = tuning(&world, &["from-alert", &id(&first)]).await;
    let rule = running.replace("owner: \"\"", "owner: o").replace("reason: \"\"", "reason: r");
    let file = world.config().join("rule.yaml").display().to_string();
    fs::write(&file, rule).unwrap();
    let config = world.config().display().to_string();
    let preview = ["preview", &file, "--config", &config, "--json"];
    let saved = world.config().join("../saved.yaml").display().to_string();
    fs::write(&saved, a_tuning_rule("saved", "hide")).unwrap();
    tuning(&world, &["save", &saved, "--by", "kim", "--config", &config]).await;
    let told: Value = serde_json::from_str(&tuning(&world, &preview).await).unwrap();
    assert_eq!((&told["alerts"], &told["taken"]), (&2.into(), &1.into()), "{told:#}");
    assert_eq!(told["newest"][0]["alert"], id(&first).as_str());
    assert_eq!((&told["savedRules"], &told["overlaps"]), (&1.into(), &json!({ "saved": 1 })));
    let why = ["why", "saved", &id(&second), "--config", &config];
    assert!(tuning(&world, &why).await.contains("tuning rule saved (hide)"));
    tuning(&world, &["off", "saved", "--by", "kim", "--config", &config]).await;
    let off: Value = serde_json::from_str(&tuning(&world, &preview).await).unwrap();
    assert_eq!((&off["savedRules"], &off["overlaps"]), (&0.into(), &json!({})));
    host.kill().await;

    assert_eq!(tuning(&world, &["from-alert", &id(&first)]).await, running);
    let again: Value = serde_json::from_str(&tuning(&world, &preview).await).unwrap();
    assert_eq!(again["newest"], told["newest"]);
    let why = tuning(&world, &["why", &file, &id(&second), "--config", &config]).await;
    assert!(why.contains("scope: user is `traveller1@contoso.example`"), "{why}");

    fs::create_dir(world.config().join("tuning")).unwrap();
    fs::rename(&file, world.config().join("tuning/rule.yaml")).unwrap();
    let mut next = first;
    next["id"] = "cahost9999".into();
    let host = Dev::start(&world).await;
    host.push("two", &[next.clone()]).await;
    let run = host.decided(&id(&next)).await;
    assert_eq!(run["decision"]["outcome"], "hidden", "{run:#}");
}
