//! Decisions that are too rare to be generated.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use defuse_domain::{
    Alert, Decision, Facts, FactsDocument, Outcome, Playbook, RuleBook, Settings, decide,
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
