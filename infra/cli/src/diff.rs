//! `defuse diff`: what a configuration changes against another, or against the one in force.

use std::{
    collections::BTreeSet,
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use defuse_domain::{Action, AlertTypes, Case, Limits, Playbook, PlaybookName, Scope, TuningRule};
use defuse_flow::{Bundle, BundleStore as _};
use defuse_lambda::{Config, SharedLookup, start_without_config_from};
use serde_json::{Value, json};
use similar::TextDiff;

use crate::{args::DiffArguments, failure::Failure, report::shown};

/// How many lines stand round a change
const CONTEXT: usize = 2;

/// What became of one file
struct Changed<'a> {
    name: &'a str,
    old: Option<&'a str>,
    new: Option<&'a str>,
}

pub(crate) async fn run(arguments: DiffArguments) -> Result<(), Failure> {
    let new = bundle_of(&arguments.dir)?;
    let old = match &arguments.against {
        Some(dir) => bundle_of(dir)?,
        None => in_force().await?,
    };
    let names: BTreeSet<&String> = old.files.keys().chain(new.files.keys()).collect();
    let changed: Vec<Changed<'_>> = names
        .into_iter()
        .map(|name| Changed {
            name,
            old: old.files.get(name).map(String::as_str),
            new: new.files.get(name).map(String::as_str),
        })
        .filter(|it| it.old != it.new)
        .collect();

    let mut out = io::stdout().lock();
    let written = if arguments.json {
        writeln!(out, "{}", as_json(&old, &new, &changed))
    } else {
        write_changes(&mut out, &changed)
    };
    written.map_err(Failure::Output)
}

fn bundle_of(dir: &Path) -> Result<Bundle, Failure> {
    let config = Config::load(dir)?;
    Ok(Bundle { digest: config.rules.bundle().to_owned(), files: config.files })
}

/// The bundle that the deployed stack says is in force (`DEFUSE_TABLE`, `AWS_*`)
async fn in_force() -> Result<Bundle, Failure> {
    let lookup: SharedLookup = Arc::new(|name: &str| std::env::var(name).ok());
    let store = start_without_config_from(lookup).store();
    let nothing = "no bundle is in force in that table; give --against DIR";
    store.in_force().await?.ok_or_else(|| Failure::NotFound(nothing.to_owned()))
}

fn as_json(old: &Bundle, new: &Bundle, changed: &[Changed<'_>]) -> Value {
    let files: Vec<Value> = changed
        .iter()
        .map(|it| json!({ "file": it.name, "change": it.kind(), "differences": it.in_words() }))
        .collect();
    json!({ "from": old.digest, "to": new.digest, "changes": files })
}

fn write_changes(out: &mut impl Write, changed: &[Changed<'_>]) -> io::Result<()> {
    if changed.is_empty() {
        return writeln!(out, "no difference");
    }
    for file in changed {
        writeln!(out, "{} {}", file.kind(), file.name)?;
        for difference in file.in_words() {
            writeln!(out, "  {difference}")?;
        }
        let (old, new) = (file.old.unwrap_or_default(), file.new.unwrap_or_default());
        let diff = TextDiff::from_lines(old, new);
        writeln!(out, "{}", diff.unified_diff().context_radius(CONTEXT))?;
    }
    Ok(())
}

impl Changed<'_> {
    const fn kind(&self) -> &'static str {
        match (self.old, self.new) {
            (None, _) => "added",
            (Some(_), None) => "removed",
            (Some(_), Some(_)) => "changed",
        }
    }

    /// What a reviewer wants to see first: which parts of a playbook or tuning rule are others now
    fn in_words(&self) -> Vec<String> {
        if self.name.starts_with("tuning/") {
            return self.tuning_in_words();
        }
        let read = |text: Option<&str>| Playbook::parse(self.name, text?).ok();
        match (read(self.old), read(self.new)) {
            (Some(old), Some(new)) => differences(&old, &new),
            (None, Some(new)) => vec![format!("playbook {} ({})", new.name(), new.mode())],
            (Some(old), None) => vec![format!("playbook {} goes ({})", old.name(), old.mode())],
            (None, None) => Vec::new(),
        }
    }
}

impl Changed<'_> {
    fn tuning_in_words(&self) -> Vec<String> {
        let read = |text: Option<&str>| TuningRule::parse(self.name, text?).ok();
        match (read(self.old), read(self.new)) {
            (Some(old), Some(new)) => tuning_differences(&old, &new),
            (None, Some(new)) => vec![format!("tuning rule {}", tuning_gist(&new))],
            (Some(old), None) => vec![format!("tuning rule {} goes", tuning_gist(&old))],
            (None, None) => Vec::new(),
        }
    }
}

/// What a tuning rule does, to whom, and until when
fn tuning_gist(rule: &TuningRule) -> String {
    let (name, action) = (rule.name(), rule.action().in_words());
    let (scope, expires) = (scope(rule.scope()), rule.expires());
    let off = if rule.is_enabled() { "" } else { ", turned off" };
    format!("{name} ({action}; {scope}; until {expires}{off})")
}

fn tuning_differences(old: &TuningRule, new: &TuningRule) -> Vec<String> {
    let mut found = Vec::new();
    let mut said = |what: &str, show: &dyn Fn(&TuningRule) -> String| {
        let (old, new) = (show(old), show(new));
        if old != new {
            found.push(shown(&format!("{what}: {old} → {new}")));
        }
    };
    let on_or_off = |it: &TuningRule| if it.is_enabled() { "on" } else { "off" };
    said("name", &|it| it.name().to_string());
    said("turned", &|it| on_or_off(it).to_owned());
    said("action", &|it| it.action().in_words());
    said("scope", &|it| scope(it.scope()));
    said("expires", &|it| it.expires().to_string());
    said("windows", &windows);
    said("alert types", &alert_types);
    said("service sources", &|it| {
        it.service_sources().iter().map(|it| it.name()).collect::<Vec<_>>().join(", ")
    });
    said("owner", &|it| it.owner().to_owned());
    said("reason", &|it| it.reason().to_owned());
    said("ticket", &|it| it.ticket().unwrap_or("none").to_owned());
    if old.condition() != new.condition() {
        found.push("condition changed".to_owned());
    }
    found
}

fn windows(rule: &TuningRule) -> String {
    let windows: Vec<String> = rule.windows().iter().map(ToString::to_string).collect();
    if windows.is_empty() { "always".to_owned() } else { listed(&windows) }
}

fn alert_types(rule: &TuningRule) -> String {
    match rule.alert_types() {
        AlertTypes::Any => "any".to_owned(),
        AlertTypes::Only(types) => listed(types),
    }
}

fn scope(scope: &Scope) -> String {
    let Scope::Named { devices, device_groups, users } = scope else {
        return "the organisation".to_owned();
    };
    let parts = [("devices", devices), ("device groups", device_groups), ("users", users)];
    let named = parts.iter().filter(|(_, names)| !names.is_empty());
    let words: Vec<String> =
        named.map(|(what, names)| format!("{what} {}", listed(names))).collect();
    words.join(", ")
}

/// The first few of them
fn listed(names: &[String]) -> String {
    const SHOWN_MAX: usize = 10;
    let shown: Vec<&str> = names.iter().take(SHOWN_MAX).map(String::as_str).collect();
    match names.len().saturating_sub(SHOWN_MAX) {
        0 => shown.join(", "),
        n_more => format!("{} and {n_more} more", shown.join(", ")),
    }
}

fn differences(old: &Playbook, new: &Playbook) -> Vec<String> {
    let mut found = Vec::new();
    let mut said = |what: &str, old: String, new: String| {
        if old != new {
            found.push(format!("{what}: {old} → {new}"));
        }
    };
    said("name", text(old.name()), text(new.name()));
    said("mode", old.mode().to_string(), new.mode().to_string());
    said("owner", old.owner().to_owned(), new.owner().to_owned());
    said("limits", limits(old.limits()), limits(new.limits()));
    let parts = [
        ("trigger", old.trigger() != new.trigger()),
        ("criteria", old.criteria() != new.criteria()),
        ("then", actions(old.then()) != actions(new.then())),
        ("otherwise", actions(old.otherwise()) != actions(new.otherwise())),
        ("tests", cases(old) != cases(new)),
    ];
    found.extend(parts.iter().filter(|it| it.1).map(|it| format!("{} changed", it.0)));
    found
}

/// Actions, wherever in the file they stand
fn actions(actions: &[Action]) -> Vec<Action> {
    let anywhere = |it: &Action| match it {
        Action::Notify { channel, template, .. } => Action::Notify {
            channel: channel.clone(),
            template: *template,
            place: (0, 0),
            path: String::new(),
        },
        Action::Resolve(_) | Action::Assign(_) | Action::Comment(_) | Action::Tag(_) => it.clone(),
    };
    actions.iter().map(anywhere).collect()
}

/// Tests, wherever in the file they stand
fn cases(playbook: &Playbook) -> Vec<Case> {
    playbook.cases().iter().map(|it| Case { place: (0, 0), ..it.clone() }).collect()
}

fn limits(limits: Limits) -> String {
    let Limits { per_hour, per_day, per_user_per_day } = limits;
    let parts =
        [(per_hour, "an hour"), (per_day, "a day"), (per_user_per_day, "a day for one user")];
    let words: Vec<String> =
        parts.iter().filter_map(|(max, what)| max.map(|max| format!("{max} {what}"))).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

fn text(name: &PlaybookName) -> String {
    name.to_string()
}
