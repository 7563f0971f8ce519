//! The evidence of a rule that is filled in: a subgroup for each piece, a line for each property.

use std::collections::BTreeSet;

use super::quote::quoted;
use crate::{
    alert::Alert,
    catalogue::EvidenceType,
    condition::{ANY, ROLES, Value, value_at},
    evidence::{Evidence, triggers},
    explanation::Truth,
    wire_name::AsRead,
};

/// The longest text that is filled in, in characters; longer ones want `contains` or `startsWith`
const TEXT_LENGTH_MAX: usize = 1_000;

/// The most values of one property
const VALUES_MAX: usize = 50;

/// What differs between two alerts about the same thing, besides every point in time
const CHANGING: [&str; 37] = [
    "defenderAvStatus",
    "detailedRoles",
    "detectionStatus",
    "emailCount",
    "etag",
    "healthStatus",
    "internetMessageId",
    "ipInterfaces",
    "lastExternalIpAddress",
    "lastIpAddress",
    "messageId",
    "networkMessageId",
    "networkMessageIds",
    "onboardingStatus",
    "osBuild",
    "parentMessageId",
    "parentProcessId",
    "processId",
    "remediationStatus",
    "remediationStatusDetails",
    "requestId",
    "resourceAccessEvents.accountId",
    "resourceAccessEvents.ipAddress",
    "resourceAccessEvents.resourceIdentifier",
    "riskScore",
    "loggedOnUsers.accountName",
    "loggedOnUsers.domainName",
    "sessionId",
    "sourcePort",
    "submissionId",
    "tags",
    "threadId",
    "threats",
    "urlCount",
    "urn",
    "verdict",
    "version",
];

/// One piece as it is filled in
#[derive(Debug)]
pub(super) struct Piece {
    /// Its lines
    pub(super) text: String,
    /// Whether they test anything, and are no mere comment
    pub(super) is_test: bool,
}

/// Every piece once, what triggered the alert first; none where only that is wanted, and nobody can
/// say what it was
pub(super) fn pieces_of(alert: &Alert, trigger_only: bool) -> Vec<Piece> {
    let known = alert.evidence.iter().zip(triggers(&alert.evidence));
    let (first, others): (Vec<_>, Vec<_>) = known.partition(|(_, it)| *it == Truth::True);
    let others = if trigger_only { Vec::new() } else { others };
    let mut seen = BTreeSet::new();
    first
        .into_iter()
        .chain(others)
        .map(|(piece, trigger)| filled(piece, trigger == Truth::True))
        .filter(|it| seen.insert(it.text.clone()))
        .collect()
}

fn filled(piece: &Evidence, is_trigger: bool) -> Piece {
    // Where its roles cannot be read, nobody can say that it has this one.
    let is_trigger = is_trigger && value_at(piece, ROLES).is_ok();
    let evidence_type = match &piece.evidence_type {
        AsRead::Known(evidence_type) => *evidence_type,
        AsRead::Other(_) if is_trigger => {
            let text = "    - evidence:\n        any:\n          role: trigger".to_owned();
            return Piece { text, is_test: true };
        }
        AsRead::Other(name) => {
            let name: String = name.chars().take(100).collect();
            let text = format!("    # Left out: a piece of evidence of type {}.", quoted(&name));
            return Piece { text, is_test: false };
        }
    };
    let mut lines = Vec::new();
    if is_trigger {
        lines.push("role: trigger".to_owned());
    }
    let mut left_out = LeftOut::default();
    for path in evidence_type.paths() {
        match value_at(piece, &path) {
            Ok(None) => {}
            Ok(Some(value)) => match written(&path, &value) {
                Written::As(text) => lines.push(format!("{path}: {text}")),
                Written::Nothing => {}
                Written::Changes => left_out.changing.push(path),
                Written::TooLong => left_out.long.push(path),
            },
            Err(_) => left_out.unreadable.push(path),
        }
    }
    Piece { text: subgroup(evidence_type, &lines, &left_out), is_test: true }
}

fn subgroup(evidence_type: EvidenceType, lines: &[String], left_out: &LeftOut) -> String {
    debug_assert_ne!(evidence_type.name(), ANY, "no type of evidence is called so");
    let mut all = Vec::new();
    if lines.is_empty() {
        all.push(format!("    - evidence: {evidence_type}"));
    } else {
        all.push("    - evidence:".to_owned());
        all.push(format!("        {evidence_type}:"));
        all.extend(lines.iter().map(|it| format!("          {it}")));
    }
    all.extend(left_out.in_words().map(|it| format!("          # Left out, {it}")));
    all.join("\n")
}

/// Properties that are no part of the condition, by the reason
#[derive(Debug, Default)]
struct LeftOut {
    changing: Vec<String>,
    long: Vec<String>,
    unreadable: Vec<String>,
}

impl LeftOut {
    fn in_words(&self) -> impl Iterator<Item = String> {
        [
            ("for they change from alert to alert", &self.changing),
            ("for they are too long (use `contains` or `startsWith`)", &self.long),
            ("for they cannot be read", &self.unreadable),
        ]
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(why, names)| format!("{why}: {}", names.join(", ")))
    }
}

/// How a value is written
enum Written {
    As(String),
    /// It says nothing
    Nothing,
    Changes,
    TooLong,
}

fn written(path: &str, value: &Value) -> Written {
    if CHANGING.contains(&path) {
        return Written::Changes;
    }
    if let Value::Several(values) = value { several(values) } else { scalar(value) }
}

fn scalar(value: &Value) -> Written {
    match value {
        Value::Text(text) if text.trim().is_empty() => Written::Nothing,
        Value::Text(text) if text.chars().count() > TEXT_LENGTH_MAX => Written::TooLong,
        Value::Text(text) => Written::As(quoted(text)),
        Value::Number(number) => Written::As(number.to_string()),
        Value::Boolean(boolean) => Written::As(boolean.to_string()),
        Value::Severity(severity) => Written::As(severity.to_string()),
        // No property has a list of times, or a list in a list.
        Value::Time(_) | Value::Several(_) => Written::Changes,
    }
}

/// Any of several values; one that is too long hides no other
fn several(values: &[Option<Value>]) -> Written {
    let mut known = BTreeSet::new();
    let mut other = Written::Nothing;
    for value in values.iter().flatten() {
        match scalar(value) {
            Written::As(text) => {
                known.insert(text);
            }
            Written::Nothing => {}
            it @ (Written::Changes | Written::TooLong) => other = it,
        }
    }
    match known.len() {
        0 => other,
        1..=VALUES_MAX => {
            let known: Vec<String> = known.into_iter().collect();
            Written::As(format!("{{ in: [{}] }}", known.join(", ")))
        }
        _ => Written::TooLong,
    }
}
