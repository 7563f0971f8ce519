//! What the playbooks decide, where no tuning rule did.

use super::{Decision, Outcome, PlaybookTrace, RuleBook};
use crate::{
    classification::Classification,
    condition::Situation,
    explanation::{Explanation, Truth, UnknownFact},
    playbook::{Mode, Playbook},
    rule_name::PlaybookName,
};

/// What the playbooks decide
pub(super) fn played(rules: &RuleBook, situation: Situation<'_>) -> Decision {
    let trace: Vec<PlaybookTrace> = rules.playbooks().map(|it| trace(it, situation)).collect();
    let verdicts = rules.playbooks().zip(&trace).filter_map(|(playbook, trace)| {
        let classification = playbook.resolves_as().filter(|_| playbook.mode() != Mode::Shadow)?;
        Some(Verdict { playbook, classification, answer: trace.answer })
    });
    let (outcome, determined_by, mut reasons) = combine(&verdicts.collect::<Vec<_>>());
    let unknown = match outcome {
        Outcome::Open => unknown_of(&trace),
        Outcome::Hidden | Outcome::Resolved(_) | Outcome::ResolvedAtSource => Vec::new(),
    };
    if outcome == Outcome::Open {
        reasons.extend(unmet(&trace, &unknown));
    }
    if reasons.is_empty() {
        reasons.push("no playbook about this alert resolves anything".to_owned());
    }
    Decision {
        outcome,
        determined_by,
        tuned_by: Vec::new(),
        kept: None,
        classified: None,
        reasons,
        unknown,
        tuning: Vec::new(),
        trace,
    }
}

/// What a playbook that resolves says of an alert
struct Verdict<'a> {
    playbook: &'a Playbook,
    classification: Classification,
    answer: Truth,
}

fn trace(playbook: &Playbook, situation: Situation<'_>) -> PlaybookTrace {
    let trigger = playbook.trigger().evaluate(situation);
    let criteria =
        (trigger.answer != Truth::False).then(|| playbook.criteria().evaluate(situation));
    let answer = criteria.as_ref().map_or(Truth::False, |it| it.answer.min(trigger.answer));
    PlaybookTrace {
        playbook: playbook.name().clone(),
        version: playbook.version().to_owned(),
        mode: playbook.mode(),
        answer,
        trigger,
        criteria,
    }
}

/// Joins what the playbooks say
fn combine(verdicts: &[Verdict<'_>]) -> (Outcome, Vec<PlaybookName>, Vec<String>) {
    let names = |it: &mut dyn Iterator<Item = &Verdict<'_>>| -> Vec<PlaybookName> {
        it.map(|it| it.playbook.name().clone()).collect()
    };
    let holding: Vec<&Verdict<'_>> =
        verdicts.iter().filter(|it| it.answer == Truth::True).collect();
    let Some(first) = holding.first() else {
        return (Outcome::Open, Vec::new(), Vec::new());
    };
    let disagrees = |it: &&Verdict<'_>| it.classification != first.classification;
    if let Some(other) = holding.iter().copied().find(disagrees) {
        let reason = format!(
            "playbooks disagree: {} says {}, {} says {}",
            first.playbook.name(),
            first.classification.in_words(),
            other.playbook.name(),
            other.classification.in_words()
        );
        return (Outcome::Open, Vec::new(), vec![reason]);
    }
    let mut unsure = verdicts.iter().filter(|it| it.answer == Truth::Unknown);
    if let Some(other) = unsure.find(disagrees) {
        let reason = format!(
            "{} holds, but {} might say {}, and it is not known whether it holds",
            first.playbook.name(),
            other.playbook.name(),
            other.classification.in_words()
        );
        return (Outcome::Open, Vec::new(), vec![reason]);
    }
    let acting = |it: &&&Verdict<'_>| it.playbook.mode() == Mode::Enforce;
    let determined_by = names(&mut holding.iter().filter(acting).copied());
    if determined_by.is_empty() {
        let by = names(&mut holding.iter().copied());
        let reason = format!(
            "{} would resolve it as {}: a person must approve",
            joined(&by),
            first.classification.in_words()
        );
        return (Outcome::Open, Vec::new(), vec![reason]);
    }
    let reason = format!("the criteria of {} are met", joined(&determined_by));
    (Outcome::Resolved(first.classification), determined_by, vec![reason])
}

/// What is unknown in the playbooks that might hold, each once
fn unknown_of(trace: &[PlaybookTrace]) -> Vec<UnknownFact> {
    let mut unknown = Vec::new();
    for playbook in trace.iter().filter(|it| it.answer == Truth::Unknown && it.mode != Mode::Shadow)
    {
        let parts = [Some(&playbook.trigger), playbook.criteria.as_ref()];
        for fact in parts.into_iter().flatten().flat_map(Explanation::unknown_facts) {
            if !unknown.contains(&fact) {
                unknown.push(fact);
            }
        }
    }
    unknown
}

/// Why the playbooks that are about this alert do not resolve it
fn unmet(trace: &[PlaybookTrace], unknown: &[UnknownFact]) -> Vec<String> {
    let mut reasons: Vec<String> = unknown.iter().map(ToString::to_string).collect();
    let about: Vec<&PlaybookTrace> =
        trace.iter().filter(|it| it.trigger.answer != Truth::False).collect();
    for playbook in about.iter().filter(|it| it.mode != Mode::Shadow) {
        if playbook.answer == Truth::False
            && let Some(criteria) = &playbook.criteria
        {
            let parts: Vec<String> = criteria.refusals();
            reasons.push(format!("{} does not hold: {}", playbook.playbook, parts.join("; ")));
        }
    }
    if about.is_empty() {
        reasons.push("no playbook is about this alert".to_owned());
    } else if about.iter().all(|it| it.mode == Mode::Shadow) {
        let names: Vec<PlaybookName> = about.iter().map(|it| it.playbook.clone()).collect();
        reasons.push(format!("only {} is about this alert, in shadow mode", joined(&names)));
    }
    reasons
}

fn joined(names: &[PlaybookName]) -> String {
    let names: Vec<&str> = names.iter().map(PlaybookName::as_str).collect();
    names.join(" and ")
}
