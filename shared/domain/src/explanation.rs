//! Three answers, and why a condition came out as it did.

use std::ops::Not;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fact::Unknown;

/// The answer to a condition. The order is what makes AND a minimum and OR a maximum (Kleene).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Truth {
    /// It does not hold
    False,
    /// Nobody can say
    Unknown,
    /// It holds
    True,
}

impl Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

/// How many users, addresses or pieces of evidence one explanation shows at the most
const PARTS_SHOWN_MAX: usize = 20;

/// Why a condition came out as it did: the condition's own shape, answered.
///
/// No part is left out, whatever decided the whole, so that the author sees every answer; only of
/// many users, addresses or pieces of evidence the first ones stand for the rest.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The condition, in its author's words
    pub part: String,
    /// Its answer
    pub answer: Truth,
    /// What was seen
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Where that came from
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// When it was read there
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Timestamp>,
    /// How old that was when the decision was made, in seconds
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<i64>,
    /// What is not known, where the answer is unknown
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<UnknownFact>,
    /// The parts it is made of
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<Explanation>,
}

/// Something that a rule asks and nobody could say
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnknownFact {
    /// The criterion or property, by the name its author wrote
    pub fact: String,
    /// Whom or what it is about
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Why it is not known
    #[serde(flatten)]
    pub why: Unknown,
}

impl std::fmt::Display for UnknownFact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.fact)?;
        if let Some(about) = &self.about {
            write!(f, " of {about}")?;
        }
        write!(f, " is unknown: {}", self.why)
    }
}

impl Explanation {
    /// A part that came out as `answer`, with nothing more to say
    pub fn new(part: impl Into<String>, answer: Truth) -> Self {
        Self {
            part: part.into(),
            answer,
            value: None,
            source: None,
            read: None,
            age_seconds: None,
            unknown: None,
            because: Vec::new(),
        }
    }

    /// A group: `all of` is the least of its parts, `any of` the greatest
    pub(crate) fn group(part: &str, answer: Truth, because: Vec<Self>) -> Self {
        Self { because, ..Self::new(part, answer) }
    }

    /// The same over many things of one kind: those that decided it first, and the rest cut off
    pub(crate) fn several(part: &str, answer: Truth, mut because: Vec<Self>) -> Self {
        let n_cut = because.len().saturating_sub(PARTS_SHOWN_MAX);
        if n_cut > 0 {
            because.sort_by_key(|it| it.answer != answer);
            because.truncate(PARTS_SHOWN_MAX);
        }
        Self::group(part, answer, because)
    }

    /// Everything unknown that kept this from being known, each once
    pub fn unknown_facts(&self) -> Vec<UnknownFact> {
        let mut found = Vec::new();
        self.collect_unknown(&mut found);
        found
    }

    /// The parts that made this false, in words: `userOutOfOffice: no (automatic replies are off)`
    pub fn refusals(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.collect_leaves(Truth::False, &mut found);
        found
    }

    /// The parts that made this true, in words
    pub fn grounds(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.collect_leaves(Truth::True, &mut found);
        found
    }

    /// The parts without an answer of yes that made the whole so, by their names alone
    pub(crate) fn obstacles(&self) -> Vec<(&str, Truth)> {
        let mut found = Vec::new();
        for wanted in [Truth::False, Truth::Unknown] {
            self.walk_leaves(wanted, &mut |leaf, _| found.push((leaf.part.as_str(), wanted)));
        }
        found
    }

    fn collect_leaves(&self, wanted: Truth, found: &mut Vec<String>) {
        self.walk_leaves(wanted, &mut |leaf, answer| {
            let value = leaf.value.as_ref().map(|it| format!(" ({it})")).unwrap_or_default();
            let answer = if answer == Truth::True { "yes" } else { "no" };
            found.push(format!("{}: {answer}{value}", leaf.part));
        });
    }

    /// Shows every leaf that made this come out as `wanted`, with its own answer
    fn walk_leaves<'a>(&'a self, wanted: Truth, show: &mut impl FnMut(&'a Self, Truth)) {
        if self.answer != wanted {
            return;
        }
        if self.because.is_empty() {
            show(self, wanted);
            return;
        }
        // What made a `not` false is what is true inside it.
        let inside = if self.part == "not" { !wanted } else { wanted };
        for part in &self.because {
            part.walk_leaves(inside, show);
        }
    }

    fn collect_unknown(&self, found: &mut Vec<UnknownFact>) {
        if self.answer != Truth::Unknown {
            return;
        }
        if let Some(unknown) = &self.unknown
            && !found.contains(unknown)
        {
            found.push(unknown.clone());
        }
        for part in &self.because {
            part.collect_unknown(found);
        }
    }
}
