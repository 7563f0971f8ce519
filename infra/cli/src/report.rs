//! A decision for people and for programs: the same words everywhere.

use std::io::{self, Write};

use defuse_domain::{
    Alert, ChangedProperty, Decision, EffectState, Entry, Explanation, Outcome, PlaybookTrace,
    Truth, TuningTrace,
};
use serde_json::{Value, json};

/// One alert and what was decided, as one JSON object
pub(crate) fn as_json(alert: &Alert, decision: &Decision) -> Value {
    let (outcome, classification, determination) = match decision.outcome {
        Outcome::Open => ("open", None, None),
        Outcome::Hidden => ("hidden", None, None),
        Outcome::Resolved(it) => {
            ("resolved", Some(it.name().to_owned()), Some(it.determination().to_owned()))
        }
        Outcome::ResolvedAtSource => {
            ("resolved", alert.classification.clone(), alert.determination.clone())
        }
    };
    json!({
        "alert": alert.id,
        "revision": alert.revision().to_string(),
        "outcome": outcome,
        "classification": classification,
        "determination": determination,
        "determinedBy": decision.determined_by,
        "tunedBy": decision.tuned_by,
        "reasons": decision.reasons,
        "unknown": decision.unknown,
        "flags": alert.flags,
        "tuning": decision.tuning,
        "trace": decision.trace,
    })
}

/// What is alert, what became of it and why, for a person
pub(crate) fn write_summary(
    out: &mut impl Write,
    alert: &Alert,
    decision: &Decision,
) -> io::Result<()> {
    let title = alert.title.as_deref().unwrap_or("(no title)");
    writeln!(out, "{}  {}", shown(alert.id.as_str()), shown(title))?;
    let outcome = match decision.outcome {
        Outcome::Open => "OPEN, for a person".to_owned(),
        Outcome::Hidden => "HIDDEN, kept and left out of the queue".to_owned(),
        Outcome::Resolved(it) => format!("RESOLVED as {}", it.in_words()),
        Outcome::ResolvedAtSource => "ALREADY RESOLVED at its source".to_owned(),
    };
    writeln!(out, "  {outcome}")?;
    for reason in &decision.reasons {
        writeln!(out, "  because {}", shown(reason))?;
    }
    let mut flags: Vec<String> =
        alert.flags.iter().map(|it| format!("{} {}", it.property, it.problem)).collect();
    flags.dedup();
    if !flags.is_empty() {
        writeln!(out, "  odd in the payload: {}", shown(&flags.join(", ")))?;
    }
    Ok(())
}

/// Every condition of every tuning rule that held and of every playbook, with its answer
pub(crate) fn write_trace(out: &mut impl Write, decision: &Decision) -> io::Result<()> {
    for rule in &decision.tuning {
        write_tuning(out, rule)?;
    }
    for playbook in &decision.trace {
        write_playbook(out, playbook)?;
    }
    Ok(())
}

/// Everything that happened to the alert, in time order
pub(crate) fn write_history(out: &mut impl Write, history: &[Entry]) -> io::Result<()> {
    writeln!(out, "  history")?;
    for entry in history {
        writeln!(out, "    {}  {}", entry.at(), shown(&happened(entry)))?;
    }
    Ok(())
}

/// One line of the history, without its time
fn happened(entry: &Entry) -> String {
    match entry {
        Entry::Arrived { source, .. } => format!("arrived from {source}"),
        Entry::Changed(change) => {
            let by = change.by.as_ref().map(|it| format!(", by {it}")).unwrap_or_default();
            let [from, to] =
                [&change.from, &change.to].map(|it| it.as_deref().unwrap_or("not set"));
            let what = if change.property == ChangedProperty::Comment {
                format!("comment \"{to}\"")
            } else {
                format!("{} from {from} to {to}", change.property.name())
            };
            format!("at {}: {what}{by}", change.source)
        }
        Entry::Decided { outcome, reasons, .. } => {
            let outcome = match outcome {
                Outcome::Open => "stays open".to_owned(),
                Outcome::Hidden => "hide".to_owned(),
                Outcome::Resolved(it) => format!("resolve as {}", it.in_words()),
                Outcome::ResolvedAtSource => "already resolved at its source".to_owned(),
            };
            format!("decided: {outcome}, because {}", reasons.join("; "))
        }
        Entry::Released(release) => format!("released by {}", shown(&release.by)),
        Entry::Effect { id, state, .. } => match state {
            EffectState::Outstanding => format!("{id}: still to be done"),
            EffectState::Done { answer, .. } => format!("{id}: done ({answer})"),
            EffectState::Overtaken { .. } => format!("{id}: left, since the source moved on"),
            EffectState::Refused { answer, .. } => format!("{id}: refused ({answer})"),
        },
    }
}

/// A tuning rule, with every part and its answer
pub(crate) fn write_tuning(out: &mut impl Write, trace: &TuningTrace) -> io::Result<()> {
    let answer = match trace.answer() {
        Truth::True => "holds",
        Truth::False => "does not hold",
        Truth::Unknown => "cannot be decided",
    };
    writeln!(out, "  tuning rule {} ({}) {answer}", trace.rule, trace.action.in_words())?;
    write_explanation(out, &trace.explanation, 2)
}

fn write_playbook(out: &mut impl Write, trace: &PlaybookTrace) -> io::Result<()> {
    let answer = match (trace.trigger.answer, trace.answer) {
        (Truth::False, _) => "is not about this alert",
        (_, Truth::True) => "holds",
        (_, Truth::False) => "does not hold",
        (_, Truth::Unknown) => "cannot be decided",
    };
    writeln!(out, "  playbook {} ({}) {answer}", trace.playbook, trace.mode)?;
    writeln!(out, "    trigger")?;
    write_explanation(out, &trace.trigger, 3)?;
    if let Some(criteria) = &trace.criteria {
        writeln!(out, "    criteria")?;
        write_explanation(out, criteria, 3)?;
    }
    Ok(())
}

fn write_explanation(out: &mut impl Write, it: &Explanation, depth: usize) -> io::Result<()> {
    let answer = match it.answer {
        Truth::True => "true   ",
        Truth::False => "false  ",
        Truth::Unknown => "unknown",
    };
    write!(out, "{}{answer} {}", "  ".repeat(depth), shown(&it.part))?;
    if let Some(value) = &it.value {
        write!(out, ": {}", shown(value))?;
    }
    if let (Some(source), Some(read)) = (&it.source, it.read) {
        let age = it.age_seconds.unwrap_or_default();
        write!(out, " [{source}, read {read}, {age} s before]")?;
    }
    writeln!(out)?;
    for part in &it.because {
        write_explanation(out, part, depth + 1)?;
    }
    Ok(())
}

/// Text as one word of a shell, whatever is in it
pub(crate) fn quoted(text: &str) -> String {
    let text = shown(text);
    let is_plain = |it: char| it.is_ascii_alphanumeric() || "-_./:@%+".contains(it);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(is_plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Outside text for a terminal: nothing in it moves the cursor, changes colours or turns direction
pub(crate) fn shown(text: &str) -> String {
    text.chars()
        .map(|it| match it {
            '\n' | '\t' => ' ',
            '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' => {
                '\u{FFFD}'
            }
            it if it.is_control() => '\u{FFFD}',
            it => it,
        })
        .collect()
}
