//! Decisions that are too rare to be generated.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use defuse_domain::{
    Alert, Answer, AutomaticReplies, Decision, Fact, Facts, FactsDocument, Outcome, Playbook,
    Question, Risk, RiskLevel, RuleBook, Settings, Unknown, UnknownReason, decide,
};
use jiff::Timestamp;

fn playbook(name: &str, mode: &str, criteria: &str, resolve: &str, tests: &str) -> Playbook {
    let text = format!(
        "apiVersion: defuse/v1\nkind: Playbook\nname: {name}\ndescription: d\nowner: o\n\
         mode: {mode}\ntrigger: {{ alert: {{ severity: {{ atMost: medium }} }} }}\n\
         criteria: {criteria}\nlimits: {{ perHour: 1 }}\nthen: [{{ resolve: {resolve} }}]\n\
         otherwise: [{{ notify: {{ channel: soc, template: needsEyes }} }}]\n{tests}"
    );
    Playbook::parse("p.yaml", &text).unwrap()
}

fn settings(text: &str) -> Settings {
    Settings::parse("s", &format!("apiVersion: defuse/v1\nkind: Settings\n{text}")).unwrap()
}

fn alert() -> Alert {
    let text = r##"{ "id": "a", "severity": "low", "evidence": [{
        "@odata.type": "#microsoft.graph.security.userEvidence",
        "userAccount": { "userPrincipalName": "kim@contoso.example" } }] }"##;
    Alert::read(text).unwrap()
}

fn decided(playbooks: [Playbook; 2]) -> Decision {
    let rules = RuleBook::new(playbooks, settings("").organisation);
    decide(&alert(), &Facts::default(), &rules, Timestamp::UNIX_EPOCH)
}

#[test]
fn a_range_that_the_settings_do_not_name_is_a_mistake() {
    let playbook = playbook(
        "office",
        "shadow",
        "{ addressInNamedRange: offices }",
        "{ falsePositive: notMalicious }",
        "",
    );
    assert_eq!(playbook.check_ranges("office.yaml", &["offices"]), []);
    let told = |known: &[&str]| {
        let problems = playbook.check_ranges("office.yaml", known);
        problems.iter().map(ToString::to_string).collect::<Vec<String>>().join("\n")
    };
    let misspelt = told(&["office"]);
    assert!(misspelt.contains("the settings have no range `offices`"), "{misspelt}");
    assert!(misspelt.contains("did you mean `office`?"), "{misspelt}");
    assert!(misspelt.contains("criteria"), "{misspelt}");
    assert!(told(&[]).contains("add it to `namedRanges` in settings.yaml"));
}

#[test]
fn a_playbook_in_shadow_mode_never_disagrees() {
    let benign = "{ falsePositive: notMalicious }";
    let grave = "{ truePositive: malware }";
    let (holds, unknown) = ("{ alert: { id: a } }", "userHighRisk");
    let acts = |criteria| playbook("acts", "enforce", criteria, benign, "");
    let other = |mode, criteria| playbook("other", mode, criteria, grave, "");
    for criteria in [holds, unknown] {
        let beside = decided([acts(holds), other("shadow", criteria)]);
        assert!(matches!(beside.outcome, Outcome::Resolved(_)), "{:?}", beside.reasons);
        for mode in ["approve", "enforce"] {
            let beside = decided([acts(holds), other(mode, criteria)]);
            assert_eq!(beside.outcome, Outcome::Open);
        }
    }
}

#[test]
fn two_decisions_say_the_same_whatever_was_seen_and_why_it_is_unknown() {
    let careful = playbook(
        "careful",
        "enforce",
        "{ all: [userOutOfOffice: { coversFirstActivity: true }, not: userHighRisk] }",
        "{ falsePositive: other }",
        "",
    );
    let rules = RuleBook::new([careful], settings("").organisation);
    let decided = |away: Result<AutomaticReplies, UnknownReason>,
                   risk: Result<RiskLevel, UnknownReason>| {
        let answer = |question: &Question| match question {
            Question::AutomaticReplies(_) => {
                away.map(Answer::AutomaticReplies).map_err(Unknown::because)
            }
            Question::Risk(_) => risk
                .map(|level| Answer::Risk(Risk { level, confirmed_compromised: false }))
                .map_err(Unknown::because),
            Question::Groups(_)
            | Question::Tags(_)
            | Question::OpenAlerts(_)
            | Question::AllowListed(_) => Ok(Answer::Tags([].into())),
        };
        let now = Timestamp::UNIX_EPOCH;
        let fact = |question: Question| Fact {
            answer: answer(&question),
            question,
            source: "test".to_owned(),
            read: now,
            history: None,
        };
        let facts: Facts = rules.questions(&alert()).into_iter().map(fact).collect();
        decide(&alert(), &facts, &rules, now)
    };
    let (off, none, high) =
        (Ok(AutomaticReplies::Disabled), Ok(RiskLevel::None), Ok(RiskLevel::High));
    let (timed_out, throttled) = (UnknownReason::TimedOut, UnknownReason::Throttled);
    assert!(decided(Err(timed_out), none).says_the_same(&decided(Err(throttled), none)));
    assert!(decided(off, none).says_the_same(&decided(off, none)));
    for (left, right) in [
        (decided(off, none), decided(Err(timed_out), none)),
        (decided(off, none), decided(off, high)),
        (decided(Err(timed_out), none), decided(Err(timed_out), Err(timed_out))),
    ] {
        assert!(!left.says_the_same(&right), "{:?} and {:?}", left.reasons, right.reasons);
    }
}

#[test]
fn in_a_case_high_risk_is_what_the_organisation_says() {
    let tests = "tests:\n  - { name: at risk, alert: a, facts: { userHighRisk: true }, expect: open }\n  \
        - { name: not at risk, alert: a, facts: { userHighRisk: false }, expect: resolved }\n";
    let careful =
        playbook("careful", "enforce", "{ not: userHighRisk }", "{ falsePositive: other }", tests);
    for sign in ["userRisk: { atLeast: high }", "groups: [Admins]", "tags: [vip]"] {
        let organisation = settings(&format!("highRisk: {{ {sign} }}\n")).organisation;
        let rules = RuleBook::new([careful.clone()], organisation);
        for case in careful.cases() {
            let failure = case.check(careful.name(), &alert(), &rules).failure;
            assert_eq!(failure, None, "{}, where high risk is {sign}", case.name);
        }
    }
}

#[test]
fn a_misspelt_severity_in_a_file_of_facts_is_a_mistake() {
    let text = "otherOpenAlerts: [{ id: b, severity: hihg }]\n";
    let problems = FactsDocument::parse("facts.yaml", text, Timestamp::UNIX_EPOCH).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems.first().unwrap().help.as_deref(), Some("did you mean `high`?"));
}
