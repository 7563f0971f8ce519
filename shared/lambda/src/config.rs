//! The configuration that SecOps writes: `settings.yaml` and `playbooks/*.yaml` of one folder.
//!
//! [`Config::load`] reads it and touches nothing else; [`Config::check`] also tries the cases that
//! the playbooks carry.

mod bundle;
mod cases;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use defuse_domain::{Code, Diagnostic, Playbook, PlaybookName, RuleBook, Settings};

pub use self::bundle::BundleError;

/// The file with the settings
const SETTINGS: &str = "settings.yaml";
/// The folder with the playbooks
const PLAYBOOKS: &str = "playbooks";

/// The configuration in force
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Whom it asks and tells
    pub settings: Settings,
    /// What it decides by
    pub rules: RuleBook,
    /// Every file it is made of, by its name in the folder
    pub files: BTreeMap<String, String>,
    /// The file of each playbook, as messages call it
    pub playbook_files: BTreeMap<PlaybookName, String>,
}

/// The configuration cannot be in force
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("configuration has {} mistakes: {}", problems.len(), all(problems))]
pub struct ConfigError {
    /// Every mistake
    pub problems: Vec<Diagnostic>,
}

fn all(problems: &[Diagnostic]) -> String {
    let lines: Vec<String> = problems.iter().map(|it| it.to_string().replace('\n', " ")).collect();
    lines.join("; ")
}

impl Config {
    /// Reads the folder, or says everything that is wrong with what is in it
    pub fn load(dir: &Path) -> Result<Self, ConfigError> {
        let mut reader = Reader { dir, files: BTreeMap::new(), problems: Vec::new() };
        let settings = reader.settings();
        let playbooks = reader.playbooks();
        let Reader { files, mut problems, .. } = reader;
        problems.extend(repeated_names(&playbooks));
        let channels: Vec<&str> = settings.channels.keys().map(String::as_str).collect();
        let ranges = settings.organisation.named_ranges.keys();
        let ranges: Vec<&str> = ranges.map(String::as_str).collect();
        for (file, playbook) in &playbooks {
            problems.extend(playbook.check_channels(file, &channels));
            problems.extend(playbook.check_ranges(file, &ranges));
        }
        if !problems.is_empty() {
            return Err(ConfigError { problems });
        }
        let named = playbooks.iter().map(|(file, it)| (it.name().clone(), file.clone()));
        let playbook_files = named.collect();
        let playbooks = playbooks.into_iter().map(|(_, playbook)| playbook);
        let rules = RuleBook::new(playbooks, settings.organisation.clone())
            .in_bundle(bundle::digest(&files));
        Ok(Self { settings, rules, files, playbook_files })
    }

    /// Reads the folder and tries every case that its playbooks carry; alerts of cases are looked
    /// for beside the folder. Gives the number of cases too.
    pub fn check(dir: &Path) -> Result<(Self, usize), ConfigError> {
        let config = Self::load(dir)?;
        let n_cases = cases::try_all(&config, root_of(dir))?;
        Ok((config, n_cases))
    }

    /// Writes what a deployment takes along: the folder's files, the alerts that cases name, and
    /// the digest that names it all
    pub fn write_bundle(dir: &Path, out: &Path) -> Result<String, BundleError> {
        let (config, _) = Self::check(dir)?;
        bundle::write(&config, root_of(dir), out)
    }
}

/// The folder that paths in cases start from
fn root_of(dir: &Path) -> &Path {
    match dir.parent() {
        Some(parent) if parent != Path::new("") => parent,
        Some(_) | None => Path::new("."),
    }
}

/// Reads files of the folder and gathers what is wrong
struct Reader<'a> {
    dir: &'a Path,
    files: BTreeMap<String, String>,
    problems: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn settings(&mut self) -> Settings {
        let path = self.dir.join(SETTINGS);
        let Some(text) = self.read(&path, SETTINGS.to_owned()) else {
            return Settings::default();
        };
        Settings::parse(&path.display().to_string(), &text).unwrap_or_else(|mistakes| {
            self.problems.extend(mistakes);
            Settings::default()
        })
    }

    fn playbooks(&mut self) -> Vec<(String, Playbook)> {
        let mut playbooks = Vec::new();
        for path in self.playbook_paths() {
            let file = path.display().to_string();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let Some(text) = self.read(&path, format!("{PLAYBOOKS}/{name}")) else { continue };
            match Playbook::parse(&file, &text) {
                Ok(playbook) => playbooks.push((file, playbook)),
                Err(mistakes) => self.problems.extend(mistakes),
            }
        }
        playbooks
    }

    /// Every `.yaml` and `.yml` file, in the order of names; no folder is no playbook
    fn playbook_paths(&mut self) -> Vec<PathBuf> {
        let dir = self.dir.join(PLAYBOOKS);
        let listed = fs::read_dir(&dir)
            .and_then(|entries| entries.map(|it| it.map(|it| it.path())).collect());
        let mut paths: Vec<PathBuf> = match listed {
            Ok(paths) => paths,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                self.problems.push(unreadable(&dir, &error));
                Vec::new()
            }
        };
        paths.retain(|it| it.extension().is_some_and(|it| it == "yaml" || it == "yml"));
        paths.sort();
        paths
    }

    fn read(&mut self, path: &Path, name: String) -> Option<String> {
        match fs::read_to_string(path) {
            Ok(text) => {
                self.files.insert(name, text.clone());
                Some(text)
            }
            Err(error) => {
                self.problems.push(unreadable(path, &error));
                None
            }
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
