//! The playbooks that ship and those of the guide: in force as they are, and their own tests hold.

use defuse_domain::{Alert, Expectation, FactsDocument};
use defuse_lambda::Config;
use jiff::Timestamp;

use crate::repository::{read, root};

/// Folders with `settings.yaml` and `playbooks/`
const CONFIGS: [&str; 2] = ["infra", "docs/guide/first-playbook"];

#[test]
fn every_configuration_can_be_in_force() {
    for folder in CONFIGS {
        let config = Config::load(&root().join(folder)).unwrap_or_else(|error| panic!("{error}"));
        assert!(config.rules.playbooks().count() > 0, "{folder} has no playbook");
    }
}

#[test]
fn the_tests_that_playbooks_carry_hold() {
    for folder in CONFIGS {
        let config = Config::load(&root().join(folder)).unwrap();
        for playbook in config.rules.playbooks() {
            let name = playbook.name();
            assert!(!playbook.cases().is_empty(), "{name} carries no tests");
            for case in playbook.cases() {
                let alert = Alert::read(&read(&case.alert)).unwrap();
                let failure = playbook.try_case(case, &alert, config.rules.organisation()).failure;
                assert_eq!(failure, None, "{name}: {}", case.name);
            }
        }
    }
}

#[test]
fn a_playbook_that_resolves_has_a_test_in_which_it_does_not() {
    for folder in CONFIGS {
        let config = Config::load(&root().join(folder)).unwrap();
        for playbook in config.rules.playbooks().filter(|it| it.resolves_as().is_some()) {
            let keeps = playbook.cases().iter().any(|it| it.expect != Expectation::Resolved);
            assert!(keeps, "no test of {} leaves an alert open", playbook.name());
        }
    }
}

#[test]
fn the_facts_of_the_guide_tell_of_the_alert_in_the_readme() {
    let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
    let facts = read("docs/guide/facts.yaml");
    let facts = FactsDocument::parse("docs/guide/facts.yaml", &facts, now).unwrap();
    let alert = Alert::read(&read("events/receive/impossible-travel.json")).unwrap();
    assert!(alert.users().iter().all(|it| facts.of(it).is_some()), "the facts know nobody");
}

#[test]
fn the_guide_shows_the_playbook_that_is_beside_it() {
    let guide = read("docs/guide/first-playbook.md");
    let path = "docs/guide/first-playbook/playbooks/sign-in-from-an-office.yaml";
    let shown: Vec<&str> = guide.split("```").filter_map(|it| it.strip_prefix("yaml\n")).collect();
    let [ranges, draft, limits, tests] = &shown[..] else { panic!("{} blocks", shown.len()) };
    // What the guide has its reader correct and add.
    let whole =
        draft.replace("adressIn", "addressIn").replace("then:\n", &format!("{limits}then:\n"));
    assert_eq!(format!("{whole}{tests}"), read(path));
    assert!(read("docs/guide/first-playbook/settings.yaml").contains(ranges));
}
