//! The catalogue of an alert's properties: what a condition can test, and what each holds.

use std::fmt;

use jiff::Timestamp;

use crate::{
    alert::Alert,
    fact::{Unknown, UnknownReason},
    flag::Oddity,
    severity::Severity,
    wire_name::{AsRead, wire_names},
};

wire_names! {
    /// A property of the alert that a condition can test
    AlertProperty {
        Id = "id",
        Title = "title",
        Description = "description",
        Category = "category",
        Categories = "categories",
        Severity = "severity",
        Status = "status",
        Classification = "classification",
        Determination = "determination",
        ServiceSource = "serviceSource",
        DetectionSource = "detectionSource",
        ProductName = "productName",
        /// The alert type, by the one name that several products' detectors share
        Type = "type",
        DetectorId = "detectorId",
        AlertPolicyId = "alertPolicyId",
        TenantId = "tenantId",
        IncidentId = "incidentId",
        ActorDisplayName = "actorDisplayName",
        ThreatDisplayName = "threatDisplayName",
        ThreatFamilyName = "threatFamilyName",
        AssignedTo = "assignedTo",
        MitreTechniques = "mitreTechniques",
        SystemTags = "systemTags",
        InvestigationState = "investigationState",
        FirstActivity = "firstActivityDateTime",
        LastActivity = "lastActivityDateTime",
        Created = "createdDateTime",
        LastUpdate = "lastUpdateDateTime",
    }
}

/// What kind of values a property has, and so which operators
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueKind {
    Text,
    Number,
    Boolean,
    Severity,
    Time,
}

impl ValueKind {
    pub(crate) const fn in_words(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Boolean => "what is true or false",
            Self::Severity => "a severity",
            Self::Time => "a point in time",
        }
    }
}

/// A value as a test sees it
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    /// Each of several, `None` where one is missing or unreadable; a test holds if it holds for one
    Several(Vec<Option<Value>>),
    Number(i64),
    Boolean(bool),
    Severity(Severity),
    Time(Timestamp),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Several(values) => {
                let values = values.iter();
                let texts: Vec<String> =
                    values.map(|it| it.as_ref().map_or("?".to_owned(), Self::to_string)).collect();
                f.write_str(&texts.join(", "))
            }
            Self::Number(number) => write!(f, "{number}"),
            Self::Boolean(boolean) => write!(f, "{boolean}"),
            Self::Severity(severity) => write!(f, "{severity}"),
            Self::Time(time) => write!(f, "{time}"),
        }
    }
}

impl AlertProperty {
    pub(crate) const fn kind(self) -> ValueKind {
        match self {
            Self::Severity => ValueKind::Severity,
            Self::FirstActivity | Self::LastActivity | Self::Created | Self::LastUpdate => {
                ValueKind::Time
            }
            Self::Id
            | Self::Title
            | Self::Description
            | Self::Category
            | Self::Categories
            | Self::Status
            | Self::Classification
            | Self::Determination
            | Self::ServiceSource
            | Self::DetectionSource
            | Self::ProductName
            | Self::Type
            | Self::DetectorId
            | Self::AlertPolicyId
            | Self::TenantId
            | Self::IncidentId
            | Self::ActorDisplayName
            | Self::ThreatDisplayName
            | Self::ThreatFamilyName
            | Self::AssignedTo
            | Self::MitreTechniques
            | Self::SystemTags
            | Self::InvestigationState => ValueKind::Text,
        }
    }

    /// The alert's value; `Ok(None)` is none at all
    pub(crate) fn value(self, alert: &Alert) -> Result<Option<Value>, Unknown> {
        let value = self.as_read(alert)?;
        let nothing = match &value {
            None => true,
            Some(Value::Several(values)) => values.is_empty(),
            Some(_) => false,
        };
        // What came in a form that cannot be read is not the same as nothing.
        let odd = alert.flags.iter().find(|it| {
            it.property == self.name() && matches!(it.problem, Oddity::WrongType | Oddity::BadTime)
        });
        match odd {
            Some(flag) if nothing => Err(unreadable(&flag.value)),
            Some(_) | None => Ok(value),
        }
    }

    fn as_read(self, alert: &Alert) -> Result<Option<Value>, Unknown> {
        let texts = |it: &[String]| {
            let values = it.iter().cloned().map(|it| Some(Value::Text(it)));
            Ok(Some(Value::Several(values.collect())))
        };
        let text = |it: &Option<String>| Ok(it.clone().map(Value::Text));
        let time = |it: Option<Timestamp>| Ok(it.map(Value::Time));
        match self {
            Self::Id => Ok(Some(Value::Text(alert.id.to_string()))),
            Self::Title => text(&alert.title),
            Self::Description => text(&alert.description),
            Self::Category => text(&alert.category),
            Self::Categories => texts(&alert.categories),
            Self::Severity => match &alert.severity {
                None => Ok(None),
                Some(AsRead::Known(severity)) => Ok(Some(Value::Severity(*severity))),
                Some(AsRead::Other(text)) => Err(unreadable(text)),
            },
            Self::Status => member(alert.status.as_ref(), |it| it.name()),
            Self::Classification => text(&alert.classification),
            Self::Determination => text(&alert.determination),
            Self::ServiceSource => member(alert.service_source.as_ref(), |it| it.name()),
            Self::DetectionSource => member(alert.detection_source.as_ref(), |it| it.name()),
            Self::ProductName => text(&alert.product_name),
            Self::Type => Ok(alert.alert_type.as_ref().map(|it| Value::Text(it.to_string()))),
            Self::DetectorId => text(&alert.detector_id),
            Self::AlertPolicyId => text(&alert.alert_policy_id),
            Self::TenantId => text(&alert.tenant_id),
            Self::IncidentId => text(&alert.incident_id),
            Self::ActorDisplayName => text(&alert.actor_display_name),
            Self::ThreatDisplayName => text(&alert.threat_display_name),
            Self::ThreatFamilyName => text(&alert.threat_family_name),
            Self::AssignedTo => text(&alert.assigned_to),
            Self::MitreTechniques => texts(&alert.mitre_techniques),
            Self::SystemTags => texts(&alert.system_tags),
            Self::InvestigationState => text(&alert.investigation_state),
            Self::FirstActivity => time(alert.first_activity),
            Self::LastActivity => time(alert.last_activity),
            Self::Created => time(alert.created),
            Self::LastUpdate => time(alert.last_update),
        }
    }
}

/// A member as text; the sentinel that stands for any newer member says nothing
fn member<T>(
    value: Option<&AsRead<T>>,
    name: impl Fn(&T) -> &'static str,
) -> Result<Option<Value>, Unknown> {
    match value {
        None => Ok(None),
        Some(AsRead::Known(member)) => Ok(Some(Value::Text(name(member).to_owned()))),
        Some(AsRead::Other(text)) if text == "unknownFutureValue" => Err(unreadable(text)),
        Some(AsRead::Other(text)) => Ok(Some(Value::Text(text.clone()))),
    }
}

fn unreadable(text: &str) -> Unknown {
    Unknown::with_detail(UnknownReason::PropertyUnreadable, format!("the alert says `{text}`"))
}
