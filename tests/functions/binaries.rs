//! The functions' binaries, built by whoever needs them first.
//!
//! Cargo tells a test where the binaries of its own package are, and of no other. So it is asked to
//! build these seven, which takes a moment when nothing changed, and says where they are. It is asked
//! as in a run over the whole workspace, which selects the same features of what they depend on: so
//! after such a run nothing but the seven is built, and nothing if they are there.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use serde_json::Value;

/// A function
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Name {
    Receive,
    Triage,
    Deliver,
    Chat,
    Provision,
    Poll,
    Housekeep,
}

impl Name {
    /// Those that an alert goes through; they load the configuration at their start
    pub(crate) const ALL: [Self; 4] = [Self::Receive, Self::Triage, Self::Deliver, Self::Chat];

    const BUILT: [Self; 7] = [
        Self::Receive,
        Self::Triage,
        Self::Deliver,
        Self::Chat,
        Self::Provision,
        Self::Poll,
        Self::Housekeep,
    ];

    /// What its package and its binary are called
    pub(crate) const fn binary(self) -> &'static str {
        match self {
            Self::Receive => "defuse-receive",
            Self::Triage => "defuse-triage",
            Self::Deliver => "defuse-deliver",
            Self::Chat => "defuse-chat",
            Self::Provision => "defuse-provision",
            Self::Poll => "defuse-poll",
            Self::Housekeep => "defuse-housekeep",
        }
    }
}

/// Where a function's binary is
pub(crate) fn binary(name: Name) -> &'static Path {
    static BUILT: OnceLock<BTreeMap<Name, PathBuf>> = OnceLock::new();
    &BUILT.get_or_init(build)[&name]
}

fn build() -> BTreeMap<Name, PathBuf> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--locked", "--quiet", "--workspace"]);
    cargo.args(["--message-format", "json-render-diagnostics"]);
    cargo.args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml")]);
    cargo.args(Name::BUILT.iter().flat_map(|it| ["--bin", it.binary()]));
    // Why: a test among what is built selects the features that tests add, as the run does.
    cargo.args(["--test", "functions"]);
    cargo.args(as_this_test_was_built());
    // Why: what Cargo says to us about this package would have build scripts run again.
    for (variable, _) in env::vars_os() {
        let text = variable.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|it| text.starts_with(it)) {
            cargo.env_remove(&variable);
        }
    }
    let output = cargo.stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "cannot build the functions: {}", output.status);

    let messages = String::from_utf8(output.stdout).unwrap();
    let mut found = BTreeMap::new();
    for message in messages.lines().filter_map(|it| serde_json::from_str::<Value>(it).ok()) {
        let name = Name::BUILT.into_iter().find(|it| message["target"]["name"] == it.binary());
        if let (Some(name), Some(path)) = (name, message["executable"].as_str()) {
            found.insert(name, PathBuf::from(path));
        }
    }
    assert_eq!(found.len(), Name::BUILT.len(), "cargo built {found:?}");
    found
}

/// The profile, target and folder of this test: it is in `…/target[/triple]/profile/deps/`
fn as_this_test_was_built() -> Vec<String> {
    let test = env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let target = profile.ancestors().find(|it| it.join("CACHEDIR.TAG").is_file()).unwrap();
    let parts: Vec<&str> =
        profile.strip_prefix(target).unwrap().iter().map(|it| it.to_str().unwrap()).collect();
    let mut arguments = vec!["--target-dir".to_owned(), target.to_str().unwrap().to_owned()];
    let mut add = |name: &str, value: &str| arguments.extend([name.to_owned(), value.to_owned()]);
    match parts.as_slice() {
        [.., "debug"] => add("--profile", "dev"),
        [.., profile] => add("--profile", profile),
        [] => {}
    }
    if let [triple, _] = parts.as_slice() {
        add("--target", triple);
    }
    arguments
}
