//! What must hold of every decision, and of what it calls for.

use std::collections::{BTreeMap, BTreeSet};

use defuse_domain::{
    Action, Alert, Decision, EffectAction, Explanation, Facts, Mode, Outcome, Plan, Playbook,
    RuleBook, RunKey, Truth, decide,
};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};

use crate::arbitrary::{Known, alert, all_known, answered, knowns, now, playbooks, rules};

fn facts(alert: &Alert, rules: &RuleBook, known: &[Known]) -> Facts {
    let questions = rules.questions(alert);
    assert!(questions.len() <= known.len(), "{} questions", questions.len());
    questions.iter().zip(known).map(|(question, known)| answered(question, *known)).collect()
}

fn json(decision: &Decision) -> String {
    serde_json::to_string(decision).unwrap()
}

/// Whether some leaf is unknown that had to be true, or had to be false, for this to be true
fn required_is_unknown(part: &Explanation, must_be: Truth) -> bool {
    // All parts of `all of` must be true; to be false, all parts of `any of` must be.
    let conjunctive = match part.part.as_str() {
        "not" => return part.because.iter().any(|it| required_is_unknown(it, !must_be)),
        "all of" => must_be == Truth::True,
        "any of" => must_be == Truth::False,
        // A test, or a criterion over users or addresses, as a whole.
        _ => return part.answer == Truth::Unknown,
    };
    let mut parts = part.because.iter().map(|it| required_is_unknown(it, must_be));
    if conjunctive { parts.any(|it| it) } else { parts.all(|it| it) }
}

fn resolving(playbook: &Playbook) -> bool {
    playbook.then().iter().any(|it| matches!(it, Action::Resolve(_)))
}

#[test]
fn the_generators_reach_every_outcome() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeMap::new();
    for _ in 0..1_000 {
        let generated = (alert(), playbooks(), knowns()).new_tree(&mut runner).unwrap();
        let (alert, playbooks, known) = generated.current();
        let rules = rules(playbooks);
        let decision = decide(&alert, &facts(&alert, &rules, &known), &rules, now());
        let reason = decision.reasons.join("; ");
        let kind = match decision.outcome {
            Outcome::Resolved(_) => "resolved",
            Outcome::Hidden => "hidden",
            Outcome::ResolvedAtSource => "resolved at source",
            Outcome::Open if reason.contains("disagree") => "playbooks disagree",
            Outcome::Open if reason.contains("might say") => "playbooks might disagree",
            Outcome::Open if reason.contains("approve") => "to approve",
            Outcome::Open if !decision.unknown.is_empty() => "unknown",
            Outcome::Open => "open",
        };
        *seen.entry(kind).or_insert(0) += 1;
    }
    for kind in [
        "resolved",
        "playbooks disagree",
        "playbooks might disagree",
        "to approve",
        "unknown",
        "open",
    ] {
        assert!(seen.get(kind).is_some_and(|it| *it >= 5), "{kind}: {seen:?}");
    }
}

proptest! {
    #[test]
    fn nothing_is_resolved_unless_all_that_is_required_is_known(
        alert in alert(), playbooks in playbooks(), known in knowns(),
    ) {
        let rules = rules(playbooks);
        let decision = decide(&alert, &facts(&alert, &rules, &known), &rules, now());
        if let Outcome::Resolved(classification) = decision.outcome {
            prop_assert!(!decision.determined_by.is_empty());
            for name in &decision.determined_by {
                let trace = decision.trace.iter().find(|it| it.playbook == *name).unwrap();
                let criteria = trace.criteria.as_ref().unwrap();
                prop_assert_eq!(rules.playbook(name).unwrap().resolves_as(), Some(classification));
                prop_assert_eq!((trace.mode, trace.answer), (Mode::Enforce, Truth::True));
                prop_assert!(!required_is_unknown(&trace.trigger, Truth::True));
                prop_assert!(!required_is_unknown(criteria, Truth::True));
            }
        }
        let all_lack_something = decision.trace.iter().all(|it| {
            let resolves = resolving(rules.playbook(&it.playbook).unwrap());
            let unknown =
                |it: &Explanation| required_is_unknown(it, Truth::True);
            !resolves || unknown(&it.trigger) || it.criteria.as_ref().is_none_or(unknown)
        });
        if all_lack_something {
            prop_assert_eq!(decision.outcome, Outcome::Open);
        }
    }

    #[test]
    fn when_nothing_is_known_nothing_is_resolved_that_asks(
        alert in alert(), playbooks in playbooks(),
    ) {
        // Every playbook here asks about high risk in a required place.
        let rules = rules(playbooks);
        let decision = decide(&alert, &Facts::default(), &rules, now());
        prop_assert_eq!(decision.outcome, Outcome::Open);
    }

    #[test]
    fn the_order_of_playbooks_means_nothing(
        alert in alert(), known in knowns(),
        (one, other) in playbooks().prop_flat_map(|it| (Just(it.clone()), Just(it).prop_shuffle())),
    ) {
        let (one, other) = (rules(one), rules(other));
        let known = facts(&alert, &one, &known);
        prop_assert_eq!(one.questions(&alert), other.questions(&alert));
        prop_assert_eq!(
            json(&decide(&alert, &known, &one, now())),
            json(&decide(&alert, &known, &other, now()))
        );
    }

    #[test]
    fn learning_more_never_undoes_an_act(
        alert in alert(), playbooks in playbooks(), known in knowns(), learnt in any::<u32>(),
    ) {
        let rules = rules(playbooks);
        let some = facts(&alert, &rules, &known);
        let before = decide(&alert, &some, &rules, now()).outcome;
        // Learns what was unknown, and leaves alone what was known.
        let all = facts(&alert, &rules, &all_known(&known));
        let more: Facts = some.iter().enumerate().map(|(index, fact)| {
            let learns = fact.answer.is_err() && learnt & (1 << index) != 0;
            if learns { all.get(&fact.question).unwrap().clone() } else { fact.clone() }
        }).collect();
        let after = decide(&alert, &more, &rules, now()).outcome;
        prop_assert!(before == Outcome::Open || before == after, "{before:?} then {after:?}");
    }

    #[test]
    fn deciding_twice_gives_the_same_bytes(
        alert in alert(), playbooks in playbooks(), known in knowns(),
    ) {
        let rules = rules(playbooks);
        let facts = facts(&alert, &rules, &known);
        let decision = decide(&alert, &facts, &rules, now());
        prop_assert_eq!(json(&decision), json(&decide(&alert, &facts, &rules, now())));
        // And what is stored is read back as it was.
        let stored: Decision = serde_json::from_str(&json(&decision)).unwrap();
        prop_assert_eq!(&stored, &decision);
        prop_assert_eq!(decision.reasons.is_empty(), false);
    }

    #[test]
    fn questions_cover_every_fact_that_is_read(
        alert in alert(), playbooks in playbooks(), known in knowns(),
    ) {
        let rules = rules(playbooks);
        let facts = facts(&alert, &rules, &all_known(&known));
        let decision = decide(&alert, &facts, &rules, now());
        prop_assert!(!json(&decision).contains("notAsked"), "{}", json(&decision));
    }

    #[test]
    fn a_plan_resolves_first_and_tells_each_channel_once(
        alert in alert(), playbooks in playbooks(), known in knowns(),
    ) {
        let rules = rules(playbooks);
        let decision = decide(&alert, &facts(&alert, &rules, &known), &rules, now());
        let key = RunKey { alert_id: alert.id.clone(), revision: alert.revision(), look: 0 };
        let plan = Plan::of(&alert, &decision, &rules, &key);

        let resolves = |it: &EffectAction| matches!(it, EffectAction::Resolve { .. });
        let places: Vec<usize> = plan.effects.iter().enumerate()
            .filter(|(_, it)| resolves(&it.action)).map(|(place, _)| place).collect();
        let expected: Vec<usize> =
            if matches!(decision.outcome, Outcome::Resolved(_)) { vec![0] } else { vec![] };
        prop_assert_eq!(places, expected);

        let n_comments = plan.effects.iter().filter(|it| match &it.action {
            EffectAction::Resolve { comment, .. } => comment.is_some(),
            EffectAction::Comment { .. } => true,
            EffectAction::Assign { .. } | EffectAction::Notify(_) | EffectAction::Count { .. } => false,
        }).count();
        prop_assert!(n_comments <= 1);
        prop_assert!(!plan.if_refused.iter().any(|it| resolves(&it.action)));

        let all: Vec<_> = plan.effects.iter().chain(&plan.if_refused).collect();
        let ids: BTreeSet<_> = all.iter().map(|it| &it.id).collect();
        prop_assert_eq!(ids.len(), all.len());
        let told: Vec<&str> = all.iter().filter_map(|it| match &it.action {
            EffectAction::Notify(notification) => Some(notification.id.as_str()),
            EffectAction::Resolve { .. }
            | EffectAction::Assign { .. }
            | EffectAction::Comment { .. }
            | EffectAction::Count { .. } => None,
        }).collect();
        prop_assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), told.len());
    }

    #[test]
    fn in_shadow_mode_nothing_happens(
        alert in alert(), playbooks in playbooks(), known in knowns(),
    ) {
        let all = rules(playbooks.clone());
        let known = facts(&alert, &all, &known);
        let shadows = playbooks.iter().filter(|it| it.mode() == Mode::Shadow).cloned().collect();
        let rest = playbooks.iter().filter(|it| it.mode() != Mode::Shadow).cloned().collect();
        let key = RunKey { alert_id: alert.id.clone(), revision: alert.revision(), look: 0 };
        let plan = |rules: &RuleBook| {
            let decision = decide(&alert, &known, rules, now());
            (decision.outcome, Plan::of(&alert, &decision, rules, &key))
        };

        let alone = plan(&rules(shadows));
        prop_assert_eq!(alone, (Outcome::Open, Plan::default()));
        // Beside others it changes nothing either.
        let (with, without) = (plan(&all), plan(&rules(rest)));
        prop_assert_eq!(with.0, without.0);
        prop_assert_eq!(&with.1.tags, &without.1.tags);
        let ids = |it: &Plan| it.effects.iter().map(|it| it.id.clone()).collect::<Vec<_>>();
        prop_assert_eq!(ids(&with.1), ids(&without.1));
    }
}
