//! What the tuning rules decide, before any playbook.

use super::{Decision, Outcome};
use crate::{
    explanation::Truth,
    rule_name::TuningRuleName,
    tuning::{self, Tuned, TuningAction, TuningTrace},
};

/// What the tuning rules decide, if they do
pub(super) fn tuned(tuning: Vec<TuningTrace>) -> Option<Decision> {
    let by = |names: &[TuningRuleName]| {
        let names: Vec<&str> = names.iter().map(TuningRuleName::as_str).collect();
        names.join(" and ")
    };
    let doing = |wanted: fn(TuningAction) -> bool| -> Vec<TuningRuleName> {
        let doing = tuning.iter().filter(|it| it.answer() == Truth::True && wanted(it.action));
        doing.map(|it| it.rule.clone()).collect()
    };
    let (outcome, tuned_by, reason) = match tuning::join(&tuning) {
        Tuned::Untouched => return None,
        Tuned::Hidden => {
            let names = doing(|it| it == TuningAction::Hide);
            let reason = format!("tuning rule {} hides it", by(&names));
            (Outcome::Hidden, names, reason)
        }
        Tuned::Resolved(classification) => {
            let names = doing(|it| it != TuningAction::Hide);
            let reason = format!("tuning rule {} holds", by(&names));
            (Outcome::Resolved(classification), names, reason)
        }
        Tuned::Kept(reason) => (Outcome::Open, Vec::new(), reason),
    };
    let unknown = match outcome {
        Outcome::Open => tuning::unknown_of(&tuning),
        Outcome::Hidden | Outcome::Resolved(_) | Outcome::ResolvedAtSource => Vec::new(),
    };
    let reasons = [reason].into_iter().chain(unknown.iter().map(ToString::to_string)).collect();
    Some(Decision {
        outcome,
        determined_by: Vec::new(),
        tuned_by,
        kept: None,
        classified: None,
        reasons,
        unknown,
        tuning,
        trace: Vec::new(),
    })
}
