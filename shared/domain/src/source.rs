//! Which product raised an alert, and which sensor noticed.
//!
//! The source is what `serviceSource` says; the prefix of the id is a hint only, because an id
//! without a prefix may begin with the same letters.

use crate::{alert_id::AlertId, wire_name::wire_names};

wire_names! {
    /// The product that raised the alert (Graph `serviceSource`)
    ServiceSource {
        DefenderForEndpoint = "microsoftDefenderForEndpoint",
        DefenderForIdentity = "microsoftDefenderForIdentity",
        DefenderForCloudApps = "microsoftDefenderForCloudApps",
        DefenderForOffice365 = "microsoftDefenderForOffice365",
        Microsoft365Defender = "microsoft365Defender",
        IdentityProtection = "azureAdIdentityProtection",
        AppGovernance = "microsoftAppGovernance",
        DataLossPrevention = "dataLossPrevention",
        DefenderForCloud = "microsoftDefenderForCloud",
        Sentinel = "microsoftSentinel",
        InsiderRiskManagement = "microsoftInsiderRiskManagement",
        ThreatIntelligence = "microsoftThreatIntelligence",
        SecurityForAi = "microsoftSecurityForAI",
        /// Our own: Graph has none for findings of AWS
        AwsGuardDuty = "awsGuardDuty",
        /// Our own too
        AwsSecurityHub = "awsSecurityHub",
    }
}

impl ServiceSource {
    /// What the prefix of `alert_id` says, where the rest looks like a provider's id.
    ///
    /// The table is the seed's "Alert sources" with the prefixes added since. `da ad ea fa ed aa
    /// ca dc` are hexadecimal digits, so a plain GUID may begin with them: the rest must still
    /// have the form of an id.
    pub fn from_prefix(alert_id: &AlertId) -> Option<Self> {
        let (prefix, rest) = alert_id.prefix_and_rest()?;
        if !is_provider_id(rest) {
            return None;
        }
        match prefix {
            "ra" | "ta" | "ea" => Some(Self::Microsoft365Defender),
            "fa" => Some(Self::DefenderForOffice365),
            "da" | "ed" => Some(Self::DefenderForEndpoint),
            "aa" | "ri" => Some(Self::DefenderForIdentity),
            "ca" | "rm" => Some(Self::DefenderForCloudApps),
            "ma" => Some(Self::AppGovernance),
            "ad" => Some(Self::IdentityProtection),
            "dl" => Some(Self::DataLossPrevention),
            "dc" => Some(Self::DefenderForCloud),
            "sn" => Some(Self::Sentinel),
            "ir" => Some(Self::InsiderRiskManagement),
            "sc" => Some(Self::SecurityForAi),
            _ => None,
        }
    }

    /// The name people know it by
    pub const fn display_name(self) -> &'static str {
        match self {
            Self::DefenderForEndpoint => "Microsoft Defender for Endpoint",
            Self::DefenderForIdentity => "Microsoft Defender for Identity",
            Self::DefenderForCloudApps => "Microsoft Defender for Cloud Apps",
            Self::DefenderForOffice365 => "Microsoft Defender for Office 365",
            Self::Microsoft365Defender => "Microsoft 365 Defender",
            Self::IdentityProtection => "Azure AD Identity Protection",
            Self::AppGovernance => "App Governance",
            Self::DataLossPrevention => "Microsoft Data Loss Prevention",
            Self::DefenderForCloud => "Microsoft Defender for Cloud",
            Self::Sentinel => "Microsoft Sentinel",
            Self::InsiderRiskManagement => "Microsoft Purview Insider Risk Management",
            Self::ThreatIntelligence => "Microsoft Threat Intelligence",
            Self::SecurityForAi => "Microsoft Security for AI",
            Self::AwsGuardDuty => "Amazon GuardDuty",
            Self::AwsSecurityHub => "AWS Security Hub",
        }
    }

    /// The member that a display name or an older API's name means (`OfficeATP`, `MCAS`, …)
    pub fn from_display_name(text: &str) -> Option<Self> {
        let bare: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        let older = match bare.to_ascii_lowercase().as_str() {
            "officeatp" => Some(Self::DefenderForOffice365),
            "mcas" | "microsoftcloudappsecurity" | "cloudappsecurity" => {
                Some(Self::DefenderForCloudApps)
            }
            "windowsdefenderatp" | "microsoftdefenderatp" | "mdatp" => {
                Some(Self::DefenderForEndpoint)
            }
            "azureatp" | "azureadvancedthreatprotection" => Some(Self::DefenderForIdentity),
            "mtp" | "microsoftdefenderxdr" => Some(Self::Microsoft365Defender),
            "azuresentinel" => Some(Self::Sentinel),
            "ipc" | "azureadidentityprotection" | "microsoftentraidprotection" => {
                Some(Self::IdentityProtection)
            }
            _ => None,
        };
        older.or_else(|| {
            Self::ALL.iter().copied().find(|it| {
                it.display_name()
                    .chars()
                    .filter(char::is_ascii_alphanumeric)
                    .eq_by_ascii_case(bare.chars())
            })
        })
    }
}

/// Compares two runs of characters without regard to ASCII case
trait EqByAsciiCase: Iterator<Item = char> + Sized {
    fn eq_by_ascii_case(self, other: impl Iterator<Item = char>) -> bool {
        self.map(|it| it.to_ascii_lowercase()).eq(other.map(|it| it.to_ascii_lowercase()))
    }
}

impl<I: Iterator<Item = char>> EqByAsciiCase for I {}

/// Whether `rest` has the form of one of the ids that products give: a GUID, a GUID with `_n`,
/// ticks with a hash, 24 hexadecimal digits (Cloud Apps) or 64 (Entra risk detections); or the
/// documentation's own example, groups of letters and digits with hyphens.
fn is_provider_id(rest: &str) -> bool {
    let hex = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_hexdigit());
    let alphanumeric =
        |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_alphanumeric());
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());

    let guid_part = match rest.rsplit_once('_') {
        Some((head, tail)) if digits(tail) => head,
        _ => rest,
    };
    let groups: Vec<&str> = guid_part.split('-').collect();
    if groups.len() >= 4 && guid_part.len() >= 32 {
        let begins_as_guid = groups.first().is_some_and(|it| it.len() == 8);
        return begins_as_guid && groups.iter().all(|it| alphanumeric(it));
    }
    if let Some((ticks, hash)) = rest.split_once('_') {
        return (17..=18).contains(&ticks.len())
            && digits(ticks)
            && digits(hash.strip_prefix('-').unwrap_or(hash));
    }
    (rest.len() == 24 || rest.len() == 64) && hex(rest)
}

wire_names! {
    /// The sensor or technology that noticed (Graph `detectionSource`)
    DetectionSource {
        DefenderForEndpoint = "microsoftDefenderForEndpoint",
        Antivirus = "antivirus",
        SmartScreen = "smartScreen",
        CustomTi = "customTi",
        DefenderForOffice365 = "microsoftDefenderForOffice365",
        AutomatedInvestigation = "automatedInvestigation",
        ThreatExperts = "microsoftThreatExperts",
        CustomDetection = "customDetection",
        DefenderForIdentity = "microsoftDefenderForIdentity",
        CloudAppSecurity = "cloudAppSecurity",
        Microsoft365Defender = "microsoft365Defender",
        IdentityProtection = "azureAdIdentityProtection",
        Manual = "manual",
        DataLossPrevention = "microsoftDataLossPrevention",
        AppGovernancePolicy = "appGovernancePolicy",
        AppGovernanceDetection = "appGovernanceDetection",
        DefenderForCloud = "microsoftDefenderForCloud",
        DefenderForIot = "microsoftDefenderForIoT",
        DefenderForServers = "microsoftDefenderForServers",
        DefenderForStorage = "microsoftDefenderForStorage",
        DefenderForDns = "microsoftDefenderForDNS",
        DefenderForDatabases = "microsoftDefenderForDatabases",
        DefenderForContainers = "microsoftDefenderForContainers",
        DefenderForNetwork = "microsoftDefenderForNetwork",
        DefenderForAppService = "microsoftDefenderForAppService",
        DefenderForKeyVault = "microsoftDefenderForKeyVault",
        DefenderForResourceManager = "microsoftDefenderForResourceManager",
        DefenderForApiManagement = "microsoftDefenderForApiManagement",
        NrtAlerts = "nrtAlerts",
        ScheduledAlerts = "scheduledAlerts",
        ThreatIntelligenceAnalytics = "microsoftDefenderThreatIntelligenceAnalytics",
        BuiltInMl = "builtInMl",
        InsiderRiskManagement = "microsoftInsiderRiskManagement",
        ThreatIntelligence = "microsoftThreatIntelligence",
        DefenderForAiServices = "microsoftDefenderForAIServices",
        SecurityCopilot = "securityCopilot",
        Sentinel = "microsoftSentinel",
    }
}

impl DetectionSource {
    /// The member that a display name or another API's name means (`EDR`, `Scheduled Alerts`, …)
    pub fn from_display_name(text: &str) -> Option<Self> {
        let bare: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        match bare.to_ascii_lowercase().as_str() {
            "edr" | "windowsdefenderatp" => Some(Self::DefenderForEndpoint),
            "windowsdefenderav" => Some(Self::Antivirus),
            "windowsdefendersmartscreen" => Some(Self::SmartScreen),
            "customerti" => Some(Self::CustomTi),
            "officeatp" => Some(Self::DefenderForOffice365),
            "threatexperts" => Some(Self::ThreatExperts),
            "mcas" | "microsoftcloudappsecurity" | "microsoftdefenderforcloudapps" => {
                Some(Self::CloudAppSecurity)
            }
            "azureatp" => Some(Self::DefenderForIdentity),
            "mtp" | "microsoftdefenderxdr" => Some(Self::Microsoft365Defender),
            "aadidentityprotection" | "microsoftentraidprotection" => {
                Some(Self::IdentityProtection)
            }
            "datalossprevention" => Some(Self::DataLossPrevention),
            "azuresentinel" => Some(Self::Sentinel),
            "fusion" => Some(Self::BuiltInMl),
            _ => Self::from_name(&bare),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_a_hint_where_the_rest_is_an_id() {
        check("da637551227677560813_-961444813", Some(ServiceSource::DefenderForEndpoint));
        check("daefa1828b-dd4e-405c-8a3b-aa28596830dd_1", Some(ServiceSource::DefenderForEndpoint));
        check("ca6531f0a7c2d94b3e8f5a1120", Some(ServiceSource::DefenderForCloudApps));
        // The documentation's own example is not a hexadecimal GUID.
        check("fa123a456b-c789-1d2e-12f1g33h445h6i", Some(ServiceSource::DefenderForOffice365));
        // A GUID without a prefix begins with the same letters.
        check("dafe1c2d-1111-4a5b-8c6d-0a1b2c3d4e01", None);
        check("zz6531f0a7c2d94b3e8f5a1120", None);
        check("pid", None);
        check("éé", None);
    }

    #[track_caller]
    fn check(text: &str, expected: Option<ServiceSource>) {
        let id = AlertId::parse(text).unwrap();
        assert_eq!(ServiceSource::from_prefix(&id), expected, "for {text:?}");
    }

    #[test]
    fn older_names_mean_the_same_products() {
        assert_eq!(
            ServiceSource::from_display_name("Microsoft Defender for Endpoint"),
            Some(ServiceSource::DefenderForEndpoint)
        );
        assert_eq!(
            ServiceSource::from_display_name("MicrosoftDefenderforOffice365"),
            Some(ServiceSource::DefenderForOffice365)
        );
        assert_eq!(
            ServiceSource::from_display_name("OfficeATP"),
            Some(ServiceSource::DefenderForOffice365)
        );
        assert_eq!(ServiceSource::from_display_name("Contoso sensor"), None);
    }
}
