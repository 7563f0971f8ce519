//! `defuse check` and `defuse bundle`: whether a configuration may go live, without deploying it.

use std::{
    env,
    io::{self, Write},
    path::{Component, Path},
};

use defuse_domain::{Code, Diagnostic};
use defuse_lambda::{BundleError, Config};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    args::{BundleArguments, CheckArguments, Format},
    failure::Failure,
    tuning::lasts,
};

/// Which tuning rules end soon
const SOON: SignedDuration = SignedDuration::from_hours(24 * 14);

/// Every mistake of the folder, in the format asked for; nothing on standard error, so that
/// programs read one stream
pub(crate) fn run(arguments: CheckArguments) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let dir = folder_of(&arguments.dir);
    let now = Timestamp::now();
    let checked = Config::check(dir, now);
    let problems = checked.as_ref().err().map_or(&[][..], |it| it.problems.as_slice());
    let written = match arguments.format {
        Format::Human => match &checked {
            Ok((config, n_cases)) => {
                let n_playbooks = config.rules.playbooks().count();
                let n_tuning = config.rules.tuning().rules().count();
                let dir = dir.display();
                let counted = format!(
                    "{n_playbooks} playbooks with {n_cases} tests, {n_tuning} tuning rules"
                );
                writeln!(out, "{dir}: {counted}, no mistakes")
                    .and_then(|()| write_ending(&mut out, config, now))
                    .and_then(|()| writeln!(out, "bundle {}", config.rules.bundle()))
            }
            Err(error) => write_problems(&mut out, &error.problems),
        },
        Format::Json => {
            let bundle = checked.as_ref().ok().map(|(config, _)| config.rules.bundle());
            writeln!(out, "{}", json!({ "bundle": bundle, "problems": problems }))
        }
        Format::Sarif => writeln!(out, "{}", sarif(problems)),
    };
    written.map_err(Failure::Output)?;
    if problems.is_empty() { Ok(()) } else { Err(Failure::Said) }
}

/// Tuning rules that hold of nothing, or soon will
fn write_ending(out: &mut impl Write, config: &Config, now: Timestamp) -> io::Result<()> {
    let soon = now.checked_add(SOON).unwrap_or(Timestamp::MAX);
    let rules = config.rules.tuning().rules();
    for rule in rules.filter(|it| !it.is_enabled() || it.expires() <= soon) {
        writeln!(out, "  tuning rule {} is {}", rule.name(), lasts(rule, now))?;
    }
    for rule in config.rules.tuning().rules().filter(|it| it.windows_are_past(now)) {
        let name = rule.name();
        writeln!(out, "  tuning rule {name} holds of nothing: its windows are past")?;
    }
    Ok(())
}

/// The folder itself, or that of a file in it: editors check what they have open
fn folder_of(path: &Path) -> &Path {
    let Some(folder) = path.parent().filter(|_| path.is_file()) else { return path };
    let of_rules = folder.ends_with("playbooks") || folder.ends_with("tuning");
    let root = if of_rules { folder.parent() } else { Some(folder) };
    root.filter(|it| *it != Path::new("")).unwrap_or(Path::new("."))
}

/// Writes what a deployment takes along
pub(crate) fn bundle(arguments: BundleArguments) -> Result<(), Failure> {
    let digest =
        Config::write_bundle(&arguments.dir, &arguments.out, Timestamp::now()).map_err(|it| {
            match it {
                BundleError::Config(error) => Failure::Documents(error.problems),
                other @ (BundleError::File { .. } | BundleError::NotOurs(_)) => {
                    Failure::host("the bundle was not written", other)
                }
            }
        })?;
    writeln!(io::stdout().lock(), "{digest}").map_err(Failure::Output)
}

pub(crate) fn write_problems(out: &mut impl Write, problems: &[Diagnostic]) -> io::Result<()> {
    for problem in problems {
        writeln!(out, "{problem}\n")?;
    }
    writeln!(out, "{} mistakes", problems.len())
}

/// The Static Analysis Results Interchange Format 2.1.0, which code hosts and editors show in place
pub(crate) fn sarif(problems: &[Diagnostic]) -> Value {
    let rules: Vec<Value> = Code::ALL
        .iter()
        .map(|code| {
            json!({
                "id": code.name(),
                "name": format!("{code:?}"),
                "help": { "text": format!("{} in docs/reference/diagnostics.md", code.name()) },
            })
        })
        .collect();
    let results: Vec<Value> = problems
        .iter()
        .map(|it| {
            let help = it.help.as_ref().map(|it| format!(" ({it})")).unwrap_or_default();
            json!({
                "ruleId": it.code.name(),
                "level": "error",
                "message": { "text": format!("{}{help}", it.message) },
                "locations": [{ "physicalLocation": {
                    "artifactLocation": { "uri": uri(&it.file) },
                    "region": { "startLine": it.line, "startColumn": it.column },
                }}],
            })
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "defuse",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

/// A path as SARIF wants it: from the folder we are in, with slashes, escaped; from the root where
/// it lies elsewhere
fn uri(file: &str) -> String {
    let here = env::current_dir().unwrap_or_default();
    let file = Path::new(file);
    let relative = file.strip_prefix(&here).unwrap_or(file);
    let parts = relative.components().filter_map(|it| match it {
        Component::Normal(part) => Some(part.to_string_lossy()),
        Component::ParentDir => Some("..".into()),
        Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
    });
    let escaped: Vec<String> = parts
        .map(|it| url::form_urlencoded::byte_serialize(it.as_bytes()).collect::<String>())
        .map(|it| it.replace('+', "%20"))
        .collect();
    let root = if relative.is_absolute() { "file:///" } else { "" };
    format!("{root}{}", escaped.join("/"))
}
