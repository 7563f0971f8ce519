//! `defuse tuning list` and `show`: which tuning rules there are, what they did, and who changed
//! what.

use std::io::{self, Write};

use defuse_domain::{Scope, TuningRule, TuningRuleName};
use defuse_flow::{MatchReport as _, Matches, RuleChange, StoredRule, StoredTuning as _};
use defuse_flow::{RuleVerb, TuningStore as _};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{rules::named, state::State};
use crate::{
    args::{TuningListArguments, TuningShowArguments},
    failure::Failure,
    report::shown,
};

/// A rule as it is listed
struct Listed {
    name: TuningRuleName,
    /// Nothing where its text is no rule any more
    rule: Option<TuningRule>,
    text: String,
    is_on: bool,
    /// Nothing for one of the deployment
    stored: Option<StoredRule>,
    matches: Matches,
}

pub(crate) async fn list(arguments: TuningListArguments) -> Result<(), Failure> {
    let state = State::open(&arguments.state).await?;
    let now = Timestamp::now();
    let all = all(&state).await?;
    let mut out = io::stdout().lock();
    if arguments.json {
        for it in &all {
            writeln!(out, "{}", it.to_json(now)).map_err(Failure::Output)?;
        }
        return Ok(());
    }
    if all.is_empty() {
        let help = "`defuse tuning save FILE` saves one";
        return writeln!(out, "There are no tuning rules; {help}.").map_err(Failure::Output);
    }
    write_table(&mut out, &all, now).map_err(Failure::Output)
}

pub(crate) async fn show(arguments: TuningShowArguments) -> Result<(), Failure> {
    let name = named(&arguments.name)?;
    let state = State::open(&arguments.state).await?;
    let mut found = all(&state).await?.into_iter().find(|it| it.name == name);
    if found.is_none()
        && let Some(deleted) = state.store.stored_rule(&name).await?
    {
        let matches = state.store.matches(&name).await?;
        found = Some(Listed::of_stored(deleted, matches));
    }
    let Some(found) = found else {
        return Err(Failure::NotFound(format!("there is no tuning rule `{name}`")));
    };
    let changes = state.store.changes(&name).await?;
    let now = Timestamp::now();
    let mut out = io::stdout().lock();
    if arguments.json {
        let mut object = found.to_json(now);
        if let Some(object) = object.as_object_mut() {
            object.insert("text".to_owned(), json!(found.text));
            object.insert("perDay".to_owned(), json!(found.matches.per_day));
            object.insert("history".to_owned(), json!(changes));
        }
        return writeln!(out, "{object}").map_err(Failure::Output);
    }
    write_one(&mut out, &found, &changes, now).map_err(Failure::Output)
}

/// Every rule by name, those of the deployment and those that people saved
async fn all(state: &State) -> Result<Vec<Listed>, Failure> {
    let mut all = Vec::new();
    for (name, (rule, text)) in state.deployed().await? {
        let matches = state.store.matches(&name).await?;
        let is_on = rule.is_enabled();
        all.push(Listed { name, rule: Some(rule), text, is_on, stored: None, matches });
    }
    for stored in state.store.stored_rules().await?.into_iter().filter(|it| !it.is_deleted) {
        let matches = state.store.matches(&stored.name).await?;
        all.push(Listed::of_stored(stored, matches));
    }
    all.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(all)
}

impl Listed {
    fn of_stored(stored: StoredRule, matches: Matches) -> Self {
        let rule = TuningRule::parse(stored.name.as_str(), &stored.text).ok();
        let is_on = stored.is_on && rule.as_ref().is_some_and(TuningRule::is_enabled);
        let (name, text) = (stored.name.clone(), stored.text.clone());
        Self { name, rule, text, is_on, stored: Some(stored), matches }
    }

    fn source(&self) -> &'static str {
        if self.stored.is_some() { "saved" } else { "deployed" }
    }

    /// Whether it holds of anything now, in a word
    fn state(&self, now: Timestamp) -> &'static str {
        match &self.rule {
            _ if self.stored.as_ref().is_some_and(|it| it.is_deleted) => "deleted",
            None => "unreadable",
            Some(rule) if now >= rule.expires() => "expired",
            Some(_) if self.is_on => "on",
            Some(_) => "off",
        }
    }

    fn action(&self) -> String {
        self.rule.as_ref().map_or_else(|| "-".to_owned(), |it| it.action().in_words())
    }

    fn scope(&self) -> String {
        self.rule.as_ref().map_or_else(|| "-".to_owned(), |it| scope_in_words(it.scope()))
    }

    fn to_json(&self, now: Timestamp) -> Value {
        json!({
            "name": self.name,
            "state": self.state(now),
            "action": self.rule.as_ref().map(TuningRule::action),
            "scope": self.scope(),
            "owner": self.rule.as_ref().map(TuningRule::owner),
            "expires": self.rule.as_ref().map(TuningRule::expires),
            "since": self.rule.as_ref().and_then(TuningRule::since)
                .or_else(|| self.stored.as_ref().map(|it| it.since)),
            "matches": self.matches.total,
            "lastMatch": self.matches.last,
            "from": self.source(),
            "version": self.stored.as_ref().map(|it| it.version),
        })
    }
}

fn scope_in_words(scope: &Scope) -> String {
    let Scope::Named { devices, device_groups, users } = scope else {
        return "organisation".to_owned();
    };
    let kinds = [("devices", devices), ("device groups", device_groups), ("users", users)];
    let named: Vec<String> = kinds
        .iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(kind, names)| format!("{} {kind}", names.len()))
        .collect();
    named.join(", ")
}

fn write_table(out: &mut impl Write, all: &[Listed], now: Timestamp) -> io::Result<()> {
    let head = ["NAME", "STATE", "ACTION", "SCOPE", "EXPIRES", "MATCHES", "LAST MATCH", "FROM"];
    let day = |it: Timestamp| it.strftime("%Y-%m-%d").to_string();
    let dash = || "-".to_owned();
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(all.iter().map(|it| {
        [
            it.name.to_string(),
            it.state(now).to_owned(),
            it.action(),
            it.scope(),
            it.rule.as_ref().map_or_else(dash, |it| day(it.expires())),
            it.matches.total.to_string(),
            it.matches.last.map_or_else(dash, day),
            it.source().to_owned(),
        ]
    }));
    let mut widths = [0; 8];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    for row in &rows {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

fn write_one(
    out: &mut impl Write,
    found: &Listed,
    changes: &[RuleChange],
    now: Timestamp,
) -> io::Result<()> {
    let Listed { name, matches, .. } = found;
    writeln!(out, "{name}: {}, {}", found.state(now), found.source())?;
    if let Some(rule) = &found.rule {
        writeln!(out, "  {} for {}", found.action(), found.scope())?;
        writeln!(out, "  expires {}", rule.expires())?;
    }
    if let Some(stored) = &found.stored {
        let (version, by) = (stored.version, shown(&stored.by));
        writeln!(out, "  version {version}, by {by}; acts on alerts since {}", stored.since)?;
    } else if let Some(since) = found.rule.as_ref().and_then(TuningRule::since) {
        writeln!(out, "  acts on alerts since {since}")?;
    }
    let last = matches.last.map(|it| format!(", last {it}")).unwrap_or_default();
    writeln!(out, "  {} alerts{last}", matches.total)?;
    for (day, count) in matches.per_day.iter().rev().take(90) {
        writeln!(out, "    {day}  {count}")?;
    }
    if !changes.is_empty() {
        writeln!(out, "  history:")?;
    }
    for change in changes {
        let what = match change.what {
            RuleVerb::Saved => "saved",
            RuleVerb::TurnedOn => "turned on",
            RuleVerb::TurnedOff => "turned off",
            RuleVerb::Deleted => "deleted",
        };
        let RuleChange { version, at, by, .. } = change;
        writeln!(out, "    {at}  version {version}  {what} by {}", shown(by))?;
    }
    write_changed_texts(out, changes)?;
    writeln!(out, "  text:")?;
    for line in found.text.lines() {
        writeln!(out, "    {}", shown(line))?;
    }
    Ok(())
}

/// From which line to which each saved text changed
fn write_changed_texts(out: &mut impl Write, changes: &[RuleChange]) -> io::Result<()> {
    for pair in changes.windows(2) {
        let [before, after] = pair else { continue };
        if before.text == after.text {
            continue;
        }
        writeln!(out, "  version {} to {}:", before.version, after.version)?;
        let gone = before.text.lines().filter(|it| !after.text.lines().any(|other| other == *it));
        for line in gone {
            writeln!(out, "    - {}", shown(line))?;
        }
        let new = after.text.lines().filter(|it| !before.text.lines().any(|other| other == *it));
        for line in new {
            writeln!(out, "    + {}", shown(line))?;
        }
    }
    Ok(())
}
