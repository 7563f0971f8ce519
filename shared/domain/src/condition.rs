//! Conditions: one typed language for triggers, criteria, tuning rules and filters, with three
//! answers.

mod evidence_test;
mod index;
mod pattern;
mod property;
mod test;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use self::{evidence_test::EvidenceTest, test::Test};
pub(crate) use self::{
    evidence_test::{ANY, ROLES, spellings, value_at},
    pattern::fold,
    property::{Value, ValueKind},
    test::{OPERATORS, has_operator},
};
pub use self::{
    index::{ConditionIndex, ImageError, Match, Matcher},
    pattern::{PATTERN_LENGTH_MAX, PATTERN_STARS_MAX, Pattern},
    property::AlertProperty,
    test::{VALUE_LENGTH_MAX, VALUES_MAX},
};
use crate::{
    alert::Alert,
    criterion::{self, Criterion, Maker},
    diagnostic::{Code, Diagnostic},
    document::{Cursor, Problems, read_yaml},
    explanation::{Explanation, Truth},
    fact::{Facts, Need, Unknown},
    organisation::Organisation,
};

/// How deep groups may lie in groups
pub const DEPTH_MAX: usize = 8;

/// How many tests one condition may have
pub const TESTS_MAX: usize = 256;

/// What a condition is answered about
#[derive(Clone, Copy, Debug)]
pub(crate) struct Situation<'a> {
    pub(crate) alert: &'a Alert,
    pub(crate) facts: &'a Facts,
    pub(crate) organisation: &'a Organisation,
    pub(crate) now: Timestamp,
}

/// A tree of tests under AND, OR, NOT
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    // INVARIANT: at most `DEPTH_MAX` deep, at most `TESTS_MAX` tests, no empty group.
    part: Part,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    All(Vec<Part>),
    Any(Vec<Part>),
    Not(Box<Part>),
    Alert(Vec<(AlertProperty, Vec<Test>)>),
    Evidence(EvidenceTest),
    Criterion(Criterion),
}

/// What a condition may ask
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum May {
    /// The alert alone
    AskTheAlert,
    /// What the organisation says of itself too
    AskTheOrganisation,
    /// Any fact too
    AskAnything,
}

/// What a condition can be besides a criterion
pub(crate) const GROUPS: [&str; 5] = ["all", "any", "not", "alert", "evidence"];

impl Condition {
    /// Reads a condition that stands by itself, or says everything that is wrong with it
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let node = read_yaml(file, text).map_err(|problem| vec![problem])?;
        let problems = Problems::new(file);
        let condition = Self::read(&Cursor::new(&node, &problems), May::AskAnything);
        problems.finish(condition)
    }

    /// Answers it for one alert, with what is known, as of `now`
    pub fn explain(
        &self,
        alert: &Alert,
        facts: &Facts,
        organisation: &Organisation,
        now: Timestamp,
    ) -> Explanation {
        self.evaluate(Situation { alert, facts, organisation, now })
    }

    pub(crate) fn read(at: &Cursor<'_>, may: May) -> Option<Self> {
        let part = Part::read(at, may, 0)?;
        evidence_test::check_count(at, part.n_tests(), TESTS_MAX);
        Some(Self { part })
    }

    /// Answers every part, so that the explanation is whole whatever decided it
    pub(crate) fn evaluate(&self, situation: Situation<'_>) -> Explanation {
        self.part.evaluate(situation)
    }

    /// Everything it must know to answer; the same question may come more than once
    pub(crate) fn needs(&self, alert: &Alert, organisation: &Organisation) -> Vec<Need> {
        let mut needs = Vec::new();
        self.part.visit(&mut |criterion| needs.extend(criterion.needs(alert, organisation)));
        needs
    }

    /// Names each range of addresses it asks for that is not among `known`
    pub(crate) fn check_ranges(&self, file: &str, known: &[&str]) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        self.part.visit(&mut |criterion| {
            if let Criterion::AddressInNamedRange(it) = criterion {
                problems.extend(it.check(file, known));
            }
        });
        problems
    }

    /// Whether it asks for anything that the user of the alert can set
    pub(crate) fn asks_subject(&self) -> bool {
        let mut asks = false;
        self.part.visit(&mut |criterion| asks |= criterion.maker() == Maker::Subject);
        asks
    }

    /// Whether it can only hold if something holds that the user of the alert cannot set
    pub(crate) fn needs_more_than_subject(&self) -> bool {
        self.part.always_needs(&|leaf| match leaf {
            Part::Criterion(criterion) => criterion.maker() != Maker::Subject,
            Part::All(_) | Part::Any(_) | Part::Not(_) | Part::Alert(_) | Part::Evidence(_) => {
                false
            }
        })
    }

    /// Whether it can only hold where some piece of evidence is there
    pub(crate) fn needs_evidence(&self) -> bool {
        self.part.always_needs(&|leaf| match leaf {
            Part::Evidence(_) => true,
            Part::All(_) | Part::Any(_) | Part::Not(_) | Part::Alert(_) | Part::Criterion(_) => {
                false
            }
        })
    }

    /// Whether it can only hold where evidence is of a certain device, user or hash
    pub(crate) fn names_device_user_or_hash(&self) -> bool {
        self.part.always_needs(&|leaf| match leaf {
            Part::Evidence(test) => test.names_device_user_or_hash(),
            Part::All(_) | Part::Any(_) | Part::Not(_) | Part::Alert(_) | Part::Criterion(_) => {
                false
            }
        })
    }

    /// Whether it can only hold up to some severity that the author wrote
    pub(crate) fn bounds_severity(&self) -> bool {
        self.part.always_needs(&|leaf| match leaf {
            Part::Alert(tests) => tests.iter().any(|(property, tests)| {
                *property == AlertProperty::Severity && tests.iter().any(Test::bounds_severity)
            }),
            Part::All(_) | Part::Any(_) | Part::Not(_) | Part::Evidence(_) | Part::Criterion(_) => {
                false
            }
        })
    }
}

impl Part {
    fn read(at: &Cursor<'_>, may: May, depth: usize) -> Option<Self> {
        if depth >= DEPTH_MAX {
            at.problem(Code::OverLimit, format!("groups lie deeper than {DEPTH_MAX}"), None);
            return None;
        }
        let mut known = GROUPS.to_vec();
        known.extend(criterion::NAMES);
        let (name, body) = at.variant("condition", &known)?;
        if criterion::NAMES.contains(&name) {
            let criterion = Criterion::read(name, at, body.as_ref());
            let help = match (may, &criterion) {
                (May::AskTheAlert, _) => {
                    "move it to `criteria`: a trigger asks about the alert alone"
                }
                (May::AskTheOrganisation, Some(it)) if it.maker() != Maker::Organisation => {
                    "write a playbook: a tuning rule asks the alert and the organisation"
                }
                (May::AskTheOrganisation | May::AskAnything, _) => {
                    return criterion.map(Self::Criterion);
                }
            };
            let message = format!("`{name}` is a criterion");
            at.problem(Code::NotInTrigger, message, Some(help.to_owned()));
            return criterion.map(Self::Criterion);
        }
        let Some(body) = body else {
            at.problem(Code::WrongType, format!("`{name}` needs a value"), None);
            return None;
        };
        match name {
            "all" => body.list_of(|it| Self::read(it, may, depth + 1)).map(Self::All),
            "any" => body.list_of(|it| Self::read(it, may, depth + 1)).map(Self::Any),
            "not" => Self::read(&body, may, depth + 1).map(|it| Self::Not(Box::new(it))),
            "evidence" => EvidenceTest::read(&body).map(Self::Evidence),
            _ => read_alert_tests(&body).map(Self::Alert),
        }
    }

    fn n_tests(&self) -> usize {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::n_tests).sum(),
            Self::Not(part) => part.n_tests(),
            Self::Alert(tests) => tests.iter().map(|(_, it)| it.len()).sum(),
            Self::Evidence(_) | Self::Criterion(_) => 1,
        }
    }

    fn evaluate(&self, situation: Situation<'_>) -> Explanation {
        let all = |parts: &[Self]| -> Vec<Explanation> {
            parts.iter().map(|it| it.evaluate(situation)).collect()
        };
        match self {
            Self::All(parts) => {
                let because = all(parts);
                let answer = because.iter().map(|it| it.answer).min().unwrap_or(Truth::Unknown);
                Explanation::group("all of", answer, because)
            }
            Self::Any(parts) => {
                let because = all(parts);
                let answer = because.iter().map(|it| it.answer).max().unwrap_or(Truth::Unknown);
                Explanation::group("any of", answer, because)
            }
            Self::Not(part) => {
                let inner = part.evaluate(situation);
                Explanation::group("not", !inner.answer, vec![inner])
            }
            Self::Alert(tests) => evaluate_alert(tests, situation.alert),
            Self::Evidence(test) => test.evaluate(situation.alert),
            Self::Criterion(criterion) => criterion.evaluate(situation),
        }
    }

    fn visit(&self, see: &mut impl FnMut(&Criterion)) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|it| it.visit(see)),
            Self::Not(part) => part.visit(see),
            Self::Criterion(criterion) => see(criterion),
            Self::Alert(_) | Self::Evidence(_) => {}
        }
    }

    /// Whether every way in which this can be true has a part that is `wanted`.
    ///
    /// Under `not`, what must be false is known to be so, which counts for a single part; a
    /// negated group is taken apart by De Morgan's laws.
    fn always_needs(&self, wanted: &impl Fn(&Self) -> bool) -> bool {
        match self {
            Self::All(parts) => parts.iter().any(|it| it.always_needs(wanted)),
            Self::Any(parts) => parts.iter().all(|it| it.always_needs(wanted)),
            Self::Not(part) => match part.as_ref() {
                Self::All(parts) => parts.iter().all(|it| it.refused_needs(wanted)),
                Self::Any(parts) => parts.iter().any(|it| it.refused_needs(wanted)),
                Self::Not(inner) => inner.always_needs(wanted),
                leaf @ (Self::Alert(_) | Self::Evidence(_) | Self::Criterion(_)) => {
                    leaf.refused_needs(wanted)
                }
            },
            leaf @ (Self::Alert(_) | Self::Evidence(_) | Self::Criterion(_)) => wanted(leaf),
        }
    }

    /// The same for every way in which this can be false
    fn refused_needs(&self, wanted: &impl Fn(&Self) -> bool) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|it| it.refused_needs(wanted)),
            Self::Any(parts) => parts.iter().any(|it| it.refused_needs(wanted)),
            Self::Not(inner) => inner.always_needs(wanted),
            // "Not at most medium" bounds nothing; "not at high risk" is something known.
            Self::Alert(_) | Self::Evidence(_) => false,
            leaf @ Self::Criterion(_) => wanted(leaf),
        }
    }
}

/// Reads `{ severity: { atMost: medium }, title: { like: "*travel*" } }`: all must hold
fn read_alert_tests(at: &Cursor<'_>) -> Option<Vec<(AlertProperty, Vec<Test>)>> {
    let mut tests = Vec::new();
    let entries = at.entries()?;
    if entries.is_empty() {
        at.problem(Code::WrongType, "nothing is tested here", None);
        return None;
    }
    let mut whole = true;
    for (name, cursor) in entries {
        let Some(property) = AlertProperty::ALL.iter().find(|it| it.name() == name) else {
            let known: Vec<&str> = AlertProperty::ALL.iter().map(|it| it.name()).collect();
            cursor.unknown_word("property of an alert", name, &known);
            whole = false;
            continue;
        };
        match read_tests(&cursor, property.kind()) {
            Some(read) => tests.push((*property, read)),
            None => whole = false,
        }
    }
    whole.then_some(tests)
}

/// Reads the operators of one property
fn read_tests(at: &Cursor<'_>, kind: ValueKind) -> Option<Vec<Test>> {
    if at.is_scalar() {
        // `severity: low` is short for `severity: { is: low }`.
        return Test::read("is", at, kind).map(|it| vec![it]);
    }
    let entries = at.entries()?;
    if entries.is_empty() {
        at.problem(Code::WrongType, "nothing is tested here", None);
        return None;
    }
    let read: Vec<Option<Test>> = entries
        .iter()
        .map(|(name, operand)| {
            if OPERATORS.contains(name) {
                return Test::read(name, operand, kind);
            }
            operand.unknown_word("operator", name, &OPERATORS);
            None
        })
        .collect();
    read.into_iter().collect()
}

fn evaluate_alert(tests: &[(AlertProperty, Vec<Test>)], alert: &Alert) -> Explanation {
    let mut because = Vec::new();
    for (property, tests) in tests {
        let value = property.value(alert);
        for test in tests {
            because.push(explain(property.name(), test, value.as_ref().map(Option::as_ref)));
        }
    }
    if because.len() == 1
        && let Some(only) = because.pop()
    {
        return only;
    }
    let answer = because.iter().map(|it| it.answer).min().unwrap_or(Truth::Unknown);
    Explanation::group("all of", answer, because)
}

/// One test of one property, answered
fn explain(name: &str, test: &Test, value: Result<Option<&Value>, &Unknown>) -> Explanation {
    let part = format!("{name} {test}");
    let seen = value.ok().flatten().map(|it| shortened(&it.to_string()));
    let answer = match value {
        Ok(value) => test.holds(value),
        Err(unknown) => Err(unknown.clone()),
    };
    let mut explanation = match answer {
        Ok(answer) => Explanation::new(part, answer),
        Err(why) => {
            let mut explanation = Explanation::new(part, Truth::Unknown);
            explanation.unknown = Some(evidence_test::unknown(name, why));
            explanation
        }
    };
    explanation.value = seen;
    explanation.source = Some("alert".to_owned());
    explanation
}

/// The most of a value that an explanation repeats, in characters
const VALUE_SHOWN_MAX: usize = 256;

/// As much of a text as an explanation repeats
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(VALUE_SHOWN_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
