//! The alert type: which detection raised the alert. It decides the title, never the other way.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The definition that raised an alert: Graph's `detectorId`, which is the portal's
/// `IoaDefinitionId`.
///
/// Products name the same travel detections in several ways; those have one name here (table in
/// [`AlertType::new`]). Every other detector keeps its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(transparent)]
pub struct AlertType(String);

/// Detector names of several products for one detection, each bare: lower case, letters and
/// digits only, without `mcas` and `alert` in front. Sources: Graph `riskEventType`, Defender for
/// Cloud Apps policies and the alert types its alerts have at Sentinel.
pub(crate) const KNOWN: [(&str, &str); 16] = [
    ("impossibletravel", "impossibleTravel"),
    ("impossibletravelactivity", "impossibleTravel"),
    ("anubisdetectionvelocity", "impossibleTravel"),
    ("infrequentcountry", "infrequentCountry"),
    ("activityfrominfrequentcountry", "infrequentCountry"),
    ("anubisdetectionnewcountry", "infrequentCountry"),
    ("newcountry", "infrequentCountry"),
    ("unlikelytravel", "unlikelyTravel"),
    ("atypicaltravel", "unlikelyTravel"),
    ("anonymizedipaddress", "anonymizedIPAddress"),
    ("anonymousipaddress", "anonymizedIPAddress"),
    ("unfamiliarfeatures", "unfamiliarFeatures"),
    ("unfamiliarlocation", "unfamiliarFeatures"),
    ("passwordspray", "passwordSpray"),
    ("leakedcredentials", "leakedCredentials"),
    ("maliciousipaddress", "maliciousIPAddress"),
];

impl AlertType {
    /// The type that a detector's name means
    pub fn new(detector: &str) -> Self {
        let lower = detector.to_ascii_lowercase();
        let bare: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
        let bare = bare.strip_prefix("mcas").unwrap_or(&bare);
        let bare = bare.strip_prefix("alert").unwrap_or(bare);
        let known = KNOWN.iter().find(|(name, _)| *name == bare);
        Self(known.map_or_else(|| detector.to_owned(), |(_, name)| (*name).to_owned()))
    }

    /// The name
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AlertType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_name_one_detection_in_several_ways() {
        check("impossibleTravel", "impossibleTravel");
        check("mcasImpossibleTravel", "impossibleTravel");
        check("ALERT_ANUBIS_DETECTION_VELOCITY", "impossibleTravel");
        check("MCAS_ALERT_ANUBIS_DETECTION_VELOCITY", "impossibleTravel");
        check("Activity from infrequent country", "infrequentCountry");
        check("unlikelyTravel", "unlikelyTravel");
        check("e9b2f0c1-7d3a-4f5e-8a6b-1c2d3e4f5a6b", "e9b2f0c1-7d3a-4f5e-8a6b-1c2d3e4f5a6b");
    }

    #[track_caller]
    fn check(detector: &str, expected: &str) {
        assert_eq!(AlertType::new(detector).as_str(), expected);
    }
}
