//! What we tell people in chat, as plain content: each channel gives it its own form.

use serde::{Deserialize, Serialize};

use crate::{
    alert_id::AlertId, indicator::Indicator, rule_name::TuningRuleName, severity::Severity,
    wire_name::wire_names,
};

wire_names! {
    /// What a notification is about; it decides wording and colour
    Template {
        /// An alert was resolved
        Resolved = "resolved",
        /// An alert stays open and a person must look
        NeedsEyes = "needsEyes",
    }
}

wire_names! {
    /// What a notification about a source is about
    SourceTemplate {
        /// Its alerts cannot be read
        Down = "sourceDown",
        /// They can be read again
        Up = "sourceUp",
    }
}

wire_names! {
    /// What a notification about a tuning rule is about
    TuningTemplate {
        /// It expires soon
        Expires = "ruleExpires",
    }
}

wire_names! {
    /// What a notification about a channel is about
    ChannelTemplate {
        /// Somebody tries whether it works
        Test = "test",
    }
}

wire_names! {
    /// What a notification about an indicator of our own allow list is about
    AllowListTemplate {
        /// Defender for Endpoint did not take it
        Refused = "indicatorRefused",
    }
}

/// What a notification is about: one alert, a source of alerts as such, a tuning rule, an indicator
/// of our own allow list, or the channel itself
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum About {
    /// One alert
    Alert {
        /// What became of it
        template: Template,
        /// Which
        alert_id: AlertId,
        /// How grave, where known
        severity: Option<Severity>,
    },
    /// A source of alerts
    Source {
        /// What became of it
        template: SourceTemplate,
        /// Which, as people call it
        source: String,
    },
    /// A tuning rule
    TuningRule {
        /// What becomes of it
        template: TuningTemplate,
        /// Which
        rule: TuningRuleName,
    },
    /// The channel itself
    Channel {
        /// Why
        template: ChannelTemplate,
        /// Who asked for it
        tried_by: String,
    },
    /// An indicator of our own allow list
    Indicator {
        /// What became of it
        template: AllowListTemplate,
        /// Which
        indicator: Indicator,
    },
}

impl About {
    /// The template's name
    pub const fn template_name(&self) -> &'static str {
        match self {
            Self::Alert { template, .. } => template.name(),
            Self::Source { template, .. } => template.name(),
            Self::TuningRule { template, .. } => template.name(),
            Self::Channel { template, .. } => template.name(),
            Self::Indicator { template, .. } => template.name(),
        }
    }
}

/// What we tell people in one channel.
///
/// All of it is text, never mark-up: most of it came from outside.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// Derived from what it tells of, and the channel: the same notification has the same id whenever it is sent
    pub id: String,
    /// The channel's name in the settings
    pub channel: String,
    /// What it is about
    #[serde(flatten)]
    pub about: About,
    /// One line
    pub title: String,
    /// Names with values: user, service source, outcome, …
    pub facts: Vec<(String, String)>,
    /// Why, a sentence each
    pub reasons: Vec<String>,
    /// The page in the portal
    pub url: Option<String>,
}
