//! Why a tuning rule holds of an alert, or does not, and what would have to change.

use jiff::Timestamp;

use super::{TuningRule, TuningTrace};
use crate::{
    alert::Alert,
    condition::{Situation, shortened},
    explanation::{Explanation, Truth},
    fact::{Facts, Need},
    organisation::Organisation,
};

/// How many parts are named at the most
const PARTS_MAX: usize = 6;

impl TuningRule {
    /// What must be known to say whether it holds of that alert
    pub fn questions(&self, alert: &Alert, organisation: &Organisation) -> Vec<Need> {
        self.needs(alert, organisation)
    }

    /// Whether the alert is of its service sources and alert types, as far as the alert says
    pub fn is_about(&self, alert: &Alert) -> bool {
        let is_its = |it| self.service_sources.contains(&it);
        alert.known_service_source().is_none_or(is_its)
            && self.alert_types.evaluate(alert).answer != Truth::False
    }

    /// The same by what the organisation says of itself
    pub fn explain_by_itself(
        &self,
        alert: &Alert,
        organisation: &Organisation,
        now: Timestamp,
    ) -> TuningTrace {
        let facts = organisation.facts(&self.needs(alert, organisation), now);
        self.explain(alert, &facts, organisation, now)
    }

    /// Whether it holds of that alert at that moment, with every part and its answer
    pub fn explain(
        &self,
        alert: &Alert,
        facts: &Facts,
        organisation: &Organisation,
        now: Timestamp,
    ) -> TuningTrace {
        self.trace(Situation { alert, facts, organisation, now })
    }
}

impl TuningTrace {
    /// What would have to be otherwise for the rule to hold, in one line; `None` where it holds.
    ///
    /// Of several pieces of evidence of one type the one that comes nearest is meant.
    pub fn what_is_missing(&self) -> Option<String> {
        let mut missing = Vec::new();
        collect(&self.explanation, "", &mut missing);
        let n_more = missing.len().saturating_sub(PARTS_MAX);
        missing.truncate(PARTS_MAX);
        let words = missing.join("; ");
        match (words.as_str(), n_more) {
            ("", _) => None,
            (_, 0) => Some(words),
            (_, n_more) => Some(format!("{words}; and {n_more} more")),
        }
    }
}

/// Says what keeps this from holding; `of` is the piece of evidence it is about
fn collect(explanation: &Explanation, of: &str, missing: &mut Vec<String>) {
    let Explanation { part, answer, because, .. } = explanation;
    if *answer == Truth::True {
        return;
    }
    match part.as_str() {
        "any of" => {
            let ways = because.iter().map(|it| {
                let mut way = Vec::new();
                collect(it, of, &mut way);
                way.join(" and ")
            });
            missing.push(shortened(&format!("one of: {}", ways.collect::<Vec<_>>().join(" | "))));
        }
        "not" => {
            let held = because.iter().flat_map(Explanation::grounds).collect::<Vec<_>>();
            let unknown = because.iter().flat_map(Explanation::unknown_facts);
            let unknown = unknown.map(|it| it.to_string()).collect::<Vec<_>>();
            let words = [held, unknown].concat().join(", ");
            missing.push(shortened(&format!("what must not be: {words}")));
        }
        evidence if evidence.starts_with("evidence: ") => match nearest(because) {
            Some(piece) if !piece.because.is_empty() => {
                let of = evidence.trim_start_matches("evidence: ");
                piece.because.iter().for_each(|it| collect(it, of, missing));
            }
            Some(_) | None => {
                missing.push(format!("{evidence}, but the alert has no such evidence"));
            }
        },
        scope if scope.starts_with("scope: ") && !because.is_empty() => {
            let others = because.iter().filter(|it| it.answer != Truth::True);
            let others: Vec<&str> = others.filter_map(|it| it.value.as_deref()).collect();
            let others = shortened(&others.join("`, `"));
            missing.push(format!("{}, but the alert has `{others}`", shortened(scope)));
        }
        _ if because.is_empty() => missing.push(leaf(explanation, of)),
        _ => because.iter().for_each(|it| collect(it, of, missing)),
    }
}

/// The piece on which the fewest tests fail
fn nearest(pieces: &[Explanation]) -> Option<&Explanation> {
    let n_failed =
        |it: &&Explanation| it.because.iter().filter(|test| test.answer != Truth::True).count();
    pieces.iter().min_by_key(n_failed)
}

fn leaf(explanation: &Explanation, of: &str) -> String {
    let Explanation { part, value, source, unknown, .. } = explanation;
    let is_of_alert = source.as_deref() == Some("alert")
        || ["service source ", "alert type "].iter().any(|start| part.starts_with(start));
    let of = if of.is_empty() { String::new() } else { format!("{of}: ") };
    let seen = match (unknown, value) {
        (Some(unknown), _) => format!("nobody can say ({unknown})"),
        (None, Some(value)) if is_of_alert => format!("the alert has `{}`", shortened(value)),
        // Of everything else the value is a sentence.
        (None, Some(value)) => shortened(value),
        (None, None) => "it does not".to_owned(),
    };
    format!("{of}{}, but {seen}", shortened(part))
}
