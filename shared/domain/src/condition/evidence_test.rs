//! Tests of one piece of evidence: all of them hold on the same piece.

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
    evidence::Evidence,
    explanation::{Explanation, Truth, UnknownFact},
    fact::{Unknown, UnknownReason},
    wire_name::AsRead,
};

/// The word for evidence of any type
const ANY: &str = "any";

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

    pub(crate) fn evaluate(&self, alert: &Alert) -> Explanation {
        let pieces: Vec<&Evidence> = alert
            .evidence
            .iter()
            .filter(|it| match self.evidence_type {
                None => true,
                Some(wanted) => it.evidence_type == AsRead::Known(wanted),
            })
            .collect();
        let because: Vec<Explanation> = pieces.iter().map(|it| self.on(it)).collect();
        let answer = because.iter().map(|it| it.answer).max().unwrap_or(Truth::False);
        let name = self.evidence_type.map_or(ANY, EvidenceType::name);
        let mut explanation = Explanation::group(&format!("evidence: {name}"), answer, because);
        explanation.value = Some(format!("{} of that type", pieces.len()));
        explanation
    }

    fn on(&self, piece: &Evidence) -> Explanation {
        let mut because = Vec::new();
        for (path, tests) in &self.tests {
            let value = value_at(piece, path);
            for test in tests {
                because.push(super::explain(path, test, value.as_ref().map(Option::as_ref)));
            }
        }
        let answer = because.iter().map(|it| it.answer).min().unwrap_or(Truth::True);
        Explanation::group("piece of evidence", answer, because)
    }
}

/// The property's whole path and kind; `role` is short for `roles`, and a last step alone will do
/// where it is the only one of that name
fn find(evidence_type: Option<EvidenceType>, property: &str) -> Option<(String, ValueKind)> {
    let property = if property == "role" { "roles" } else { property };
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

fn paths(evidence_type: Option<EvidenceType>) -> Vec<String> {
    evidence_type.map_or_else(
        || BASE.iter().map(|(name, _)| (*name).to_owned()).collect(),
        EvidenceType::paths,
    )
}

const fn value_kind(kind: Kind) -> Option<ValueKind> {
    match kind {
        Kind::Text | Kind::Texts => Some(ValueKind::Text),
        Kind::Number => Some(ValueKind::Number),
        Kind::Boolean => Some(ValueKind::Boolean),
        Kind::Time => Some(ValueKind::Time),
        Kind::Object(_) | Kind::Objects(_) | Kind::Piece | Kind::Pieces | Kind::Dictionary => None,
    }
}

/// The value at `path`, of the kind that the catalogue gives; anything else is unreadable
fn value_at(piece: &Evidence, path: &str) -> Result<Option<Value>, Unknown> {
    let Some(value) = piece.get(path) else {
        return Ok(None);
    };
    let kind = match &piece.evidence_type {
        AsRead::Known(evidence_type) => evidence_type.kind_of(path),
        AsRead::Other(_) => BASE.iter().find(|(name, _)| *name == path).map(|(_, kind)| *kind),
    };
    let read = match (kind, value) {
        (Some(Kind::Text), Json::String(text)) => Some(Value::Text(text.clone())),
        (Some(Kind::Texts), Json::Array(items)) => {
            let texts = items.iter().filter_map(Json::as_str).map(str::to_owned);
            Some(Value::Texts(texts.collect()))
        }
        (Some(Kind::Number), Json::Number(number)) => number.as_i64().map(Value::Number),
        (Some(Kind::Boolean), Json::Bool(boolean)) => Some(Value::Boolean(*boolean)),
        (Some(Kind::Time), Json::String(text)) => text.parse().ok().map(Value::Time),
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
