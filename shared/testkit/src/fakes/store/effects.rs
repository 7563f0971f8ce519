//! The effects of an alert's last run, and what a mark makes of them.

use defuse_domain::{Effect, EffectAction, EffectId, EffectState, Run};
use jiff::Timestamp;

/// Effects in order, each with what became of it
#[derive(Clone, Debug, Default)]
pub(super) struct Effects {
    effects: Vec<(Effect, EffectState)>,
    refused: bool,
}

impl Effects {
    pub(super) fn of(effects: &[Effect]) -> Self {
        let effects = effects.iter().cloned().map(|it| (it, EffectState::Outstanding)).collect();
        Self { effects, refused: false }
    }

    pub(super) const fn refused(&self) -> bool {
        self.refused
    }

    pub(super) fn states(&self) -> Vec<(EffectId, EffectState)> {
        self.effects.iter().map(|(effect, state)| (effect.id.clone(), state.clone())).collect()
    }

    pub(super) fn outstanding(&self) -> Vec<Effect> {
        let left = self.effects.iter().filter(|(_, state)| *state == EffectState::Outstanding);
        left.map(|(effect, _)| effect.clone()).collect()
    }

    /// What would go against a person is not done any more
    pub(super) fn drop_for_a_person(&mut self, at: Timestamp) {
        let outstanding = |it: &EffectState| *it == EffectState::Outstanding;
        let is_resolve = |it: &Effect| matches!(it.action, EffectAction::Resolve { .. });
        let is_assign = |it: &Effect| matches!(it.action, EffectAction::Assign { .. });
        let resolves = self.effects.iter().any(|(it, state)| is_resolve(it) && outstanding(state));
        for (effect, state) in &mut self.effects {
            if outstanding(state) && (resolves || is_assign(effect)) {
                *state = EffectState::Overtaken { at };
            }
        }
    }

    /// Marks an effect that is outstanding; whether that changed anything
    pub(super) fn mark(&mut self, run: &Run, id: &EffectId, state: &EffectState) -> bool {
        let outstanding = self
            .effects
            .iter_mut()
            .find(|(effect, state)| effect.id == *id && *state == EffectState::Outstanding);
        let Some((effect, held)) = outstanding else { return false };
        *held = state.clone();
        match (&effect.action, state) {
            (EffectAction::Resolve { .. }, EffectState::Refused { .. }) => {
                self.effects.retain(|(_, state)| *state != EffectState::Outstanding);
                self.effects.extend(Self::of(&run.if_refused).effects);
                self.refused = true;
            }
            (EffectAction::Resolve { .. }, EffectState::Overtaken { .. }) => {
                for (_, left) in &mut self.effects {
                    if *left == EffectState::Outstanding {
                        left.clone_from(state);
                    }
                }
            }
            (
                EffectAction::Resolve { .. }
                | EffectAction::Assign { .. }
                | EffectAction::Comment { .. }
                | EffectAction::Notify(_)
                | EffectAction::Count { .. },
                _,
            ) => {}
        }
        true
    }
}
