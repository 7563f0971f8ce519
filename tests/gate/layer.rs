//! The layer with the configuration: a bundle in a folder of its own, and ways to spoil it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use defuse_lambda::Config;
use jiff::Timestamp;
use tempfile::TempDir;

/// The repository's root
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

pub(crate) const PLAYBOOK: &str = "infra/playbooks/legitimate-travel.yaml";
pub(crate) const SETTINGS: &str = "infra/settings.yaml";

/// A layer as Lambda unpacks it, elsewhere than in `/opt`
pub(crate) struct Layer {
    folder: TempDir,
    /// What the bundle is called, as it was written
    pub(crate) digest: String,
}

impl Layer {
    /// The bundle of the shipped playbook and of these settings
    pub(crate) fn of(settings: &Path) -> Self {
        let source = TempDir::new().unwrap();
        let infra = source.path().join("infra");
        fs::create_dir_all(infra.join("playbooks")).unwrap();
        fs::copy(settings, infra.join("settings.yaml")).unwrap();
        fs::copy(Path::new(ROOT).join(PLAYBOOK), source.path().join(PLAYBOOK)).unwrap();
        copy_events(source.path());

        let folder = TempDir::new().unwrap();
        let digest = Config::write_bundle(&infra, folder.path(), Timestamp::now()).unwrap();
        Self { folder, digest }
    }

    /// What `DEFUSE_CONFIG` says
    pub(crate) fn config(&self) -> String {
        self.path("infra").display().to_string()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Replaces a part of a file, and gives the line where it begins
    pub(crate) fn change(&self, name: &str, from: &str, to: &str) -> usize {
        let text = fs::read_to_string(self.path(name)).unwrap();
        let (before, _) = text.split_once(from).unwrap_or_else(|| panic!("no {from:?} in {name}"));
        self.write(name, &text.replacen(from, to, 1));
        before.matches('\n').count() + 1
    }

    /// What the bundle would be called as it is now
    pub(crate) fn digest_now(&self) -> String {
        Config::load(&self.path("infra")).unwrap().rules.bundle().to_owned()
    }
}

fn copy_events(to: &Path) {
    let events = to.join("events/receive");
    fs::create_dir_all(&events).unwrap();
    for entry in fs::read_dir(Path::new(ROOT).join("events/receive")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), events.join(entry.file_name())).unwrap();
    }
}
