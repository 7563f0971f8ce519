//! `defuse alerts` and `defuse actions` against a host that runs: what a rule did is undone at its
//! source, and many alerts are changed at once.

use serde_json::Value;
use tokio::time::timeout;

use crate::{
    dev::{Dev, command},
    world::{LIMIT, World, eventually, id},
};

/// Exit code, what it printed, what it said to stderr
async fn ask(host: &Dev, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = command();
    command.args(arguments).args(["--url", &host.base_url]).env("DEFUSE_TOKEN", &host.token);
    let output = timeout(LIMIT, command.output()).await.unwrap().unwrap();
    let text = |it: Vec<u8>| String::from_utf8(it).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// The same, which works
async fn asked(host: &Dev, arguments: &[&str]) -> String {
    let (code, out, said) = ask(host, arguments).await;
    assert_eq!((code, said.as_str()), (Some(0), ""), "for {arguments:?}: {out}");
    out
}

#[tokio::test]
async fn what_a_rule_did_is_undone_and_many_alerts_are_changed() {
    let world = World::new();
    let roles = world.config().join("roles");
    std::fs::create_dir(&roles).unwrap();
    let all = include_str!("../../infra/roles/global-administrator.cedar");
    std::fs::write(roles.join("global-administrator.cedar"), all).unwrap();
    let host = Dev::start(&world).await;
    let (first, second) = (world.travel(1), world.travel(2));
    host.push("one", &[first.clone(), second.clone()]).await;
    let (first, second) = (id(&first), id(&second));
    for alert in [&first, &second] {
        eventually("resolved", async || world.at_source(alert)["status"] == "resolved").await;
    }
    let listed = async |filter: &[&str]| -> Vec<Value> {
        let arguments = [&["actions", "list", "--json"], filter].concat();
        let out = asked(&host, &arguments).await;
        out.lines().map(|it| serde_json::from_str(it).unwrap()).collect()
    };
    let done = ["--rule", "legitimate-travel", "--kind", "resolve", "--state", "done"];
    eventually("both listed", async || listed(&done).await.len() == 2).await;
    let of_first = listed(&["--alert", &first, "--kind", "resolve"]).await;
    let action = of_first[0]["id"].as_str().unwrap().to_owned();
    let shown = asked(&host, &["actions", "show", &action]).await;
    assert!(shown.contains("undo it: defuse actions undo"), "{shown}");

    let undone = asked(&host, &["actions", "undo", &action]).await;
    assert!(undone.contains(&format!("is undone; alert {first} is ")), "{undone}");
    assert!(undone.contains("stays: notify"), "{undone}");
    eventually("open again", async || world.at_source(&first)["status"] == "new").await;
    let again = asked(&host, &["actions", "undo", &action]).await;
    assert!(again.contains("was undone before"), "{again}");
    let stands = async |alert: &str| -> Value {
        serde_json::from_str(&asked(&host, &["alerts", "show", alert, "--json"]).await).unwrap()
    };
    let told = async || stands(&first).await["sourceTold"][0]["state"].clone();
    eventually("told", async || told().await == "done").await;
    assert_eq!(stands(&first).await["status"], "new");

    // The source says itself what it has by now, so that a person sees that.
    host.push("two", &[world.at_source(&second)]).await;
    let is_seen = async || stands(&second).await["status"] == "resolved";
    eventually("seen", is_seen).await;
    eventually("decided", async || stands(&second).await["state"] == "resolved").await;
    let resolve = ["alerts", "resolve", &first, "--also", &second, "falsePositive", "notMalicious"];
    let changed = asked(&host, &resolve).await;
    assert!(changed.contains(&format!("{first}  done\n{second}  done\n")), "{changed}");
    for alert in [&first, &second] {
        let is_so = async || world.at_source(alert)["classification"] == "falsePositive";
        eventually("classified", is_so).await;
    }
    let bulk = changed.trim_end().rsplit(' ').next().unwrap();
    asked(&host, &["alerts", "undo-bulk", bulk]).await;
    eventually("open", async || world.at_source(&first)["status"] == "new").await;
    let was = async || world.at_source(&second)["classification"].clone();
    eventually("as before", async || was().await == "informationalExpectedActivity").await;

    let linked = asked(&host, &["alerts", "link", &first, "77"]).await;
    assert!(linked.contains("77 (linked here; "), "{linked}");
    let csv = asked(&host, &["actions", "list", "--csv"]).await;
    assert!(csv.starts_with("id,at,state,") && csv.lines().count() > 6, "{csv}");
    let (code, _, said) = ask(&host, &["alerts", "tag", "no-such", "--also", &first]).await;
    assert_eq!((code, said.as_str()), (Some(1), "error: 1 of 2 alerts were not changed\n"));
}
