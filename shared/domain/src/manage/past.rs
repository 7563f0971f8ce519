//! Everything that was done to one alert, by rules and by persons, read out of its runs and acts; pure.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Managed,
    act::{Act, Step},
    taken::{ActionId, ActionKey, ActionKind, Part, TakenAction, TakenBy},
};
use crate::{
    alert::Alert,
    classification::Classification,
    decision::Outcome,
    explanation::Truth,
    playbook::Mode,
    run::{Effect, EffectAction, EffectId, EffectState, Run},
    severity::Status,
};

/// What is known of an alert and of what was done to it
#[derive(Clone, Debug)]
pub struct Past<'a> {
    /// Its newest revision
    pub alert: &'a Alert,
    /// What persons made of it
    pub managed: &'a Managed,
    /// Our own tags
    pub tags: &'a BTreeSet<String>,
    /// Whether it is resolved with us
    pub is_resolved: bool,
    /// Whether it is hidden
    pub is_hidden: bool,
    /// Its revisions
    pub revisions: &'a [Alert],
    /// The runs that happened, oldest first
    pub runs: Vec<&'a Run>,
    /// What became of the effects of the last of them
    pub effects: &'a BTreeMap<EffectId, EffectState>,
    /// What persons did, oldest first
    pub acts: Vec<&'a Act>,
    /// What became of telling the source of the newest of that
    pub asked: &'a BTreeMap<EffectId, EffectState>,
}

impl Past<'_> {
    /// Every action, the newest first
    pub fn actions(&self) -> Vec<TakenAction> {
        let undone = self.undone();
        let of_runs = (0..self.runs.len()).filter_map(|index| self.action_of_run(index));
        let of_acts = self.acts.iter().map(|it| self.action_of_act(it));
        let mut actions: Vec<TakenAction> = of_runs.chain(of_acts).collect();
        for action in &mut actions {
            let by = undone.get(&action.id);
            action.undone_by = by.map(|number| ActionId::act(action.id.alert_id.clone(), *number));
        }
        actions.sort_by(|left, right| (right.at, &right.id).cmp(&(left.at, &left.id)));
        actions
    }

    /// What is undone, each with the act that did it. An act that the source did not take, or that
    /// was undone itself, undid nothing.
    fn undone(&self) -> BTreeMap<ActionId, u64> {
        let mut undone = BTreeMap::new();
        for act in self.acts.iter().rev() {
            let own = ActionId::act(act.alert_id.clone(), act.number);
            if let Some(id) = &act.undoes
                && !undone.contains_key(&own)
                && !self.is_failed(act)
            {
                undone.insert(id.clone(), act.number);
            }
        }
        undone
    }

    /// Whether the source did not take it
    pub(super) fn is_failed(&self, act: &Act) -> bool {
        match self.state_of_change(act) {
            EffectState::Refused { .. } | EffectState::Overtaken { .. } => true,
            EffectState::Done { .. } | EffectState::Outstanding => false,
        }
    }

    /// What became of telling the source of an act. What is not noted any more is long done: the
    /// note of what was refused is kept longer.
    pub(super) fn state_of_change(&self, act: &Act) -> EffectState {
        self.asked_of(act, "change")
    }

    fn asked_of(&self, act: &Act, what: &str) -> EffectState {
        let state = self.asked.get(&EffectId(format!("{}/{what}", act.number)));
        state.cloned().unwrap_or_else(|| kept_here(act))
    }

    fn action_of_act(&self, act: &Act) -> TakenAction {
        let parts = act.steps.iter().map(|step| {
            let state = match step {
                Step::Status { .. } | Step::AssignedTo { .. } | Step::Classification { .. } => {
                    self.state_of_change(act)
                }
                Step::Comment { .. } => self.asked_of(act, "comment"),
                Step::Tags { .. } | Step::Incident { .. } => kept_here(act),
            };
            part_of(step, state)
        });
        TakenAction {
            id: ActionId::act(act.alert_id.clone(), act.number),
            at: act.at,
            by: TakenBy::Person(act.by.clone()),
            parts: parts.collect(),
            undoes: act.undoes.clone(),
            undone_by: None,
            bulk: act.bulk.clone(),
        }
    }

    /// What a run did; nothing where it called for nothing
    fn action_of_run(&self, index: usize) -> Option<TakenAction> {
        let run = *self.runs.get(index)?;
        let parts: Vec<Part> = self
            .effects_of_run(run)
            .into_iter()
            .filter_map(|(effect, state)| part_of_effect(run, effect, state))
            .collect();
        let key = ActionKey::Run { revision: run.key.revision, look: run.key.look };
        (!parts.is_empty()).then(|| TakenAction {
            id: ActionId { alert_id: run.key.alert_id.clone(), key },
            at: run.decided,
            by: rules_of(run),
            parts,
            undoes: None,
            undone_by: None,
            bulk: None,
        })
    }

    /// The effects of a run, each with what became of it. What a later run found outstanding is that
    /// one's to do.
    pub(super) fn effects_of_run<'a>(&self, run: &'a Run) -> Vec<(&'a Effect, EffectState)> {
        let place = self.runs.iter().position(|it| it.key == run.key);
        let next = place.and_then(|it| self.runs.get(it + 1));
        let before = next.and_then(|it| it.before.as_ref()).filter(|it| it.key == run.key);
        let all = run.effects.iter().chain(&run.if_refused);
        let state = |effect: &Effect| match (next, before) {
            (None, _) => self.effects.get(&effect.id).cloned(),
            (Some(next), Some(before)) => before.effects.get(&effect.id).map(|it| match it {
                EffectState::Outstanding => EffectState::Overtaken { at: next.decided },
                EffectState::Done { .. }
                | EffectState::Overtaken { .. }
                | EffectState::Refused { .. } => it.clone(),
            }),
            (Some(_), None) => None,
        };
        all.filter_map(|it| Some((it, state(it)?))).collect()
    }
}

/// Done at once, since nobody else has a say in it
fn kept_here(act: &Act) -> EffectState {
    EffectState::Done { at: act.at, answer: String::new() }
}

fn part_of(step: &Step, state: EffectState) -> Part {
    let status = |it: Status| it.name().to_owned();
    let joined = |it: &BTreeSet<String>| {
        let tags: Vec<&str> = it.iter().map(String::as_str).collect();
        (!tags.is_empty()).then(|| tags.join(", "))
    };
    let (kind, from, to) = match step {
        Step::Status { from, to: Status::Resolved } => {
            (ActionKind::Resolve, from.map(status), Some(status(Status::Resolved)))
        }
        Step::Status { from, to } => (ActionKind::Status, from.map(status), Some(status(*to))),
        Step::AssignedTo { from, to } => (ActionKind::Assign, from.clone(), to.clone()),
        Step::Classification { from, to } => (ActionKind::Classify, from.map(named), to.map(named)),
        Step::Tags { added, removed } => (ActionKind::Tag, joined(removed), joined(added)),
        Step::Incident { from, to } => (ActionKind::Link, from.clone(), to.clone()),
        Step::Comment { text } => (ActionKind::Comment, None, Some(text.clone())),
    };
    Part { kind, from, to, state }
}

fn part_of_effect(run: &Run, effect: &Effect, state: EffectState) -> Option<Part> {
    let (kind, to) = match &effect.action {
        EffectAction::Resolve { classification, .. } => {
            (ActionKind::Resolve, Some(named(*classification)))
        }
        EffectAction::Assign { to } => (ActionKind::Assign, Some(to.clone())),
        EffectAction::Comment { text } => (ActionKind::Comment, Some(text.clone())),
        EffectAction::Notify(it) => (ActionKind::Notify, Some(it.channel.clone())),
        EffectAction::Count { .. } if run.decision.outcome == Outcome::Hidden => {
            (ActionKind::Hide, None)
        }
        // Only bookkeeping beside what the rule did.
        EffectAction::Count { .. } => return None,
    };
    Some(Part { kind, from: None, to, state })
}

fn named(classification: Classification) -> String {
    format!("{}/{}", classification.name(), classification.determination())
}

/// The rules that did it; where the alert stays open, those that are about it
fn rules_of(run: &Run) -> TakenBy {
    let decision = &run.decision;
    let tuning = decision.tuned_by.clone();
    let mut playbooks = decision.determined_by.clone();
    if playbooks.is_empty() && tuning.is_empty() {
        let about = decision
            .trace
            .iter()
            .filter(|it| it.mode != Mode::Shadow && it.trigger.answer != Truth::False);
        playbooks = about.map(|it| it.playbook.clone()).collect();
    }
    TakenBy::Rules { playbooks, tuning }
}
