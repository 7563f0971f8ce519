//! The configuration that SecOps writes: `settings.yaml`, `playbooks/*.yaml`, `tuning/*.yaml` and
//! `roles/*.cedar` of one folder.
//!
//! [`Config::load`] reads it and touches nothing else; [`Config::check`] also reads the policies, tries the cases that
//! the playbooks carry, and looks at when tuning rules expire.

mod bundle;
mod cases;
mod roles;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use defuse_domain::{
    Code, Diagnostic, Playbook, PlaybookName, RuleBook, Settings, TuningRule, TuningRuleName,
};
use defuse_flow::DeployedTexts;
use jiff::Timestamp;

pub use self::bundle::BundleError;

/// The file with the settings
const SETTINGS: &str = "settings.yaml";
/// The folder with the playbooks
const PLAYBOOKS: &str = "playbooks";
/// The folder with the tuning rules
const TUNING: &str = "tuning";
/// The folder with what each role may do
const ROLES: &str = "roles";

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
    /// The file of each tuning rule
    pub tuning_files: BTreeMap<TuningRuleName, String>,
    /// The policies that say what each role may do at the API, by the name of their file in messages
    pub role_files: BTreeMap<String, String>,
    /// The folder that it was read from
    pub folder: PathBuf,
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
        let playbooks = reader.rules(PLAYBOOKS, Playbook::parse);
        let tuning = reader.rules(TUNING, TuningRule::parse);
        let role_files = reader.policies();
        let Reader { files, mut problems, .. } = reader;
        let named = playbooks.iter().map(|(file, it)| (file, it.name().as_str()));
        problems.extend(repeated_names("playbook", named));
        let named = tuning.iter().map(|(file, it)| (file, it.name().as_str()));
        problems.extend(repeated_names("tuning rule", named));
        let channels: Vec<&str> = settings.channels.keys().map(String::as_str).collect();
        let ranges = settings.organisation.named_ranges.keys();
        let ranges: Vec<&str> = ranges.map(String::as_str).collect();
        for (file, playbook) in &playbooks {
            problems.extend(playbook.check_channels(file, &channels));
            problems.extend(playbook.check_ranges(file, &ranges));
        }
        for (file, rule) in &tuning {
            problems.extend(rule.check_ranges(file, &ranges));
        }
        if !problems.is_empty() {
            return Err(ConfigError { problems });
        }
        let named = playbooks.iter().map(|(file, it)| (it.name().clone(), file.clone()));
        let playbook_files = named.collect();
        let named = tuning.iter().map(|(file, it)| (it.name().clone(), file.clone()));
        let tuning_files = named.collect();
        let playbooks = playbooks.into_iter().map(|(_, playbook)| playbook);
        let tuning = tuning.into_iter().map(|(_, rule)| rule);
        let rules = RuleBook::new(playbooks, settings.organisation.clone())
            .tuned_by(tuning)
            .telling(settings.operations_channel.clone())
            .in_bundle(bundle::digest(&files));
        let folder = dir.to_owned();
        Ok(Self { settings, rules, files, playbook_files, tuning_files, role_files, folder })
    }

    /// Reads the folder, tries every case that its playbooks carry, and looks whether a tuning rule
    /// lasts longer than it may from `now`; alerts of cases are looked for beside the folder. Gives
    /// the number of cases too.
    pub fn check(dir: &Path, now: Timestamp) -> Result<(Self, usize), ConfigError> {
        let config = Self::load(dir)?;
        let late = config.rules.tuning().rules().filter_map(|rule| {
            let file = config.tuning_files.get(rule.name()).map_or("", String::as_str);
            rule.check_expiry(file, now)
        });
        let of_roles = config.roles().err().map(|it| it.problems);
        let problems: Vec<Diagnostic> = late.chain(of_roles.into_iter().flatten()).collect();
        if !problems.is_empty() {
            return Err(ConfigError { problems });
        }
        let n_cases = cases::try_all(&config, root_of(dir))?;
        Ok((config, n_cases))
    }

    /// Whether a file of that name in the folder is a tuning rule
    pub fn is_tuning_rule(name: &str) -> bool {
        name.strip_prefix(TUNING).is_some_and(|it| it.starts_with('/'))
    }

    /// Every tuning rule with its text
    pub fn tuning_texts(&self) -> DeployedTexts {
        let texts = self.files.iter().filter(|(name, _)| Self::is_tuning_rule(name));
        let rules = texts.filter_map(|(file, text)| {
            let rule = TuningRule::parse(file, text).ok()?;
            Some((rule.name().clone(), (rule, text.clone())))
        });
        rules.collect()
    }

    /// Writes what a deployment takes along: the folder's files, the alerts that cases name, and
    /// the digest that names it all
    pub fn write_bundle(dir: &Path, out: &Path, now: Timestamp) -> Result<String, BundleError> {
        let (config, _) = Self::check(dir, now)?;
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

    /// Every rule of a folder, with its file
    fn rules<T>(
        &mut self,
        folder: &str,
        parse: impl Fn(&str, &str) -> Result<T, Vec<Diagnostic>>,
    ) -> Vec<(String, T)> {
        let mut rules = Vec::new();
        for path in self.paths(folder, &["yaml", "yml"]) {
            let file = path.display().to_string();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let Some(text) = self.read(&path, format!("{folder}/{name}")) else { continue };
            match parse(&file, &text) {
                Ok(rule) => rules.push((file, rule)),
                Err(mistakes) => self.problems.extend(mistakes),
            }
        }
        rules
    }

    /// The policies of roles; no folder is no role
    fn policies(&mut self) -> BTreeMap<String, String> {
        let mut policies = BTreeMap::new();
        for path in self.paths(ROLES, &["cedar"]) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if let Some(text) = self.read(&path, format!("{ROLES}/{name}")) {
                policies.insert(path.display().to_string(), text);
            }
        }
        policies
    }

    /// Every file that ends like that, in the order of names; no folder is no rule
    fn paths(&mut self, folder: &str, endings: &[&str]) -> Vec<PathBuf> {
        let dir = self.dir.join(folder);
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
        paths.retain(|it| it.extension().is_some_and(|it| endings.iter().any(|end| it == *end)));
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

/// Names each rule that has the name of one before it
fn repeated_names<'a>(
    what: &str,
    named: impl Iterator<Item = (&'a String, &'a str)>,
) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut first: BTreeMap<&str, &String> = BTreeMap::new();
    for (file, name) in named {
        if let Some(first) = first.get(name) {
            let message = format!("`{name}` is the name of the {what} in {first}");
            problems.push(Diagnostic::of_file(Code::RepeatedName, file, message));
            continue;
        }
        first.insert(name, file);
    }
    problems
}
