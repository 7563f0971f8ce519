//! Undoing what a rule or a person did: the steps back, where nothing changed since and where the
//! source can take them; pure.

use std::collections::BTreeSet;

use super::{
    act::{Act, Step, TAGS_MAX, is_same_person},
    past::Past,
    standing::Standing,
    taken::{ActionId, ActionKey, ActionKind},
};
use crate::{
    alert::{Alert, Shape},
    decision::Outcome,
    run::{EffectAction, EffectState, Run},
    severity::Status,
};

/// The way back
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undo {
    /// What is done
    pub steps: Vec<Step>,
    /// What the source says, or is about to say for what we told it
    pub source: Standing,
    /// What stays all the same
    pub stays: Vec<Stay>,
}

/// What cannot be taken back
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stay {
    /// What
    pub kind: ActionKind,
    /// Why
    pub why: &'static str,
}

/// What comes of the wish to undo
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undoing {
    /// That is the way back
    Back(Undo),
    /// It is undone already
    Already,
}

/// It cannot be undone
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UndoError {
    /// Nothing was ever done under that id
    #[error("there is no such action")]
    NotThere,
    /// It is not of a kind that can be taken back, or its source cannot
    #[error("this cannot be undone: {0}")]
    Cannot(String),
    /// Somebody changed the same since
    #[error("{property} was changed since, by {by}: nothing is undone")]
    Changed {
        /// What
        property: &'static str,
        /// Who: a person, or the source's name
        by: String,
    },
}

const SENT: &str = "what was said stays where it was said";
const NOT_DONE: &str = "it was never done";
const CLOSED: &str =
    "Defender for Cloud Apps has calls to close an alert, and none to open it again";
const NOT_KEPT: &str = "how the alert stood before is not known any more";

/// What is taken back
struct Back {
    steps: Vec<Step>,
    stays: Vec<Stay>,
    /// When it was done: acts since then count as changes
    since: Since,
    /// Whether the source may not have said yet what we told it
    is_unsaid: bool,
}

/// After what another act counts as later
#[derive(Clone, Copy)]
enum Since {
    Act(u64),
    Time(jiff::Timestamp),
}

impl Past<'_> {
    /// The way back from an action. `closes_only` says that Cloud Apps is told by its own API, which
    /// closes alerts and does nothing else.
    pub fn undo(&self, id: &ActionId, closes_only: bool) -> Result<Undoing, UndoError> {
        let action = self.actions().into_iter().find(|it| it.id == *id);
        let action = action.ok_or(UndoError::NotThere)?;
        if action.undone_by.is_some() {
            return Ok(Undoing::Already);
        }
        let back = match id.key {
            ActionKey::Act { number } => {
                let act = self.acts.iter().find(|it| it.number == number);
                self.back_from_act(act.ok_or(UndoError::NotThere)?)
            }
            ActionKey::Run { revision, look } => {
                let is_it = |it: &&&Run| it.key.revision == revision && it.key.look == look;
                let run = self.runs.iter().find(is_it).ok_or(UndoError::NotThere)?;
                self.back_from_run(run)?
            }
        };
        if back.steps.is_empty() {
            let mut why: Vec<&str> = back.stays.iter().map(|it| it.why).collect();
            why.dedup();
            let why =
                if why.is_empty() { "nothing of it is left".to_owned() } else { why.join("; ") };
            return Err(UndoError::Cannot(why));
        }
        self.check(&back, closes_only)?;
        let source = self.source(&back);
        Ok(Undoing::Back(Undo { steps: back.steps, source, stays: back.stays }))
    }

    fn back_from_act(&self, act: &Act) -> Back {
        let (mut steps, mut stays) = (Vec::new(), Vec::new());
        let is_failed = self.is_failed(act);
        for step in &act.steps {
            let (kind, back) = match step {
                Step::Status { from, to } => {
                    let to_new = from.unwrap_or(Status::New);
                    (ActionKind::Status, Some(Step::Status { from: Some(*to), to: to_new }))
                }
                Step::AssignedTo { from, to } => {
                    let (from, to) = (to.clone(), from.clone());
                    (ActionKind::Assign, Some(Step::AssignedTo { from, to }))
                }
                Step::Classification { from, to } => {
                    (ActionKind::Classify, Some(Step::Classification { from: *to, to: *from }))
                }
                Step::Tags { added, removed } => {
                    steps.extend(self.tags_back(added, removed));
                    continue;
                }
                Step::Incident { from, to } => {
                    steps.push(Step::Incident { from: to.clone(), to: from.clone() });
                    continue;
                }
                Step::Comment { .. } => (ActionKind::Comment, None),
            };
            match back {
                Some(_) if is_failed => stays.push(Stay { kind, why: NOT_DONE }),
                Some(back) => steps.push(back),
                None => stays.push(Stay { kind, why: SENT }),
            }
        }
        Back { steps, stays, since: Since::Act(act.number), is_unsaid: false }
    }

    /// Tags are taken one by one: what somebody changed since stays as they want it
    fn tags_back(&self, added: &BTreeSet<String>, removed: &BTreeSet<String>) -> Option<Step> {
        let back = Step::Tags {
            added: removed.difference(self.tags).cloned().collect(),
            removed: added.intersection(self.tags).cloned().collect(),
        };
        let nothing = Step::Tags { added: BTreeSet::new(), removed: BTreeSet::new() };
        (back != nothing).then_some(back)
    }

    fn back_from_run(&self, run: &Run) -> Result<Back, UndoError> {
        let decided = self.revisions.iter().find(|it| it.revision() == run.key.revision);
        let before = decided.map(|it: &Alert| Standing::at_source(it, BTreeSet::new()));
        let before = before.ok_or_else(|| UndoError::Cannot(NOT_KEPT.to_owned()))?;
        let open = before.status.filter(|it| *it != Status::Resolved).unwrap_or(Status::New);
        let (mut steps, mut stays) = (Vec::new(), Vec::new());
        for (effect, state) in self.effects_of_run(run) {
            let (kind, is_sent) = match &effect.action {
                EffectAction::Resolve { .. } => (ActionKind::Resolve, false),
                EffectAction::Assign { .. } => (ActionKind::Assign, false),
                EffectAction::Count { .. } => (ActionKind::Hide, false),
                EffectAction::Comment { .. } => (ActionKind::Comment, true),
                EffectAction::Notify(_) => (ActionKind::Notify, true),
            };
            if is_sent {
                stays.push(Stay { kind, why: SENT });
                continue;
            }
            if matches!(state, EffectState::Refused { .. } | EffectState::Overtaken { .. }) {
                stays.push(Stay { kind, why: NOT_DONE });
                continue;
            }
            match &effect.action {
                EffectAction::Resolve { classification, .. } => {
                    steps.push(Step::Status { from: Some(Status::Resolved), to: open });
                    let (from, to) = (Some(*classification), before.classification);
                    if from != to {
                        steps.push(Step::Classification { from, to });
                    }
                }
                EffectAction::Assign { to } => {
                    let (from, to) = (Some(to.clone()), before.assigned_to.clone());
                    steps.push(Step::AssignedTo { from, to });
                }
                EffectAction::Count { .. } if run.decision.outcome == Outcome::Hidden => {
                    // Its source was told nothing: the step says only that a person decided.
                    steps.push(Step::Status { from: Some(open), to: open });
                }
                EffectAction::Count { .. }
                | EffectAction::Comment { .. }
                | EffectAction::Notify(_) => {}
            }
        }
        let is_unsaid = self.alert.revision() == run.key.revision || self.alert.is_ours_alone();
        Ok(Back { steps, stays, since: Since::Time(run.decided), is_unsaid })
    }

    /// Whether all that is taken back still is as the action left it
    fn check(&self, back: &Back, closes_only: bool) -> Result<(), UndoError> {
        let at_cloud_apps = match self.alert.shape {
            Shape::CloudApps | Shape::CloudAppsFlow => closes_only,
            Shape::Graph
            | Shape::Incident
            | Shape::GuardDuty
            | Shape::SecurityHub
            | Shape::Sentinel
            | Shape::Streaming => false,
        };
        let stands = self.managed.standing(self.alert, self.tags.clone());
        for step in &back.steps {
            let is_of_source = !matches!(step, Step::Incident { .. }) && !is_unhiding(step);
            let (property, is_as_left) = match step {
                Step::Status { .. } if is_unhiding(step) => ("the status", self.is_hidden),
                Step::Status { from: Some(Status::Resolved), .. } => {
                    let said = stands.status == Some(Status::Resolved);
                    ("the status", said || (back.is_unsaid && self.is_resolved))
                }
                Step::Status { from, .. } => ("the status", stands.status == *from),
                Step::AssignedTo { from, .. } => {
                    let is = is_same_person(stands.assigned_to.as_deref(), from.as_deref());
                    ("the assignee", is || back.is_unsaid)
                }
                Step::Classification { from, .. } => {
                    ("the classification", stands.classification == *from || back.is_unsaid)
                }
                Step::Incident { from, .. } => ("the incident", self.managed.incident == *from),
                Step::Tags { added, .. } => {
                    let n_tags = self.tags.len().saturating_add(added.len());
                    if !added.is_empty() && n_tags > TAGS_MAX {
                        let why = format!("the alert would have {n_tags} tags");
                        return Err(UndoError::Cannot(why));
                    }
                    continue;
                }
                Step::Comment { .. } => continue,
            };
            if let Some(by) = self.changed_by(step, back.since) {
                return Err(UndoError::Changed { property, by });
            }
            if !is_as_left {
                let by = self.alert.source_name().to_owned();
                return Err(UndoError::Changed { property, by });
            }
            if at_cloud_apps && is_of_source {
                return Err(UndoError::Cannot(CLOSED.to_owned()));
            }
        }
        Ok(())
    }

    /// Who changed the same property later
    fn changed_by(&self, step: &Step, since: Since) -> Option<String> {
        let is_later = |act: &Act| match since {
            Since::Act(number) => act.number > number,
            Since::Time(time) => act.at >= time,
        };
        let mut later = self.acts.iter().filter(|it| is_later(it) && !self.is_failed(it));
        let act = later.find(|act| act.steps.iter().any(|it| is_of_same(it, step)))?;
        Some(act.by.name.clone())
    }

    /// What the source says, or is about to say
    fn source(&self, back: &Back) -> Standing {
        let mut source = Standing::at_source(self.alert, BTreeSet::new());
        if !back.is_unsaid {
            return source;
        }
        for step in &back.steps {
            match step {
                Step::Status { from, .. } => source.status = *from,
                Step::AssignedTo { from, .. } => source.assigned_to.clone_from(from),
                Step::Classification { from, .. } => source.classification = *from,
                Step::Tags { .. } | Step::Incident { .. } | Step::Comment { .. } => {}
            }
        }
        source
    }
}

/// Whether the step only takes the alert out from among the hidden
fn is_unhiding(step: &Step) -> bool {
    matches!(step, Step::Status { from: Some(from), to } if from == to)
}

/// Whether both are about the same property
fn is_of_same(left: &Step, right: &Step) -> bool {
    let property = |step: &Step| match step {
        Step::Status { .. } => Some("status"),
        Step::AssignedTo { .. } => Some("assignedTo"),
        Step::Classification { .. } => Some("classification"),
        Step::Incident { .. } => Some("incident"),
        // One by one, and what was said is said.
        Step::Tags { .. } | Step::Comment { .. } => None,
    };
    property(left).is_some() && property(left) == property(right)
}

#[cfg(test)]
mod tests;
