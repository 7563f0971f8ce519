//! A folder with a configuration and whatever files a test needs, in which commands are run.

use std::{
    fs,
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{defuse, root};

/// Shortly after the first activity of the sample alerts
pub(crate) const NOW: &str = "2026-11-21T10:00:00Z";

const SETTINGS: &str = "\
apiVersion: defuse/v1
kind: Settings
channels:
  soc: { kind: teams, url: { env: DEFUSE_CHANNEL_SOC_URL } }
highRisk:
  userRisk: { atLeast: high }
  groups: [Executives]
  tags: [high risk]
";

/// A folder with `infra/` in it
pub(crate) struct Folder {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

/// What came of a command
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) said: String,
}

impl Folder {
    /// The shipped playbook, and settings without a tenant
    pub(crate) fn new() -> Self {
        let folder = Self { folder: TempDir::new().unwrap(), variables: Vec::new() };
        folder.write("infra/settings.yaml", SETTINGS);
        let playbook = include_str!("../../infra/playbooks/legitimate-travel.yaml");
        folder.write("infra/playbooks/legitimate-travel.yaml", playbook);
        folder
    }

    /// The same, with variables that every command in it sees
    pub(crate) fn with_variables(variables: &[(&str, String)]) -> Self {
        let variables = variables.iter().map(|(name, it)| ((*name).to_owned(), it.clone()));
        Self { variables: variables.collect(), ..Self::new() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Copies a sample event into it
    pub(crate) fn event(&self, name: &str) {
        fs::copy(root().join("events/receive").join(name), self.path(name)).unwrap();
    }

    /// Copies every sample event that the shipped playbook's tests can name to where they name it
    pub(crate) fn events(&self) {
        fs::create_dir_all(self.path("events/receive")).unwrap();
        for entry in fs::read_dir(root().join("events/receive")).unwrap() {
            let name = entry.unwrap().file_name();
            let to = self.path("events/receive").join(&name);
            fs::copy(root().join("events/receive").join(&name), to).unwrap();
        }
    }

    /// A command in it, with nothing of our surroundings
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(defuse());
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.envs(self.variables.iter().map(|(name, it)| (name, it)));
        command
    }

    /// Runs a command to its end
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_on("", arguments)
    }

    /// The same, with that on standard input
    pub(crate) fn run_on(&self, input: &str, arguments: &[&str]) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            said: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Decides files as at [`NOW`], and gives an object for each alert
    #[track_caller]
    pub(crate) fn triage(&self, arguments: &[&str]) -> Vec<Value> {
        self.run(&[&["triage", "--json", "--now", NOW], arguments].concat()).decided()
    }
}

impl Ran {
    /// The objects of a command that went well and said nothing besides
    #[track_caller]
    pub(crate) fn decided(self) -> Vec<Value> {
        assert_eq!((self.code, self.said.as_str()), (Some(0), ""));
        self.out.lines().map(|it| serde_json::from_str(it).unwrap()).collect()
    }
}

/// What nobody could say, as `fact: reason`
pub(crate) fn unknown(decided: &Value) -> Vec<String> {
    let unknown = decided["unknown"].as_array().unwrap();
    let text = |it: &Value, name: &str| it[name].as_str().unwrap().to_owned();
    unknown.iter().map(|it| format!("{}: {}", text(it, "fact"), text(it, "reason"))).collect()
}
