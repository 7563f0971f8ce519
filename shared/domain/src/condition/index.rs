//! An index over many conditions: which of them hold for an alert, for about the price of a few.
//!
//! Each condition is *anchored* at a few literals of which one is there whenever it holds: the
//! rarest value, part of a pattern or network that it demands. An alert is read once, each of its
//! values is looked up, and only the conditions that are anchored at what was found are answered.
//! One without an anchor (only `not`, only `exists`) is answered for every alert.
//!
//! The answer is that of plain evaluation, always; facts are not known here, so of a condition
//! that asks criteria it is said that it holds if those do.

mod anchor;
mod compile;
mod filter;
mod find;
mod graph;
mod image;
mod key;
mod literals;
mod lookup;
mod names;
mod numbers;
mod parts;
mod plan;
mod program;
mod scan;
mod shapes;
mod slots;
mod triggers;
mod view;

use std::str::Utf8Error;

pub use self::image::ImageError;
use self::{
    graph::GraphReader,
    key::LiteralId,
    literals::Literals,
    lookup::Lookups,
    names::{Names, Table},
    parts::Parts,
    program::{Holds, Reader},
    shapes::Shapes,
    slots::Slot,
    triggers::TriggerSlots,
    view::{OTHER, UNTYPED, View},
};
use super::{Condition, evidence_test::read_at};
use crate::{
    alert::{Alert, AlertError},
    wire_name::AsRead,
};

/// Many conditions, made ready to be answered together.
///
/// ```
/// use defuse_domain::{Alert, Condition, ConditionIndex};
///
/// let rules = ["alert: { title: { like: '*travel*' } }", "alert: { severity: high }"];
/// let rules: Vec<Condition> =
///     rules.into_iter().map(|it| Condition::parse("rule.yaml", it)).collect::<Result<_, _>>()?;
/// let index = ConditionIndex::new(&rules);
/// let alert = Alert::read(r#"{ "id": "ad1", "title": "Unlikely travel" }"#).unwrap();
/// let held: Vec<u32> = index.matcher().of_alert(&alert).iter().map(|it| it.condition).collect();
/// assert_eq!(held, [0]);
/// # Ok::<(), Vec<defuse_domain::Diagnostic>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ConditionIndex {
    slots: Vec<Slot>,
    literals: Literals,
    parts: Vec<Parts>,
    /// The number of each condition and its program
    programs: Vec<u32>,
    /// Where each begins
    starts: Vec<u32>,
    /// What programs compare with
    texts: Vec<u8>,
    /// Where the programs of those begin that have no anchor
    always: Vec<u32>,
    /// What follows from all that
    lookups: Lookups,
    names: Names,
    triggers: Option<TriggerSlots>,
}

/// A condition that holds for an alert
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Match {
    /// Which one, from 0 in the order that they were given in
    pub condition: u32,
    /// Whether it holds whatever the facts are; else plain evaluation with facts has to say
    pub is_sure: bool,
}

impl ConditionIndex {
    /// Makes an index of conditions
    pub fn new<'c>(conditions: impl IntoIterator<Item = &'c Condition>) -> Self {
        compile::compile(conditions)
    }

    /// How many conditions there are
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there is no condition at all
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// What answers for one alert after the other; each thread needs its own
    pub fn matcher(&self) -> Matcher<'_> {
        Matcher {
            index: self,
            view: View::default(),
            shapes: Shapes::new(self.names.n_tables),
            seen: Vec::new(),
            candidates: Vec::new(),
            matches: Vec::new(),
        }
    }
}

/// Answers which conditions hold, with room that is used again for the next alert
#[derive(Debug)]
pub struct Matcher<'i> {
    index: &'i ConditionIndex,
    view: View,
    shapes: Shapes,
    seen: Vec<LiteralId>,
    /// Where the programs of those begin that may hold
    candidates: Vec<u32>,
    matches: Vec<Match>,
}

impl Matcher<'_> {
    /// The conditions that hold for an alert, in order
    pub fn of_alert(&mut self, alert: &Alert) -> &[Match] {
        self.see(alert);
        self.matches()
    }

    /// The same for an alert as it came, in any shape
    pub fn of_json(&mut self, json: &[u8]) -> Result<&[Match], AlertError> {
        if GraphReader::new(self.index, json, (&mut self.view, &mut self.shapes)).read().is_none() {
            let not_text = |error: Utf8Error| AlertError::NotJson(error.to_string());
            let text = str::from_utf8(json).map_err(not_text)?;
            self.see(&Alert::read(text)?);
        }
        Ok(self.matches())
    }

    fn see(&mut self, alert: &Alert) {
        let view = &mut self.view;
        view.clear(self.index.slots.len());
        for (slot, number) in self.index.slots.iter().zip(0..) {
            if let Slot::Alert(property) = slot {
                view.push(number, property.value(alert));
            }
        }
        for piece in &alert.evidence {
            let evidence_type = match &piece.evidence_type {
                AsRead::Known(evidence_type) => *evidence_type as u8,
                AsRead::Other(text) if text.is_empty() => UNTYPED,
                AsRead::Other(_) => OTHER,
            };
            view.begin_piece(evidence_type);
            let names = self.index.names.of_piece(evidence_type);
            for (name, of_piece) in names.into_iter().flat_map(Table::iter) {
                let value = piece.properties.get(name);
                for (slot, steps, kind) in &of_piece.all {
                    let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
                    view.push(*slot, read_at(value, &steps, *kind));
                }
            }
            view.end_piece(self.index.triggers);
        }
        if let Some(triggers) = self.index.triggers {
            view.mark_triggers(triggers);
        }
    }

    fn matches(&mut self) -> &[Match] {
        let index = self.index;
        self.seen.clear();
        self.candidates.clear();
        if index.look_up(&mut self.view, &mut self.seen).is_ok() {
            self.seen.sort_unstable();
            self.seen.dedup();
            self.candidates.extend(&index.always);
            for literal in &self.seen {
                if let Some(record) = index.literals.record(*literal) {
                    self.candidates.extend(record.programs());
                }
            }
            self.candidates.sort_unstable();
            self.candidates.dedup();
        } else {
            self.candidates.extend(&index.starts);
        }
        self.matches.clear();
        let reader = Reader { texts: &index.texts, view: &self.view };
        for start in &self.candidates {
            let program = usize::try_from(*start).ok().and_then(|it| index.programs.get(it..));
            let Some((condition, program)) = program.and_then(<[u32]>::split_first) else {
                continue;
            };
            let holds = reader.holds(program);
            if holds != Holds::No {
                let is_sure = holds == Holds::Yes;
                self.matches.push(Match { condition: *condition, is_sure });
            }
        }
        &self.matches
    }
}
