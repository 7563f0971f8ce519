//! What each role may do: Cedar policies, checked against a schema of ours before they are in force.
//!
//! That a grant is for its own alerts alone is a policy too, which no configuration can leave out.
//!
//! Permissions: none at AWS.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    str::FromStr as _,
};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, Policy,
    PolicyId, PolicySet, PrincipalConstraint, Request, RestrictedExpression, Schema,
    ValidationMode, Validator,
};
use defuse_domain::{Alert, Grant, Permission, Principal, RoleName};
use miette::Diagnostic as _;

const SCHEMA: &str = include_str!("roles/schema.cedarschema");
const SCOPE: &str = include_str!("roles/scope.cedar");

/// How long all policies together may be, in bytes
const POLICIES_BYTES_MAX: usize = 256 * 1_024;

/// What the roles may do
#[derive(Clone, Debug, Default)]
pub struct Roles {
    policies: PolicySet,
    names: BTreeSet<RoleName>,
}

/// What is wrong with a policy
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleMistake {
    /// The file
    pub file: String,
    /// The line, from 1
    pub line: usize,
    /// Whether it is not even Cedar
    pub is_syntax: bool,
    /// What is wrong
    pub message: String,
}

impl Roles {
    /// Reads the policies of those files, or says everything that is wrong with them
    pub fn parse(files: &BTreeMap<String, String>) -> Result<Self, Vec<RoleMistake>> {
        let mut mistakes = Vec::new();
        let mut read: Vec<(String, Policy)> = Vec::new();
        for (file, text) in files {
            let mistake = |line, message: String| RoleMistake {
                file: file.clone(),
                line,
                is_syntax: true,
                message,
            };
            if text.len() > POLICIES_BYTES_MAX {
                mistakes.push(mistake(1, format!("more than {POLICIES_BYTES_MAX} bytes")));
                continue;
            }
            match PolicySet::from_str(text) {
                Ok(set) => read.extend(set.policies().map(|it| (file.clone(), it.clone()))),
                Err(errors) => mistakes.extend(errors.iter().map(|it| {
                    let label = it.labels().and_then(|mut labels| labels.next());
                    let before = label.and_then(|it| text.get(..it.offset())).unwrap_or_default();
                    mistake(1 + before.matches('\n').count(), it.to_string())
                })),
            }
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        Self::check(read)
    }

    fn check(read: Vec<(String, Policy)>) -> Result<Self, Vec<RoleMistake>> {
        let of_ours = |message: String| {
            let file = "roles".to_owned();
            vec![RoleMistake { file, line: 1, is_syntax: false, message }]
        };
        let (schema, _) =
            Schema::from_cedarschema_str(SCHEMA).map_err(|error| of_ours(error.to_string()))?;
        let mut policies =
            PolicySet::from_str(SCOPE).map_err(|error| of_ours(error.to_string()))?;
        let mut names = BTreeSet::new();
        let mut files = HashMap::new();
        for (index, (file, policy)) in read.into_iter().enumerate() {
            let id = PolicyId::new(format!("{file}#{index}"));
            names.extend(role_of(&policy));
            files.insert(id.clone(), file);
            policies.add(policy.new_id(id)).map_err(|error| of_ours(error.to_string()))?;
        }
        let validated = Validator::new(schema).validate(&policies, ValidationMode::Strict);
        let mistakes: Vec<RoleMistake> = validated
            .validation_errors()
            .map(|it| RoleMistake {
                file: files.get(it.policy_id()).cloned().unwrap_or_else(|| "roles".to_owned()),
                line: 1,
                is_syntax: false,
                message: it.to_string(),
            })
            .collect();
        if mistakes.is_empty() { Ok(Self { policies, names }) } else { Err(mistakes) }
    }

    /// The roles that a policy speaks of
    pub const fn names(&self) -> &BTreeSet<RoleName> {
        &self.names
    }

    /// Whether somebody may do what is about no alert
    pub fn may(&self, principal: &Principal, permission: Permission) -> bool {
        let api = |uid| Entity::new_no_attrs(uid, HashSet::new());
        principal.grants.iter().any(|grant| {
            let resource = uid("Api", "api").map(api);
            resource.is_some_and(|it| self.allows(grant, permission, it))
        })
    }

    /// Whether somebody may do that to the alert
    pub fn may_to(&self, principal: &Principal, permission: Permission, alert: &Alert) -> bool {
        principal
            .grants
            .iter()
            .any(|grant| alert_entity(alert).is_some_and(|it| self.allows(grant, permission, it)))
    }

    /// What cannot be asked is not allowed
    fn allows(&self, grant: &Grant, permission: Permission, resource: Entity) -> bool {
        let Some(principal) = grant_entity(grant) else { return false };
        let Some(action) = uid("Action", permission.name()) else { return false };
        let (who, what) = (principal.uid(), resource.uid());
        let Ok(request) = Request::new(who, action, what, Context::empty(), None) else {
            return false;
        };
        let Ok(entities) = Entities::from_entities([principal, resource], None) else {
            return false;
        };
        let answer = Authorizer::new().is_authorized(&request, &self.policies, &entities);
        answer.decision() == Decision::Allow
    }
}

fn uid(kind: &str, id: &str) -> Option<EntityUid> {
    let kind = EntityTypeName::from_str(&format!("Defuse::{kind}")).ok()?;
    Some(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> RestrictedExpression {
    let texts = texts.into_iter().map(|it| RestrictedExpression::new_string(it.to_owned()));
    RestrictedExpression::new_set(texts)
}

fn grant_entity(grant: &Grant) -> Option<Entity> {
    let scope = &grant.scope;
    let sources = texts(scope.service_sources.iter().map(|it| it.name()));
    let groups = texts(scope.device_groups.iter().map(String::as_str));
    let attributes = [("serviceSources".to_owned(), sources), ("deviceGroups".to_owned(), groups)];
    let role = uid("Role", grant.role.as_str())?;
    Entity::new(uid("Grant", "grant")?, attributes.into(), HashSet::from([role])).ok()
}

fn alert_entity(alert: &Alert) -> Option<Entity> {
    // A service that we do not know is none of those that a scope names.
    let source = alert.known_service_source().map_or("", |it| it.name());
    let attributes = [
        ("serviceSource".to_owned(), RestrictedExpression::new_string(source.to_owned())),
        ("deviceGroups".to_owned(), texts(alert.device_groups())),
    ];
    Entity::new(uid("Alert", "alert")?, attributes.into(), HashSet::new()).ok()
}

/// The role that a policy is for
fn role_of(policy: &Policy) -> Option<RoleName> {
    let role = match policy.principal_constraint() {
        PrincipalConstraint::In(role) | PrincipalConstraint::IsIn(_, role) => role,
        PrincipalConstraint::Any | PrincipalConstraint::Eq(_) | PrincipalConstraint::Is(_) => {
            return None;
        }
    };
    RoleName::parse(role.id().unescaped())
}

#[cfg(test)]
mod tests {
    use defuse_domain::{Actor, GrantScope, ServiceSource};

    use super::*;

    const OPERATOR: &str = r#"
        permit (
            principal in Defuse::Role::"operator",
            action in [Defuse::Action::"readAlerts", Defuse::Action::"manageAlerts"],
            resource
        );"#;

    fn files(text: &str) -> BTreeMap<String, String> {
        BTreeMap::from([("roles/operator.cedar".to_owned(), text.to_owned())])
    }

    fn somebody(role: &str, scope: GrantScope) -> Principal {
        let actor = Actor { id: "1".to_owned(), name: "Kim".to_owned() };
        Principal { actor, grants: vec![Grant { role: RoleName::parse(role).unwrap(), scope }] }
    }

    fn alert(rest: &str) -> Alert {
        Alert::read(&format!(r#"{{ "id": "x1" {rest} }}"#)).unwrap()
    }

    #[test]
    fn a_role_may_do_what_its_policy_says_and_nothing_else() {
        let roles = Roles::parse(&files(OPERATOR)).unwrap();
        let operator = somebody("operator", GrantScope::default());
        assert!(roles.may_to(&operator, Permission::ManageAlerts, &alert("")));
        assert!(!roles.may(&operator, Permission::ManageTokens));
        let other = somebody("other", GrantScope::default());
        assert!(!roles.may_to(&other, Permission::ReadAlerts, &alert("")));
        assert!(roles.names().iter().map(RoleName::as_str).eq(["operator"]));
        assert!(!Roles::default().may(&operator, Permission::UseApi));
    }

    #[test]
    fn a_grant_is_for_its_own_alerts_alone() {
        let roles = Roles::parse(&files(OPERATOR)).unwrap();
        let identity = alert(r#", "serviceSource": "azureAdIdentityProtection""#);
        let on_kiosk = alert(
            r##", "serviceSource": "microsoftDefenderForEndpoint", "evidence": [{
                "@odata.type": "#microsoft.graph.security.deviceEvidence",
                "rbacGroupName": "Kiosks" }]"##,
        );
        let check = |scope: GrantScope, expected: [bool; 3]| {
            let who = somebody("operator", scope.clone());
            let seen = [&identity, &on_kiosk, &alert("")]
                .map(|it| roles.may_to(&who, Permission::ReadAlerts, it));
            assert_eq!(seen, expected, "for {scope:?}");
        };
        check(GrantScope::default(), [true, true, true]);
        let service_sources = BTreeSet::from([ServiceSource::IdentityProtection]);
        check(GrantScope { service_sources, ..GrantScope::default() }, [true, false, false]);
        let device_groups = BTreeSet::from(["Kiosks".to_owned(), "Labs".to_owned()]);
        check(GrantScope { device_groups, ..GrantScope::default() }, [false, true, false]);
    }

    #[test]
    fn what_is_wrong_with_a_policy_is_said_with_its_file() {
        for (text, line, is_syntax) in [
            ("permit (principal, action, resource);\npermit (", 2, true),
            (r#"permit (principal, action == Defuse::Action::"readAlert", resource);"#, 1, false),
            (
                "permit (principal, action, resource) when { resource.severity == \"low\" };",
                1,
                false,
            ),
        ] {
            let mistakes = Roles::parse(&files(text)).unwrap_err();
            let found = &mistakes[0];
            assert_eq!((found.line, found.is_syntax), (line, is_syntax), "for {text}: {found:?}");
            assert_eq!(found.file, "roles/operator.cedar");
        }
    }
}
