//! Who uses the API, and what they may do: roles, each with the alerts that it is for.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use crate::{alert::Alert, manage::Actor, source::ServiceSource, wire_name::wire_names};

wire_names! {
    /// What a route of the API asks for
    Permission {
        /// To see what the API can do, and who one is
        UseApi = "useApi",
        /// To see alerts
        ReadAlerts = "readAlerts",
        /// To change alerts and comment on them
        ManageAlerts = "manageAlerts",
        /// To look whether the history of every alert is whole
        AuditHistory = "auditHistory",
        /// To see, make and revoke tokens
        ManageTokens = "manageTokens",
    }
}

impl Permission {
    /// Whether it is about one alert, so that the scope of a role counts
    pub const fn is_about_alerts(self) -> bool {
        match self {
            Self::ReadAlerts | Self::ManageAlerts => true,
            Self::UseApi | Self::AuditHistory | Self::ManageTokens => false,
        }
    }
}

/// A role's name: letters and digits
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(transparent)]
pub struct RoleName(String);

impl RoleName {
    /// The longest name, in characters
    pub const LENGTH_MAX: usize = 64;

    /// The name, if it can be one
    pub fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty()
            && text.len() <= Self::LENGTH_MAX
            && text.bytes().all(|it| it.is_ascii_alphanumeric());
        fits.then(|| Self(text.to_owned()))
    }

    /// The text
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which alerts a role is for; what is empty bounds nothing
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GrantScope {
    /// Only those of these service sources
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub service_sources: BTreeSet<ServiceSource>,
    /// Only those with a device in one of these groups
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub device_groups: BTreeSet<String>,
}

impl GrantScope {
    /// Whether it bounds nothing
    pub fn is_for_all(&self) -> bool {
        self.service_sources.is_empty() && self.device_groups.is_empty()
    }

    /// Whether everything in the other scope is in this one too
    pub fn covers(&self, other: &Self) -> bool {
        let covers_sources = self.service_sources.is_empty()
            || (!other.service_sources.is_empty()
                && other.service_sources.is_subset(&self.service_sources));
        let covers_groups = self.device_groups.is_empty()
            || (!other.device_groups.is_empty()
                && other.device_groups.is_subset(&self.device_groups));
        covers_sources && covers_groups
    }
}

/// A role that somebody has, for some alerts
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// Which role
    pub role: RoleName,
    /// For which alerts
    #[serde(default)]
    pub scope: GrantScope,
}

/// Somebody who uses the API
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Who
    pub actor: Actor,
    /// What they have
    pub grants: Vec<Grant>,
}

impl Alert {
    /// The groups of the devices in its evidence
    pub fn device_groups(&self) -> BTreeSet<&str> {
        let named = ["rbacGroupName", "deviceEvidence.rbacGroupName"];
        let groups = self.evidence.iter().flat_map(|it| named.iter().map(|path| it.text(path)));
        groups.flatten().filter(|it| !it.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_covers_what_is_narrower() {
        let scope = |sources: &[ServiceSource], groups: &[&str]| GrantScope {
            service_sources: sources.iter().copied().collect(),
            device_groups: groups.iter().map(|it| (*it).to_owned()).collect(),
        };
        let (one, two) = (ServiceSource::Sentinel, ServiceSource::AppGovernance);
        let all = GrantScope::default();
        assert!(all.covers(&scope(&[one], &["a"])) && all.covers(&all));
        assert!(!scope(&[one], &[]).covers(&all));
        assert!(scope(&[one, two], &[]).covers(&scope(&[two], &["a"])));
        assert!(!scope(&[one], &["a"]).covers(&scope(&[one], &[])));
        assert!(!scope(&[one], &[]).covers(&scope(&[one, two], &[])));
    }

    #[test]
    fn a_role_has_a_plain_name() {
        assert!(RoleName::parse("securityOperator").is_some());
        for wrong in ["", "a b", "a\"", &"x".repeat(65)] {
            assert_eq!(RoleName::parse(wrong), None, "for {wrong}");
        }
    }

    #[test]
    fn devices_tell_their_groups() {
        let alert = Alert::read(
            r##"{ "id": "ed1", "evidence": [
                { "@odata.type": "#microsoft.graph.security.deviceEvidence", "rbacGroupName": "Kiosks" },
                { "@odata.type": "#microsoft.graph.security.fileEvidence" }] }"##,
        )
        .unwrap();
        assert_eq!(alert.device_groups().into_iter().collect::<Vec<_>>(), ["Kiosks"]);
    }
}
