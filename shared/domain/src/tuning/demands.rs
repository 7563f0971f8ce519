//! What a person must be allowed for a tuning rule to be theirs to write.

use std::collections::BTreeSet;

use super::TuningRule;
use crate::source::ServiceSource;

/// What a person must be allowed for a tuning rule to be theirs to write, change or delete
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TuningDemands {
    /// Whether an administrative role is needed: for the organisation, and for users alone, who
    /// are covered on whatever device; not for users together with devices or device groups
    pub administrator: bool,
    /// The services whose alerts they must be allowed to see
    pub service_sources: BTreeSet<ServiceSource>,
    /// The device groups whose alerts alone it is about; none where it may take others too
    pub device_groups: Option<BTreeSet<String>>,
}

impl TuningDemands {
    /// Those of a text that nobody can read: whatever there is
    pub fn of_anything() -> Self {
        let service_sources = ServiceSource::ALL.iter().copied().collect();
        Self { administrator: true, service_sources, device_groups: None }
    }
}

impl TuningRule {
    /// What its author must be allowed
    pub fn demands(&self) -> TuningDemands {
        TuningDemands {
            administrator: self.scope.is_organisation() || self.scope.is_users_alone(),
            service_sources: self.service_sources.iter().copied().collect(),
            device_groups: self.scope.groups_alone().map(|it| it.iter().cloned().collect()),
        }
    }
}
