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
}

impl TuningRule {
    /// What its author must be allowed
    pub fn demands(&self) -> TuningDemands {
        TuningDemands {
            administrator: self.scope.is_organisation() || self.scope.is_users_alone(),
            service_sources: self.service_sources.iter().copied().collect(),
        }
    }
}
