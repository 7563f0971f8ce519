//! What takes long says how far it is, on a terminal.

use std::{process::Command, time::Duration};

use defuse_testkit::{Fault, FaultKind, Tenant};

use crate::{
    binary::defuse,
    folder::{Folder, NOW, Ran},
    tenant,
};

/// Runs `defuse triage` with its standard error on a terminal, and gives what that shows; `None`
/// where there is no program `script` to make one
fn on_a_terminal(folder: &Folder, arguments: &str) -> Option<String> {
    let line = format!("{} triage {arguments} > out.txt", defuse().display());
    let mut script = folder.command(&[]);
    let variables: Vec<_> =
        script.get_envs().map(|(name, it)| (name.to_owned(), it.unwrap().to_owned())).collect();
    script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    script.current_dir(folder.path("")).envs(variables);
    let output = script.output().ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    Some(String::from_utf8(output.stdout).unwrap())
}

fn slow() -> (Tenant, Folder) {
    let tenant = tenant::tenant();
    let slow = FaultKind::SlowBy(Duration::from_secs(3));
    tenant.fault(Fault::always("GET", "/v1.0/users/", slow));
    let folder = tenant::folder(&tenant, Tenant::CLIENT_SECRET);
    (tenant, folder)
}

#[test]
fn a_slow_tenant_shows_how_far_it_is() {
    let (_tenant, folder) = slow();
    let arguments = format!("--now {NOW} impossible-travel.json");
    let Some(shown) = on_a_terminal(&folder, &arguments) else { return };
    assert!(shown.contains("0 of 1 alerts decided, 2 s"), "{shown:?}");
    assert!(shown.ends_with("\r\u{1b}[K"), "the line stays: {shown:?}");
}

#[test]
fn json_and_pipes_are_quiet() {
    let (_tenant, folder) = slow();
    let Ran { code, said, .. } = folder.run(&["triage", "--now", NOW, "impossible-travel.json"]);
    assert_eq!((code, said.as_str()), (Some(0), ""));
    let arguments = format!("--json --now {NOW} impossible-travel.json");
    let Some(shown) = on_a_terminal(&folder, &arguments) else { return };
    assert_eq!(shown, "");
}
