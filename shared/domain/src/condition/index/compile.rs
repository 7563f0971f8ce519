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

    let mut without_anchor = Vec::new();
    let mut kept: Vec<Option<Vec<u32>>> = vec![None; literals.len()];
    for (plan, condition) in plans.iter().zip(0_u32..) {
        let Some(mut found) = anchors(plan, &costs) else {
            without_anchor.push(condition);
            continue;
        };
        found.literals.sort_unstable();
        found.literals.dedup();
        for literal in found.literals {
            if let Some(conditions) = of_number_mut(&mut kept, literal) {
                conditions.get_or_insert_default().push(condition);
            }
        }
    }
    // A literal that is neither an anchor nor compared with by its number is not looked up.
    for plan in &plans {
        each_compared(plan, &mut |literal| {
            if let Some(conditions) = of_number_mut(&mut kept, literal) {
                conditions.get_or_insert_default();
            }
        });
    }

    let numbers = numbers(&literals, &kept);
    let mut writer = Writer::default();
    let mut starts = Vec::with_capacity(plans.len());
    for (plan, condition) in plans.iter().zip(0_u32..) {
        starts.push(u32::try_from(writer.words.len()).unwrap_or(u32::MAX));
        writer.words.push(condition);
        writer.write(plan, &|it| of_number(&numbers, it).copied().unwrap_or(NONE));
    }
    let start = |condition: &u32| of_number(&starts, *condition).copied();
    let anchored: Vec<Anchored> = literals
        .into_iter()
        .zip(kept)
        .filter_map(|((key, _), conditions)| {
            Some(Anchored { key, programs: conditions?.iter().filter_map(start).collect() })
        })
        .collect();
    let literals = Literals::new(&anchored);
    ConditionIndex {
        lookups: Lookups::new(slots.len(), &literals),
        names: Names::new(&slots),
        triggers: TriggerSlots::among(&slots),
        parts: parts(anchored.iter().zip(numbers.into_iter().filter(|it| *it != NONE))),
        literals,
        slots,
        programs: writer.words,
        texts: writer.texts,
        always: without_anchor.iter().filter_map(start).collect(),
        starts,
    }
}

fn of_number<T>(all: &[T], number: u32) -> Option<&T> {
    usize::try_from(number).ok().and_then(|it| all.get(it))
}

fn of_number_mut<T>(all: &mut [T], number: u32) -> Option<&mut T> {
    usize::try_from(number).ok().and_then(|it| all.get_mut(it))
}

/// New numbers by the old ones; [`NONE`] is that the literal is not kept
fn numbers(literals: &[(Key, u32)], kept: &[Option<Vec<u32>>]) -> Vec<LiteralId> {
    let keys = literals.iter().map(|(key, _)| key).zip(kept);
    let keys = keys.filter_map(|(key, conditions)| Some((key, conditions.as_ref()?.len())));
    let mut numbers = Literals::numbers(keys);
    let number = |it: &Option<Vec<u32>>| it.as_ref().and_then(|_| numbers.next()).unwrap_or(NONE);
    kept.iter().map(number).collect()
}

fn parts<'k>(literals: impl Iterator<Item = (&'k Anchored, LiteralId)>) -> Vec<Parts> {
    let mut by_slot: BTreeMap<SlotId, Vec<(LiteralId, &[u8])>> = BTreeMap::new();
    for (Anchored { key, .. }, number) in literals {
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
