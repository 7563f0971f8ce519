//! `defuse allow`: on a host that runs and on what one stored, told to Defender for Endpoint, and
//! asked by a playbook.

use std::fs;

use defuse_testkit::{Tenant, a_tuning_rule};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    dev::{Dev, command},
    world::{LIMIT, World, eventually, id},
};

const PATH: &str = "/mde/api/indicators";
const ADDRESS: &str = "203.0.113.9";

/// Resolves what is about allowed things alone
const PLAYBOOK: &str = "\
apiVersion: defuse/v1
kind: Playbook
name: allowed
description: What an alert is about is allowed.
owner: secops@contoso.example
mode: enforce
trigger: { alert: { severity: { atMost: medium } } }
criteria: { allowListed: trigger }
limits: { perHour: 10 }
then: [{ resolve: { falsePositive: notMalicious } }]
otherwise: [{ notify: { channel: soc, template: needsEyes } }]
";

/// A world whose settings say where Defender for Endpoint is, with that playbook alone
fn world() -> World {
    let world = World::new();
    let settings = world.config().join("settings.yaml");
    let text = fs::read_to_string(&settings).unwrap();
    let endpoint = json!({
        "baseUrl": world.tenant.endpoint_url(),
        "tokenUrl": world.tenant.token_url(),
        "clientId": Tenant::CLIENT_ID,
        "clientSecret": { "env": "DEFUSE_GRAPH_CLIENT_SECRET" },
    });
    fs::write(settings, format!("{text}endpoint: {endpoint}\n")).unwrap();
    let playbooks = world.config().join("playbooks");
    fs::remove_file(playbooks.join("legitimate-travel.yaml")).unwrap();
    fs::write(playbooks.join("allowed.yaml"), PLAYBOOK).unwrap();
    world
}

/// Exit code, what it printed, what it said to stderr
async fn allow(world: &World, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = command();
    command.arg("allow").args(arguments).arg("--data").arg(world.data()).env("USER", "kim");
    let output = timeout(LIMIT, command.output()).await.unwrap().unwrap();
    let text = |it: Vec<u8>| String::from_utf8(it).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

async fn add(world: &World, value: &str, title: &str) -> (Option<i32>, String, String) {
    allow(world, &["add", value, "--title", title, "--description", "Our own"]).await
}

/// An alert about a file that is suspected, and an address
fn alert() -> Value {
    let evidence = |kind: &str, mut properties: Value| {
        properties["@odata.type"] = json!(format!("#microsoft.graph.security.{kind}Evidence"));
        properties
    };
    json!({
        "id": "dahost0001", "title": "Suspicious installer", "severity": "medium", "status": "new",
        "serviceSource": "microsoftDefenderForEndpoint",
        "createdDateTime": "2026-11-23T08:00:00Z", "lastUpdateDateTime": "2026-11-23T08:00:00Z",
        "evidence": [
            evidence("device", json!({ "rbacGroupName": "Servers" })),
            evidence("ip", json!({ "ipAddress": ADDRESS })),
            evidence("file", json!({
                "verdict": "suspicious",
                "fileDetails": { "fileName": "setup.exe", "sha256": "0F".repeat(32),
                    "sha1": "0a".repeat(20) },
            })),
        ],
    })
}

async fn written(world: &World, n: usize) -> Vec<Value> {
    eventually("written", async || world.tenant.indicators().len() == n).await;
    world.tenant.indicators()
}

#[tokio::test]
async fn an_indicator_is_allowed_shown_and_told_to_defender() {
    let world = world();
    let host = Dev::start(&world).await;
    let (code, out, said) = add(&world, ADDRESS, "Scanner").await;
    assert_eq!((code, said.as_str()), (Some(0), ""));
    assert!(out.contains("ipAddress 203.0.113.9 is allowed\n  on all devices until "), "{out}");
    let indicators = written(&world, 1).await;
    assert_eq!(
        (&indicators[0]["title"], &indicators[0]["action"]),
        (&json!("Scanner"), &json!("Allowed"))
    );

    eventually("marked", async || {
        allow(&world, &["show", ADDRESS]).await.1.contains("Defender for Endpoint: written at ")
    })
    .await;
    let running = [
        allow(&world, &["show", ADDRESS]).await,
        allow(&world, &["list"]).await,
        allow(&world, &["list", "--json"]).await,
    ];
    host.kill().await;
    let stored = [
        allow(&world, &["show", ADDRESS]).await,
        allow(&world, &["list"]).await,
        allow(&world, &["list", "--json"]).await,
    ];
    assert_eq!(running, stored);
    assert!(running[0].1.contains(" kim: allowed it\n"), "{}", running[0].1);
    let line: Value = serde_json::from_str(&running[2].1).unwrap();
    assert_eq!(line["entry"]["indicator"], json!({ "type": "ipAddress", "value": ADDRESS }));

    // What is put there while nothing runs is told once the host does.
    let (code, out, _) = add(&world, "updates.contoso.example", "Updates").await;
    assert_eq!((code, out.contains("The host does not run")), (Some(0), true), "{out}");
    let _host = Dev::start(&world).await;
    written(&world, 2).await;
    assert_eq!(world.tenant.posts_to(PATH).len(), 2);
}

#[tokio::test]
async fn what_triggered_an_alert_is_allowed_and_the_next_one_is_resolved() {
    let world = world();
    let host = Dev::start(&world).await;
    world.tenant.put_alert(alert()).unwrap();
    host.push("one", &[alert()]).await;
    let run = host.decided("dahost0001").await;
    assert_eq!(run["decision"]["outcome"], "open", "{run}");

    let (code, out, said) = allow(&world, &["add", "--from-alert", "dahost0001", "--json"]).await;
    assert_eq!((code, said.as_str()), (Some(0), ""));
    let taken: Value = serde_json::from_str(&out).unwrap();
    let entries = taken["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 1, "the strongest hash of the trigger alone: {taken}");
    let entry = &entries[0]["entry"];
    assert_eq!(entry["indicator"]["value"], "0f".repeat(32));
    assert_eq!(entry["on"], json!({ "deviceGroups": ["Servers"] }));
    assert_eq!(entry["from"], json!({ "alert": "dahost0001" }));
    assert_eq!(entry["title"], "Suspicious installer");
    assert_eq!(written(&world, 1).await[0]["rbacGroupNames"], json!(["Servers"]));

    let mut next = alert();
    next["id"] = json!("dahost0002");
    world.tenant.put_alert(next.clone()).unwrap();
    host.push("two", &[next.clone()]).await;
    let run = host.decided(&id(&next)).await;
    assert_eq!(run["decision"]["outcome"]["resolved"], json!({ "falsePositive": "notMalicious" }));
    let fact = &run["facts"][0];
    assert_eq!(fact["source"], "own allow list", "{run}");

    let (code, out, _) = allow(&world, &["add", "--from-alert", "dahost0001", "--all"]).await;
    assert_eq!(code, Some(0));
    assert!(
        out.contains("was allowed, and is changed") && out.contains("203.0.113.9 is allowed"),
        "{out}"
    );
}

#[tokio::test]
async fn what_cannot_be_allowed_says_why_and_nothing_is_done() {
    let world = world();
    let host = Dev::start(&world).await;
    let check = async |arguments: &[&str], code: i32, expected: &str| {
        let (was, out, said) = allow(&world, arguments).await;
        assert_eq!((was, out.as_str()), (Some(code), ""), "{said}");
        assert!(said.contains(expected), "{said}");
    };
    let texts = ["--title", "t", "--description", "d"];
    let add = |value: &'static str| [&["add", value][..], &texts].concat();
    check(&add("10.0.0.1"), 2, "`10.0.0.1` is a private or reserved address").await;
    check(&add("203.0.113.0/24"), 2, "ranges are not taken").await;
    check(&[&add("a.example")[..], &["--expires", "400d"]].concat(), 2, "366 days").await;
    check(&[&add("a.example")[..], &["--expires", "soon"]].concat(), 2, "write it like").await;
    check(&["add", "a.example", "--title", " ", "--description", ""], 2, "2 problems").await;
    check(&["add", "--from-alert", "da0"], 1, "there is no alert `da0`").await;
    check(&["show", "a.example"], 1, "domainName a.example is not on the allow list").await;

    let draft = json!([{ "value": "a.example", "title": "t", "description": "d", "by": "x",
        "expires": "2999-01-01T00:00:00Z" }]);
    let post = || host.request("POST", "/allow-list").body(draft.to_string());
    let status = async |request: reqwest::RequestBuilder| request.send().await.unwrap().status();
    assert_eq!(status(post()).await, 403, "a form of a page in a browser");
    let content = ("content-type", "application/json");
    let elsewhere = post().header(content.0, content.1).header("host", "contoso.example");
    assert_eq!(status(elsewhere).await, 403, "a name that leads here");
    assert_eq!(status(post().header(content.0, content.1)).await, 400, "it is checked here too");
    assert_eq!(allow(&world, &["list"]).await.1, "The allow list is empty.\n");
    assert_eq!(world.tenant.indicators(), [Value::Null; 0]);
}

#[tokio::test]
async fn without_defender_the_list_is_our_own() {
    let world = World::new();
    let _host = Dev::start(&world).await;
    assert_eq!(add(&world, ADDRESS, "Scanner").await.0, Some(0));
    eventually("marked", async || {
        allow(&world, &["show", ADDRESS]).await.1.contains("our own list alone: the settings name")
    })
    .await;
}

#[tokio::test]
async fn the_commands_that_from_alert_offers_work_and_a_preview_knows_what_they_did() {
    let world = World::new();
    let host = Dev::start(&world).await;
    let (config, data) = (world.config().display().to_string(), world.data().display().to_string());
    let mut alert = alert();
    alert["title"] = json!("It's $(touch here) \u{202e}hostile");
    host.push("one", &[alert.clone()]).await;
    host.decided(&id(&alert)).await;
    let tuning = async |arguments: &[&str]| {
        let mut command = command();
        command.arg("tuning").args(arguments).args(["--data", data.as_str()]);
        let output = timeout(LIMIT, command.output()).await.unwrap().unwrap();
        let text = |it: Vec<u8>| String::from_utf8(it).unwrap();
        (text(output.stdout), text(output.stderr))
    };
    let rule = world.config().join("../rule.yaml").display().to_string();
    let asks = a_tuning_rule("allowed", "hide")
        .replace("microsoftDefenderForCloudApps", "microsoftDefenderForEndpoint")
        .replace("    - evidence: any\n", "    - evidence: any\n    - allowListed: trigger\n");
    fs::write(&rule, asks).unwrap();
    let taken = async || {
        let preview = ["preview", &rule, "--config", &config, "--since", "9999d", "--json"];
        let told: Value = serde_json::from_str(&tuning(&preview).await.0).unwrap();
        assert_eq!(told["notAsked"], json!({}));
        told["taken"].clone()
    };
    assert_eq!(taken().await, 0);

    let (_, offered) = tuning(&["from-alert", "--any-alert-type", &id(&alert)]).await;
    let lines: Vec<&str> = offered.lines().filter_map(|it| it.strip_prefix("  defuse ")).collect();
    assert_eq!(lines.len(), 2, "{offered}");
    assert!(
        lines[0].contains("--type fileSha256 ") && lines[0].ends_with("it triggered the alert")
    );
    assert!(lines[0].contains("  # default: "), "{offered}");
    assert!(lines[1].contains("203.0.113.9 --type ipAddress ") && !lines[1].contains('#'));
    for line in lines {
        let mut shell = tokio::process::Command::new("bash");
        let run = format!("'{}' {line}", crate::binary::defuse().display());
        let output = shell.args(["-c", &run]).env("USER", "kim").output().await.unwrap();
        assert!(output.status.success(), "{run}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let listed = allow(&world, &["list"]).await.1;
    assert!(listed.contains("It's $(touch here) \u{fffd}hostile"), "{listed}");
    assert!(listed.contains("device groups Servers"), "{listed}");
    assert_eq!(taken().await, 1);
    let why = tuning(&["why", &rule, &id(&alert), "--config", &config]).await.0;
    assert!(why.contains("own allow list") && why.contains("nothing is missing"), "{why}");
}
