//! What an alert turned out to be.

use serde::{Deserialize, Serialize};

use crate::wire_name::wire_names;

wire_names! {
    /// The type of threat of a true positive
    Threat {
        MultiStagedAttack = "multiStagedAttack",
        MaliciousUserActivity = "maliciousUserActivity",
        CompromisedAccount = "compromisedAccount",
        Malware = "malware",
        Phishing = "phishing",
        UnwantedSoftware = "unwantedSoftware",
        Other = "other",
    }
}

wire_names! {
    /// The type of activity of an informational, expected one
    Activity {
        SecurityTesting = "securityTesting",
        LineOfBusinessApplication = "lineOfBusinessApplication",
        ConfirmedActivity = "confirmedActivity",
        Other = "other",
    }
}

wire_names! {
    /// Why an alert is false
    FalseAlarm {
        NotMalicious = "notMalicious",
        NotEnoughDataToValidate = "notEnoughDataToValidate",
        Other = "other",
    }
}

/// A determination belongs to exactly one classification, so "false positive, malware" cannot be
/// written down (the portal's *Manage alert* menu). "Not set" is `Option::None`.
///
/// ```
/// use defuse_domain::{Activity, Classification};
///
/// let travel = Classification::InformationalExpectedActivity(Activity::ConfirmedActivity);
/// assert_eq!(
///     serde_json::to_string(&travel)?,
///     r#"{"informationalExpectedActivity":"confirmedActivity"}"#
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Classification {
    /// The alert shows a real threat
    TruePositive(Threat),
    /// The alert is accurate, and the activity is one we expect
    InformationalExpectedActivity(Activity),
    /// The alert is a false alarm
    FalsePositive(FalseAlarm),
}

/// The names that classifications have on the wire
pub const CLASSIFICATIONS: [&str; 3] =
    ["truePositive", "informationalExpectedActivity", "falsePositive"];

/// Determinations that Microsoft retired on 29 August 2022: read, never written
pub const RETIRED_DETERMINATIONS: [&str; 2] = ["apt", "securityPersonnel"];

impl Classification {
    /// The classification's name on the wire
    pub const fn name(self) -> &'static str {
        match self {
            Self::TruePositive(_) => "truePositive",
            Self::InformationalExpectedActivity(_) => "informationalExpectedActivity",
            Self::FalsePositive(_) => "falsePositive",
        }
    }

    /// The determination's name on the wire
    pub const fn determination(self) -> &'static str {
        match self {
            Self::TruePositive(threat) => threat.name(),
            Self::InformationalExpectedActivity(activity) => activity.name(),
            Self::FalsePositive(alarm) => alarm.name(),
        }
    }

    /// The pair as people say it: "informational, expected activity: confirmed activity"
    pub fn in_words(self) -> String {
        let classification = match self {
            Self::TruePositive(_) => "true positive",
            Self::InformationalExpectedActivity(_) => "informational, expected activity",
            Self::FalsePositive(_) => "false positive",
        };
        format!("{classification}: {}", spaced(self.determination()))
    }

    /// The pair of those two names, if they belong together
    pub fn from_names(classification: &str, determination: &str) -> Option<Self> {
        match classification {
            "truePositive" => Threat::from_name(determination).map(Self::TruePositive),
            "informationalExpectedActivity" => {
                Activity::from_name(determination).map(Self::InformationalExpectedActivity)
            }
            "falsePositive" => FalseAlarm::from_name(determination).map(Self::FalsePositive),
            _ => None,
        }
    }

    /// The determinations that belong to the classification of that name
    pub fn determinations_of(classification: &str) -> Vec<&'static str> {
        match classification {
            "truePositive" => Threat::ALL.iter().map(|it| it.name()).collect(),
            "informationalExpectedActivity" => Activity::ALL.iter().map(|it| it.name()).collect(),
            "falsePositive" => FalseAlarm::ALL.iter().map(|it| it.name()).collect(),
            _ => Vec::new(),
        }
    }
}

/// The classification's current name for one of its names on any of Microsoft's pages
/// (`benignPositive` is what previews said)
pub(crate) fn classification_name(text: &str) -> Option<&'static str> {
    let bare = text.to_ascii_lowercase();
    CLASSIFICATIONS
        .into_iter()
        .find(|it| it.eq_ignore_ascii_case(&bare))
        .or_else(|| (bare == "benignpositive").then_some("informationalExpectedActivity"))
}

/// The determination's current name for one of its names: the documentation's prose and the
/// Defender for Endpoint API say `compromisedUser`, `clean`, `insufficientData`,
/// `confirmedUserActivity`
pub(crate) fn determination_name(text: &str) -> Option<&'static str> {
    let bare = text.to_ascii_lowercase();
    let alias = match bare.as_str() {
        "compromiseduser" => Some("compromisedAccount"),
        "clean" => Some("notMalicious"),
        "insufficientdata" => Some("notEnoughDataToValidate"),
        "confirmeduseractivity" => Some("confirmedActivity"),
        _ => None,
    };
    let current = CLASSIFICATIONS.into_iter().flat_map(Classification::determinations_of);
    alias
        .or_else(|| current.chain(RETIRED_DETERMINATIONS).find(|it| it.eq_ignore_ascii_case(&bare)))
}

/// `confirmedActivity` → `confirmed activity`
pub(crate) fn spaced(camel: &str) -> String {
    let mut words = String::with_capacity(camel.len() + 4);
    for character in camel.chars() {
        if character.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(character.to_ascii_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_determination_belongs_to_its_classification() {
        check("informationalExpectedActivity", "confirmedActivity", true);
        check("truePositive", "malware", true);
        check("falsePositive", "malware", false);
        check("truePositive", "apt", false);
        check("benign", "other", false);
    }

    #[track_caller]
    fn check(classification: &str, determination: &str, belongs: bool) {
        let pair = Classification::from_names(classification, determination);
        assert_eq!(pair.is_some(), belongs, "for {classification}, {determination}");
        if let Some(pair) = pair {
            assert_eq!((pair.name(), pair.determination()), (classification, determination));
        }
    }

    #[test]
    fn prose_names_are_read_as_the_names_of_the_api() {
        assert_eq!(determination_name("CompromisedUser"), Some("compromisedAccount"));
        assert_eq!(determination_name("clean"), Some("notMalicious"));
        assert_eq!(determination_name("apt"), Some("apt"));
        assert_eq!(determination_name("gremlins"), None);
        assert_eq!(classification_name("BenignPositive"), Some("informationalExpectedActivity"));
    }

    #[test]
    fn legitimate_travel_in_words() {
        let travel = Classification::InformationalExpectedActivity(Activity::ConfirmedActivity);
        assert_eq!(travel.in_words(), "informational, expected activity: confirmed activity");
    }
}
