//! All tuning rules in force, and what they come to together.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use super::{TuningAction, TuningRule, TuningTrace};
use crate::{
    alert::Alert,
    classification::Classification,
    condition::{ConditionIndex, Situation},
    criterion,
    explanation::{Explanation, Truth, UnknownFact},
    fact::Need,
    rule_name::TuningRuleName,
};

/// Every tuning rule, by name
#[derive(Clone, Debug)]
pub struct TuningBook {
    // INVARIANT: in the order of names, each once; the index is of their conditions, in that order.
    rules: Vec<TuningRule>,
    // Made when the first alert is asked about: many books are only read or put into others.
    index: Arc<OnceLock<ConditionIndex>>,
}

/// What the tuning rules come to together
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tuned {
    /// None holds, and none would by what nobody could say: playbooks decide
    Untouched,
    /// It is expected, and leaves the queue
    Hidden,
    /// It is expected, and is resolved as that
    Resolved(Classification),
    /// A person looks, for that reason
    Kept(String),
}

impl Default for TuningBook {
    fn default() -> Self {
        Self::new([])
    }
}

impl PartialEq for TuningBook {
    fn eq(&self, other: &Self) -> bool {
        self.rules == other.rules
    }
}

impl Eq for TuningBook {}

impl TuningBook {
    /// The rules; of two with one name the later is kept (the checker refuses that)
    pub fn new(rules: impl IntoIterator<Item = TuningRule>) -> Self {
        let by_name: BTreeMap<TuningRuleName, TuningRule> =
            rules.into_iter().map(|it| (it.name().clone(), it)).collect();
        Self { rules: by_name.into_values().collect(), index: Arc::default() }
    }

    /// Every rule, by name
    pub fn rules(&self) -> impl Iterator<Item = &TuningRule> {
        self.rules.iter()
    }

    /// The rule of that name
    pub fn rule(&self, name: &TuningRuleName) -> Option<&TuningRule> {
        let place = self.rules.binary_search_by(|it| it.name().cmp(name)).ok()?;
        self.rules.get(place)
    }

    fn index(&self) -> &ConditionIndex {
        let conditions = || self.rules.iter().map(TuningRule::condition);
        self.index.get_or_init(|| ConditionIndex::new(conditions()))
    }

    /// The rules whose condition holds of the alert, or does if what it asks besides does
    fn candidates(&self, alert: &Alert) -> Vec<&TuningRule> {
        let mut matcher = self.index().matcher();
        let places = matcher.of_alert(alert).iter().map(|it| usize::try_from(it.condition));
        places.filter_map(|it| self.rules.get(it.ok()?)).collect()
    }

    /// Everything that must be known to answer the rules that ask more than the alert, and may hold
    pub(crate) fn needs(&self, situation: Situation<'_>) -> Vec<Need> {
        let Situation { alert, organisation, .. } = situation;
        // Why: what is asked now is answered at another moment, when a window may be open.
        let may_hold = self.candidates(alert).into_iter().filter(|it| it.may_hold(situation));
        may_hold.flat_map(|it| it.needs(alert, organisation)).collect()
    }

    /// The rules that hold, and those that only what nobody could say keeps from holding
    pub(crate) fn traces(&self, situation: Situation<'_>) -> Vec<TuningTrace> {
        self.candidates(situation.alert)
            .into_iter()
            .filter(|it| it.is_in_force(situation.now))
            .map(|it| it.trace(situation))
            .filter(|trace| match trace.answer() {
                Truth::True => true,
                Truth::False => false,
                Truth::Unknown => waits_for_facts(&trace.explanation),
            })
            .collect()
    }
}

/// Whether a rule that is unknown asks something that was not answered.
///
/// What the alert does not say it will not say later: a rule that fails on that alone holds back
/// nobody else.
fn waits_for_facts(explanation: &Explanation) -> bool {
    explanation.unknown_facts().iter().any(|it| criterion::NAMES.contains(&it.fact.as_str()))
}

/// Joins what the rules say.
///
/// Where rules hold of which one hides and another resolves, the alert is hidden: both say that
/// nobody need look, and hiding is what can be undone without a trace at the source. Where two
/// would resolve it as different things, or one might by what nobody could say, a person looks.
pub(crate) fn join(traces: &[TuningTrace]) -> Tuned {
    let holding: Vec<&TuningTrace> =
        traces.iter().filter(|it| it.answer() == Truth::True).collect();
    if holding.iter().any(|it| it.action == TuningAction::Hide) {
        return Tuned::Hidden;
    }
    let mut unsure = traces.iter().filter(|it| it.answer() == Truth::Unknown);
    let Some(first) = holding.first() else {
        return unsure.next().map_or(Tuned::Untouched, |it| {
            let what = it.action.in_words();
            Tuned::Kept(format!(
                "tuning rule {} might {what}, and it is not known whether it holds",
                it.rule
            ))
        });
    };
    if let Some(other) = holding.iter().find(|it| it.action != first.action) {
        return Tuned::Kept(format!(
            "tuning rules disagree: {} would {}, {} would {}",
            first.rule,
            first.action.in_words(),
            other.rule,
            other.action.in_words()
        ));
    }
    match (first.action, unsure.find(|it| it.action != first.action)) {
        (_, Some(other)) => Tuned::Kept(format!(
            "tuning rule {} holds, but {} might {}, and it is not known whether it holds",
            first.rule,
            other.rule,
            other.action.in_words()
        )),
        (TuningAction::Hide, None) => Tuned::Hidden,
        (TuningAction::Resolve(classification), None) => Tuned::Resolved(classification),
    }
}

/// What is unknown in the rules that might hold, each once
pub(crate) fn unknown_of(traces: &[TuningTrace]) -> Vec<UnknownFact> {
    let mut unknown = Vec::new();
    for fact in traces.iter().flat_map(|it| it.explanation.unknown_facts()) {
        if !unknown.contains(&fact) {
            unknown.push(fact);
        }
    }
    unknown
}
