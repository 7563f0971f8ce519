//! The configuration that `SecOps` writes: `settings.yaml` and `playbooks/*.yaml` of one folder.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use defuse_domain::{Code, Diagnostic, Playbook, RuleBook, Settings};

/// The configuration in force
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Whom it asks and tells
    pub settings: Settings,
    /// What it decides by
    pub rules: RuleBook,
}

/// The configuration cannot be in force
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("configuration has {} mistakes: {}", problems.len(), first(problems))]
pub struct ConfigError {
    /// Every mistake
    pub problems: Vec<Diagnostic>,
}

fn first(problems: &[Diagnostic]) -> String {
    problems.first().map(|it| it.to_string().replace('\n', " ")).unwrap_or_default()
}

impl Config {
    /// Reads the folder, or says everything that is wrong with what is in it
    pub fn load(dir: &Path) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let settings = read_settings(&dir.join("settings.yaml"), &mut problems);
        let files = playbook_files(&dir.join("playbooks"), &mut problems);
        let mut playbooks: Vec<(String, Playbook)> = Vec::new();
        for path in files {
            let file = path.display().to_string();
            let Some(text) = read_file(&path, &mut problems) else { continue };
            match Playbook::parse(&file, &text) {
                Ok(playbook) => playbooks.push((file, playbook)),
                Err(mistakes) => problems.extend(mistakes),
            }
        }
        problems.extend(repeated_names(&playbooks));
        let channels: Vec<&str> = settings.channels.keys().map(String::as_str).collect();
        for (file, playbook) in &playbooks {
            problems.extend(playbook.check_channels(file, &channels));
        }
        if !problems.is_empty() {
            return Err(ConfigError { problems });
        }
        let playbooks = playbooks.into_iter().map(|(_, playbook)| playbook);
        let rules = RuleBook::new(playbooks, settings.organisation.clone());
        Ok(Self { settings, rules })
    }
}

fn read_settings(path: &Path, problems: &mut Vec<Diagnostic>) -> Settings {
    let Some(text) = read_file(path, problems) else {
        return Settings::default();
    };
    Settings::parse(&path.display().to_string(), &text).unwrap_or_else(|mistakes| {
        problems.extend(mistakes);
        Settings::default()
    })
}

/// Every `.yaml` and `.yml` file of the folder, in the order of names; no folder is no playbook
fn playbook_files(dir: &Path, problems: &mut Vec<Diagnostic>) -> Vec<PathBuf> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            problems.push(unreadable(dir, &error));
            return Vec::new();
        }
    };
    let mut files = Vec::new();
    for entry in entries {
        match entry {
            Ok(entry) => files.push(entry.path()),
            Err(error) => problems.push(unreadable(dir, &error)),
        }
    }
    let is_yaml = |it: &PathBuf| it.extension().is_some_and(|it| it == "yaml" || it == "yml");
    files.retain(is_yaml);
    files.sort();
    files
}

fn read_file(path: &Path, problems: &mut Vec<Diagnostic>) -> Option<String> {
    match fs::read_to_string(path) {
        Ok(text) => Some(text),
        Err(error) => {
            problems.push(unreadable(path, &error));
            None
        }
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    let message = format!("cannot read: {error}");
    Diagnostic::of_file(Code::FileUnreadable, &path.display().to_string(), message)
}

fn repeated_names(playbooks: &[(String, Playbook)]) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for (index, (file, playbook)) in playbooks.iter().enumerate() {
        let mut before = playbooks.iter().take(index);
        if let Some((first, _)) = before.find(|(_, it)| it.name() == playbook.name()) {
            let message = format!("`{}` is the name of the playbook in {first}", playbook.name());
            problems.push(Diagnostic::of_file(Code::RepeatedName, file, message));
        }
    }
    problems
}
