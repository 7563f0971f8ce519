//! `defuse channels` and `defuse settings` at a host: a test message reaches the channel, and a level
//! is set at run time.

use serde_json::Value;
use tokio::time::timeout;

use crate::{
    dev::{Dev, command},
    world::{LIMIT, World, texts, words},
};

/// Exit code, what it printed, what it said to stderr
async fn ask(host: &Dev, token: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = command();
    command.args(arguments).args(["--url", &host.base_url]).env("DEFUSE_TOKEN", token);
    let output = timeout(LIMIT, command.output()).await.unwrap().unwrap();
    let text = |it: Vec<u8>| String::from_utf8(it).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn a_test_message_reaches_the_channel() {
    let world = World::new();
    let roles = world.config().join("roles");
    std::fs::create_dir_all(&roles).unwrap();
    let role = include_str!("../../infra/roles/global-administrator.cedar");
    std::fs::write(roles.join("global-administrator.cedar"), role).unwrap();
    let host = Dev::start(&world).await;
    let token = host.token.clone();
    let ask = async |arguments: &[&str]| ask(&host, &token, arguments).await;

    let (code, out, said) = ask(&["channels", "list"]).await;
    assert_eq!((code, out.as_str(), said.as_str()), (Some(0), "soc  teams\n", ""));
    let (code, out, said) = ask(&["channels", "test", "soc", "--json"]).await;
    assert_eq!((code, said.as_str()), (Some(0), ""));
    let sent: Value = serde_json::from_str(&out).unwrap();
    let posts = world.tenant.wait_for_posts("/teams/soc", 1, LIMIT).await;
    let card = words(&texts(&posts[0].body));
    assert!(card.contains("Testmessage"), "{card}");
    assert!(card.contains(&words(sent["id"].as_str().unwrap())), "{card}");
    let (code, _, said) = ask(&["channels", "test", "nobody"]).await;
    assert_eq!(code, Some(1), "{said}");

    let (code, out, _) = ask(&["settings", "show"]).await;
    assert_eq!((code, out.as_str()), (Some(0), "Alerts of Microsoft Entra ID Protection: high\n"));
    let (code, out, said) = ask(&["settings", "set", "entra-id-protection", "all"]).await;
    assert_eq!((code, said.as_str()), (Some(0), ""));
    assert!(out.starts_with("Alerts of Microsoft Entra ID Protection: all\n"), "{out}");
    assert!(out.contains("  all, by development\n"), "{out}");
}
