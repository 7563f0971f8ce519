//! Programs: plans as numbers in a row, and how they are answered.
//!
//! A part is a head (what it is, and how many numbers belong to it), and then those. Whatever
//! numbers there are, answering ends: a part that cannot be read does not hold.

mod single;

use self::single::{answer, write_test};
use super::{
    key::LiteralId,
    plan::Node,
    view::{OTHER, UNTYPED, View},
};
use crate::explanation::Truth;

const ALL: u32 = 0;
const ANY: u32 = 1;
const TEST: u32 = 2;
const EVIDENCE: u32 = 3;
const NO_EVIDENCE: u32 = 4;
const CRITERION: u32 = 5;

/// Of any type, in the place of a type's number
const ANY_TYPE: u32 = u32::MAX;

/// How deep parts may lie in parts; conditions are far shallower
const DEPTH_MAX: usize = 64;

/// Whether a condition holds, from what does not to what does
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holds {
    No,
    /// If its criteria are as wanted
    Perhaps,
    Yes,
}

/// Numbers and texts that programs are written to
#[derive(Debug, Default)]
pub(super) struct Writer {
    pub(super) words: Vec<u32>,
    pub(super) texts: Vec<u8>,
}

impl Writer {
    /// Writes a plan; `literal` gives the number that each literal has in the end
    pub(super) fn write(&mut self, node: &Node, literal: &impl Fn(LiteralId) -> LiteralId) {
        match node {
            Node::All(nodes) => self.group(ALL, nodes, literal),
            Node::Any(nodes) => self.group(ANY, nodes, literal),
            Node::Test(wanted, test) => self.part(TEST, |it| {
                it.words.push(u32::from(*wanted));
                write_test(it, test, literal);
            }),
            Node::Evidence { wanted, evidence_type, tests, .. } => {
                self.part(if *wanted { EVIDENCE } else { NO_EVIDENCE }, |it| {
                    it.words.push(evidence_type.map_or(ANY_TYPE, |it| it as u32));
                    for test in tests {
                        write_test(it, test, literal);
                    }
                });
            }
            Node::Criterion => self.part(CRITERION, |_| {}),
        }
    }

    fn group(&mut self, what: u32, nodes: &[Node], literal: &impl Fn(LiteralId) -> LiteralId) {
        match nodes {
            [one] => self.write(one, literal),
            several => self.part(what, |it| {
                for one in several {
                    it.write(one, literal);
                }
            }),
        }
    }

    /// Writes a head, and what follows it
    pub(super) fn part(&mut self, what: u32, write: impl FnOnce(&mut Self)) {
        let head = self.words.len();
        self.words.push(what);
        write(self);
        let length = self.words.len() - head - 1;
        if let Some(word) = self.words.get_mut(head) {
            *word |= u32::try_from(length).unwrap_or(u32::MAX) << 8;
        }
    }

    pub(super) fn text(&mut self, text: &[u8]) {
        let number = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
        self.words.extend([number(self.texts.len()), number(text.len())]);
        self.texts.extend_from_slice(text);
    }
}

/// Takes the next part off `words`: what it is, and its numbers
pub(super) fn next<'w>(words: &mut &'w [u32]) -> Option<(u32, &'w [u32])> {
    let (head, rest) = words.split_first()?;
    let length = usize::try_from(head >> 8).ok()?;
    let (own, rest) = rest.split_at_checked(length)?;
    *words = rest;
    Some((head & 0xFF, own))
}

/// What a program is answered by
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    pub(super) texts: &'a [u8],
    pub(super) view: &'a View,
}

impl Reader<'_> {
    pub(super) fn holds(self, mut program: &[u32]) -> Holds {
        next(&mut program).map_or(Holds::No, |part| self.part(part, 0))
    }

    fn part(self, (what, mut words): (u32, &[u32]), depth: usize) -> Holds {
        if depth > DEPTH_MAX {
            return Holds::No;
        }
        match what {
            ALL => {
                let mut least = Holds::Yes;
                while let Some(part) = next(&mut words) {
                    least = least.min(self.part(part, depth + 1));
                    if least == Holds::No {
                        break;
                    }
                }
                least
            }
            ANY => {
                let mut most = Holds::No;
                while let Some(part) = next(&mut words) {
                    most = most.max(self.part(part, depth + 1));
                    if most == Holds::Yes {
                        break;
                    }
                }
                most
            }
            TEST => yes(self.test(words)),
            EVIDENCE => yes(self.some_piece(words)),
            NO_EVIDENCE => yes(self.no_piece(words)),
            CRITERION => Holds::Perhaps,
            _ => Holds::No,
        }
    }

    fn test(self, words: &[u32]) -> bool {
        let Some((wanted, mut words)) = words.split_first() else { return false };
        let wanted = if *wanted == 0 { Truth::False } else { Truth::True };
        next(&mut words).is_some_and(|(what, words)| {
            answer(self, what, words, |slot| self.view.own(slot)) == wanted
        })
    }

    fn some_piece(self, words: &[u32]) -> bool {
        let Some((wanted, tests)) = words.split_first() else { return false };
        let fitting = self.view.pieces().iter().filter(|it| {
            // A piece that says of no type might be of any, and so is of none for sure.
            *wanted == ANY_TYPE || u32::from(it.evidence_type) == *wanted
        });
        fitting.into_iter().any(|piece| {
            let mut tests = tests;
            while let Some((what, words)) = next(&mut tests) {
                let value = |slot| self.view.of_piece(piece, slot);
                if answer(self, what, words, value) != Truth::True {
                    return false;
                }
            }
            true
        })
    }

    /// Whether on every piece that could be meant some test is false
    fn no_piece(self, words: &[u32]) -> bool {
        let Some((wanted, tests)) = words.split_first() else { return false };
        self.view.pieces().iter().all(|piece| {
            if *wanted != ANY_TYPE {
                match piece.evidence_type {
                    UNTYPED => return false,
                    OTHER => return true,
                    known if u32::from(known) != *wanted => return true,
                    _ => {}
                }
            }
            let mut tests = tests;
            while let Some((what, words)) = next(&mut tests) {
                let value = |slot| self.view.of_piece(piece, slot);
                if answer(self, what, words, value) == Truth::False {
                    return true;
                }
            }
            false
        })
    }
}

const fn yes(holds: bool) -> Holds {
    if holds { Holds::Yes } else { Holds::No }
}
