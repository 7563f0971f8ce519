//! `defuse tuning list` and `show`: which tuning rules there are, what they did, and who changed
//! what.

use std::io::{self, Write};

use defuse_domain::TuningRule;
use defuse_flow::{KnownRule, Matches, RuleChange, RuleVerb, TuningRules};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{rules::named, state::State};
use crate::{
    args::{TuningListArguments, TuningShowArguments},
    failure::Failure,
    report::shown,
};

/// A rule with what it did
struct Listed {
    known: KnownRule,
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
    let rules = TuningRules::new(state.store.clone(), state.deployed().await?);
    let Some(known) = rules.one(&name).await? else {
        return Err(Failure::NotFound(format!("there is no tuning rule `{name}`")));
    };
    let found = Listed { matches: rules.matches(&name).await?, known };
    let changes = rules.changes(&name).await?;
    let now = Timestamp::now();
    let mut out = io::stdout().lock();
    if arguments.json {
        let mut object = found.to_json(now);
        if let Some(object) = object.as_object_mut() {
            object.insert("text".to_owned(), json!(found.known.text));
            object.insert("perDay".to_owned(), json!(found.matches.per_day));
            object.insert("history".to_owned(), json!(changes));
        }
        return writeln!(out, "{object}").map_err(Failure::Output);
    }
    write_one(&mut out, &found, &changes, now).map_err(Failure::Output)
}

/// Every rule by name, those of the deployment and those that people saved
async fn all(state: &State) -> Result<Vec<Listed>, Failure> {
    let rules = TuningRules::new(state.store.clone(), state.deployed().await?);
    let mut all = Vec::new();
    for known in rules.every().await? {
        let matches = rules.matches(&known.name).await?;
        all.push(Listed { known, matches });
    }
    Ok(all)
}

impl Listed {
    fn action(&self) -> String {
        self.known.rule.as_ref().map_or_else(|| "-".to_owned(), |it| it.action().in_words())
    }

    fn scope(&self) -> String {
        self.known.rule.as_ref().map_or_else(|| "-".to_owned(), |it| it.scope().in_words())
    }

    fn to_json(&self, now: Timestamp) -> Value {
        json!(self.known.summary(Some(&self.matches), now))
    }
}

fn write_table(out: &mut impl Write, all: &[Listed], now: Timestamp) -> io::Result<()> {
    let head = ["NAME", "STATE", "ACTION", "SCOPE", "EXPIRES", "MATCHES", "LAST MATCH", "FROM"];
    let day = |it: Timestamp| it.strftime("%Y-%m-%d").to_string();
    let dash = || "-".to_owned();
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(all.iter().map(|it| {
        [
            it.known.name.to_string(),
            it.known.state(now).to_owned(),
            it.action(),
            it.scope(),
            it.known.rule.as_ref().map_or_else(dash, |it| day(it.expires())),
            it.matches.total.to_string(),
            it.matches.last.map_or_else(dash, day),
            it.known.place().to_owned(),
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
    let Listed { known, matches } = found;
    writeln!(out, "{}: {}, {}", known.name, known.state(now), known.place())?;
    if let Some(rule) = &known.rule {
        writeln!(out, "  {} for {}", found.action(), found.scope())?;
        writeln!(out, "  expires {}", rule.expires())?;
    }
    if let Some(stored) = &known.stored {
        let (version, by) = (stored.version, shown(&stored.by));
        writeln!(out, "  version {version}, by {by}; acts on alerts since {}", stored.since)?;
    } else if let Some(since) = known.rule.as_ref().and_then(TuningRule::since) {
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
    for line in known.text.lines() {
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
