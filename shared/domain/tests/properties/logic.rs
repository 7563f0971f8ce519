//! Kleene's three answers, on generated conditions.

use defuse_domain::{Alert, Decision, Facts, Playbook, RuleBook, Truth, decide};
use proptest::prelude::*;

use crate::arbitrary::{Known, alert, answered, condition, knowns, now, organisation};

fn rules(condition: &str) -> RuleBook {
    let text = format!(
        "apiVersion: defuse/v1\nkind: Playbook\nname: law\ndescription: d\nowner: o\nmode: shadow\n\
         trigger: {{ alert: {{ id: a1 }} }}\ncriteria: {condition}\nthen: [{{ tag: t }}]\n\
         otherwise: [{{ notify: {{ channel: soc, template: needsEyes }} }}]\n"
    );
    let playbook = Playbook::parse("law.yaml", &text);
    RuleBook::new([playbook.unwrap_or_else(|it| panic!("{text}\n{it:?}"))], organisation())
}

/// What a condition says of the alert
fn truth(condition: &str, alert: &Alert, known: &[Known]) -> Truth {
    let rules = rules(condition);
    // An answer belongs to its question, whatever else is asked.
    let facts: Facts = rules
        .questions(alert)
        .iter()
        .map(|question| {
            let name = serde_json::to_string(question).unwrap();
            let place = name.bytes().map(usize::from).sum::<usize>() % known.len();
            answered(question, known[place])
        })
        .collect();
    let Decision { trace, .. } = decide(alert, &facts, &rules, now());
    trace[0].criteria.as_ref().unwrap().answer
}

proptest! {
    #[test]
    fn de_morgan(alert in alert(), known in knowns(), a in condition(), b in condition()) {
        let of = |text: String| truth(&text, &alert, &known);
        prop_assert_eq!(
            of(format!("{{ not: {{ all: [{a}, {b}] }} }}")),
            of(format!("{{ any: [{{ not: {a} }}, {{ not: {b} }}] }}"))
        );
        prop_assert_eq!(
            of(format!("{{ not: {{ any: [{a}, {b}] }} }}")),
            of(format!("{{ all: [{{ not: {a} }}, {{ not: {b} }}] }}"))
        );
    }

    #[test]
    fn kleene(alert in alert(), known in knowns(), a in condition(), b in condition()) {
        let of = |text: &str| truth(text, &alert, &known);
        let (left, right) = (of(&a), of(&b));
        let both = match (left, right) {
            (Truth::False, _) | (_, Truth::False) => Truth::False,
            (Truth::True, Truth::True) => Truth::True,
            (Truth::Unknown, _) | (_, Truth::Unknown) => Truth::Unknown,
        };
        let either = match (left, right) {
            (Truth::True, _) | (_, Truth::True) => Truth::True,
            (Truth::False, Truth::False) => Truth::False,
            (Truth::Unknown, _) | (_, Truth::Unknown) => Truth::Unknown,
        };
        let opposite = match left {
            Truth::True => Truth::False,
            Truth::False => Truth::True,
            Truth::Unknown => Truth::Unknown,
        };
        prop_assert_eq!(of(&format!("{{ all: [{a}, {b}] }}")), both);
        prop_assert_eq!(of(&format!("{{ all: [{b}, {a}] }}")), both);
        prop_assert_eq!(of(&format!("{{ any: [{a}, {b}] }}")), either);
        prop_assert_eq!(of(&format!("{{ not: {a} }}")), opposite);
        prop_assert_eq!(of(&format!("{{ not: {{ not: {a} }} }}")), left);
    }
}
