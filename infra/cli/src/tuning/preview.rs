//! `defuse tuning preview`: what a rule would have done with the alerts that came before it.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use defuse_domain::{
    Preview, PreviewPart, PreviewReport, PreviewWarning, Share, TakenAlert, TuningBook,
};
use jiff::Timestamp;
use serde_json::json;

use super::{
    asked::{Asked, Unanswered},
    rule_file,
    stored::Stored,
};
use crate::{args::PreviewArguments, failure::Failure, progress::Progress, report::shown};

pub(crate) async fn run(arguments: PreviewArguments) -> Result<(), Failure> {
    let now = Timestamp::now();
    let since = now.checked_sub(arguments.since).unwrap_or(Timestamp::MIN);
    let (rule, config) = rule_file::read(&arguments.file, &arguments.config)?;
    let stored = Stored::open(&arguments.stored).await?;
    let organisation = config.rules.organisation();
    let saved = rule_file::saved(&stored, &config).await?;
    let n_saved = saved.as_ref().map(Vec::len);
    let deployed = config.rules.tuning().rules().cloned();
    // Of a deployed and a saved one of one name the deployed one counts, as in triage.
    let others = TuningBook::new(saved.into_iter().flatten().chain(deployed));
    let mut preview = Preview::new(&rule, &others, organisation, now, arguments.limit);
    let mut asked = Asked::new(organisation, stored.place().map(|it| &it.store));
    let progress = Progress::counting("alerts read", arguments.json);
    let mut unreadable = 0;
    stored
        .each(since, async |page| {
            unreadable += page.unreadable;
            for alert in &page.alerts {
                let needs = preview.questions(&alert.came);
                // As if it had been asked then: an answer of another time is unknown.
                let facts = asked.facts(&needs, alert.came.came().unwrap_or(now)).await?;
                preview.see(&alert.came, &alert.later, &facts);
                progress.step();
            }
            Ok(())
        })
        .await?;
    drop(progress);
    let report = preview.finish(Share(arguments.share / 100.0));
    let mut out = io::stdout().lock();
    let written = if arguments.json {
        let mut object = json!(report);
        if let Some(object) = object.as_object_mut() {
            object.insert("since".to_owned(), json!(since));
            object.insert("unreadable".to_owned(), json!(unreadable));
            object.insert("savedRules".to_owned(), json!(n_saved));
            let not_asked: BTreeMap<_, _> = asked.unanswered.all().into_iter().collect();
            object.insert("notAsked".to_owned(), json!(not_asked));
        }
        writeln!(out, "{object}")
    } else {
        let action = rule.action().in_words();
        writeln!(out, "tuning rule {} ({action}), over alerts since {since:.0}", rule.name())
            .and_then(|()| write_report(&mut out, &report, unreadable))
            .and_then(|()| write_unasked(&mut out, n_saved, asked.unanswered))
    };
    written.map_err(Failure::Output)
}

fn write_report(out: &mut impl Write, report: &PreviewReport, unreadable: usize) -> io::Result<()> {
    let PreviewReport { alerts, about, taken, .. } = report;
    writeln!(out, "  it would have taken {taken} of {alerts} alerts{}", percent(*taken, *alerts))?;
    writeln!(out, "  {about} were, or may have been, of its service sources and alert types")?;
    if unreadable > 0 {
        writeln!(out, "  {unreadable} more could not be read")?;
    }
    for warning in &report.warnings {
        writeln!(out, "  WARNING: {}", in_words(warning))?;
    }
    write_alerts(out, "true positives that it would have taken", &report.taken_true_positives)?;
    write_alerts(out, "the newest that it would have taken", &report.newest)?;
    if !report.overlaps.is_empty() {
        writeln!(out, "  rules in force that take some of the same")?;
        for (name, count) in &report.overlaps {
            writeln!(out, "    {count:>6}  {name}")?;
        }
    }
    if report.unknown > 0 {
        let unknown = report.unknown;
        writeln!(out, "  of {unknown} nobody can say, for what they lack or what was not asked")?;
        for (name, count) in &report.missing {
            writeln!(out, "    {count:>6}  {}", shown(name))?;
        }
    }
    write_parts(out, &report.parts, *about)
}

/// What the preview does not know, so that nobody takes it for more than it is
fn write_unasked(
    out: &mut impl Write,
    n_saved: Option<usize>,
    unanswered: Unanswered,
) -> io::Result<()> {
    for (name, why) in unanswered.all() {
        writeln!(out, "  NOT ASKED: `{name}`; {why}")?;
    }
    if n_saved.is_none() {
        let help = "give --data or --table, or set DEFUSE_TABLE";
        writeln!(out, "  NOT ASKED: rules that people saved; no table is named: {help}")?;
    }
    Ok(())
}

fn write_alerts(out: &mut impl Write, title: &str, alerts: &[TakenAlert]) -> io::Result<()> {
    if alerts.is_empty() {
        return Ok(());
    }
    writeln!(out, "  {title}")?;
    for TakenAlert { at, alert, title, severity, classification, determination } in alerts {
        let severity = severity.as_deref().unwrap_or("no severity");
        let said = [classification, determination].map(Option::as_deref);
        let said: Vec<&str> = said.into_iter().flatten().collect();
        let said = if said.is_empty() { "not classified".to_owned() } else { said.join(": ") };
        let title = title.as_deref().unwrap_or("(no title)");
        let words = format!("{alert}  {severity}, {said}  {title}");
        writeln!(out, "    {at:.0}  {}", shown(&words))?;
    }
    Ok(())
}

/// Those that never held first
fn write_parts(out: &mut impl Write, parts: &[PreviewPart], about: usize) -> io::Result<()> {
    if about == 0 {
        return Ok(());
    }
    let (never, others): (Vec<_>, Vec<_>) = parts.iter().partition(|it| it.never_held());
    if !never.is_empty() {
        writeln!(out, "  parts that never held, of {about} alerts")?;
        for part in never {
            let unknown = match part.unknown {
                0 => String::new(),
                unknown => format!(" (of {unknown} nobody can say)"),
            };
            writeln!(out, "            {}{unknown}", shown(&part.part))?;
        }
    }
    if !others.is_empty() {
        writeln!(out, "  parts that held, and of how many")?;
        for part in others {
            writeln!(out, "    {:>6}  {}", part.held, shown(&part.part))?;
        }
    }
    Ok(())
}

fn percent(part: usize, of: usize) -> String {
    if of == 0 {
        return String::new();
    }
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let percent = part as f64 * 100.0 / of as f64;
    format!(" ({percent:.1} %)")
}

fn in_words(warning: &PreviewWarning) -> String {
    match warning {
        PreviewWarning::TakesTruePositives(count) => {
            format!("{count} of them turned out to be TRUE POSITIVE at their source")
        }
        PreviewWarning::TakesTooMany(Share(share)) => {
            format!("that is more than {} % of all alerts", share * 100.0)
        }
        PreviewWarning::NamesNobody => {
            "it names no device, user or hash, so that it may take what it is not meant for".into()
        }
        PreviewWarning::Expired => "it has expired, and would take nothing now".into(),
        PreviewWarning::TurnedOff => "it is turned off, and would take nothing now".into(),
        PreviewWarning::WindowsPast => "its windows are past, and it would take nothing now".into(),
        PreviewWarning::TakesNothing => "it would have taken nothing".into(),
    }
}
