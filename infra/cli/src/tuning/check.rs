//! `defuse tuning check`: whether tuning rules in files could be in force.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use defuse_domain::{Code, Diagnostic, TuningRule, TuningRuleName};
use defuse_lambda::Config;
use jiff::Timestamp;
use serde_json::json;

use crate::{
    args::{CheckTuningArguments, Format},
    check::{sarif, write_problems},
    failure::Failure,
};

/// How many windows are shown of a rule that has some
const WINDOWS_SHOWN: usize = 3;

/// Every mistake of the files, in the format asked for, as `defuse check` does
pub(crate) fn run(arguments: CheckTuningArguments) -> Result<(), Failure> {
    let now = Timestamp::now();
    let (rules, problems) = check(&arguments.files, &arguments.config, now);
    let mut out = io::stdout().lock();
    let written = match arguments.format {
        Format::Human if problems.is_empty() => write_rules(&mut out, &rules, now),
        Format::Human => write_problems(&mut out, &problems),
        Format::Json => {
            let rules: Vec<_> = rules.iter().map(|(file, rule)| as_json(file, rule, now)).collect();
            writeln!(out, "{}", json!({ "rules": rules, "problems": problems }))
        }
        Format::Sarif => writeln!(out, "{}", sarif(&problems)),
    };
    written.map_err(Failure::Output)?;
    if problems.is_empty() { Ok(()) } else { Err(Failure::Said) }
}

type Rules = Vec<(String, TuningRule)>;

/// Reads every file, and says everything that is wrong with it and with the folder
fn check(files: &[PathBuf], dir: &Path, now: Timestamp) -> (Rules, Vec<Diagnostic>) {
    let (mut rules, mut problems) = (Vec::new(), Vec::new());
    for path in files {
        let file = path.display().to_string();
        match fs::read_to_string(path) {
            Ok(text) => match TuningRule::parse(&file, &text) {
                Ok(rule) => rules.push((file, rule)),
                Err(mistakes) => problems.extend(mistakes),
            },
            Err(error) => {
                let message = format!("cannot read: {error}");
                problems.push(Diagnostic::of_file(Code::FileUnreadable, &file, message));
            }
        }
    }
    let config = match Config::load(dir) {
        Ok(config) => config,
        Err(error) => {
            let is_other = |it: &Diagnostic| !is_one_of(&it.file, files);
            problems.extend(error.problems.into_iter().filter(is_other));
            Config::default()
        }
    };
    let ranges: Vec<&str> =
        config.settings.organisation.named_ranges.keys().map(String::as_str).collect();
    let mut names: BTreeMap<&TuningRuleName, &str> = BTreeMap::new();
    for (name, file) in &config.tuning_files {
        if !is_one_of(file, files) {
            names.insert(name, file);
        }
    }
    for (file, rule) in &rules {
        problems.extend(rule.check_expiry(file, now));
        problems.extend(rule.check_ranges(file, &ranges));
        if let Some(first) = names.insert(rule.name(), file) {
            let message = format!("`{}` is the name of the tuning rule in {first}", rule.name());
            problems.push(Diagnostic::of_file(Code::RepeatedName, file, message));
        }
    }
    problems.sort();
    (rules, problems)
}

/// Whether a file is one of those, however it is written
fn is_one_of(file: &str, files: &[PathBuf]) -> bool {
    let whole = |it: &Path| it.canonicalize().unwrap_or_else(|_| it.to_owned());
    let file = whole(Path::new(file));
    files.iter().any(|it| whole(it) == file)
}

fn write_rules(out: &mut impl Write, rules: &Rules, now: Timestamp) -> io::Result<()> {
    for (file, rule) in rules {
        let (name, action) = (rule.name(), rule.action().in_words());
        writeln!(out, "{file}: tuning rule {name} ({action}), no mistakes")?;
        writeln!(out, "  {}", lasts(rule, now))?;
        for (open, close) in rule.next_windows(now, WINDOWS_SHOWN) {
            writeln!(out, "  holds from {open} to {close}")?;
        }
        if rule.windows_are_past(now) {
            writeln!(out, "  WARNING: its windows are past: it holds of nothing any more")?;
        }
    }
    Ok(())
}

/// How long a rule is in force, in words
pub(crate) fn lasts(rule: &TuningRule, now: Timestamp) -> String {
    let expires = rule.expires();
    let days = expires.duration_since(now).as_hours() / 24;
    match (rule.is_enabled(), expires <= now) {
        (false, _) => "turned off: it holds of nothing".to_owned(),
        (true, true) => format!("out of force since {expires}: it holds of nothing"),
        (true, false) => format!("in force until {expires}, {days} days from now"),
    }
}

fn as_json(file: &str, rule: &TuningRule, now: Timestamp) -> serde_json::Value {
    let mut shown = json!(rule.outlook(now));
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("file".to_owned(), json!(file));
    }
    shown
}
