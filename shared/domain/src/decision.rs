//! What becomes of an alert, with why: one pure function.

mod played;
mod tuned;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use self::{played::played, tuned::tuned};
use crate::{
    alert::Alert,
    classification::Classification,
    condition::Situation,
    explanation::{Explanation, Truth, UnknownFact},
    fact::{Facts, Need, Question},
    organisation::Organisation,
    playbook::{Mode, Playbook},
    rule_name::{PlaybookName, TuningRuleName},
    tuning::{TuningBook, TuningRule, TuningTrace},
};

/// What becomes of an alert
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It stays in the queue, for a person
    Open,
    /// It is expected, and left out of the queue; its source is told nothing
    Hidden,
    /// It is resolved as that
    Resolved(Classification),
    /// Somebody resolved it at its source already; there is nothing to do
    ResolvedAtSource,
}

/// What becomes of an alert, the rules that determined it, and the trace
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// What
    pub outcome: Outcome,
    /// The playbooks that determined it; equals are named together
    pub determined_by: Vec<PlaybookName>,
    /// The tuning rules that determined it, before any playbook
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tuned_by: Vec<TuningRuleName>,
    /// Why it stays open whatever the rules say
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
    /// As what it is classified where somebody resolved it at its source already
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classified: Option<Classification>,
    /// Why it is so, a sentence each
    pub reasons: Vec<String>,
    /// What a rule asked and nobody could say
    pub unknown: Vec<UnknownFact>,
    /// Every tuning rule that held, or that only what nobody could say kept from holding
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tuning: Vec<TuningTrace>,
    /// Every playbook in force, with every condition and its answer; none where a tuning rule
    /// decided
    pub trace: Vec<PlaybookTrace>,
}

/// What keeps an alert open that a rule would take out of the queue
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Kept {
    /// A limit of the playbook is used up
    LimitUsedUp,
    /// It was resolved before, and somebody opened it again
    Reopened,
    /// Somebody works on it
    Taken,
    /// A person decided something of it here
    Managed,
    /// It was hidden, and a person released it
    Released,
}

impl Decision {
    /// The same, but the alert stays open, for those reasons and no other
    #[must_use]
    pub fn kept_open(self, kept: Kept, reasons: Vec<String>) -> Self {
        let (outcome, kept) = (Outcome::Open, Some(kept));
        Self { outcome, determined_by: Vec::new(), tuned_by: Vec::new(), kept, reasons, ..self }
    }

    /// Whether both come to the same for people: the same outcome, by the same playbooks, and where
    /// the alert stays open, for the same parts of the same playbooks.
    ///
    /// Values that were seen, their age and why something is unknown may differ.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let gist = |it: &Self| (it.outcome, it.kept, it.classified);
        if gist(self) != gist(other) {
            return false;
        }
        match self.outcome {
            Outcome::ResolvedAtSource => true,
            Outcome::Open if self.kept.is_some() => true,
            Outcome::Open => {
                self.obstacles() == other.obstacles() && self.unsettled() == other.unsettled()
            }
            Outcome::Hidden | Outcome::Resolved(_) => {
                self.determined_by == other.determined_by && self.tuned_by == other.tuned_by
            }
        }
    }

    /// What each tuning rule came to
    fn unsettled(&self) -> Vec<(&TuningRuleName, Truth)> {
        self.tuning.iter().map(|it| (&it.rule, it.answer())).collect()
    }

    /// What every playbook that is about the alert came to, and which of its parts stand in the way
    fn obstacles(&self) -> BTreeMap<&PlaybookName, Obstacles<'_>> {
        let about = self
            .trace
            .iter()
            .filter(|it| it.mode != Mode::Shadow && it.trigger.answer != Truth::False);
        let mut obstacles = BTreeMap::new();
        for playbook in about {
            let parts = [Some(&playbook.trigger), playbook.criteria.as_ref()];
            let parts = parts.into_iter().flatten().flat_map(Explanation::obstacles).collect();
            obstacles.insert(&playbook.playbook, (playbook.answer, parts));
        }
        obstacles
    }
}

/// What a playbook came to, and the parts that stand in its way
type Obstacles<'a> = (Truth, BTreeSet<(&'a str, Truth)>);

/// How one playbook came out
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaybookTrace {
    /// Which
    pub playbook: PlaybookName,
    /// Which text of it
    pub version: String,
    /// What it may do
    pub mode: Mode,
    /// Whether it holds: trigger and criteria together
    pub answer: Truth,
    /// Whether the alert is one of its
    pub trigger: Explanation,
    /// Whether what it asks is true; absent where the alert is none of its
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub criteria: Option<Explanation>,
}

/// The rules in force, already checked, and what the organisation says of itself
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleBook {
    // INVARIANT: keyed by each playbook's own name.
    playbooks: BTreeMap<PlaybookName, Playbook>,
    tuning: TuningBook,
    organisation: Organisation,
    bundle: String,
    channel: Option<String>,
}

impl RuleBook {
    /// The rules; of two playbooks with one name the later is kept (the checker refuses that)
    pub fn new(playbooks: impl IntoIterator<Item = Playbook>, organisation: Organisation) -> Self {
        let playbooks = playbooks.into_iter().map(|it| (it.name().clone(), it)).collect();
        Self { playbooks, organisation, ..Self::default() }
    }

    /// The same, with those tuning rules before the playbooks
    #[must_use]
    pub fn tuned_by(self, rules: impl IntoIterator<Item = TuningRule>) -> Self {
        Self { tuning: TuningBook::new(rules), ..self }
    }

    /// The same rules, under the name of the bundle that they came in
    #[must_use]
    pub fn in_bundle(self, bundle: String) -> Self {
        Self { bundle, ..self }
    }

    /// The same rules; of what no rule names a channel for, people are told in this one
    #[must_use]
    pub fn telling(self, channel: Option<String>) -> Self {
        Self { channel, ..self }
    }

    /// Where people are told of what no rule names a channel for, if anywhere
    pub fn channel(&self) -> Option<&str> {
        self.channel.as_deref()
    }

    /// Names the bundle that the rules came in
    pub fn bundle(&self) -> &str {
        &self.bundle
    }

    /// Every playbook, by name
    pub fn playbooks(&self) -> impl Iterator<Item = &Playbook> {
        self.playbooks.values()
    }

    /// The tuning rules
    pub const fn tuning(&self) -> &TuningBook {
        &self.tuning
    }

    /// The playbook of that name
    pub fn playbook(&self, name: &PlaybookName) -> Option<&Playbook> {
        self.playbooks.get(name)
    }

    /// What the organisation says of itself
    pub const fn organisation(&self) -> &Organisation {
        &self.organisation
    }

    /// Everything that must be known to decide `alert`: only what the tuning rules ask that may
    /// hold, and the playbooks whose trigger may, each question once, as young as the strictest of
    /// the criteria wants its answer
    pub fn needs(&self, alert: &Alert) -> Vec<Need> {
        if alert.is_resolved_at_source() {
            return Vec::new();
        }
        let facts = Facts::default();
        let situation = self.situation(alert, &facts, Timestamp::UNIX_EPOCH);
        let needs = self
            .playbooks()
            .filter(|it| it.trigger().evaluate(situation).answer != Truth::False)
            .flat_map(|it| it.criteria().needs(alert, &self.organisation))
            .chain(self.tuning.needs(situation));
        let mut ages: BTreeMap<Question, SignedDuration> = BTreeMap::new();
        for Need { question, max_age } in needs {
            let least = ages.entry(question).or_insert(max_age);
            *least = max_age.min(*least);
        }
        ages.into_iter().map(|(question, max_age)| Need { question, max_age }).collect()
    }

    /// The questions of [`RuleBook::needs`]
    pub fn questions(&self, alert: &Alert) -> BTreeSet<Question> {
        self.needs(alert).into_iter().map(|it| it.question).collect()
    }

    const fn situation<'a>(
        &'a self,
        alert: &'a Alert,
        facts: &'a Facts,
        now: Timestamp,
    ) -> Situation<'a> {
        Situation { alert, facts, organisation: &self.organisation, now }
    }
}

/// Decides what becomes of `alert`.
///
/// Tuning rules come first: an alert that one of them hides or resolves meets no playbook. Then an
/// alert is resolved only if the criteria of a playbook are met and no other playbook could
/// still resolve it as something else: what is unknown is not met, and where two playbooks
/// disagree a person looks. One that a person works on at its source is left to them. So learning
/// more turns "open" into "resolved" or "hidden", never one classification into another, and the
/// order of rules means nothing.
pub fn decide(alert: &Alert, facts: &Facts, rules: &RuleBook, now: Timestamp) -> Decision {
    if alert.is_resolved_at_source() {
        return Decision {
            outcome: Outcome::ResolvedAtSource,
            determined_by: Vec::new(),
            tuned_by: Vec::new(),
            kept: None,
            classified: alert.classified(),
            reasons: vec!["the alert is already resolved at its source".to_owned()],
            unknown: Vec::new(),
            tuning: Vec::new(),
            trace: Vec::new(),
        };
    }
    let situation = rules.situation(alert, facts, now);
    let decision =
        tuned(rules.tuning.traces(situation)).unwrap_or_else(|| played(rules, situation));
    match (decision.outcome, alert.taken_by()) {
        (Outcome::Hidden | Outcome::Resolved(_), Some(person)) => {
            let reason = format!("{person} works on it at {}", alert.source_name());
            decision.kept_open(Kept::Taken, vec![reason])
        }
        (Outcome::Open | Outcome::Hidden | Outcome::Resolved(_) | Outcome::ResolvedAtSource, _) => {
            decision
        }
    }
}
