//! The parts of a rule's scope and condition, and of how many alerts each held.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    condition::shortened,
    explanation::{Explanation, Truth},
};

/// One test of a rule, over all alerts about it
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PreviewPart {
    /// The test, in its author's words
    pub part: String,
    /// Of how many alerts it held
    pub held: usize,
    /// Of how many nobody could say
    pub unknown: usize,
    /// Whether some alert had more pieces of evidence than were looked at one by one
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more_pieces: bool,
}

impl PreviewPart {
    /// Whether it is known that it held of none
    pub const fn never_held(&self) -> bool {
        self.held == 0 && !self.more_pieces
    }
}

/// Every part by its place
#[derive(Debug, Default)]
pub(super) struct Parts {
    parts: BTreeMap<Vec<usize>, PreviewPart>,
}

impl Parts {
    /// Counts the answers of one alert
    pub(super) fn see(&mut self, explanation: &Explanation) {
        let mut answers = BTreeMap::new();
        for (index, part) in explanation.because.iter().enumerate() {
            let is_ours = !["in force", "service source ", "alert type ", "any alert type"]
                .iter()
                .any(|start| part.part.starts_with(start));
            if is_ours {
                walk(part, &mut vec![index], &mut answers);
            }
        }
        for (place, (words, answer, more_pieces)) in answers {
            let part = self.parts.entry(place).or_insert_with(|| PreviewPart {
                part: words,
                held: 0,
                unknown: 0,
                more_pieces: false,
            });
            part.held += usize::from(answer == Truth::True);
            part.unknown += usize::from(answer == Truth::Unknown);
            part.more_pieces |= more_pieces;
        }
    }

    pub(super) fn finish(self) -> Vec<PreviewPart> {
        self.parts.into_values().collect()
    }
}

/// By its place: a part's words, its answer, and whether pieces of evidence were passed over
type Answers = BTreeMap<Vec<usize>, (String, Truth, bool)>;

/// Gathers the answers of all tests; of one test on several pieces of evidence, the best
fn walk(explanation: &Explanation, place: &mut Vec<usize>, answers: &mut Answers) {
    let Explanation { part, answer, because, .. } = explanation;
    if part.starts_with("evidence: ") {
        let has_more = has_more_pieces(explanation);
        answers.insert(place.clone(), (shortened(part), *answer, has_more));
        for piece in because {
            for (index, test) in piece.because.iter().enumerate() {
                place.push(index);
                let words = shortened(&format!("{part}, {}", test.part));
                let known =
                    answers.entry(place.clone()).or_insert_with(|| (words, test.answer, false));
                known.1 = known.1.max(test.answer);
                known.2 |= has_more;
                place.pop();
            }
        }
        return;
    }
    let is_group = ["all of", "any of"].contains(&part.as_str());
    if !is_group {
        let words = if part == "not" { in_words(explanation) } else { part.clone() };
        answers.insert(place.clone(), (shortened(&words), *answer, false));
        return;
    }
    for (index, inner) in because.iter().enumerate() {
        place.push(index);
        walk(inner, place, answers);
        place.pop();
    }
}

/// Whether the explanation has fewer pieces than the alert
fn has_more_pieces(evidence: &Explanation) -> bool {
    let counted = evidence.value.as_deref().and_then(|it| it.split(' ').next());
    counted.and_then(|it| it.parse().ok()).is_some_and(|it: usize| it > evidence.because.len())
}

/// A negation with what is in it
fn in_words(explanation: &Explanation) -> String {
    if explanation.because.is_empty() || explanation.part.starts_with("evidence: ") {
        return explanation.part.clone();
    }
    let inner: Vec<String> = explanation.because.iter().map(in_words).collect();
    match (explanation.part.as_str(), inner.as_slice()) {
        ("not", [one]) => format!("not {one}"),
        (part, several) => format!("{part} ({})", several.join(", ")),
    }
}
