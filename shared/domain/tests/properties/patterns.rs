//! A pattern fits what a matcher that tries everything says it fits.

use defuse_domain::{Alert, Facts, Playbook, RuleBook, Truth, decide};
use proptest::prelude::*;

use crate::arbitrary::{now, organisation};

/// Tries every length for each star
fn fits(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        ([], _) => text.is_empty(),
        (['*', rest @ ..], _) => (0..=text.len()).any(|taken| fits(rest, &text[taken..])),
        (['\\', escaped @ ('*' | '?' | '\\'), rest @ ..], [found, others @ ..]) => {
            escaped == found && fits(rest, others)
        }
        (['?', rest @ ..], [_, others @ ..]) => fits(rest, others),
        ([wanted, rest @ ..], [found, others @ ..]) => {
            wanted.eq_ignore_ascii_case(found) && fits(rest, others)
        }
        (_, []) => false,
    }
}

/// Through a condition on the title: a pattern has no other way in
fn matches(pattern: &str, text: &str) -> bool {
    let pattern = serde_json::to_string(pattern).unwrap();
    let text_of = format!(
        "apiVersion: defuse/v1\nkind: Playbook\nname: law\ndescription: d\nowner: o\nmode: shadow\n\
         trigger: {{ alert: {{ title: {{ like: {pattern} }} }} }}\ncriteria: {{ alert: {{ id: a }} }}\n\
         then: [{{ tag: t }}]\notherwise: [{{ notify: {{ channel: soc, template: needsEyes }} }}]\n"
    );
    let playbook = Playbook::parse("law.yaml", &text_of).unwrap();
    let alert = serde_json::json!({ "id": "a", "title": text }).to_string();
    let rules = RuleBook::new([playbook], organisation());
    let decision = decide(&Alert::read(&alert).unwrap(), &Facts::default(), &rules, now());
    decision.trace[0].trigger.answer == Truth::True
}

proptest! {
    #[test]
    fn as_a_matcher_that_tries_everything(
        pattern in "[ab*?\\\\]{1,8}", text in "[abAB*?\\\\]{1,8}",
    ) {
        let characters = |it: &str| it.chars().collect::<Vec<char>>();
        let expected = fits(&characters(&pattern), &characters(&text));
        prop_assert_eq!(matches(&pattern, &text), expected, "{} on {}", pattern, text);
    }
}
