//! What a tuning rule would have done with the alerts that came before it.
//!
//! Alerts come one by one, and what is kept of them is bounded: counts, and the newest that the rule
//! would have taken.

mod parts;
#[cfg(test)]
mod tests;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::parts::Parts;
pub use self::parts::PreviewPart;
use super::{TuningBook, TuningRule, TuningTrace};
use crate::{
    alert::Alert,
    condition::Situation,
    explanation::Truth,
    fact::{Facts, Need},
    organisation::Organisation,
    rule_name::TuningRuleName,
};

/// How much of a title is kept, in characters
const TITLE_LENGTH_MAX: usize = 200;

/// Part of all alerts, from 0 to 1
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Share(pub f64);

/// What the source says of an alert in its newest revision
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Later {
    /// The classification, by its current name
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classification: Option<String>,
    /// The determination
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub determination: Option<String>,
}

impl From<&Alert> for Later {
    fn from(alert: &Alert) -> Self {
        let (classification, determination) =
            (alert.classification.clone(), alert.determination.clone());
        Self { classification, determination }
    }
}

impl Later {
    /// Whether it turned out to be a real threat
    pub fn is_true_positive(&self) -> bool {
        self.classification.as_deref() == Some("truePositive")
    }
}

/// An alert that the rule would have taken
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TakenAlert {
    /// When it came
    pub at: Timestamp,
    /// Which
    pub alert: String,
    /// Its title
    pub title: Option<String>,
    /// How grave its source holds it to be
    pub severity: Option<String>,
    /// What its source classified it as later
    pub classification: Option<String>,
    /// The determination that goes with it
    pub determination: Option<String>,
}

/// What an author should think about before the rule is in force
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum PreviewWarning {
    /// It would have taken real threats
    TakesTruePositives(usize),
    /// It would have taken more than that share of all alerts
    TakesTooMany(Share),
    /// Neither scope nor condition names a device, a user or a hash
    NamesNobody,
    /// It has expired
    Expired,
    /// It is turned off
    TurnedOff,
    /// None of its windows opens any more
    WindowsPast,
    /// It would have taken nothing
    TakesNothing,
}

/// What came of a preview
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PreviewReport {
    /// Which rule
    pub rule: TuningRuleName,
    /// Which text of it
    pub version: String,
    /// How many alerts there were
    pub alerts: usize,
    /// How many of them were of its service sources and alert types
    pub about: usize,
    /// How many it would have taken
    pub taken: usize,
    /// How many its sources classified as true positive later
    pub true_positives: usize,
    /// How many it is unknown for, by what nobody could say
    pub unknown: usize,
    /// What nobody could say, and for how many alerts
    pub missing: BTreeMap<String, usize>,
    /// What to think about first
    pub warnings: Vec<PreviewWarning>,
    /// The newest of those that turned out to be real threats
    pub taken_true_positives: Vec<TakenAlert>,
    /// The newest of all that it would have taken
    pub newest: Vec<TakenAlert>,
    /// Other rules in force that take some of the same alerts, and how many
    pub overlaps: BTreeMap<TuningRuleName, usize>,
    /// Each part of scope and condition, and of how many alerts about it it held
    pub parts: Vec<PreviewPart>,
}

/// A rule over alerts that came before it
#[derive(Debug)]
pub struct Preview<'a> {
    rule: &'a TuningRule,
    in_force: TuningRule,
    others: TuningBook,
    organisation: &'a Organisation,
    now: Timestamp,
    limit: usize,
    n_alerts: usize,
    n_about: usize,
    n_taken: usize,
    n_unknown: usize,
    n_true_positives: usize,
    missing: BTreeMap<String, usize>,
    taken_true_positives: BTreeSet<Reverse<TakenAlert>>,
    newest: BTreeSet<Reverse<TakenAlert>>,
    overlaps: BTreeMap<TuningRuleName, usize>,
    parts: Parts,
}

impl TuningRule {
    /// The same rule as if it had been in force at any time
    fn as_if_in_force(&self) -> Self {
        Self { enabled: true, expires: Timestamp::MAX, since: None, ..self.clone() }
    }
}

impl<'a> Preview<'a> {
    /// Begins a preview of `rule` beside the rules of `book` that are in force at `now`; of what it
    /// takes the `limit` newest are kept
    pub fn new(
        rule: &'a TuningRule,
        book: &TuningBook,
        organisation: &'a Organisation,
        now: Timestamp,
        limit: usize,
    ) -> Self {
        let lasts = |it: &&TuningRule| it.enabled && now < it.expires;
        let others = book.rules().filter(lasts).filter(|it| it.name() != rule.name());
        Self {
            rule,
            in_force: rule.as_if_in_force(),
            others: TuningBook::new(others.map(TuningRule::as_if_in_force)),
            organisation,
            now,
            limit,
            n_alerts: 0,
            n_about: 0,
            n_taken: 0,
            n_unknown: 0,
            n_true_positives: 0,
            missing: BTreeMap::new(),
            taken_true_positives: BTreeSet::new(),
            newest: BTreeSet::new(),
            overlaps: BTreeMap::new(),
            parts: Parts::default(),
        }
    }

    /// What must be known of an alert before it is looked at
    pub fn questions(&self, alert: &Alert) -> Vec<Need> {
        self.in_force.needs(alert, self.organisation)
    }

    /// Looks at an alert as it came, by what the organisation says of itself
    pub fn look(&mut self, alert: &Alert, later: &Later) {
        let needs = self.in_force.needs(alert, self.organisation);
        let facts = self.organisation.facts(&needs, self.now);
        self.see(alert, later, &facts);
    }

    /// Looks at an alert as it came; `later` is what its source said of it in the end
    pub fn see(&mut self, alert: &Alert, later: &Later, facts: &Facts) {
        self.n_alerts += 1;
        if !self.in_force.is_about(alert) {
            return;
        }
        let organisation = self.organisation;
        let at = alert.came().unwrap_or(self.now);
        let situation = Situation { alert, facts, organisation, now: at };
        let trace = self.in_force.trace(situation);
        self.n_about += 1;
        self.parts.see(&trace.explanation);
        match trace.answer() {
            Truth::True => self.take(situation, later),
            Truth::Unknown => self.count_missing(&trace),
            Truth::False => {}
        }
    }

    fn take(&mut self, situation: Situation<'_>, later: &Later) {
        self.n_taken += 1;
        let alert = situation.alert;
        let title = alert.title.as_ref();
        let taken = TakenAlert {
            at: situation.now,
            alert: alert.id.to_string(),
            title: title.map(|it| it.chars().take(TITLE_LENGTH_MAX).collect()),
            severity: alert.known_severity().map(|it| it.to_string()),
            classification: later.classification.clone(),
            determination: later.determination.clone(),
        };
        if later.is_true_positive() {
            self.n_true_positives += 1;
            keep(&mut self.taken_true_positives, taken.clone(), self.limit);
        }
        keep(&mut self.newest, taken, self.limit);
        for other in self.others.traces(situation) {
            if other.answer() == Truth::True {
                *self.overlaps.entry(other.rule).or_default() += 1;
            }
        }
    }

    fn count_missing(&mut self, trace: &TuningTrace) {
        self.n_unknown += 1;
        let names: BTreeSet<String> =
            trace.explanation.unknown_facts().into_iter().map(|it| it.fact).collect();
        for name in names {
            *self.missing.entry(name).or_default() += 1;
        }
    }

    /// What came of it; a warning is given for more than `share` of all alerts
    pub fn finish(self, share: Share) -> PreviewReport {
        let warnings = self.warnings(share);
        let list = |it: BTreeSet<Reverse<TakenAlert>>| it.into_iter().map(|it| it.0).collect();
        PreviewReport {
            rule: self.rule.name().clone(),
            version: self.rule.version().to_owned(),
            alerts: self.n_alerts,
            about: self.n_about,
            taken: self.n_taken,
            true_positives: self.n_true_positives,
            unknown: self.n_unknown,
            missing: self.missing,
            warnings,
            taken_true_positives: list(self.taken_true_positives),
            newest: list(self.newest),
            overlaps: self.overlaps,
            parts: self.parts.finish(),
        }
    }

    fn warnings(&self, share: Share) -> Vec<PreviewWarning> {
        let rule = self.rule;
        let names_somebody =
            !rule.scope().is_organisation() || rule.condition().names_device_user_or_hash();
        #[expect(clippy::cast_precision_loss, reason = "a share of so many alerts needs no more")]
        let is_too_much = self.n_taken as f64 > share.0 * self.n_alerts as f64;
        let all = [
            (self.n_true_positives > 0)
                .then_some(PreviewWarning::TakesTruePositives(self.n_true_positives)),
            is_too_much.then_some(PreviewWarning::TakesTooMany(share)),
            (!names_somebody).then_some(PreviewWarning::NamesNobody),
            (self.now >= rule.expires()).then_some(PreviewWarning::Expired),
            (!rule.is_enabled()).then_some(PreviewWarning::TurnedOff),
            rule.windows_are_past(self.now).then_some(PreviewWarning::WindowsPast),
            (self.n_taken == 0).then_some(PreviewWarning::TakesNothing),
        ];
        all.into_iter().flatten().collect()
    }
}

/// Keeps the newest, and no more than so many
fn keep(kept: &mut BTreeSet<Reverse<TakenAlert>>, alert: TakenAlert, limit: usize) {
    kept.insert(Reverse(alert));
    if kept.len() > limit {
        kept.pop_last();
    }
}
