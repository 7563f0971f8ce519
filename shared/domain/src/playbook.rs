//! A playbook: trigger, criteria, limits, mode, actions, otherwise, and its own tests.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::wire_name::wire_names;

/// A playbook's name: lower-case letters, digits and hyphens
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(transparent)]
pub struct PlaybookName(String);

impl PlaybookName {
    /// The text
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlaybookName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

wire_names! {
    /// What a playbook may do
    Mode {
        /// Its decision is recorded, and nothing else happens
        Shadow = "shadow",
        /// A person says yes first
        Approve = "approve",
        /// It acts
        Enforce = "enforce",
    }
}
