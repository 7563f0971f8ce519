//! Policies of roles that `defuse check` refuses, each with its place.

use crate::folder::Folder;

const SETTINGS: &str = "\
apiVersion: defuse/v1
kind: Settings
channels: { soc: { kind: teams, url: { env: SOC_URL } } }
highRisk: { tags: [high risk] }
";

#[test]
fn a_policy_that_is_none_is_named_with_its_line() {
    let folder = Folder::new();
    folder.write("infra/settings.yaml", SETTINGS);
    for (policy, expected) in [
        ("permit (principal, action, resource);\npermit (", "P001"),
        ("permit (principal, action == Defuse::Action::\"read\", resource);", "P014"),
        ("permit (principal, action, resource) when { resource.title == \"x\" };", "P014"),
    ] {
        folder.write("infra/roles/mine.cedar", policy);
        let ran = folder.run(&["check", "infra"]);
        assert_eq!(ran.code, Some(2), "{}", ran.out);
        let is_named = ran.out.contains(expected) && ran.out.contains("roles/mine.cedar:");
        assert!(is_named, "for {policy}: {}", ran.out);
    }
}

#[test]
fn a_role_that_no_policy_speaks_of_is_named() {
    let folder = Folder::new();
    let roles = "api: { roles: [{ claim: SOC, role: operator }] }\n";
    folder.write("infra/settings.yaml", &format!("{SETTINGS}{roles}"));
    let policy = "permit (principal in Defuse::Role::\"NAME\", action, resource);";
    folder.write("infra/roles/mine.cedar", &policy.replace("NAME", "analyst"));
    let ran = folder.run(&["check", "infra"]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.out.contains("P017") && ran.out.contains("policies speak of: analyst"),
        "{}",
        ran.out
    );

    folder.write("infra/roles/mine.cedar", &policy.replace("NAME", "operator"));
    let ran = folder.run(&["check", "infra"]);
    assert!(!ran.out.contains("P017"), "{}", ran.out);
}
