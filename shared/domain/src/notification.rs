//! What we tell people in chat, as plain content: each channel gives it its own form.

use serde::{Deserialize, Serialize};

use crate::{alert_id::AlertId, severity::Severity, wire_name::wire_names};

wire_names! {
    /// What a notification is about; it decides wording and colour
    Template {
        /// An alert was resolved
        Resolved = "resolved",
        /// An alert stays open and a person must look
        NeedsEyes = "needsEyes",
    }
}

/// What we tell people in one channel.
///
/// All of it is text, never mark-up: most of it came from outside.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// Derived from run and channel: the same notification has the same id whenever it is sent
    pub id: String,
    /// The channel's name in the settings
    pub channel: String,
    /// What it is about
    pub template: Template,
    /// One line
    pub title: String,
    /// The alert
    pub alert_id: AlertId,
    /// How grave, where known
    pub severity: Option<Severity>,
    /// Names with values: user, service source, outcome, …
    pub facts: Vec<(String, String)>,
    /// Why, a sentence each
    pub reasons: Vec<String>,
    /// The alert's page in the portal
    pub url: Option<String>,
}
