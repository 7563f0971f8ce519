//! Makes the tables of an index out of conditions.

use std::collections::BTreeMap;

use super::{
    ConditionIndex,
    anchor::{Costs, anchors},
    key::{Key, LiteralId, NONE, Sort},
    literals::{Anchored, Literals},
    lookup::Lookups,
    names::Names,
    parts::Parts,
    plan::{Ask, Node, Planner, SlotTest},
    program::Writer,
    slots::SlotId,
    triggers::TriggerSlots,
};
use crate::condition::Condition;

pub(super) fn compile<'c>(conditions: impl IntoIterator<Item = &'c Condition>) -> ConditionIndex {
    let mut planner = Planner::default();
    let plans: Vec<Node> = conditions.into_iter().map(|it| planner.plan(&it.part)).collect();
    let (slots, literals) = planner.into_literals();
    let costs = Costs::new(&literals, plans.len() as u64);

    let mut always = Vec::new();
    let mut anchored: BTreeMap<LiteralId, Vec<u32>> = BTreeMap::new();
    for (plan, condition) in plans.iter().zip(0_u32..) {
        let Some(found) = anchors(plan, &costs) else {
            always.push(condition);
            continue;
        };
        let mut literals = found.literals;
        literals.sort_unstable();
        literals.dedup();
        for literal in literals {
            anchored.entry(literal).or_default().push(condition);
        }
    }
    // A literal that is neither an anchor nor compared with by its number is not looked up.
    for plan in &plans {
        each_compared(plan, &mut |literal| {
            anchored.entry(literal).or_default();
        });
    }

    let (numbers, kept) = kept(literals, anchored);
    let mut writer = Writer::default();
    let mut starts = Vec::with_capacity(plans.len());
    for plan in &plans {
        starts.push(u32::try_from(writer.words.len()).unwrap_or(u32::MAX));
        writer.write(plan, &|it| number_of(&numbers, it));
    }
    let literals = Literals::new(&kept);
    ConditionIndex {
        lookups: Lookups::new(slots.len(), &literals),
        names: Names::new(&slots),
        triggers: TriggerSlots::among(&slots),
        parts: parts(&kept),
        literals,
        slots,
        programs: writer.words,
        starts,
        texts: writer.texts,
        always,
    }
}

fn number_of(numbers: &[LiteralId], literal: LiteralId) -> LiteralId {
    let place = usize::try_from(literal).unwrap_or(usize::MAX);
    numbers.get(place).copied().unwrap_or(NONE)
}

/// New numbers by the old ones, and what has one
fn kept(
    literals: Vec<(Key, u32)>,
    mut anchored: BTreeMap<LiteralId, Vec<u32>>,
) -> (Vec<LiteralId>, Vec<Anchored>) {
    let mut numbers = Vec::with_capacity(literals.len());
    let mut kept = Vec::with_capacity(anchored.len());
    for ((key, _), old) in literals.into_iter().zip(0_u32..) {
        let Some(conditions) = anchored.remove(&old) else {
            numbers.push(NONE);
            continue;
        };
        numbers.push(u32::try_from(kept.len()).unwrap_or(NONE));
        kept.push(Anchored { key, conditions });
    }
    (numbers, kept)
}

fn parts(kept: &[Anchored]) -> Vec<Parts> {
    let mut by_slot: BTreeMap<SlotId, Vec<(LiteralId, &[u8])>> = BTreeMap::new();
    for (Anchored { key, .. }, number) in kept.iter().zip(0_u32..) {
        if key.sort == Sort::Part {
            by_slot.entry(key.slot).or_default().push((number, &key.bytes));
        }
    }
    by_slot.iter().map(|(slot, literals)| Parts::new(*slot, literals)).collect()
}

/// Shows each literal that a program compares with by its number
fn each_compared(node: &Node, show: &mut impl FnMut(LiteralId)) {
    let mut of_test = |test: &SlotTest| match &test.ask {
        Ask::TextIn(literals) => literals.iter().for_each(|it| show(*it)),
        Ask::Like(_, _)
        | Ask::Contains(_, _)
        | Ask::StartsWith(_, _)
        | Ask::EndsWith(_, _)
        | Ask::InSubnet(_, _)
        | Ask::Exists(_)
        | Ask::ScalarIn(_)
        | Ask::Compare(_, _, _) => {}
    };
    match node {
        Node::All(nodes) | Node::Any(nodes) => nodes.iter().for_each(|it| each_compared(it, show)),
        Node::Test(_, test) => of_test(test),
        Node::Evidence { tests, .. } => tests.iter().for_each(of_test),
        Node::Criterion => {}
    }
}
