//! The catalogue of evidence: every type that Graph knows, with its properties and what each holds.
//!
//! Names and kinds are those of Microsoft Graph's production CSDL
//! (`microsoft.graph.security`, "alertEvidence" and its subtypes). The last five are our own: alert
//! tuning offers them, and Graph has no type for them.

use crate::wire_name::wire_names;
use Kind::{Boolean, Dictionary, Number, Object, Objects, Piece, Pieces, Text, Texts, Time};

/// What a property holds
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text; also a GUID or the member of an enumeration
    Text,
    /// A list of texts
    Texts,
    /// A whole number
    Number,
    /// True or false
    Boolean,
    /// A point in time
    Time,
    /// An object with properties of its own
    Object(&'static [Property]),
    /// A list of such objects
    Objects(&'static [Property]),
    /// One more piece of evidence
    Piece,
    /// A list of pieces of evidence
    Pieces,
    /// Names with values that only the source knows
    Dictionary,
}

/// A property's name on the wire, and what it holds
pub type Property = (&'static str, Kind);

/// The end of an evidence type's name in `@odata.type`
const SUFFIX: &str = "Evidence";

wire_names! {
    /// What a piece of evidence is
    EvidenceType {
        ActiveDirectoryDomain = "activeDirectoryDomain",
        AiAgent = "aiAgent",
        AmazonResource = "amazonResource",
        AnalyzedMessage = "analyzedMessage",
        AzureResource = "azureResource",
        BlobContainer = "blobContainer",
        Blob = "blob",
        CloudApplication = "cloudApplication",
        CloudLogonRequest = "cloudLogonRequest",
        CloudLogonSession = "cloudLogonSession",
        Container = "container",
        ContainerImage = "containerImage",
        ContainerRegistry = "containerRegistry",
        Device = "device",
        Dns = "dns",
        File = "file",
        FileHash = "fileHash",
        GitHubOrganization = "gitHubOrganization",
        GitHubRepo = "gitHubRepo",
        GitHubUser = "gitHubUser",
        GoogleCloudResource = "googleCloudResource",
        HostLogonSession = "hostLogonSession",
        IoTDevice = "ioTDevice",
        Ip = "ip",
        KubernetesCluster = "kubernetesCluster",
        KubernetesController = "kubernetesController",
        KubernetesNamespace = "kubernetesNamespace",
        KubernetesPod = "kubernetesPod",
        KubernetesSecret = "kubernetesSecret",
        KubernetesServiceAccount = "kubernetesServiceAccount",
        KubernetesService = "kubernetesService",
        MailCluster = "mailCluster",
        MailboxConfiguration = "mailboxConfiguration",
        Mailbox = "mailbox",
        Malware = "malware",
        NetworkConnection = "networkConnection",
        Nic = "nic",
        OauthApplication = "oauthApplication",
        Process = "process",
        RegistryKey = "registryKey",
        RegistryValue = "registryValue",
        SasToken = "sasToken",
        SecurityGroup = "securityGroup",
        ServicePrincipal = "servicePrincipal",
        SubmissionMail = "submissionMail",
        TeamsMessage = "teamsMessage",
        Url = "url",
        User = "user",
        ScheduledTask = "scheduledTask",
        AmsiScript = "amsiScript",
        WmiEvent = "wmiEvent",
        Service = "service",
        EmailAttachment = "emailAttachment",
    }
}

impl EvidenceType {
    /// The type that an `@odata.type` such as `#microsoft.graph.security.ipEvidence` names
    pub fn from_odata_type(text: &str) -> Option<Self> {
        let name = text.rsplit('.').next()?;
        let name = name.strip_prefix('#').unwrap_or(name);
        Self::from_name(name.strip_suffix(SUFFIX)?)
    }

    /// The properties of this type beyond those that every piece of evidence has
    pub const fn properties(self) -> &'static [Property] {
        match self {
            Self::ActiveDirectoryDomain => ACTIVE_DIRECTORY_DOMAIN,
            Self::AiAgent => AI_AGENT,
            Self::AmazonResource => AMAZON_RESOURCE,
            Self::AnalyzedMessage => ANALYZED_MESSAGE,
            Self::AzureResource => AZURE_RESOURCE,
            Self::BlobContainer => BLOB_CONTAINER,
            Self::Blob => BLOB,
            Self::CloudApplication => CLOUD_APPLICATION,
            Self::CloudLogonRequest => CLOUD_LOGON_REQUEST,
            Self::CloudLogonSession => CLOUD_LOGON_SESSION,
            Self::Container => CONTAINER,
            Self::ContainerImage => CONTAINER_IMAGE,
            Self::ContainerRegistry => CONTAINER_REGISTRY,
            Self::Device => DEVICE,
            Self::Dns => DNS,
            Self::File => FILE,
            Self::FileHash => FILE_HASH,
            Self::GitHubOrganization => GIT_HUB_ORGANIZATION,
            Self::GitHubRepo => GIT_HUB_REPO,
            Self::GitHubUser => GIT_HUB_USER,
            Self::GoogleCloudResource => GOOGLE_CLOUD_RESOURCE,
            Self::HostLogonSession => HOST_LOGON_SESSION,
            Self::IoTDevice => IO_T_DEVICE,
            Self::Ip => IP,
            Self::KubernetesCluster => KUBERNETES_CLUSTER,
            Self::KubernetesController => KUBERNETES_CONTROLLER,
            Self::KubernetesNamespace => KUBERNETES_NAMESPACE,
            Self::KubernetesPod => KUBERNETES_POD,
            Self::KubernetesSecret => KUBERNETES_SECRET,
            Self::KubernetesServiceAccount => KUBERNETES_SERVICE_ACCOUNT,
            Self::KubernetesService => KUBERNETES_SERVICE,
            Self::MailCluster => MAIL_CLUSTER,
            Self::MailboxConfiguration => MAILBOX_CONFIGURATION,
            Self::Mailbox => MAILBOX,
            Self::Malware => MALWARE,
            Self::NetworkConnection => NETWORK_CONNECTION,
            Self::Nic => NIC,
            Self::OauthApplication => OAUTH_APPLICATION,
            Self::Process => PROCESS,
            Self::RegistryKey => REGISTRY_KEY,
            Self::RegistryValue => REGISTRY_VALUE,
            Self::SasToken => SAS_TOKEN,
            Self::SecurityGroup => SECURITY_GROUP,
            Self::ServicePrincipal => SERVICE_PRINCIPAL,
            Self::SubmissionMail => SUBMISSION_MAIL,
            Self::TeamsMessage => TEAMS_MESSAGE,
            Self::Url => URL,
            Self::User => USER,
            Self::ScheduledTask => SCHEDULED_TASK,
            Self::AmsiScript => AMSI_SCRIPT,
            Self::WmiEvent => WMI_EVENT,
            Self::Service => SERVICE,
            Self::EmailAttachment => EMAIL_ATTACHMENT,
        }
    }

    /// The kind of the property at `path` (`userAccount.userPrincipalName`)
    pub fn kind_of(self, path: &str) -> Option<Kind> {
        let (mut properties, mut base) = (self.properties(), BASE);
        let mut steps = path.split('.').peekable();
        while let Some(step) = steps.next() {
            let (_, kind) = properties.iter().chain(base).find(|(name, _)| *name == step)?;
            // What every piece has, the objects inside it have not.
            base = &[];
            if steps.peek().is_none() {
                return Some(*kind);
            }
            properties = match *kind {
                Object(inner) | Objects(inner) => inner,
                Text | Texts | Number | Boolean | Time | Piece | Pieces | Dictionary => {
                    return None;
                }
            };
        }
        None
    }

    /// Every path of this type that a condition can test
    pub fn paths(self) -> Vec<String> {
        let mut paths = Vec::new();
        for (name, kind) in self.properties().iter().chain(BASE) {
            match kind {
                Text | Texts | Number | Boolean | Time => paths.push((*name).to_owned()),
                Object(inner) | Objects(inner) => {
                    paths.extend(inner.iter().map(|(leaf, _)| format!("{name}.{leaf}")));
                }
                Piece | Pieces | Dictionary => {}
            }
        }
        paths
    }
}

/// What every piece of evidence has
pub const BASE: &[Property] = &[
    ("createdDateTime", Time),
    ("detailedRoles", Texts),
    ("remediationStatus", Text),
    ("remediationStatusDetails", Text),
    ("roles", Texts),
    ("tags", Texts),
    ("verdict", Text),
];

const FILE_DETAILS: &[Property] = &[
    ("fileName", Text),
    ("filePath", Text),
    ("fileSize", Number),
    ("filePublisher", Text),
    ("issuer", Text),
    ("signer", Text),
    ("md5", Text),
    ("sha1", Text),
    ("sha256", Text),
    ("sha256Ac", Text),
];

const USER_ACCOUNT: &[Property] = &[
    ("accountName", Text),
    ("domainName", Text),
    ("displayName", Text),
    ("userPrincipalName", Text),
    ("userSid", Text),
    ("azureAdUserId", Text),
    ("activeDirectoryObjectGuid", Text),
    ("tenantId", Text),
];

const LOGGED_ON_USER: &[Property] = &[("accountName", Text), ("domainName", Text)];

const VM_METADATA: &[Property] =
    &[("vmId", Text), ("cloudProvider", Text), ("resourceId", Text), ("subscriptionId", Text)];

const EMAIL_SENDER: &[Property] =
    &[("emailAddress", Text), ("displayName", Text), ("domainName", Text)];

const GEO_LOCATION: &[Property] = &[("city", Text), ("countryName", Text), ("state", Text)];

const STREAM: &[Property] = &[("name", Text)];

const RESOURCE_ACCESS_EVENT: &[Property] = &[
    ("accessDateTime", Time),
    ("accountId", Text),
    ("ipAddress", Text),
    ("resourceIdentifier", Text),
];

const SERVICE_PORT: &[Property] = &[
    ("appProtocol", Text),
    ("name", Text),
    ("nodePort", Number),
    ("port", Number),
    ("protocol", Text),
    ("targetPort", Text),
];

const ACTIVE_DIRECTORY_DOMAIN: &[Property] =
    &[("activeDirectoryDomainName", Text), ("trustedDomains", Pieces)];

const AI_AGENT: &[Property] = &[
    ("agentId", Text),
    ("agentName", Text),
    ("hostingPlatformType", Text),
    ("instructions", Text),
];

const AMAZON_RESOURCE: &[Property] = &[
    ("amazonAccountId", Text),
    ("amazonResourceId", Text),
    ("resourceName", Text),
    ("resourceType", Text),
];

const ANALYZED_MESSAGE: &[Property] = &[
    ("antiSpamDirection", Text),
    ("attachmentsCount", Number),
    ("deliveryAction", Text),
    ("deliveryLocation", Text),
    ("internetMessageId", Text),
    ("language", Text),
    ("networkMessageId", Text),
    ("p1Sender", Object(EMAIL_SENDER)),
    ("p2Sender", Object(EMAIL_SENDER)),
    ("receivedDateTime", Time),
    ("recipientEmailAddress", Text),
    ("senderIp", Text),
    ("subject", Text),
    ("threatDetectionMethods", Texts),
    ("threats", Texts),
    ("urlCount", Number),
    ("urls", Texts),
    ("urn", Text),
];

const AZURE_RESOURCE: &[Property] =
    &[("resourceId", Text), ("resourceName", Text), ("resourceType", Text)];

const BLOB_CONTAINER: &[Property] = &[("name", Text), ("storageResource", Piece), ("url", Text)];

const BLOB: &[Property] = &[
    ("blobContainer", Piece),
    ("etag", Text),
    ("fileHashes", Objects(FILE_HASH)),
    ("name", Text),
    ("url", Text),
];

const CLOUD_APPLICATION: &[Property] = &[
    ("appId", Number),
    ("displayName", Text),
    ("instanceId", Number),
    ("instanceName", Text),
    ("saasAppId", Number),
    ("stream", Object(STREAM)),
];

const CLOUD_LOGON_REQUEST: &[Property] = &[("requestId", Text)];

const CLOUD_LOGON_SESSION: &[Property] = &[
    ("account", Piece),
    ("browser", Text),
    ("deviceName", Text),
    ("operatingSystem", Text),
    ("previousLogonDateTime", Time),
    ("protocol", Text),
    ("sessionId", Text),
    ("startUtcDateTime", Time),
    ("userAgent", Text),
];

const CONTAINER: &[Property] = &[
    ("args", Texts),
    ("command", Texts),
    ("containerId", Text),
    ("image", Piece),
    ("isPrivileged", Boolean),
    ("name", Text),
    ("pod", Piece),
];

const CONTAINER_IMAGE: &[Property] =
    &[("digestImage", Piece), ("imageId", Text), ("registry", Piece)];

const CONTAINER_REGISTRY: &[Property] = &[("registry", Text)];

const DEVICE: &[Property] = &[
    ("azureAdDeviceId", Text),
    ("defenderAvStatus", Text),
    ("deviceDnsName", Text),
    ("dnsDomain", Text),
    ("firstSeenDateTime", Time),
    ("healthStatus", Text),
    ("hostName", Text),
    ("ipInterfaces", Texts),
    ("lastExternalIpAddress", Text),
    ("lastIpAddress", Text),
    ("loggedOnUsers", Objects(LOGGED_ON_USER)),
    ("mdeDeviceId", Text),
    ("ntDomain", Text),
    ("onboardingStatus", Text),
    ("osBuild", Number),
    ("osPlatform", Text),
    ("rbacGroupId", Number),
    ("rbacGroupName", Text),
    ("resourceAccessEvents", Objects(RESOURCE_ACCESS_EVENT)),
    ("riskScore", Text),
    ("version", Text),
    ("vmMetadata", Object(VM_METADATA)),
];

const DNS: &[Property] = &[
    ("dnsServerIp", Piece),
    ("domainName", Text),
    ("hostIpAddress", Piece),
    ("ipAddresses", Pieces),
];

const FILE: &[Property] =
    &[("detectionStatus", Text), ("fileDetails", Object(FILE_DETAILS)), ("mdeDeviceId", Text)];

const FILE_HASH: &[Property] = &[("algorithm", Text), ("value", Text)];

const GIT_HUB_ORGANIZATION: &[Property] = &[
    ("company", Text),
    ("displayName", Text),
    ("email", Text),
    ("login", Text),
    ("orgId", Text),
    ("webUrl", Text),
];

const GIT_HUB_REPO: &[Property] =
    &[("baseUrl", Text), ("login", Text), ("owner", Text), ("ownerType", Text), ("repoId", Text)];

const GIT_HUB_USER: &[Property] =
    &[("email", Text), ("login", Text), ("name", Text), ("userId", Text), ("webUrl", Text)];

const GOOGLE_CLOUD_RESOURCE: &[Property] = &[
    ("fullResourceName", Text),
    ("location", Text),
    ("locationType", Text),
    ("projectId", Text),
    ("projectNumber", Number),
    ("resourceName", Text),
    ("resourceType", Text),
];

const HOST_LOGON_SESSION: &[Property] = &[
    ("account", Piece),
    ("endUtcDateTime", Time),
    ("host", Piece),
    ("sessionId", Text),
    ("startUtcDateTime", Time),
];

const IO_T_DEVICE: &[Property] = &[
    ("deviceId", Text),
    ("deviceName", Text),
    ("devicePageLink", Text),
    ("deviceSubType", Text),
    ("deviceType", Text),
    ("importance", Text),
    ("ioTHub", Piece),
    ("ioTSecurityAgentId", Text),
    ("ipAddress", Piece),
    ("isAuthorized", Boolean),
    ("isProgramming", Boolean),
    ("isScanner", Boolean),
    ("macAddress", Text),
    ("manufacturer", Text),
    ("model", Text),
    ("nics", Pieces),
    ("operatingSystem", Text),
    ("owners", Texts),
    ("protocols", Texts),
    ("purdueLayer", Text),
    ("sensor", Text),
    ("serialNumber", Text),
    ("site", Text),
    ("source", Text),
    ("sourceRef", Piece),
    ("zone", Text),
];

const IP: &[Property] = &[
    ("countryLetterCode", Text),
    ("ipAddress", Text),
    ("location", Object(GEO_LOCATION)),
    ("stream", Object(STREAM)),
];

const KUBERNETES_CLUSTER: &[Property] = &[
    ("cloudResource", Piece),
    ("distribution", Text),
    ("name", Text),
    ("platform", Text),
    ("version", Text),
];

const KUBERNETES_CONTROLLER: &[Property] =
    &[("labels", Dictionary), ("name", Text), ("namespace", Piece), ("type", Text)];

const KUBERNETES_NAMESPACE: &[Property] =
    &[("cluster", Piece), ("labels", Dictionary), ("name", Text)];

const KUBERNETES_POD: &[Property] = &[
    ("containers", Pieces),
    ("controller", Piece),
    ("ephemeralContainers", Pieces),
    ("initContainers", Pieces),
    ("labels", Dictionary),
    ("name", Text),
    ("namespace", Piece),
    ("podIp", Piece),
    ("serviceAccount", Piece),
];

const KUBERNETES_SECRET: &[Property] =
    &[("name", Text), ("namespace", Piece), ("secretType", Text)];

const KUBERNETES_SERVICE_ACCOUNT: &[Property] = &[("name", Text), ("namespace", Piece)];

const KUBERNETES_SERVICE: &[Property] = &[
    ("clusterIP", Piece),
    ("externalIPs", Pieces),
    ("labels", Dictionary),
    ("name", Text),
    ("namespace", Piece),
    ("selector", Dictionary),
    ("servicePorts", Objects(SERVICE_PORT)),
    ("serviceType", Text),
];

const MAIL_CLUSTER: &[Property] = &[
    ("clusterBy", Text),
    ("clusterByValue", Text),
    ("emailCount", Number),
    ("networkMessageIds", Texts),
    ("query", Text),
    ("urn", Text),
];

const MAILBOX_CONFIGURATION: &[Property] = &[
    ("configurationId", Text),
    ("configurationType", Text),
    ("displayName", Text),
    ("externalDirectoryObjectId", Text),
    ("mailboxPrimaryAddress", Text),
    ("upn", Text),
];

const MAILBOX: &[Property] = &[
    ("displayName", Text),
    ("primaryAddress", Text),
    ("upn", Text),
    ("userAccount", Object(USER_ACCOUNT)),
];

const MALWARE: &[Property] =
    &[("category", Text), ("files", Pieces), ("name", Text), ("processes", Pieces)];

const NETWORK_CONNECTION: &[Property] = &[
    ("destinationAddress", Piece),
    ("destinationPort", Number),
    ("protocol", Text),
    ("sourceAddress", Piece),
    ("sourcePort", Number),
];

const NIC: &[Property] = &[("ipAddress", Piece), ("macAddress", Text), ("vlans", Texts)];

const OAUTH_APPLICATION: &[Property] =
    &[("appId", Text), ("displayName", Text), ("objectId", Text), ("publisher", Text)];

const PROCESS: &[Property] = &[
    ("detectionStatus", Text),
    ("imageFile", Object(FILE_DETAILS)),
    ("mdeDeviceId", Text),
    ("parentProcessCreationDateTime", Time),
    ("parentProcessId", Number),
    ("parentProcessImageFile", Object(FILE_DETAILS)),
    ("processCommandLine", Text),
    ("processCreationDateTime", Time),
    ("processId", Number),
    ("userAccount", Object(USER_ACCOUNT)),
];

const REGISTRY_KEY: &[Property] = &[("registryHive", Text), ("registryKey", Text)];

const REGISTRY_VALUE: &[Property] = &[
    ("mdeDeviceId", Text),
    ("registryHive", Text),
    ("registryKey", Text),
    ("registryValue", Text),
    ("registryValueName", Text),
    ("registryValueType", Text),
];

const SAS_TOKEN: &[Property] = &[
    ("allowedIpAddresses", Text),
    ("allowedResourceTypes", Texts),
    ("allowedServices", Texts),
    ("expiryDateTime", Time),
    ("permissions", Texts),
    ("protocol", Text),
    ("signatureHash", Text),
    ("signedWith", Text),
    ("startDateTime", Time),
    ("storageResource", Piece),
];

const SECURITY_GROUP: &[Property] = &[
    ("activeDirectoryObjectGuid", Text),
    ("displayName", Text),
    ("distinguishedName", Text),
    ("friendlyName", Text),
    ("securityGroupId", Text),
    ("sid", Text),
];

const SERVICE_PRINCIPAL: &[Property] = &[
    ("appId", Text),
    ("appOwnerTenantId", Text),
    ("servicePrincipalName", Text),
    ("servicePrincipalObjectId", Text),
    ("servicePrincipalType", Text),
    ("tenantId", Text),
];

const SUBMISSION_MAIL: &[Property] = &[
    ("networkMessageId", Text),
    ("recipient", Text),
    ("reportType", Text),
    ("sender", Text),
    ("senderIp", Text),
    ("subject", Text),
    ("submissionDateTime", Time),
    ("submissionId", Text),
    ("submitter", Text),
];

const TEAMS_MESSAGE: &[Property] = &[
    ("campaignId", Text),
    ("channelId", Text),
    ("deliveryAction", Text),
    ("deliveryLocation", Text),
    ("files", Pieces),
    ("groupId", Text),
    ("isExternal", Boolean),
    ("isOwned", Boolean),
    ("lastModifiedDateTime", Time),
    ("messageDirection", Text),
    ("messageId", Text),
    ("owningTenantId", Text),
    ("parentMessageId", Text),
    ("receivedDateTime", Time),
    ("recipients", Texts),
    ("senderFromAddress", Text),
    ("senderIP", Text),
    ("sourceAppName", Text),
    ("sourceId", Text),
    ("subject", Text),
    ("suspiciousRecipients", Texts),
    ("threadId", Text),
    ("threadType", Text),
    ("urls", Pieces),
];

const URL: &[Property] = &[("url", Text)];

const USER: &[Property] = &[("stream", Object(STREAM)), ("userAccount", Object(USER_ACCOUNT))];

const SCHEDULED_TASK: &[Property] = &[
    ("taskName", Text),
    ("taskPath", Text),
    ("commandLine", Text),
    ("author", Text),
    ("mdeDeviceId", Text),
];

const AMSI_SCRIPT: &[Property] = &[
    ("appName", Text),
    ("contentName", Text),
    ("scriptContent", Text),
    ("sha256", Text),
    ("mdeDeviceId", Text),
];

const WMI_EVENT: &[Property] = &[
    ("namespace", Text),
    ("filterName", Text),
    ("consumerName", Text),
    ("query", Text),
    ("mdeDeviceId", Text),
];

const SERVICE: &[Property] = &[
    ("serviceName", Text),
    ("displayName", Text),
    ("imagePath", Text),
    ("startType", Text),
    ("mdeDeviceId", Text),
];

const EMAIL_ATTACHMENT: &[Property] =
    &[("fileName", Text), ("sha256", Text), ("malwareFamily", Text), ("networkMessageId", Text)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_its_kind() {
        check(EvidenceType::User, "userAccount.userPrincipalName", Some(Text));
        check(EvidenceType::Ip, "countryLetterCode", Some(Text));
        check(EvidenceType::Process, "processId", Some(Number));
        check(EvidenceType::Ip, "roles", Some(Texts));
        check(EvidenceType::Ip, "countryLetterCode.more", None);
        check(EvidenceType::Ip, "colour", None);
        check(EvidenceType::User, "roles", Some(Texts));
        check(EvidenceType::User, "userAccount.roles", None);
        check(EvidenceType::User, "userAccount.createdDateTime", None);
    }

    #[track_caller]
    fn check(evidence_type: EvidenceType, path: &str, expected: Option<Kind>) {
        assert_eq!(evidence_type.kind_of(path), expected, "for {evidence_type} {path}");
    }

    #[test]
    fn a_type_is_found_by_its_name_on_the_wire() {
        assert_eq!(
            EvidenceType::from_odata_type("#microsoft.graph.security.ipEvidence"),
            Some(EvidenceType::Ip)
        );
        assert_eq!(
            EvidenceType::from_odata_type("#microsoft.graph.security.quantumEvidence"),
            None
        );
        assert_eq!(EvidenceType::from_odata_type(""), None);
    }

    #[test]
    fn every_path_offered_has_a_kind() {
        for evidence_type in EvidenceType::ALL {
            for path in evidence_type.paths() {
                assert!(evidence_type.kind_of(&path).is_some(), "{evidence_type} {path}");
            }
        }
    }
}
