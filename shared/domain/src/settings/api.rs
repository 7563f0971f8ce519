//! Who may use the API: whom we believe who somebody is, and what they may do by what that says.

use std::collections::BTreeSet;

use super::{TEXT_LENGTH_MAX, address, url};
use crate::{
    diagnostic::Code,
    document::Cursor,
    principal::{Grant, GrantScope, RoleName},
    source::ServiceSource,
};

/// Who may use the API, beside those with a token of ours
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiSettings {
    /// Who says who people are; without it only tokens of ours are taken
    pub oidc: Option<Oidc>,
    /// What people may do, by what stands in their token
    pub roles: Vec<ClaimedRole>,
    /// How many requests a minute somebody may send
    pub requests_per_minute: u32,
}

impl Default for ApiSettings {
    fn default() -> Self {
        let requests_per_minute = Self::REQUESTS_PER_MINUTE;
        Self { oidc: None, roles: Vec::new(), requests_per_minute }
    }
}

/// An issuer of tokens (`OpenID` Connect)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oidc {
    /// Exactly as the tokens say it
    pub issuer: String,
    /// Whom the tokens must be for
    pub audience: String,
    /// Where the issuer's keys are
    pub keys: String,
}

/// What those may do whose token says that
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedRole {
    /// What stands in `roles` or `groups`
    pub claim: String,
    /// What that means here
    pub grant: Grant,
}

impl Oidc {
    /// The names of the fields
    pub(crate) const FIELDS: [&'static str; 3] = ["issuer", "audience", "keys"];
}

impl ClaimedRole {
    /// The names of the fields
    pub(crate) const FIELDS: [&'static str; 4] =
        ["claim", "role", "serviceSources", "deviceGroups"];

    fn read(at: &Cursor<'_>) -> Option<Self> {
        let fields = at.fields(&Self::FIELDS)?;
        let claim = fields.require("claim").and_then(|it| it.short_text(TEXT_LENGTH_MAX));
        let role = fields.require("role").and_then(|it| {
            let text = it.short_text(RoleName::LENGTH_MAX)?;
            let role = RoleName::parse(&text);
            if role.is_none() {
                let help = "use letters and digits: `securityOperator`".to_owned();
                it.problem(Code::BadValue, format!("`{text}` cannot be a role"), Some(help));
            }
            role
        });
        let known: Vec<&'static str> = ServiceSource::ALL.iter().map(|it| it.name()).collect();
        let sources = fields.or("serviceSources", BTreeSet::new(), |it| {
            let named = it.list_of(|it| it.word("service source", &known))?;
            Some(named.into_iter().filter_map(ServiceSource::from_name).collect())
        });
        let groups = fields.or("deviceGroups", BTreeSet::new(), |it| {
            it.list_of(|it| it.short_text(TEXT_LENGTH_MAX)).map(BTreeSet::from_iter)
        });
        let scope = GrantScope { service_sources: sources?, device_groups: groups? };
        Some(Self { claim: claim?, grant: Grant { role: role?, scope } })
    }
}

impl ApiSettings {
    /// The names of the fields
    pub(crate) const FIELDS: [&'static str; 3] = ["oidc", "roles", "requestsPerMinute"];
    /// How many requests a minute somebody may send, if nobody says
    pub const REQUESTS_PER_MINUTE: u32 = 300;
    /// How many that can be at the most
    pub(crate) const REQUESTS_PER_MINUTE_MAX: u32 = 100_000;

    pub(super) fn read(at: &Cursor<'_>) -> Option<Self> {
        let fields = at.fields(&Self::FIELDS)?;
        let oidc = fields.or("oidc", None, |it| {
            let fields = it.fields(&Oidc::FIELDS)?;
            // Why not trimmed: an issuer is compared letter by letter.
            let issuer = address(&fields, "issuer");
            let audience = fields.require("audience").and_then(|it| it.short_text(TEXT_LENGTH_MAX));
            let keys = url(&fields, "keys");
            Some(Some(Oidc { issuer: issuer?, audience: audience?, keys: keys? }))
        });
        let roles = fields.or("roles", Vec::new(), |it| it.list_of(ClaimedRole::read));
        let requests_per_minute = fields.or("requestsPerMinute", Self::REQUESTS_PER_MINUTE, |it| {
            it.count(Self::REQUESTS_PER_MINUTE_MAX)
        });
        Some(Self { oidc: oidc?, roles: roles?, requests_per_minute: requests_per_minute? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    const HEAD: &str = "apiVersion: defuse/v1\nkind: Settings\n";

    #[test]
    fn who_may_do_what_is_read_with_its_scope() {
        let text = format!(
            "{HEAD}api:\n  oidc: {{ issuer: 'https://issuer.example/v2.0', audience: 'api://defuse', \
             keys: 'https://issuer.example/keys' }}\n  roles:\n    - claim: SOC\n      \
             role: securityOperator\n      serviceSources: [azureAdIdentityProtection]\n"
        );
        let api = Settings::parse("f", &text).unwrap().api;
        assert_eq!(api.oidc.unwrap().issuer, "https://issuer.example/v2.0");
        assert_eq!(api.roles[0].grant.role.as_str(), "securityOperator");
        assert_eq!(api.roles[0].grant.scope.service_sources.len(), 1);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (body, expected) in [
            ("{ oidc: { issuer: a, audience: b, keys: c } }", Code::BadValue),
            ("{ oidc: { issuer: a, audience: b } }", Code::MissingKey),
            ("{ roles: [{ claim: a, role: 'a b' }] }", Code::BadValue),
            ("{ roles: [{ claim: a, role: b, serviceSources: [sentinel] }] }", Code::UnknownWord),
            ("{ roles: [] }", Code::WrongType),
        ] {
            let problems = Settings::parse("f", &format!("{HEAD}api: {body}\n")).unwrap_err();
            assert_eq!(problems[0].code, expected, "for {body}");
        }
    }
}
