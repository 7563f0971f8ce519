//! The binary `defuse`, built by the test run itself.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use serde_json::Value;

/// What cargo tells a test of the package it belongs to. Passed on, it would make build scripts
/// that look at it run again.
const ABOUT_US: [&str; 6] = [
    "CARGO_PKG_",
    "CARGO_MANIFEST_",
    "CARGO_BIN_",
    "CARGO_CRATE_",
    "CARGO_PRIMARY_",
    "CARGO_TARGET_TMPDIR",
];

/// The root of the workspace
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The binary, of the same profile as this test; built where it is missing or stale.
///
/// `CARGO_BIN_EXE_defuse` is there for the binary's own package only.
pub(crate) fn defuse() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(build)
}

fn build() -> PathBuf {
    // `target/<profile>/deps/<test>`
    let test = env::current_exe().unwrap();
    let profile = test.ancestors().nth(2).unwrap();
    let target = profile.parent().unwrap();
    let profile = match profile.file_name().unwrap().to_str().unwrap() {
        "debug" => "dev",
        other => other,
    };
    let mut cargo = Command::new(env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    for (name, _) in env::vars() {
        if ABOUT_US.iter().any(|it| name.starts_with(it)) {
            cargo.env_remove(name);
        }
    }
    let built = cargo
        .current_dir(root())
        .args(["build", "--locked", "--package", "defuse", "--bin", "defuse"])
        .args(["--profile", profile, "--message-format", "json-render-diagnostics"])
        .arg("--target-dir")
        .arg(target)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let messages = String::from_utf8(built.stdout).unwrap();
    let executable = messages
        .lines()
        .filter_map(|it| serde_json::from_str::<Value>(it).ok())
        .find_map(|it| it["executable"].as_str().map(PathBuf::from));
    keep(&executable.unwrap())
}

/// Gives the binary a name of this checkout's own: several may share one target folder, and the
/// next build of another would put its binary in the place of ours.
fn keep(executable: &Path) -> PathBuf {
    let checkout = root().to_string_lossy().replace(['/', '\\', ':'], "-");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let kept = folder.join(format!("defuse{checkout}"));
    let mine = folder.join(format!("defuse{checkout}-{}", std::process::id()));
    fs::create_dir_all(folder).unwrap();
    if fs::hard_link(executable, &mine).is_err() {
        fs::copy(executable, &mine).unwrap();
    }
    fs::rename(&mine, &kept).unwrap();
    // Why: renaming does nothing where both names are of one file already.
    drop(fs::remove_file(&mine));
    kept
}
