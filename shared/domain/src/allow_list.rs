//! The allow list: indicators that the organisation does not want to be told of or protected from,
//! each with where that holds and until when.

#[cfg(test)]
mod tests;

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    alert::Alert,
    alert_id::AlertId,
    catalogue::EvidenceType,
    explanation::Truth,
    indicator::{Indicator, IndicatorError, IndicatorKind},
};

/// The longest title, in characters
pub const TITLE_LENGTH_MAX: usize = 200;
/// The longest description, in characters
pub const DESCRIPTION_LENGTH_MAX: usize = 2_000;
/// The longest name of a device group or of who put an entry there, in characters
pub const NAME_LENGTH_MAX: usize = 200;
/// How many device groups one entry may name
pub const DEVICE_GROUPS_MAX: usize = 50;
/// How far ahead an entry may expire, in days: nothing is allowed for ever
pub const ALLOWED_DAYS_MAX: i64 = 366;

/// Where an indicator is allowed
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AllowedOn {
    /// On all devices of the organisation
    AllDevices,
    /// On the devices of these groups (`rbacGroupName`)
    DeviceGroups(Vec<String>),
}

impl AllowedOn {
    /// Whether it is where that alert happened; an alert whose devices do not say their group may
    /// be anywhere
    pub(crate) fn covers(&self, alert: &Alert) -> Truth {
        let groups = match self {
            Self::AllDevices => return Truth::True,
            Self::DeviceGroups(groups) => groups,
        };
        let devices = alert.evidence_of(EvidenceType::Device);
        let each = devices.map(|it| match it.text("rbacGroupName") {
            None => Truth::Unknown,
            Some(own) => groups.iter().any(|it| it.to_lowercase() == own.to_lowercase()).into(),
        });
        each.min().unwrap_or(Truth::Unknown)
    }
}

impl fmt::Display for AllowedOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AllDevices => f.write_str("all devices"),
            Self::DeviceGroups(groups) => write!(f, "device groups {}", groups.join(", ")),
        }
    }
}

/// What an entry was made from
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AllowedFrom {
    /// From an alert
    Alert(AlertId),
    /// From a tuning rule, by its name
    Rule(String),
}

/// An entry as somebody wrote it, not checked yet
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AllowListDraft {
    /// What the value is; by its looks where nothing is said
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<IndicatorKind>,
    /// The indicator's value
    pub value: String,
    /// What it is, in few words
    pub title: String,
    /// Why it is allowed
    pub description: String,
    /// Device groups; all devices where there is none
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub device_groups: Vec<String>,
    /// Until when it is allowed
    pub expires: Timestamp,
    /// Who put it there
    pub by: String,
    /// What it was made from
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<AllowedFrom>,
}

/// Something that is wrong with an entry
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AllowListError {
    /// The value is none
    #[error(transparent)]
    Indicator(#[from] IndicatorError),
    /// A text is missing
    #[error("the {0} is missing")]
    Missing(&'static str),
    /// A text is too long
    #[error("the {what} has more than {max} characters")]
    TooLong {
        /// Which text
        what: &'static str,
        /// The most it may have
        max: usize,
    },
    /// Too many device groups
    #[error("more than {DEVICE_GROUPS_MAX} device groups")]
    TooManyGroups,
    /// It is over already
    #[error("it expires at {0}, which is not in the future")]
    Over(Timestamp),
    /// It would be allowed for too long
    #[error("it expires at {0}; {ALLOWED_DAYS_MAX} days ahead is the most")]
    TooFarAhead(Timestamp),
}

/// An indicator that is allowed
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AllowListEntry {
    // INVARIANT: as `new` checks it; what is read from the store was checked when it was put there.
    indicator: Indicator,
    title: String,
    description: String,
    on: AllowedOn,
    expires: Timestamp,
    by: String,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<AllowedFrom>,
}

impl AllowListEntry {
    /// Checks an entry that is to be put on the list at `now`, or says everything that is wrong
    pub fn new(draft: AllowListDraft, now: Timestamp) -> Result<Self, Vec<AllowListError>> {
        let mut problems = Vec::new();
        let indicator = match draft.kind {
            Some(kind) => Indicator::parse(kind, &draft.value),
            None => Indicator::guess(&draft.value),
        };
        let indicator = indicator.map_err(|error| problems.push(error.into())).ok();
        let mut text = |what, text: &str, max| {
            let text = text.trim();
            if text.is_empty() {
                problems.push(AllowListError::Missing(what));
            } else if text.chars().count() > max {
                problems.push(AllowListError::TooLong { what, max });
            }
            text.to_owned()
        };
        let title = text("title", &draft.title, TITLE_LENGTH_MAX);
        let description = text("description", &draft.description, DESCRIPTION_LENGTH_MAX);
        let by = text("name of who allows it", &draft.by, NAME_LENGTH_MAX);
        let groups = draft.device_groups.iter();
        let mut groups: Vec<String> =
            groups.map(|it| text("name of a device group", it, NAME_LENGTH_MAX)).collect();
        groups.sort_unstable();
        groups.dedup();
        if groups.len() > DEVICE_GROUPS_MAX {
            problems.push(AllowListError::TooManyGroups);
        }
        let latest = now.checked_add(SignedDuration::from_hours(24 * ALLOWED_DAYS_MAX));
        if draft.expires <= now {
            problems.push(AllowListError::Over(draft.expires));
        } else if draft.expires > latest.unwrap_or(Timestamp::MAX) {
            problems.push(AllowListError::TooFarAhead(draft.expires));
        }
        let on =
            if groups.is_empty() { AllowedOn::AllDevices } else { AllowedOn::DeviceGroups(groups) };
        match indicator {
            Some(indicator) if problems.is_empty() => Ok(Self {
                indicator,
                title,
                description,
                on,
                expires: draft.expires,
                by,
                at: now,
                from: draft.from,
            }),
            Some(_) | None => Err(problems),
        }
    }

    /// What is allowed
    pub const fn indicator(&self) -> &Indicator {
        &self.indicator
    }

    /// What it is, in few words
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Why it is allowed
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Where it is allowed
    pub const fn on(&self) -> &AllowedOn {
        &self.on
    }

    /// Until when it is allowed
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// Who put it there
    pub fn by(&self) -> &str {
        &self.by
    }

    /// When they did
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// What it was made from
    pub const fn from(&self) -> Option<&AllowedFrom> {
        self.from.as_ref()
    }

    /// Whether it is allowed at that moment
    pub fn is_in_force(&self, moment: Timestamp) -> bool {
        moment < self.expires
    }

    /// What a criterion needs to know of it
    pub fn listed(&self) -> Listed {
        Listed { title: self.title.clone(), on: self.on.clone(), expires: self.expires }
    }

    /// What is other than in an older entry of the same indicator, in words
    pub fn differences(&self, older: &Self) -> Vec<String> {
        let changed = |what: &str, old: &dyn fmt::Display, new: &dyn fmt::Display| {
            format!("{what} from {old} to {new}")
        };
        let mut differences = Vec::new();
        if self.title != older.title {
            let quoted = |it: &str| format!("`{it}`");
            differences.push(changed("title", &quoted(&older.title), &quoted(&self.title)));
        }
        if self.description != older.description {
            differences.push("description".to_owned());
        }
        if self.on != older.on {
            differences.push(changed("where", &older.on, &self.on));
        }
        if self.expires != older.expires {
            differences.push(changed("expiry", &older.expires, &self.expires));
        }
        differences
    }
}

/// What a criterion needs to know of an entry
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// What it is, in few words
    pub title: String,
    /// Where it is allowed
    pub on: AllowedOn,
    /// Until when
    pub expires: Timestamp,
}

/// How many changes of one entry are kept
pub const CHANGES_MAX: usize = 50;

/// One change of an entry
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct AllowListChange {
    /// When
    pub at: Timestamp,
    /// Who
    pub by: String,
    /// What changed, in words; nothing where it was put there first
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub what: Vec<String>,
}

/// Where an entry stands at Defender for Endpoint
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AtEndpoint {
    /// To be written there
    Outstanding,
    /// It is there
    Written {
        /// Since when
        at: Timestamp,
        /// What was answered
        answer: String,
    },
    /// The settings name no Defender for Endpoint: it stands on our own list alone
    OursAlone {
        /// Since when that is known
        at: Timestamp,
    },
    /// It was not taken there
    Refused {
        /// When
        at: Timestamp,
        /// What was answered, for people
        answer: String,
    },
}
