//! Tests of one piece of evidence: all of them hold on the same piece.

use std::{collections::BTreeMap, iter};

use serde_json::Value as Json;

use super::{
    property::{Value, ValueKind},
    test::Test,
};
use crate::{
    alert::Alert,
    catalogue::{BASE, EvidenceType, Kind},
    diagnostic::Code,
    document::Cursor,
    evidence::{Evidence, triggers},
    explanation::{Explanation, Truth, UnknownFact},
    fact::{Unknown, UnknownReason},
    wire_name::AsRead,
};

/// The word for evidence of any type
pub(crate) const ANY: &str = "any";

/// Short for `roles`
const ROLE: &str = "role";

/// The roles that a source gives a piece
pub(crate) const ROLES: &str = "roles";

/// The role that we give what triggered the alert, for sources have no word for it
pub(super) const TRIGGER: &str = "trigger";

/// The properties that tell one device, user or file from another
const IDENTIFYING: [&str; 17] = [
    "accountName",
    "azureAdDeviceId",
    "azureAdUserId",
    "deviceDnsName",
    "deviceId",
    "deviceName",
    "hostName",
    "mailboxPrimaryAddress",
    "md5",
    "mdeDeviceId",
    "primaryAddress",
    "sha1",
    "sha256",
    "sha256Ac",
    "upn",
    "userPrincipalName",
    "userSid",
];

/// A piece of evidence of that type on which every test holds
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EvidenceTest {
    /// `None` is any type
    evidence_type: Option<EvidenceType>,
    tests: Vec<(String, Vec<Test>)>,
}

impl EvidenceTest {
    /// Reads `{ ip: { countryLetterCode: { is: NO } } }`
    pub(crate) fn read(at: &Cursor<'_>) -> Option<Self> {
        let mut known: Vec<&'static str> = EvidenceType::ALL.iter().map(|it| it.name()).collect();
        known.push(ANY);
        let (name, body) = at.variant("evidence type", &known)?;
        let evidence_type = EvidenceType::from_name(name).filter(|_| name != ANY);
        let mut tests = Vec::new();
        for (property, cursor) in body.map_or(Some(Vec::new()), |it| it.entries())? {
            let Some((path, kind)) = find(evidence_type, property) else {
                let paths: Vec<String> = paths(evidence_type);
                let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
                cursor.unknown_word(&format!("property of {name} evidence"), property, &paths);
                continue;
            };
            tests.push((path, super::read_tests(&cursor, kind)?));
        }
        Some(Self { evidence_type, tests })
    }

    /// The type that it is about, unless that is any
    pub(super) const fn evidence_type(&self) -> Option<EvidenceType> {
        self.evidence_type
    }

    /// Each path with its tests
    pub(super) fn tests(&self) -> &[(String, Vec<Test>)] {
        &self.tests
    }

    pub(crate) fn evaluate(&self, alert: &Alert) -> Explanation {
        let name = self.evidence_type.map_or(ANY, EvidenceType::name);
        let asks_roles = self.tests.iter().any(|(path, _)| path == ROLES);
        let triggers = if asks_roles { triggers(&alert.evidence) } else { Vec::new() };
        let triggers = triggers.into_iter().chain(iter::repeat(Truth::Unknown));
        let because: Vec<Explanation> = alert
            .evidence
            .iter()
            .zip(triggers)
            .filter_map(|(piece, trigger)| match (self.evidence_type, &piece.evidence_type) {
                (None, _) => Some(self.on(piece, trigger)),
                (Some(wanted), AsRead::Known(found)) => {
                    (wanted == *found).then(|| self.on(piece, trigger))
                }
                // A piece that says of no type might be of any.
                (Some(_), AsRead::Other(text)) => text.is_empty().then(|| untyped(name)),
            })
            .collect();
        let answer = because.iter().map(|it| it.answer).max().unwrap_or(Truth::False);
        let n_pieces = because.len();
        let mut explanation = Explanation::several(&format!("evidence: {name}"), answer, because);
        explanation.value = Some(match n_pieces {
            0 => "no such evidence".to_owned(),
            1 => "1 piece".to_owned(),
            several => format!("{several} pieces"),
        });
        explanation
    }

    /// Whether it holds on evidence of a certain device, user or hash alone
    pub(crate) fn names_device_user_or_hash(&self) -> bool {
        let is_hash =
            |path: &str| self.evidence_type == Some(EvidenceType::FileHash) && path == "value";
        self.tests.iter().any(|(path, tests)| {
            let last = path.rsplit('.').next().unwrap_or(path);
            (IDENTIFYING.contains(&last) || is_hash(path)) && tests.iter().any(Test::names_values)
        })
    }

    /// What comes of one piece; `trigger` is whether it triggered the alert
    fn on(&self, piece: &Evidence, trigger: Truth) -> Explanation {
        let mut because = Vec::new();
        for (path, tests) in &self.tests {
            let as_written = value_at(piece, path);
            for test in tests {
                let value = match (path.as_str(), test) {
                    (ROLES, Test::Exists(_)) => as_written.clone(),
                    (ROLES, _) => with_role(as_written.clone(), trigger),
                    _ => as_written.clone(),
                };
                because.push(super::explain(path, test, value.as_ref().map(Option::as_ref)));
            }
        }
        let answer = because.iter().map(|it| it.answer).min().unwrap_or(Truth::True);
        Explanation::group("piece of evidence", answer, because)
    }
}

/// The roles, with the one for what triggered the alert; `None` is that nobody can say
fn with_role(
    roles: Result<Option<Value>, Unknown>,
    trigger: Truth,
) -> Result<Option<Value>, Unknown> {
    let mut values = match roles? {
        Some(Value::Several(values)) => values,
        Some(one) => vec![Some(one)],
        None => Vec::new(),
    };
    match trigger {
        Truth::True => values.push(Some(Value::Text(TRIGGER.to_owned()))),
        Truth::Unknown => values.push(None),
        Truth::False => {}
    }
    Ok(Some(Value::Several(values)))
}

fn untyped(name: &str) -> Explanation {
    let mut explanation = Explanation::new("piece of evidence of no known type", Truth::Unknown);
    let detail = "a piece of evidence does not say what it is";
    let why = Unknown::with_detail(UnknownReason::PropertyUnreadable, detail);
    explanation.unknown = Some(unknown(name, why));
    explanation
}

/// The property's whole path and kind; `role` is short for `roles`, and a last step alone will do
/// where it is the only one of that name
fn find(evidence_type: Option<EvidenceType>, property: &str) -> Option<(String, ValueKind)> {
    let property = if property == ROLE { ROLES } else { property };
    let kind = |path: &str| match evidence_type {
        Some(evidence_type) => evidence_type.kind_of(path),
        None => BASE.iter().find(|(name, _)| *name == path).map(|(_, kind)| *kind),
    };
    if let Some(kind) = kind(property).and_then(value_kind) {
        return Some((property.to_owned(), kind));
    }
    let all = paths(evidence_type);
    let mut same = all.iter().filter(|it| it.rsplit('.').next() == Some(property));
    match (same.next(), same.next()) {
        (Some(path), None) => kind(path).and_then(value_kind).map(|it| (path.clone(), it)),
        _ => None,
    }
}

/// Every way to name a property of such evidence, with what it holds
pub(crate) fn spellings(evidence_type: Option<EvidenceType>) -> BTreeMap<String, ValueKind> {
    let paths = paths(evidence_type);
    let last_steps = paths.iter().filter_map(|it| it.rsplit('.').next());
    let names = paths.iter().map(String::as_str).chain(last_steps).chain([ROLE]);
    names
        .filter_map(|name| find(evidence_type, name).map(|(_, kind)| (name.to_owned(), kind)))
        .collect()
}

fn paths(evidence_type: Option<EvidenceType>) -> Vec<String> {
    evidence_type.map_or_else(
        || BASE.iter().map(|(name, _)| (*name).to_owned()).collect(),
        EvidenceType::paths,
    )
}

pub(super) const fn value_kind(kind: Kind) -> Option<ValueKind> {
    match kind {
        Kind::Text | Kind::Texts => Some(ValueKind::Text),
        Kind::Number => Some(ValueKind::Number),
        Kind::Boolean => Some(ValueKind::Boolean),
        Kind::Time => Some(ValueKind::Time),
        Kind::Object(_) | Kind::Objects(_) | Kind::Piece | Kind::Pieces | Kind::Dictionary => None,
    }
}

/// The value at `path`, of the kind that the catalogue gives; anything else is unreadable.
///
/// A list on the way gives several values, one for each of its items.
pub(crate) fn value_at(piece: &Evidence, path: &str) -> Result<Option<Value>, Unknown> {
    let unreadable = || Unknown::because(UnknownReason::PropertyUnreadable);
    let kind = match &piece.evidence_type {
        AsRead::Known(evidence_type) => evidence_type.kind_of(path),
        AsRead::Other(_) => BASE.iter().find(|(name, _)| *name == path).map(|(_, kind)| *kind),
    };
    let kind = kind.ok_or_else(unreadable)?;
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let steps: Vec<&str> = rest.split('.').filter(|it| !it.is_empty()).collect();
    read_at(piece.properties.get(first), &steps, kind)
}

pub(super) fn read_at(
    value: Option<&Json>,
    steps: &[&str],
    kind: Kind,
) -> Result<Option<Value>, Unknown> {
    let Some(value) = value.filter(|it| !it.is_null()) else {
        return Ok(None);
    };
    let each = |items: &[Json], kind| {
        let read = items.iter().map(|it| read_at(Some(it), steps, kind).ok().flatten());
        Ok(Some(Value::Several(read.collect())))
    };
    let read = match (steps, kind, value) {
        ([], Kind::Texts, Json::Array(items)) => return each(items, Kind::Text),
        ([_, ..], _, Json::Array(items)) => return each(items, kind),
        ([step, rest @ ..], _, Json::Object(object)) => {
            return read_at(object.get(*step), rest, kind);
        }
        ([], Kind::Text, Json::String(text)) => Some(Value::Text(text.clone())),
        ([], Kind::Number, Json::Number(number)) => number.as_i64().map(Value::Number),
        ([], Kind::Boolean, Json::Bool(boolean)) => Some(Value::Boolean(*boolean)),
        ([], Kind::Time, Json::String(text)) => text.parse().ok().map(Value::Time),
        _ => None,
    };
    read.map(Some).ok_or_else(|| Unknown::because(UnknownReason::PropertyUnreadable))
}

/// An unknown property, by name
pub(super) fn unknown(path: &str, why: Unknown) -> UnknownFact {
    UnknownFact { fact: path.to_owned(), about: None, why }
}

/// Refuses a document with more tests than can be read at a glance
pub(super) fn check_count(at: &Cursor<'_>, count: usize, max: usize) {
    if count > max {
        at.problem(Code::OverLimit, format!("{count} tests, at most {max} are possible"), None);
    }
}
