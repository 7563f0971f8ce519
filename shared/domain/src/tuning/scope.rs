//! Whom a tuning rule covers: the organisation, devices, device groups, users.

use serde_json::Value;

use super::one_of;
use crate::{
    alert::Alert,
    catalogue::EvidenceType,
    condition::fold,
    diagnostic::Code,
    document::Cursor,
    evidence::Evidence,
    explanation::{Explanation, Truth, UnknownFact},
    fact::{Unknown, UnknownReason},
};

/// The word for everybody
pub(crate) const ORGANISATION: &str = "organisation";

/// How many devices, groups or users one scope may name
pub(crate) const NAMES_MAX: usize = 1_000;

/// The longest name of a device, group or user, in characters
pub(crate) const NAME_LENGTH_MAX: usize = 256;

/// What names a device, in the words of Graph's `deviceEvidence`
const DEVICE_IDS: [&str; 4] = ["mdeDeviceId", "azureAdDeviceId", "deviceDnsName", "hostName"];

/// What names a device group
const GROUP_IDS: [&str; 2] = ["rbacGroupName", "rbacGroupId"];

/// Whom a tuning rule covers.
///
/// Every device and every user of an alert must be in the scope, where it names any: an alert that
/// touches one outside is not covered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everybody and everything
    Organisation,
    /// Those named
    Named {
        /// Devices by Defender's id, Entra's id, or name
        devices: Vec<String>,
        /// Device groups by name or id; a device is covered by itself or by its group
        device_groups: Vec<String>,
        /// Users by id or principal name
        users: Vec<String>,
    },
}

impl Scope {
    /// The names of the fields
    pub(crate) const FIELDS: [&'static str; 3] = ["devices", "deviceGroups", "users"];

    pub(super) fn read(at: &Cursor<'_>) -> Option<Self> {
        if at.is_scalar() {
            return at.word("scope", &[ORGANISATION]).map(|_| Self::Organisation);
        }
        let fields = at.fields(&Self::FIELDS)?;
        let names = |name| fields.or(name, Vec::new(), read_names);
        let (devices, device_groups, users) =
            (names("devices"), names("deviceGroups"), names("users"));
        let (devices, device_groups, users) = (devices?, device_groups?, users?);
        if devices.is_empty() && device_groups.is_empty() && users.is_empty() {
            let help = format!("name devices, device groups or users, or write `{ORGANISATION}`");
            at.problem(Code::WrongType, "this scope covers nobody", Some(help));
            return None;
        }
        Some(Self::Named { devices, device_groups, users })
    }

    /// Whether it covers everybody
    pub const fn is_organisation(&self) -> bool {
        matches!(self, Self::Organisation)
    }

    /// Whether it names users and no device or device group
    pub const fn is_users_alone(&self) -> bool {
        match self {
            Self::Organisation => false,
            Self::Named { devices, device_groups, users } => {
                devices.is_empty() && device_groups.is_empty() && !users.is_empty()
            }
        }
    }

    /// How many of what it names, for people
    pub fn in_words(&self) -> String {
        let Self::Named { devices, device_groups, users } = self else {
            return ORGANISATION.to_owned();
        };
        let kinds = [("devices", devices), ("device groups", device_groups), ("users", users)];
        let named: Vec<String> = kinds
            .iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(kind, names)| format!("{} {kind}", names.len()))
            .collect();
        named.join(", ")
    }

    /// The device groups of which each alert has one; none where it may have no device, or one
    /// outside of them
    pub(super) fn groups_alone(&self) -> Option<&[String]> {
        match self {
            Self::Named { devices, device_groups, .. }
                if devices.is_empty() && !device_groups.is_empty() =>
            {
                Some(device_groups)
            }
            Self::Organisation | Self::Named { .. } => None,
        }
    }

    pub(super) fn evaluate(&self, alert: &Alert) -> Explanation {
        let Self::Named { devices, device_groups, users } = self else {
            return Explanation::new("scope: the organisation", Truth::True);
        };
        let mut because = Vec::new();
        if !devices.is_empty() || !device_groups.is_empty() {
            because.push(evaluate_devices(devices, device_groups, alert));
        }
        if !users.is_empty() {
            because.push(evaluate_users(users, alert));
        }
        let answer = because.iter().map(|it| it.answer).min().unwrap_or(Truth::Unknown);
        Explanation::group("all of", answer, because)
    }
}

fn read_names(at: &Cursor<'_>) -> Option<Vec<String>> {
    let names = at.list_of(|it| it.short_text(NAME_LENGTH_MAX))?;
    if names.len() > NAMES_MAX {
        at.problem(Code::OverLimit, format!("more than {NAMES_MAX} names"), None);
        return None;
    }
    Some(names)
}

fn evaluate_devices(devices: &[String], groups: &[String], alert: &Alert) -> Explanation {
    let names: Vec<&str> = devices.iter().chain(groups).map(String::as_str).collect();
    let part = format!("scope: device or its group is {}", one_of(&names));
    let pieces = alert.evidence_of(EvidenceType::Device);
    each(
        part,
        "device",
        pieces.map(|piece| {
            let (by_id, by_group) = (texts(piece, &DEVICE_IDS), texts(piece, &GROUP_IDS));
            let is_in = is_named(devices, &by_id) || is_named(groups, &by_group);
            // Without an id it may be one of them; without a group, in one of them.
            let may_be = (!devices.is_empty() && by_id.is_empty())
                || (!groups.is_empty() && by_group.is_empty());
            let shown = by_id.into_iter().next().unwrap_or_else(|| "(unnamed device)".to_owned());
            (shown, is_in, may_be)
        }),
    )
}

fn evaluate_users(users: &[String], alert: &Alert) -> Explanation {
    let names: Vec<&str> = users.iter().map(String::as_str).collect();
    let part = format!("scope: user is {}", one_of(&names));
    each(
        part,
        "user",
        alert.users().into_iter().map(|user| {
            let is_in = users.iter().any(|it| user.is_called(it));
            (user.to_string(), is_in, user.directory_key().is_none())
        }),
    )
}

/// Joins what is known of each: its name, whether it is covered, whether it might be all the same
fn each(
    part: String,
    what: &str,
    found: impl Iterator<Item = (String, bool, bool)>,
) -> Explanation {
    let because: Vec<Explanation> = found
        .map(|(name, is_in, may_be)| {
            let answer = match (is_in, may_be) {
                (true, _) => Truth::True,
                (false, true) => Truth::Unknown,
                (false, false) => Truth::False,
            };
            let unknown =
                (answer == Truth::Unknown).then(|| not_known(what, UnknownReason::PropertyMissing));
            let covered = if is_in { "covered" } else { "not covered" };
            Explanation {
                value: Some(name),
                unknown,
                ..Explanation::new(format!("{what} is {covered}"), answer)
            }
        })
        .collect();
    if because.is_empty() {
        return Explanation {
            value: Some(format!("no {what} in the alert")),
            ..Explanation::new(part, Truth::False)
        };
    }
    let answer = because.iter().map(|it| it.answer).min().unwrap_or(Truth::Unknown);
    Explanation::several(&part, answer, because)
}

fn not_known(what: &str, reason: UnknownReason) -> UnknownFact {
    UnknownFact { fact: what.to_owned(), about: None, why: Unknown::because(reason) }
}

fn texts(piece: &Evidence, names: &[&str]) -> Vec<String> {
    let text = |name: &&str| match piece.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    };
    names.iter().filter_map(text).collect()
}

/// The name of a device in a scope: the id that Defender gives it where there is one
pub(super) fn id_of(piece: &Evidence) -> Option<String> {
    texts(piece, &DEVICE_IDS).into_iter().next()
}

/// The name of a device's group in a scope
pub(super) fn group_of(piece: &Evidence) -> Option<String> {
    texts(piece, &GROUP_IDS).into_iter().next()
}

fn is_named(names: &[String], found: &[String]) -> bool {
    names.iter().any(|name| found.iter().any(|it| fold(it) == fold(name)))
}
