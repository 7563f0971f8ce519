//! What a run owes to the one before it, so that whatever comes back from a source is told and said
//! once: a run that decides the same calls for what the last one left undone, and for nothing else.

use std::collections::BTreeMap;

use crate::{
    alert::Alert,
    decision::{Decision, Kept, Outcome},
    plan::Plan,
    run::{Before, Effect, EffectAction, EffectId, EffectState, Run},
};

/// The run that decided an alert last, and what became of its effects since
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastRun {
    /// The run
    pub run: Run,
    /// What became of its effects; what is not in here is outstanding
    pub effects: BTreeMap<EffectId, EffectState>,
    /// Whether the source refused to resolve the alert
    pub refused: bool,
}

impl LastRun {
    /// How it stands, for the run that takes its place
    pub fn before(&self) -> Before {
        Before { key: self.run.key.clone(), effects: self.effects.clone() }
    }

    /// Whether the alert, which is not resolved now, was resolved when this run decided it, or
    /// since. A source that is told nothing shows nothing of it.
    ///
    /// Where we began to resolve it and do not know what came of that, it shows at the alert: it
    /// has our comment, our classification, or the time when it was resolved.
    pub fn was_resolved(&self, alert: &Alert) -> bool {
        if alert.is_ours_alone() {
            return false;
        }
        let classification = match self.run.decision.outcome {
            Outcome::Resolved(classification) => classification,
            Outcome::ResolvedAtSource => return true,
            Outcome::Open | Outcome::Hidden => {
                return self.run.decision.kept == Some(Kept::Reopened);
            }
        };
        self.run.effects.iter().any(|it| match &it.action {
            EffectAction::Resolve { comment, .. } => {
                self.is_done(it)
                    || alert.resolved.is_some()
                    || alert.is_classified_as(classification)
                    || comment.as_ref().is_some_and(|it| alert.says(it))
            }
            EffectAction::Assign { .. }
            | EffectAction::Comment { .. }
            | EffectAction::Notify(_)
            | EffectAction::Count { .. } => false,
        })
    }

    /// What `plan` for `decision` comes to after this run
    #[must_use]
    pub fn follow(&self, plan: Plan, decision: &Decision, alert: &Alert) -> Plan {
        match decision.outcome {
            // To resolve it is still to be done, and people are told of that only afterwards. Only
            // of a refusal they may know.
            Outcome::Resolved(_) if self.refused && self.says_the_same(decision, alert) => {
                let if_refused = self.run.if_refused.iter().filter(|it| !self.is_settled(it));
                Plan { if_refused: if_refused.cloned().collect(), ..plan }
            }
            Outcome::Open | Outcome::Hidden | Outcome::ResolvedAtSource
                if self.says_the_same(decision, alert) =>
            {
                Plan { effects: self.left(alert), ..plan }
            }
            Outcome::Open | Outcome::Hidden | Outcome::Resolved(_) | Outcome::ResolvedAtSource => {
                plan
            }
        }
    }

    /// Whether `decision` says the same as this run: to resolve an alert, and to find it resolved
    /// like that, is the same
    fn says_the_same(&self, decision: &Decision, alert: &Alert) -> bool {
        match (self.run.decision.outcome, decision.outcome) {
            (Outcome::Resolved(was), Outcome::ResolvedAtSource) => alert.is_classified_as(was),
            (
                Outcome::Open | Outcome::Hidden | Outcome::Resolved(_) | Outcome::ResolvedAtSource,
                _,
            ) => self.run.decision.says_the_same(decision),
        }
    }

    /// What was not done yet and still is to be done, under the ids that it had
    fn left(&self, alert: &Alert) -> Vec<Effect> {
        self.run.effects.iter().filter_map(|it| self.left_of(it, alert)).collect()
    }

    /// What is left of an effect: of the resolve, once the alert is resolved, the comment, unless
    /// that came back too
    fn left_of(&self, effect: &Effect, alert: &Alert) -> Option<Effect> {
        // What waited for a resolve that was refused was never begun.
        if !self.refused && self.is_settled(effect) {
            return None;
        }
        let text = match &effect.action {
            EffectAction::Notify(_) | EffectAction::Count { .. } => return Some(effect.clone()),
            EffectAction::Assign { .. } => {
                return alert.assigned_person().is_none().then(|| effect.clone());
            }
            EffectAction::Comment { text } => text,
            EffectAction::Resolve { comment, .. } => comment.as_ref()?,
        };
        let (id, action) =
            (EffectId("comment".to_owned()), EffectAction::Comment { text: text.clone() });
        (!alert.says(text)).then_some(Effect { id, action })
    }

    fn is_done(&self, effect: &Effect) -> bool {
        matches!(self.effects.get(&effect.id), Some(EffectState::Done { .. }))
    }

    /// Whether trying it again would be once too often. What was overtaken was not done.
    fn is_settled(&self, effect: &Effect) -> bool {
        match self.effects.get(&effect.id) {
            Some(EffectState::Done { .. } | EffectState::Refused { .. }) => true,
            Some(EffectState::Outstanding | EffectState::Overtaken { .. }) | None => false,
        }
    }
}
