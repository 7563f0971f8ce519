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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Services {
    /// Which alerts of Microsoft Entra ID Protection are taken, where the settings say it
    pub entra_id_protection: Option<EntraIdProtection>,
}

impl Services {
    /// The names of the fields
    pub(crate) const FIELDS: [&'static str; 1] = ["entraIdProtection"];

    /// Every alert of every service
    pub const ALL: Self = Self { entra_id_protection: Some(EntraIdProtection::All) };

    /// Which alerts of Microsoft Entra ID Protection are taken if nobody says: only the most
    /// relevant, as in the portal
    pub const DEFAULT: EntraIdProtection = EntraIdProtection::High;

    /// Whether `alert` is taken
    pub fn take(self, alert: &Alert) -> bool {
        alert.known_service_source() != Some(ServiceSource::IdentityProtection)
            || self.entra_id_protection.unwrap_or(Self::DEFAULT).takes(alert.severity.as_ref())
    }

    /// Whether it depends on what people set since the deployment that `alert` is taken
    pub fn leave_open(self, alert: &Alert) -> bool {
        self.entra_id_protection.is_none()
            && alert.known_service_source() == Some(ServiceSource::IdentityProtection)
    }

    /// The same with what people set since; what is deployed counts before that
    #[must_use]
    pub fn or(self, entra_id_protection: Option<EntraIdProtection>) -> Self {
        Self { entra_id_protection: self.entra_id_protection.or(entra_id_protection) }
    }

    pub(crate) fn read(at: &Cursor<'_>) -> Option<Self> {
        let fields = at.fields(&Self::FIELDS)?;
        let entra_id_protection = fields.or("entraIdProtection", None, |at| {
            let known: Vec<&'static str> =
                EntraIdProtection::ALL.iter().map(|it| it.name()).collect();
            EntraIdProtection::from_name(at.word("level", &known)?).map(Some)
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

    #[test]
    fn what_is_deployed_counts_before_what_people_set() {
        let (all, off) = (EntraIdProtection::All, EntraIdProtection::Off);
        let open = Services::default();
        assert_eq!(open.or(Some(all)).entra_id_protection, Some(all));
        assert_eq!(Services::ALL.or(Some(off)), Services::ALL);
        let alert = |source: &str| {
            Alert::read(&format!(r#"{{ "id": "ad1", "serviceSource": "{source}" }}"#)).unwrap()
        };
        let ours = alert("azureAdIdentityProtection");
        let other = alert("microsoftDefenderForCloudApps");
        assert!(open.leave_open(&ours) && !open.leave_open(&other));
        assert!(!Services::ALL.leave_open(&ours));
    }

    #[track_caller]
    fn check(level: &str, expected: [bool; 5]) {
        let services =
            Services { entra_id_protection: Some(EntraIdProtection::from_name(level).unwrap()) };
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
