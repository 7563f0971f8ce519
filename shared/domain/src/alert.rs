//! The alert: one detection by a service source, modelled on Microsoft Graph's
//! `microsoft.graph.security.alert` (`alerts_v2`).
//!
//! Reading is lenient: what cannot be understood is flagged and kept, and never drops the alert.

mod aws;
mod body;
mod cloud_apps;
mod envelope;
mod graph;
mod incident;
mod lenient;
mod pieces;
mod sentinel;
mod streaming;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde_json::{Map, Value};

pub use self::{
    body::{ALERTS_MAX, BODY_BYTES_MAX, Unreadable, UnreadableCode, read_body},
    streaming::RECORDS_MAX,
};
use crate::{
    alert_id::{AlertId, Revision},
    alert_type::AlertType,
    catalogue::EvidenceType,
    classification::Classification,
    evidence::Evidence,
    flag::Flag,
    severity::{Severity, Status},
    source::{DetectionSource, ServiceSource},
    user::{self, User},
    wire_name::{AsRead, wire_names},
};

wire_names! {
    /// Whose format an alert came in; it also tells where the alert is resolved
    Shape {
        /// Microsoft Graph `alerts_v2`
        Graph = "graph",
        /// The API of Defender for Cloud Apps
        CloudApps = "cloudApps",
        /// What Defender for Cloud Apps sends to Power Automate flows
        CloudAppsFlow = "cloudAppsFlow",
        /// An alert inside an incident of the older Microsoft 365 Defender API
        Incident = "incident",
        /// A finding of Amazon `GuardDuty`
        GuardDuty = "guardDuty",
        /// A finding in the format of AWS Security Hub (ASFF)
        SecurityHub = "securityHub",
        /// An alert of Microsoft Sentinel, with its incident or from the workspace
        Sentinel = "sentinel",
        /// Records that Defender XDR streams, put together
        Streaming = "streaming",
    }
}

/// The properties of which each may tell that an alert is not of Graph's shape, though it has an
/// `id`; see [`Alert::read`]
pub(crate) const OTHER_SHAPES: [&str; 8] = [
    "objectSchemaType",
    "type",
    "SystemAlertId",
    "ProductArn",
    "schemaVersion",
    "ProviderAlertId",
    "AlertDisplayName",
    "_id",
];

/// How the category of a record of the stream begins
pub(crate) const RECORD_CATEGORY: &str = "AdvancedHunting-";

/// One alert as its source described it.
///
/// Field names are Graph's, without `DateTime`. `None` is null, absent or unreadable; the flags
/// tell which, and [`Alert::raw`] has everything.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Names the alert across sources
    pub id: AlertId,
    /// The format it came in
    pub shape: Shape,
    /// The id at the product that raised it
    pub provider_alert_id: Option<String>,
    /// The incident it belongs to, a number as text
    pub incident_id: Option<String>,
    /// The tenant it belongs to
    pub tenant_id: Option<String>,
    /// What people read; decided by the alert type, and never to be matched for it
    pub title: Option<String>,
    /// Longer text
    pub description: Option<String>,
    /// Kill-chain category
    pub category: Option<String>,
    /// Kill-chain categories, the newer form
    pub categories: Vec<String>,
    /// How grave
    pub severity: Option<AsRead<Severity>>,
    /// Where it stands at the source
    pub status: Option<AsRead<Status>>,
    /// Classification at the source, by its current name; `None` is *Not set*
    pub classification: Option<String>,
    /// Determination at the source, by its current name
    pub determination: Option<String>,
    /// The product that raised it
    pub service_source: Option<AsRead<ServiceSource>>,
    /// The sensor that noticed
    pub detection_source: Option<AsRead<DetectionSource>>,
    /// Display name of the product
    pub product_name: Option<String>,
    /// Which detection raised it
    pub alert_type: Option<AlertType>,
    /// Graph's `detectorId`, as it came
    pub detector_id: Option<String>,
    /// The policy behind the alert
    pub alert_policy_id: Option<String>,
    /// The actor it is attributed to
    pub actor_display_name: Option<String>,
    /// The threat
    pub threat_display_name: Option<String>,
    /// The threat's family
    pub threat_family_name: Option<String>,
    /// Who works on it
    pub assigned_to: Option<String>,
    /// Advice, one text
    pub recommended_actions: Option<String>,
    /// MITRE ATT&CK techniques
    pub mitre_techniques: Vec<String>,
    /// When the first activity happened
    pub first_activity: Option<Timestamp>,
    /// When the newest activity happened
    pub last_activity: Option<Timestamp>,
    /// When the source created the alert
    pub created: Option<Timestamp>,
    /// When the source last changed it
    pub last_update: Option<Timestamp>,
    /// When it was resolved at the source
    pub resolved: Option<Timestamp>,
    /// The alert's page in the portal
    pub alert_web_url: Option<String>,
    /// The incident's page in the portal
    pub incident_web_url: Option<String>,
    /// State of the automated investigation
    pub investigation_state: Option<String>,
    /// Comments at the source
    pub comments: Vec<Comment>,
    /// Tags that the source set
    pub system_tags: Vec<String>,
    /// Entities and artifacts
    pub evidence: Vec<Evidence>,
    /// An open bag
    pub additional_data: Map<String, Value>,
    /// Details that the author of a custom detection chose
    pub custom_details: Map<String, Value>,
    /// What was odd
    pub flags: Vec<Flag>,
    /// The payload as it came, byte for byte
    pub raw: String,
    /// When it first came to us; `None` is just now
    pub received: Option<Timestamp>,
}

/// Whom an alert is assigned to that no person works on
const MACHINES: [&str; 2] = ["Automation", "Suppression rule"];

/// A comment at the source
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// What it says
    pub text: Option<String>,
    /// Who wrote it; the API writes as "API Action"
    pub created_by: Option<String>,
    /// When
    pub created: Option<Timestamp>,
}

impl Comment {
    /// Whether that is what it says; white space may have changed on the way
    pub fn says(&self, text: &str) -> bool {
        self.text.as_ref().is_some_and(|it| it.split_whitespace().eq(text.split_whitespace()))
    }
}

/// The payload is no alert that we can keep under an id
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AlertError {
    /// Not a JSON object, or nested too deep
    #[error("alert is not readable JSON: {0}")]
    NotJson(String),
    /// JSON, but no object
    #[error("alert is {0}, and should be an object")]
    NotAnObject(&'static str),
    /// No property that could be its id
    #[error("alert has no id (`id`, `_id`, `ProviderAlertId` or `alertId`)")]
    NoId,
    /// A property that should be the id and is none
    #[error("alert has no usable id")]
    BadId(#[from] crate::alert_id::AlertIdError),
}

impl Alert {
    /// Reads one alert in any of the shapes we know.
    ///
    /// ```
    /// use defuse_domain::{Alert, Oddity};
    ///
    /// let alert = Alert::read(r#"{ "id": "ad1", "severity": "critical", "title": "Travel" }"#)?;
    /// assert_eq!(alert.title.as_deref(), Some("Travel"));
    /// assert!(alert.flags.iter().any(|it| it.problem == Oddity::UnknownMember));
    /// # Ok::<(), defuse_domain::AlertError>(())
    /// ```
    pub fn read(raw: &str) -> Result<Self, AlertError> {
        let value: Value =
            serde_json::from_str(raw).map_err(|error| AlertError::NotJson(error.to_string()))?;
        let object = match value {
            Value::Object(object) => object,
            Value::Null => return Err(AlertError::NotAnObject("null")),
            Value::Bool(_) => return Err(AlertError::NotAnObject("a boolean")),
            Value::Number(_) => return Err(AlertError::NotAnObject("a number")),
            Value::String(_) => return Err(AlertError::NotAnObject("a text")),
            Value::Array(_) => return Err(AlertError::NotAnObject("a list")),
        };
        if streaming::is_streamed(&object) {
            return streaming::read(&object, raw);
        }
        if sentinel::is_incident(&object) {
            return sentinel::read(&object, raw);
        }
        if sentinel::is_row(&object) {
            return sentinel::read_row(&object, raw);
        }
        let has = |names: &[&str]| names.iter().all(|it| object.contains_key(*it));
        if has(&["ProductArn", "Id"]) {
            return aws::security_hub::read(&object, raw);
        }
        if has(&["schemaVersion", "accountId", "type"]) {
            return aws::guard_duty::read(&object, raw);
        }
        if object.contains_key("ProviderAlertId") || object.contains_key("AlertDisplayName") {
            return cloud_apps::read_flow(&object, raw);
        }
        if object.contains_key("_id") {
            return cloud_apps::read(&object, raw);
        }
        if object.contains_key("alertId") && !object.contains_key("id") {
            return incident::read(&object, raw);
        }
        graph::read(&object, raw)
    }

    /// Which state of the alert this is
    pub fn revision(&self) -> Revision {
        let times = self.last_update.or(self.created);
        times.map_or_else(Revision::default, Revision::at)
    }

    /// When it came to us, or what comes nearest to it
    pub fn came(&self) -> Option<Timestamp> {
        self.received.or(self.created).or(self.last_update)
    }

    /// The source's severity, where it is one we know
    pub fn known_severity(&self) -> Option<Severity> {
        self.severity.as_ref().and_then(|it| it.known().copied())
    }

    /// The product that raised it, where it is one we know
    pub fn known_service_source(&self) -> Option<ServiceSource> {
        self.service_source.as_ref().and_then(|it| it.known().copied())
    }

    /// Whether its source already holds it to be resolved
    pub fn is_resolved_at_source(&self) -> bool {
        self.status == Some(AsRead::Known(Status::Resolved))
    }

    /// The person who works on it at its source, if anybody does
    pub fn taken_by(&self) -> Option<&str> {
        let in_progress = self.status == Some(AsRead::Known(Status::InProgress));
        self.assigned_person().filter(|_| in_progress)
    }

    /// Whether somebody said that at its source; white space may have changed on the way
    pub fn says(&self, text: &str) -> bool {
        self.comments.iter().any(|it| it.says(text))
    }

    /// What people call the place that it came from
    pub fn source_name(&self) -> &'static str {
        match self.shape {
            Shape::CloudApps | Shape::CloudAppsFlow => "Defender for Cloud Apps",
            Shape::Graph | Shape::Incident | Shape::Streaming => "Microsoft Graph",
            Shape::Sentinel => "Microsoft Sentinel",
            Shape::GuardDuty => "Amazon GuardDuty",
            Shape::SecurityHub => "AWS Security Hub",
        }
    }

    /// Whether what we decide stands with us alone: its source is told nothing, so that it shows no
    /// decision of ours either
    pub const fn is_ours_alone(&self) -> bool {
        match self.shape {
            Shape::GuardDuty | Shape::SecurityHub => true,
            Shape::Graph
            | Shape::Incident
            | Shape::Sentinel
            | Shape::Streaming
            | Shape::CloudApps
            | Shape::CloudAppsFlow => false,
        }
    }

    /// Whether it is classified as that. Cloud Apps knows no determinations.
    pub fn is_classified_as(&self, wanted: Classification) -> bool {
        let has_none = self.determination.is_none()
            && matches!(self.shape, Shape::CloudApps | Shape::CloudAppsFlow);
        self.classified() == Some(wanted)
            || (has_none && self.classification.as_deref() == Some(wanted.name()))
    }

    /// The person who has it; sources put the names of machines in the same place
    pub fn assigned_person(&self) -> Option<&str> {
        let name = self.assigned_to.as_deref().map(str::trim).filter(|it| !it.is_empty())?;
        (!MACHINES.iter().any(|it| it.eq_ignore_ascii_case(name))).then_some(name)
    }

    /// The source's classification, where it is a pair that belongs together
    pub fn classified(&self) -> Option<Classification> {
        Classification::from_names(self.classification.as_deref()?, self.determination.as_deref()?)
    }

    /// Every user it touches, each once
    pub fn users(&self) -> Vec<User> {
        user::distinct(self.evidence.iter().filter_map(Evidence::user))
    }

    /// Every IP address in its evidence
    pub fn addresses(&self) -> Vec<&str> {
        let mut addresses: Vec<&str> = self.evidence.iter().flat_map(Evidence::addresses).collect();
        addresses.sort_unstable();
        addresses.dedup();
        addresses
    }

    /// The evidence of one type
    pub fn evidence_of(&self, evidence_type: EvidenceType) -> impl Iterator<Item = &Evidence> {
        self.evidence.iter().filter(move |it| it.evidence_type == AsRead::Known(evidence_type))
    }
}
