//! Anchors: for each condition a few literals of which one is there whenever it holds.
//!
//! Of all that would do, those are taken that stand in the fewest conditions: what is rare among
//! the rules is taken to be rare among the alerts.

use super::{
    key::{Key, LiteralId, Sort},
    plan::{Ask, Node, SlotTest},
};

/// What looking at every condition would cost, in the unit of [`weight`]
const USUAL: u64 = 4;

/// The literals that a condition is found by, and how often that may be in vain
#[derive(Debug, Default)]
pub(super) struct Anchors {
    pub(super) cost: u64,
    pub(super) literals: Vec<LiteralId>,
}

/// What finding a condition by each literal costs, by number
#[derive(Debug)]
pub(super) struct Costs(Vec<u64>);

impl Costs {
    pub(super) fn new(literals: &[(Key, u32)], n_conditions: u64) -> Self {
        let cost = |(key, count): &(Key, u32)| u64::from(*count) * weight(key, n_conditions);
        Self(literals.iter().map(cost).collect())
    }

    fn one(&self, literal: LiteralId) -> Anchors {
        let place = usize::try_from(literal).unwrap_or(usize::MAX);
        let cost = self.0.get(place).copied().unwrap_or(u64::MAX);
        Anchors { cost, literals: vec![literal] }
    }
}

/// How much likelier a literal is to be there than a whole text that is as rare
fn weight(key: &Key, n_conditions: u64) -> u64 {
    match (key.sort, key.bytes.as_slice()) {
        (Sort::Text, _) => USUAL,
        (Sort::Part, part) => match part.len() {
            8.. => USUAL + 2,
            4..8 => USUAL * 4,
            2..4 => USUAL * 100,
            ..2 => USUAL * 1_000,
        },
        // Family and length lead.
        (Sort::Network, [4, length, ..]) if *length >= 16 => USUAL * 2,
        (Sort::Network, [6, length, ..]) if *length >= 32 => USUAL * 2,
        (Sort::Network, _) => USUAL * 100,
        (Sort::Scalar, _) => USUAL * 25,
        (Sort::Evidence, _) => USUAL.saturating_mul(n_conditions),
    }
}

/// The anchors of a plan; `None` if it may hold where no literal is
pub(super) fn anchors(node: &Node, costs: &Costs) -> Option<Anchors> {
    match node {
        Node::All(nodes) => nodes.iter().filter_map(|it| anchors(it, costs)).min_by_key(cost),
        Node::Any(nodes) => {
            let each: Option<Vec<Anchors>> = nodes.iter().map(|it| anchors(it, costs)).collect();
            each.map(|it| it.into_iter().fold(Anchors::default(), joined))
        }
        Node::Test(true, test) => of_test(test, costs),
        Node::Evidence { wanted: true, tests, literal, .. } => {
            let of_tests = tests.iter().filter_map(|it| of_test(it, costs));
            of_tests.chain(literal.map(|it| costs.one(it))).min_by_key(cost)
        }
        Node::Test(false, _) | Node::Evidence { wanted: false, .. } | Node::Criterion => None,
    }
}

fn of_test(test: &SlotTest, costs: &Costs) -> Option<Anchors> {
    let any = |literals: &mut dyn Iterator<Item = LiteralId>| {
        Some(literals.map(|it| costs.one(it)).fold(Anchors::default(), joined))
    };
    match &test.ask {
        Ask::TextIn(literals) => any(&mut literals.iter().copied()),
        Ask::Like(_, parts) => parts.iter().map(|it| costs.one(*it)).min_by_key(cost),
        Ask::Contains(_, part) | Ask::StartsWith(_, part) | Ask::EndsWith(_, part) => {
            part.map(|it| costs.one(it))
        }
        Ask::InSubnet(_, network) => Some(costs.one(*network)),
        Ask::ScalarIn(values) => any(&mut values.iter().map(|(_, it)| *it)),
        Ask::Compare(_, _, few) => few.as_ref().and_then(|few| any(&mut few.iter().copied())),
        Ask::Exists(_) => None,
    }
}

const fn cost(anchors: &Anchors) -> u64 {
    anchors.cost
}

fn joined(mut left: Anchors, right: Anchors) -> Anchors {
    left.cost = left.cost.saturating_add(right.cost);
    left.literals.extend(right.literals);
    left
}
