//! Which alerts of which service are taken at all: the alert service settings of the portal, kept
//! here, where what they leave out is counted.

use crate::{
    alert::Alert,
    document::Cursor,
    severity::Severity,
    source::ServiceSource,
    wire_name::{AsRead, wire_names},
};

wire_names! {
    /// Which alerts of Microsoft Entra ID Protection are taken
    EntraIdProtection {
        /// None
        Off = "off",
        /// Only the most relevant: those of high severity
        High = "high",
        /// Those of high or medium severity
        HighAndMedium = "highAndMedium",
        /// Every one
        All = "all",
    }
}

impl EntraIdProtection {
    /// Whether it takes alerts of that severity; one that we do not know is taken, since it may be
    /// grave
    fn takes(self, severity: Option<&AsRead<Severity>>) -> bool {
        let Some(AsRead::Known(severity)) = severity else { return self != Self::Off };
        match self {
            Self::Off => false,
            Self::High => *severity >= Severity::High,
            Self::HighAndMedium => *severity >= Severity::Medium,
            Self::All => true,
        }
    }
}

/// The alert service settings
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Services {
    /// Which alerts of Microsoft Entra ID Protection are taken
    pub entra_id_protection: EntraIdProtection,
}

impl Default for Services {
    /// Only the most relevant alerts, as in the portal
    fn default() -> Self {
        Self { entra_id_protection: EntraIdProtection::High }
    }
}

impl Services {
    /// The names of the fields
    pub(crate) const FIELDS: [&'static str; 1] = ["entraIdProtection"];

    /// Every alert of every service
    pub const ALL: Self = Self { entra_id_protection: EntraIdProtection::All };

    /// Whether `alert` is taken
    pub fn take(self, alert: &Alert) -> bool {
        alert.known_service_source() != Some(ServiceSource::IdentityProtection)
            || self.entra_id_protection.takes(alert.severity.as_ref())
    }

    pub(crate) fn read(at: &Cursor<'_>) -> Option<Self> {
        let fields = at.fields(&Self::FIELDS)?;
        let default = Self::default().entra_id_protection;
        let entra_id_protection = fields.or("entraIdProtection", default, |at| {
            let known: Vec<&'static str> =
                EntraIdProtection::ALL.iter().map(|it| it.name()).collect();
            EntraIdProtection::from_name(at.word("level", &known)?)
        });
        Some(Self { entra_id_protection: entra_id_protection? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_takes_what_is_grave_enough() {
        check("off", [false, false, false, false, false]);
        check("high", [false, false, false, true, true]);
        check("highAndMedium", [false, false, true, true, true]);
        check("all", [true, true, true, true, true]);
    }

    #[track_caller]
    fn check(level: &str, expected: [bool; 5]) {
        let services =
            Services { entra_id_protection: EntraIdProtection::from_name(level).unwrap() };
        let severities = ["informational", "low", "medium", "high", "unknownFutureValue"];
        let alert = |severity, source| {
            let text = format!(
                r#"{{ "id": "ad1", "severity": "{severity}", "serviceSource": "{source}" }}"#
            );
            Alert::read(&text).unwrap()
        };
        let ours = severities.map(|it| services.take(&alert(it, "azureAdIdentityProtection")));
        assert_eq!(ours, expected, "for {level}");
        let others = severities.map(|it| services.take(&alert(it, "microsoftDefenderForIdentity")));
        assert_eq!(others, [true; 5], "of another service, for {level}");
    }
}
