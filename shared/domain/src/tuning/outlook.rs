//! What is to come of a tuning rule: until when it holds, and when its windows open.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{TuningAction, TuningRule};
use crate::rule_name::TuningRuleName;

/// How many windows are named of a rule that has some
const WINDOWS_MAX: usize = 3;

/// What is to come of a rule
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TuningOutlook {
    /// Which rule
    pub rule: TuningRuleName,
    /// Which text of it
    pub version: String,
    /// What it does
    pub action: TuningAction,
    /// Whether its text says that it is on
    pub enabled: bool,
    /// When it ends
    pub expires: Timestamp,
    /// Whether it holds of any alert at this moment
    pub in_force: bool,
    /// Its next windows, where it has some
    pub next_windows: Vec<OpenWindow>,
    /// Whether it has windows, and none opens any more
    pub windows_past: bool,
}

/// From when to when a window is open, where it is
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenWindow {
    /// Its first instant
    pub from: String,
    /// The first after it
    pub to: String,
}

impl TuningRule {
    /// What is to come of it
    pub fn outlook(&self, now: Timestamp) -> TuningOutlook {
        let windows = self.next_windows(now, WINDOWS_MAX).into_iter();
        let window = |(open, close): (jiff::Zoned, jiff::Zoned)| OpenWindow {
            from: open.to_string(),
            to: close.to_string(),
        };
        TuningOutlook {
            rule: self.name().clone(),
            version: self.version().to_owned(),
            action: self.action(),
            enabled: self.is_enabled(),
            expires: self.expires(),
            in_force: self.is_in_force(now),
            next_windows: windows.map(window).collect(),
            windows_past: self.windows_are_past(now),
        }
    }
}
