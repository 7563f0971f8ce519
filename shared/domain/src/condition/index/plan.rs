//! Plans: conditions made ready for an index.
//!
//! A condition holds if it is true, and false and unknown are both "does not hold"; so `not` is
//! pushed down to the leaves, where it asks whether the leaf is false. What is left is AND and OR
//! alone over leaves that are as wanted, and more of those never make it hold less.

use super::{
    key::{Key, LiteralId, Scalar, Sort, network},
    numbers::LiteralNumbers,
    slots::{Slot, SlotId, SlotNumbers},
    triggers::{DETAILED_ROLES, VERDICT},
};
use crate::{
    catalogue::EvidenceType,
    condition::{
        Part,
        evidence_test::{EvidenceTest, ROLES},
        fold,
        pattern::Pattern,
        property::AlertProperty,
        test::{Comparison, Operand, Test},
    },
    severity::Severity,
    subnet::Network,
};

/// A part of a plan
#[derive(Debug)]
pub(super) enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    /// A test of a property of the alert that is true, or false
    Test(bool, SlotTest),
    /// A piece of evidence on which all tests are true; or no piece on which they might be
    Evidence {
        wanted: bool,
        evidence_type: Option<EvidenceType>,
        tests: Vec<SlotTest>,
        /// The type as a literal
        literal: Option<LiteralId>,
    },
    /// What only facts can tell
    Criterion,
}

/// A test with the slot that it tests
#[derive(Debug)]
pub(super) struct SlotTest {
    pub(super) slot: SlotId,
    pub(super) ask: Ask,
}

/// What a test asks
#[derive(Debug)]
pub(super) enum Ask {
    TextIn(Vec<LiteralId>),
    /// A folded pattern, and the literals that stand in every text that fits it
    Like(Vec<u8>, Vec<LiteralId>),
    Contains(Vec<u8>, Option<LiteralId>),
    StartsWith(Vec<u8>, Option<LiteralId>),
    EndsWith(Vec<u8>, Option<LiteralId>),
    InSubnet(Network, LiteralId),
    Exists(bool),
    ScalarIn(Vec<(Scalar, LiteralId)>),
    /// With all values that pass, where those are few
    Compare(Comparison, Scalar, Option<Vec<LiteralId>>),
}

/// Numbers slots and literals, and counts in how many conditions each literal stands
#[derive(Debug, Default)]
pub(super) struct Planner {
    pub(super) slots: SlotNumbers,
    literals: LiteralNumbers,
    /// By literal: in how many conditions, and the last of them
    counts: Vec<(u32, u32)>,
    n_conditions: u32,
}

impl Planner {
    pub(super) fn plan(&mut self, part: &Part) -> Node {
        self.n_conditions += 1;
        self.node(part, true)
    }

    /// Every literal in the order of its number, with how many conditions it stands in
    pub(super) fn into_literals(self) -> (Vec<Slot>, Vec<(Key, u32)>) {
        let counts = self.counts.into_iter().map(|(count, _)| count);
        (self.slots.into_slots(), self.literals.into_keys().into_iter().zip(counts).collect())
    }

    fn node(&mut self, part: &Part, wanted: bool) -> Node {
        match part {
            Part::All(parts) => self.group(parts, wanted, wanted),
            Part::Any(parts) => self.group(parts, wanted, !wanted),
            Part::Not(part) => self.node(part, !wanted),
            Part::Alert(tests) => self.alert(tests, wanted),
            Part::Evidence(test) => self.evidence(test, wanted),
            Part::Criterion(_) => Node::Criterion,
        }
    }

    fn group(&mut self, parts: &[Part], wanted: bool, all: bool) -> Node {
        let nodes: Vec<Node> = parts.iter().map(|it| self.node(it, wanted)).collect();
        // A group of nothing is unknown, which is neither way what is wanted.
        if all && !nodes.is_empty() { Node::All(nodes) } else { Node::Any(nodes) }
    }

    fn alert(&mut self, tests: &[(AlertProperty, Vec<Test>)], wanted: bool) -> Node {
        let mut nodes = Vec::new();
        for (property, tests) in tests {
            for test in tests {
                nodes.push(Node::Test(wanted, self.test(Slot::Alert(*property), test)));
            }
        }
        if wanted { Node::All(nodes) } else { Node::Any(nodes) }
    }

    fn evidence(&mut self, test: &EvidenceTest, wanted: bool) -> Node {
        let evidence_type = test.evidence_type();
        let mut tests = Vec::new();
        for (path, several) in test.tests() {
            for test in several {
                let asks_trigger = path == ROLES && !matches!(test, Test::Exists(_));
                let slot = if asks_trigger {
                    for path in [ROLES, DETAILED_ROLES, VERDICT] {
                        self.slots.number(Slot::of_piece(None, path));
                    }
                    Slot::Role
                } else {
                    Slot::of_piece(evidence_type, path)
                };
                tests.push(self.test(slot, test));
            }
        }
        let literal = evidence_type.map(|it| self.literal(Sort::Evidence, 0, vec![it as u8]));
        Node::Evidence { wanted, evidence_type, tests, literal }
    }

    fn test(&mut self, slot: Slot, test: &Test) -> SlotTest {
        let slot = self.slots.number(slot);
        let ask = match test {
            Test::In(operands) => self.is_in(slot, operands),
            Test::Like(pattern) => self.like(slot, pattern),
            Test::Contains(part) => {
                let (part, literal) = self.part(slot, part);
                Ask::Contains(part, literal)
            }
            Test::StartsWith(part) => {
                let (part, literal) = self.part(slot, part);
                Ask::StartsWith(part, literal)
            }
            Test::EndsWith(part) => {
                let (part, literal) = self.part(slot, part);
                Ask::EndsWith(part, literal)
            }
            Test::InSubnet(subnet) => {
                let found = subnet.network();
                Ask::InSubnet(found, self.literal(Sort::Network, slot, network(found).to_vec()))
            }
            Test::Exists(wanted) => Ask::Exists(*wanted),
            Test::Compare(how, operand) => self.compare(slot, *how, operand),
        };
        SlotTest { slot, ask }
    }

    fn is_in(&mut self, slot: SlotId, operands: &[Operand]) -> Ask {
        let mut texts = Vec::new();
        let mut scalars = Vec::new();
        for operand in operands {
            if let Operand::Text(text) = operand {
                texts.push(self.literal(Sort::Text, slot, fold(text).into_bytes()));
            } else if let Some(scalar) = Scalar::of(operand) {
                scalars.push((scalar, self.scalar(slot, scalar)));
            }
        }
        // A property has values of one kind, and its operands are of the same.
        if scalars.is_empty() { Ask::TextIn(texts) } else { Ask::ScalarIn(scalars) }
    }

    fn like(&mut self, slot: SlotId, pattern: &Pattern) -> Ask {
        let folded = pattern.folded().to_vec();
        if pattern.is_literal() {
            return Ask::TextIn(vec![self.literal(Sort::Text, slot, folded)]);
        }
        let parts = pattern.literals().map(|it| self.literal(Sort::Part, slot, it.to_vec()));
        let parts = parts.collect();
        Ask::Like(folded, parts)
    }

    fn part(&mut self, slot: SlotId, text: &str) -> (Vec<u8>, Option<LiteralId>) {
        let part = fold(text).into_bytes();
        let literal = (!part.is_empty()).then(|| self.literal(Sort::Part, slot, part.clone()));
        (part, literal)
    }

    fn compare(&mut self, slot: SlotId, how: Comparison, operand: &Operand) -> Ask {
        let scalar = Scalar::of(operand).unwrap_or_default();
        let few = matches!(operand, Operand::Severity(_)).then(|| {
            let all = Severity::ALL.iter().map(|it| Scalar::severity(*it));
            all.filter(|it| it.compares(how, scalar)).map(|it| self.scalar(slot, it)).collect()
        });
        Ask::Compare(how, scalar, few)
    }

    fn scalar(&mut self, slot: SlotId, scalar: Scalar) -> LiteralId {
        self.literal(Sort::Scalar, slot, scalar.bytes().to_vec())
    }

    pub(super) fn literal(&mut self, sort: Sort, slot: SlotId, bytes: Vec<u8>) -> LiteralId {
        let number = self.literals.number(Key { sort, slot, bytes });
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        if place == self.counts.len() {
            self.counts.push((0, 0));
        }
        if let Some((count, last)) = self.counts.get_mut(place)
            && *last != self.n_conditions
        {
            *count += 1;
            *last = self.n_conditions;
        }
        number
    }
}
