//! Conditions, tests and criteria, as JSON Schema.

use serde_json::Value;

use super::form::{
    any_text, at_least_one, described, either, number, properties, reference, short_list_of, text,
    titled, usual, variant, with, words,
};
use crate::{
    alert_type,
    catalogue::EvidenceType,
    classification::{CLASSIFICATIONS, Classification},
    condition::{
        ANY, AlertProperty, DEPTH_MAX, GROUPS, May, OPERATORS, PATTERN_LENGTH_MAX, TESTS_MAX,
        VALUE_LENGTH_MAX, VALUES_MAX, ValueKind, has_operator, spellings,
    },
    criterion::{self, Maker},
    severity::{Severity, Status},
    source::{DetectionSource, ServiceSource},
};

/// Every kind of value
const KINDS: [ValueKind; 5] =
    [ValueKind::Text, ValueKind::Number, ValueKind::Boolean, ValueKind::Severity, ValueKind::Time];

/// What such conditions need in `$defs`: those of [`level_name`] are the conditions themselves
pub(super) fn definitions(all: &[May]) -> Vec<(String, Value)> {
    let levels = all
        .iter()
        .flat_map(|may| (0..DEPTH_MAX).map(|depth| (level_name(*may, depth), level(*may, depth))));
    let criteria = criterion::shapes()
        .into_iter()
        .filter(|(name, _)| all.iter().any(|may| criteria_of(*may).contains(name)))
        .map(|(name, shape)| (name.to_owned(), titled(shape.body, &format!("Criterion {name}"))));
    let tests = KINDS.map(|it| (tests_name(it).to_owned(), tests_of(it)));
    let types = EvidenceType::ALL.iter().map(|it| Some(*it)).chain([None]);
    let evidence = types.map(|it| (evidence_name(it), evidence_of(it)));
    let own =
        [("alertTests".to_owned(), alert_tests()), ("evidenceTest".to_owned(), evidence_test())];
    levels.chain(criteria).chain(tests).chain(own).chain(evidence).collect()
}

/// Groups lie in groups up to a depth, so each depth has a definition of its own
fn level_name(may: May, depth: usize) -> String {
    let name = match may {
        May::AskTheAlert => "trigger",
        May::AskTheOrganisation => "condition",
        May::AskAnything => "criteria",
    };
    if depth == 0 { name.to_owned() } else { format!("{name}{}", depth + 1) }
}

/// The criteria that such a condition may have
fn criteria_of(may: May) -> Vec<&'static str> {
    let all = criterion::NAMES.into_iter().zip(criterion::MAKERS);
    let may_have = all.filter(|(_, maker)| match may {
        May::AskTheAlert => false,
        May::AskTheOrganisation => *maker == Maker::Organisation,
        May::AskAnything => true,
    });
    may_have.map(|(name, _)| name).collect()
}

fn level(may: May, depth: usize) -> Value {
    let deeper = || (depth + 1 < DEPTH_MAX).then(|| reference(&level_name(may, depth + 1)));
    let group = || deeper().map(|it| short_list_of(it, TESTS_MAX));
    let parts = [
        group().map(|it| described(it, "Holds when every part holds.")),
        group().map(|it| described(it, "Holds when one part holds.")),
        deeper().map(|it| described(it, "Holds when the part does not hold.")),
        Some(reference("alertTests")),
        Some(reference("evidenceTest")),
    ];
    let mut variants: Vec<(&str, Value)> =
        GROUPS.into_iter().zip(parts).filter_map(|(name, it)| Some((name, it?))).collect();
    let criteria = criteria_of(may);
    if criteria.is_empty() {
        return titled(variant(variants), "Condition on the alert");
    }
    let alone = criterion::shapes().into_iter().filter(|(_, it)| it.alone).map(|(name, _)| name);
    let alone: Vec<&str> = alone.filter(|it| criteria.contains(it)).collect();
    variants.extend(criteria.into_iter().map(|name| (name, reference(name))));
    let schema = variant(variants);
    let schema = if alone.is_empty() { schema } else { either([schema, words(alone)]) };
    titled(schema, "Condition on the alert and on facts")
}

fn alert_tests() -> Value {
    let tests = AlertProperty::ALL.iter().map(|property| {
        let tests = reference(tests_name(property.kind()));
        let usual_words = usual_words(*property);
        let tests = if usual_words.is_empty() { tests } else { usual(tests, usual_words) };
        (property.name(), tests)
    });
    let schema = at_least_one(properties(tests));
    titled(described(schema, "Holds when every test holds."), "Tests of the alert")
}

/// What Microsoft's products say there; other words can be tested too
fn usual_words(property: AlertProperty) -> Vec<&'static str> {
    let all = CLASSIFICATIONS.into_iter().flat_map(Classification::determinations_of);
    let mut words: Vec<&'static str> = if property == AlertProperty::ServiceSource {
        ServiceSource::ALL.iter().map(|it| it.name()).collect()
    } else if property == AlertProperty::DetectionSource {
        DetectionSource::ALL.iter().map(|it| it.name()).collect()
    } else if property == AlertProperty::Status {
        Status::ALL.iter().map(|it| it.name()).collect()
    } else if property == AlertProperty::Classification {
        CLASSIFICATIONS.to_vec()
    } else if property == AlertProperty::Determination {
        all.collect()
    } else if property == AlertProperty::Type {
        alert_type::KNOWN.iter().map(|(_, name)| *name).collect()
    } else {
        Vec::new()
    };
    words.sort_unstable();
    words.dedup();
    words
}

fn evidence_test() -> Value {
    let types = || EvidenceType::ALL.iter().map(|it| Some(*it)).chain([None]);
    let word = |it: Option<EvidenceType>| it.map_or(ANY, EvidenceType::name);
    let tested = variant(types().map(|it| (word(it), reference(&evidence_name(it)))));
    let schema = either([tested, words(types().map(word))]);
    let about = "Holds when there is such a piece of evidence, and every test holds on it.";
    titled(described(schema, about), "Test of evidence")
}

/// The name of an evidence type's tests in `$defs`
fn evidence_name(evidence_type: Option<EvidenceType>) -> String {
    format!("{}Evidence", evidence_type.map_or(ANY, EvidenceType::name))
}

fn evidence_of(evidence_type: Option<EvidenceType>) -> Value {
    let tests = spellings(evidence_type).into_iter();
    let schema = properties(tests.map(|(name, kind)| (name, reference(tests_name(kind)))));
    let name = evidence_type.map_or(ANY, EvidenceType::name);
    titled(schema, &format!("Tests of {name} evidence"))
}

const fn tests_name(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Text => "textTests",
        ValueKind::Number => "numberTests",
        ValueKind::Boolean => "booleanTests",
        ValueKind::Severity => "severityTests",
        ValueKind::Time => "timeTests",
    }
}

/// A value, or operators that must all hold
fn tests_of(kind: ValueKind) -> Value {
    let operators = OPERATORS.into_iter().filter(|it| has_operator(kind, it));
    let operators = at_least_one(properties(operators.map(|it| (it, operand(it, kind)))));
    titled(either([value(kind), operators]), &format!("Tests of {}", kind.in_words()))
}

fn operand(operator: &str, kind: ValueKind) -> Value {
    match operator {
        "in" => short_list_of(value(kind), VALUES_MAX),
        "exists" => reference("boolean"),
        "inSubnet" => reference("range"),
        "like" => {
            let pattern = with(any_text(), "maxLength", PATTERN_LENGTH_MAX.into());
            described(pattern, "`*` is any characters, `?` is one, `\\` takes the next as it is.")
        }
        _ => value(kind),
    }
}

fn value(kind: ValueKind) -> Value {
    match kind {
        ValueKind::Text => text(VALUE_LENGTH_MAX),
        ValueKind::Number => number(),
        ValueKind::Boolean => reference("boolean"),
        ValueKind::Severity => words(Severity::ALL.iter().map(|it| it.name())),
        ValueKind::Time => reference("time"),
    }
}
