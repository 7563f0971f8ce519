//! Laws of tuning rules, among themselves and before playbooks.

use std::collections::BTreeMap;

use defuse_domain::{
    Alert, Decision, Facts, Outcome, Playbook, RuleBook, Truth, TuningAction, TuningRule, decide,
};
use proptest::{
    collection::vec, prelude::*, sample::select, strategy::ValueTree as _, test_runner::TestRunner,
};

use crate::arbitrary::{
    ALERT_TESTS, Known, alert, all_known, answered, knowns, now, playbooks, rules, tree,
};

const CRITERIA: [&str; 5] = [
    "userInGroup: VPN",
    "userInGroup: { anyOf: [VPN, Admins] }",
    "userTagged: vip",
    "addressInNamedRange: office",
    "addressInNamedRange: ofice",
];

/// What a rule says of when and whom, as fields of its own
fn fields() -> impl Strategy<Value = String> {
    let scopes = [
        "organisation",
        "organisation",
        "organisation",
        "{ users: [kim@x.example, k1] }",
        "{ users: [kim@x.example, k1, lee@x.example] }",
        "{ devices: [laptop-1] }",
    ];
    let window = |starts: &str, length: &str| {
        format!(
            "windows: [{{ rrule: FREQ=DAILY, starts: {starts}, for: {length}, timeZone: UTC }}]"
        )
    };
    let windows = vec![
        String::new(),
        String::new(),
        String::new(),
        window("2026-01-01T10:00", "1h"),
        window("2026-01-01T11:00", "1h"),
    ];
    let types = ["any", "any", "[impossibleTravel]", "[other, IMPOSSIBLETRAVEL]", "[other]"];
    let sources =
        ["[microsoftDefenderForCloudApps]", "[awsGuardDuty, microsoftDefenderForCloudApps]"];
    (select(scopes.to_vec()), select(windows), select(types.to_vec()), select(sources.to_vec()))
        .prop_map(|(scope, windows, types, sources)| {
            format!("scope: {scope}\nalertTypes: {types}\nserviceSources: {sources}\n{windows}\n")
        })
}

/// A rule as text, without its name; it is on, and expires later than now
fn text() -> impl Strategy<Value = String> {
    let leaves = [&ALERT_TESTS[..], &CRITERIA[..]].concat();
    let actions = [
        "hide",
        "{ resolve: { informationalExpectedActivity: securityTesting } }",
        "{ resolve: { informationalExpectedActivity: securityTesting } }",
        "{ resolve: { falsePositive: notMalicious } }",
    ];
    let evidence = [
        "any",
        "any",
        "user",
        "ip",
        "{ any: { role: trigger } }",
        "{ user: { userPrincipalName: kim@x.example } }",
    ];
    let condition = prop_oneof![2 => tree(leaves), 1 => Just("{ evidence: any }".to_owned())];
    (fields(), condition, select(actions.to_vec()), select(evidence.to_vec())).prop_map(
        |(fields, condition, action, evidence)| {
            format!(
                "{fields}action: {action}\ncondition:\n  all:\n    \
                 - alert: {{ severity: {{ atMost: high }} }}\n    - evidence: {evidence}\n    \
                 - {condition}\n"
            )
        },
    )
}

fn parsed(name: &str, text: &str, state: &str) -> TuningRule {
    let text = format!(
        "apiVersion: defuse/v1\nkind: TuningRule\nname: {name}\nowner: o\nreason: r\n{state}\n{text}"
    );
    TuningRule::parse("t.yaml", &text).unwrap_or_else(|problems| panic!("{text}\n{problems:?}"))
}

const IN_FORCE: &str = "expires: 2027-01-01T00:00:00Z";

/// One to four rules in force, of distinct names
fn tuning() -> impl Strategy<Value = Vec<TuningRule>> {
    vec(text(), 1..=4).prop_map(|texts| {
        let named = texts.iter().enumerate();
        named.map(|(index, text)| parsed(&format!("t{index}"), text, IN_FORCE)).collect()
    })
}

fn facts(alert: &Alert, rules: &RuleBook, known: &[Known]) -> Facts {
    let questions = rules.questions(alert);
    assert!(questions.len() <= known.len(), "{} questions", questions.len());
    questions.iter().zip(known).map(|(question, known)| answered(question, *known)).collect()
}

fn json(decision: &Decision) -> String {
    serde_json::to_string(decision).unwrap()
}

/// Both books of rules
fn book(tuning: Vec<TuningRule>, playbooks: Vec<Playbook>) -> RuleBook {
    rules(playbooks).tuned_by(tuning)
}

#[test]
fn the_generators_reach_every_outcome() {
    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..1_000 {
        let generated = (alert(), tuning(), playbooks(), knowns()).new_tree(&mut runner).unwrap();
        let (alert, tuning, playbooks, known) = generated.current();
        let rules = book(tuning, playbooks);
        let decision = decide(&alert, &facts(&alert, &rules, &known), &rules, now());
        let reason = decision.reasons.join("; ");
        let kind = match decision.outcome {
            Outcome::Hidden => "hidden",
            Outcome::Resolved(_) if !decision.tuned_by.is_empty() => "resolved",
            Outcome::Resolved(_) => "played",
            Outcome::ResolvedAtSource => "resolved at source",
            Outcome::Open if reason.contains("rules disagree") => "disagree",
            Outcome::Open if reason.contains("might") && !decision.tuning.is_empty() => "waits",
            Outcome::Open => "open",
        };
        *seen.entry(kind).or_default() += 1;
    }
    for kind in ["hidden", "resolved", "played", "disagree", "waits", "open"] {
        assert!(seen.get(kind).is_some_and(|it| *it >= 5), "{kind}: {seen:?}");
    }
}

proptest! {
    #[test]
    fn the_order_of_rules_means_nothing(
        alert in alert(), playbooks in playbooks(), known in knowns(),
        (one, other) in tuning().prop_flat_map(|it| (Just(it.clone()), Just(it).prop_shuffle())),
    ) {
        let (one, other) = (book(one, playbooks.clone()), book(other, playbooks));
        let known = facts(&alert, &one, &known);
        prop_assert_eq!(one.questions(&alert), other.questions(&alert));
        prop_assert_eq!(
            json(&decide(&alert, &known, &one, now())),
            json(&decide(&alert, &known, &other, now()))
        );
    }

    #[test]
    fn a_rule_that_is_off_or_has_expired_changes_nothing(
        alert in alert(), playbooks in playbooks(), tuning in tuning(), known in knowns(),
        idle in text(), is_off in any::<bool>(),
    ) {
        let state = if is_off {
            format!("enabled: false\n{IN_FORCE}")
        } else {
            format!("expires: {}", now())
        };
        let with = [tuning.clone(), vec![parsed("idle", &idle, &state)]].concat();
        let (with, without) = (book(with, playbooks.clone()), book(tuning, playbooks));
        // It may have been asked for, and what was answered changes nothing either.
        let known = facts(&alert, &with, &known);
        prop_assert_eq!(
            json(&decide(&alert, &known, &with, now())),
            json(&decide(&alert, &known, &without, now()))
        );
    }

    #[test]
    fn a_tuned_alert_meets_no_playbook(
        alert in alert(), playbooks in playbooks(), tuning in tuning(), known in knowns(),
    ) {
        let all = book(tuning.clone(), playbooks.clone());
        let facts = facts(&alert, &all, &known);
        let decision = decide(&alert, &facts, &all, now());
        let alone = decide(&alert, &facts, &book(tuning, Vec::new()), now());
        if alone.tuning.is_empty() {
            // No rule has a say: the playbooks decide as if there were none.
            let played = decide(&alert, &facts, &rules(playbooks), now());
            prop_assert_eq!(json(&decision), json(&played));
        } else {
            prop_assert_eq!(json(&decision), json(&alone));
            prop_assert!(decision.trace.is_empty() && decision.determined_by.is_empty());
        }
    }

    #[test]
    fn hiding_goes_before_resolving_and_two_meanings_keep_it_open(
        alert in alert(), tuning in tuning(), known in knowns(),
    ) {
        let rules = book(tuning, Vec::new());
        let decision = decide(&alert, &facts(&alert, &rules, &known), &rules, now());
        let holding: Vec<TuningAction> = decision.tuning.iter()
            .filter(|it| it.answer() == Truth::True).map(|it| it.action).collect();
        let is_taken = decision.kept.is_some();
        let expected = match holding.first() {
            _ if is_taken => Outcome::Open,
            Some(_) if holding.contains(&TuningAction::Hide) => Outcome::Hidden,
            Some(first) if holding.iter().any(|it| it != first) => Outcome::Open,
            Some(TuningAction::Resolve(classification))
                if decision.tuning.iter().all(|it| it.action == holding[0]) =>
            {
                Outcome::Resolved(*classification)
            }
            Some(_) | None => Outcome::Open,
        };
        prop_assert_eq!(decision.outcome, expected, "{}", json(&decision));
        if expected != Outcome::Open {
            prop_assert!(!decision.tuned_by.is_empty());
        }
    }

    #[test]
    fn a_rule_unknown_for_a_missing_property_holds_back_nobody(
        alert in alert(), playbooks in playbooks(), tuning in tuning(), known in knowns(),
        mild in select(vec!["hide", "{ resolve: { falsePositive: other } }"]),
    ) {
        // No alert here has a sender or a hash, whatever else it has.
        let text = format!("scope: organisation\nalertTypes: any\n\
            serviceSources: [microsoftDefenderForCloudApps]\naction: {mild}\ncondition:\n  all:\n  \
            - alert: {{ severity: {{ atMost: high }}, threatFamilyName: x }}\n  - evidence: any\n");
        let with = [tuning.clone(), vec![parsed("missing", &text, IN_FORCE)]].concat();
        let (with, without) = (book(with, playbooks.clone()), book(tuning, playbooks));
        let known = facts(&alert, &with, &known);
        prop_assert_eq!(
            json(&decide(&alert, &known, &with, now())),
            json(&decide(&alert, &known, &without, now()))
        );
    }

    #[test]
    fn learning_more_never_turns_one_act_into_another(
        alert in alert(), playbooks in playbooks(), tuning in tuning(), known in knowns(),
        learnt in any::<u32>(),
    ) {
        let rules = book(tuning, playbooks);
        let some = facts(&alert, &rules, &known);
        let before = decide(&alert, &some, &rules, now()).outcome;
        let all = facts(&alert, &rules, &all_known(&known));
        let more: Facts = some.iter().enumerate().map(|(index, fact)| {
            let learns = fact.answer.is_err() && learnt & (1 << index) != 0;
            if learns { all.get(&fact.question).unwrap().clone() } else { fact.clone() }
        }).collect();
        let after = decide(&alert, &more, &rules, now()).outcome;
        prop_assert!(before == Outcome::Open || before == after, "{before:?} then {after:?}");
    }

    #[test]
    fn questions_cover_every_fact_that_is_read(
        alert in alert(), playbooks in playbooks(), tuning in tuning(), known in knowns(),
    ) {
        let rules = book(tuning, playbooks);
        let facts = facts(&alert, &rules, &all_known(&known));
        let decision = decide(&alert, &facts, &rules, now());
        prop_assert!(!json(&decision).contains("notAsked"), "{}", json(&decision));
        // And what is stored is read back as it was.
        let stored: Decision = serde_json::from_str(&json(&decision)).unwrap();
        prop_assert_eq!(&stored, &decision);
    }
}
