//! Fills in a tuning rule from an alert: every property of every piece of its evidence, a line each,
//! for its author to delete what need not be so.
//!
//! Whatever the alert says comes out as data: each text is quoted, what is too long for a condition
//! is left out, and a comment says so. The rule holds for the very alert it is filled from, once its
//! author has written who answers for it and why.

mod pieces;
mod quote;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp, civil::Time, tz::TimeZone};

use self::{
    pieces::{Piece, pieces_of},
    quote::quoted,
};
use super::{ID_LENGTH_MAX, scope};
use crate::{
    alert::Alert, catalogue::EvidenceType, document::DOCUMENT_BYTES_MAX, evidence::Evidence,
    rule_name::NAME_LENGTH_MAX, user::User,
};

/// How long a filled rule lasts
const EXPIRES_AFTER_DAYS: i64 = 90;

/// How many pieces of evidence are filled in
const PIECES_MAX: usize = 200;

/// How much of a document its evidence may take, in bytes; the rest is for scope and comments
const EVIDENCE_BYTES_MAX: usize = DOCUMENT_BYTES_MAX / 8 * 5;

/// How much of it the names of its scope may take
const SCOPE_BYTES_MAX: usize = DOCUMENT_BYTES_MAX / 8;

/// What to fill in
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fill {
    /// Only the evidence that triggered the alert, instead of all
    pub trigger_only: bool,
    /// For alerts of any type, instead of this alert's type alone
    pub any_alert_type: bool,
}

/// An alert about which no tuning rule can be written, with what to do
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FillError {
    /// It has no piece of evidence
    #[error("the alert has no evidence, and a tuning rule needs a piece of it")]
    NoEvidence,
    /// Nobody can say which piece triggered it
    #[error(
        "nobody can say what triggered the alert, so that `role: trigger` would hold for no piece: \
         no piece has the role, none is malicious or suspicious, and there are several; \
         leave out --trigger-only and delete what did not trigger it"
    )]
    TriggerUnknown,
    /// It says of no service source that we know
    #[error("the alert names no service source that we know, and a tuning rule is about some")]
    NoServiceSource,
    /// It says of no severity that we know
    #[error(
        "the alert has no severity that we know, and a tuning rule holds up to some severity alone"
    )]
    NoSeverity,
    /// It says of no alert type
    #[error("the alert names no detection that made it; give --any-alert-type")]
    NoAlertType,
}

impl Fill {
    /// The rule for that alert, as text; `now` is when it is filled
    pub fn rule(self, alert: &Alert, now: Timestamp) -> Result<String, FillError> {
        let source = alert.known_service_source().ok_or(FillError::NoServiceSource)?;
        let severity = alert.known_severity().ok_or(FillError::NoSeverity)?;
        let alert_types = if self.any_alert_type {
            "any".to_owned()
        } else {
            let alert_type = alert_type(alert).ok_or(FillError::NoAlertType)?;
            format!("[{}]  # or: any", quoted(&alert_type))
        };
        if alert.evidence.is_empty() {
            return Err(FillError::NoEvidence);
        }
        let pieces = pieces_of(alert, self.trigger_only);
        if pieces.is_empty() {
            return Err(FillError::TriggerUnknown);
        }
        let title = alert.title.as_deref().unwrap_or_default();
        let lines = [
            format!("# Filled in from alert {}, {}.", quoted(alert.id.as_str()), said(title)),
            "# Write who answers for it and why these alerts are expected. Every line under".into(),
            "# `condition` must hold: delete those that need not. Then check and preview it."
                .into(),
            "apiVersion: defuse/v1".into(),
            "kind: TuningRule".into(),
            format!("name: {}", quoted(&name_of(title))),
            "owner: \"\"  # who answers for it".into(),
            "reason: \"\"  # why these alerts are expected".into(),
            format!("serviceSources: [{}]", source.name()),
            format!("alertTypes: {alert_types}"),
            scope_of(alert),
            "condition:".into(),
            "  all:".into(),
            format!("    - alert: {{ severity: {{ atMost: {} }} }}", severity.name()),
            evidence(pieces),
            "action: hide  # or: { resolve: { informationalExpectedActivity: confirmedActivity } }"
                .into(),
            format!("expires: {}", expiry(now)),
        ];
        Ok(lines.join("\n") + "\n")
    }
}

/// The detection that made it, if a rule can name it
fn alert_type(alert: &Alert) -> Option<String> {
    let common = alert.alert_type.as_ref().map(ToString::to_string);
    let names = alert.detector_id.clone().into_iter().chain(common);
    let fits = |it: &String| !it.trim().is_empty() && it.chars().count() <= ID_LENGTH_MAX;
    names.into_iter().find(fits)
}

/// A title in a comment, cut where it is long
fn said(title: &str) -> String {
    const SHOWN_MAX: usize = 120;
    match title.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}…", quoted(title.get(..end).unwrap_or_default())),
        None => quoted(title),
    }
}

/// A name made of the title's letters and digits
fn name_of(title: &str) -> String {
    let mut name = String::new();
    for character in title.chars().take(4 * NAME_LENGTH_MAX) {
        if character.is_ascii_alphanumeric() {
            name.push(character.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    name.truncate(NAME_LENGTH_MAX);
    match name.trim_matches('-') {
        "" => "filled-in".to_owned(),
        name => name.to_owned(),
    }
}

/// Midnight (UTC), so many days ahead
fn expiry(now: Timestamp) -> Timestamp {
    let later = now.checked_add(SignedDuration::from_hours(24 * EXPIRES_AFTER_DAYS));
    let later = later.unwrap_or(Timestamp::MAX);
    let midnight = later.to_zoned(TimeZone::UTC).with().time(Time::midnight()).build();
    midnight.map_or(later, |it| it.timestamp())
}

/// The alert's devices, their groups, or its users, whichever it names all of; else everybody
fn scope_of(alert: &Alert) -> String {
    let devices = || alert.evidence_of(EvidenceType::Device);
    let ids: Vec<Name> = devices().map(|it| (scope::id_of(it), label(it))).collect();
    let groups: Vec<Name> = devices().map(|it| (scope::group_of(it), None)).collect();
    let users: Vec<Name> = alert.users().into_iter().map(|it| (user_name(it), None)).collect();
    let named = [("devices", ids), ("deviceGroups", groups), ("users", users)];
    let scope = named.into_iter().find_map(|(what, names)| listed(what, &names));
    scope.unwrap_or_else(|| "scope: organisation".to_owned())
}

/// A name as a scope has it, and what people call it
type Name = (Option<String>, Option<String>);

/// What people call a device
fn label(device: &Evidence) -> Option<String> {
    let name = device.text("deviceDnsName").or_else(|| device.text("hostName"))?;
    (name.chars().count() <= scope::NAME_LENGTH_MAX).then(|| name.to_owned())
}

fn user_name(user: User) -> Option<String> {
    user.principal_name.clone().or_else(|| user.directory_key().map(str::to_owned))
}

/// The names, a line each; `None` where there are none, or one of them cannot stand in a scope
fn listed(what: &str, names: &[Name]) -> Option<String> {
    let mut lines = BTreeSet::new();
    for (name, label) in names {
        let name = name.as_ref().filter(|it| !it.trim().is_empty())?;
        if name.chars().count() > scope::NAME_LENGTH_MAX {
            return None;
        }
        let label = label.as_ref().filter(|it| *it != name);
        let label = label.map(|it| format!("  # {}", quoted(it))).unwrap_or_default();
        lines.insert(format!("    - {}{label}", quoted(name)));
    }
    if lines.is_empty() || lines.len() > scope::NAMES_MAX {
        return None;
    }
    let lines: Vec<String> = lines.into_iter().collect();
    let text = format!("scope:  # or: organisation\n  {what}:\n{}", lines.join("\n"));
    (text.len() <= SCOPE_BYTES_MAX).then_some(text)
}

/// As many pieces as a document has room for
fn evidence(pieces: Vec<Piece>) -> String {
    let n_pieces = pieces.len();
    let (mut lines, mut n_bytes, mut n_filled, mut n_tests) = (Vec::new(), 0, 0, 0);
    for Piece { text, is_test } in pieces {
        n_bytes += text.len() + 1;
        if n_filled == PIECES_MAX || n_bytes > EVIDENCE_BYTES_MAX {
            break;
        }
        n_filled += 1;
        n_tests += usize::from(is_test);
        lines.push(text);
    }
    if n_tests == 0 {
        lines.push("    - evidence: any".to_owned());
    }
    if n_filled < n_pieces {
        let left_out = n_pieces - n_filled;
        lines.push(format!("    # Left out: {left_out} more pieces, for want of room."));
    }
    lines.join("\n")
}
