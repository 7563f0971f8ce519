//! What a mark makes of the effects of an alert's last run; pure.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use defuse_domain::{Effect, EffectAction, EffectId, EffectState, Run};
use defuse_flow::{AlertState, StoreError};
use serde::Serialize;

use super::{
    change::Change,
    errors::refused,
    items::{Head, cut, state_name, text},
};

/// As much of an answer as the head has, in bytes
const ANSWER_BYTES_MAX: usize = 100;

/// Effects as a mark leaves them
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Marked {
    pub(super) effects: BTreeMap<EffectId, EffectState>,
    /// Whether the source refused to resolve the alert just now
    pub(super) refused: bool,
    /// Whether a newer revision waits to be decided, and the head is in the index for that
    pub(super) is_pending: bool,
    /// Whether anything that a person asked for is still to be done
    pub(super) is_asking: bool,
}

impl Marked {
    /// What the mark changes, if anything: an effect that is settled stays as it is
    pub(super) fn of(
        head: &Head,
        run: &Run,
        effect: &EffectId,
        state: &EffectState,
    ) -> Option<Self> {
        if !head.is_outstanding(effect) || *state == EffectState::Outstanding {
            return None;
        }
        let mut effects = head.effects.clone();
        effects.insert(effect.clone(), shortened(state));
        let is_resolve = !head.refused && run.effects.iter().any(|it| is_resolve(it, effect));
        let refused = is_resolve && matches!(state, EffectState::Refused { .. });
        if refused {
            // The answer to the resolve stays on record; what was to follow it does not happen.
            effects.retain(|_, it| *it != EffectState::Outstanding);
            let instead = run.if_refused.iter().map(|it| (it.id.clone(), EffectState::Outstanding));
            effects.extend(instead);
        }
        if is_resolve && let EffectState::Overtaken { .. } = state {
            for left in effects.values_mut().filter(|it| **it == EffectState::Outstanding) {
                *left = state.clone();
            }
        }
        let is_pending = head.state == AlertState::Pending;
        Some(Self { effects, refused, is_pending, is_asking: head.is_asking() })
    }

    /// The change of the head that says so, if the head still is what was read
    pub(super) fn change(&self, what: &str) -> Result<Change, StoreError> {
        let mut change = Change::default().effects(what, &self.effects)?.increase("version");
        if self.refused {
            change = change.set("refused", AttributeValue::Bool(true));
        }
        if self.is_pending {
            return Ok(change);
        }
        if self.refused {
            change = change.set("state", text(state_name(AlertState::Open)));
        }
        let is_done = !self.effects.values().any(|it| *it == EffectState::Outstanding);
        if is_done && !self.is_asking {
            change = change.remove("work").remove("workAt");
        }
        Ok(change)
    }
}

impl Change {
    /// Writes the effects; where there are none, the attribute goes
    pub(super) fn effects(
        self,
        what: &str,
        effects: &BTreeMap<EffectId, EffectState>,
    ) -> Result<Self, StoreError> {
        if effects.is_empty() {
            return Ok(self.remove("effects"));
        }
        Ok(self.set("effects", written(what, effects)?))
    }
}

fn is_resolve(effect: &Effect, id: &EffectId) -> bool {
    effect.id == *id && matches!(effect.action, EffectAction::Resolve { .. })
}

/// Writes a value of ours
pub(super) fn written(what: &str, value: &impl Serialize) -> Result<AttributeValue, StoreError> {
    serde_dynamo::to_attribute_value(value).map_err(|error| refused(what, error))
}

/// The state with its answer short enough for the head
pub(super) fn shortened(state: &EffectState) -> EffectState {
    let short = |answer: &str| cut(answer, ANSWER_BYTES_MAX).to_owned();
    match state {
        EffectState::Outstanding => EffectState::Outstanding,
        EffectState::Done { at, answer } => EffectState::Done { at: *at, answer: short(answer) },
        EffectState::Overtaken { at } => EffectState::Overtaken { at: *at },
        EffectState::Refused { at, answer } => {
            EffectState::Refused { at: *at, answer: short(answer) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{a_head, a_run},
        *,
    };

    #[test]
    fn a_settled_effect_stays_as_it_is() {
        let (head, run) = (a_head(), a_run());
        let done = mark(&head, "notify", &done());
        assert_eq!(states(&done), ["notify done", "resolve outstanding"]);

        let again = Head { effects: done.effects, ..head };
        let notify = EffectId("notify".to_owned());
        assert_eq!(Marked::of(&again, &run, &notify, &refused()), None);
        assert_eq!(Marked::of(&again, &run, &EffectId("else".to_owned()), &refused()), None);
    }

    #[test]
    fn a_refused_resolve_is_replaced_by_what_the_run_has_instead() {
        let marked = mark(&a_head(), "resolve", &refused());
        assert_eq!(states(&marked), ["needsEyes outstanding", "resolve refused"]);
        assert!(marked.refused);

        let other = mark(&a_head(), "notify", &refused());
        assert_eq!(states(&other), ["notify refused", "resolve outstanding"]);
        assert!(!other.refused);
    }

    #[test]
    fn an_overtaken_resolve_takes_the_rest_with_it() {
        let overtaken = EffectState::Overtaken { at: jiff::Timestamp::UNIX_EPOCH };
        let all = mark(&a_head(), "resolve", &overtaken);
        assert_eq!(states(&all), ["notify overtaken", "resolve overtaken"]);
        let one = mark(&a_head(), "notify", &overtaken);
        assert_eq!(states(&one), ["notify overtaken", "resolve outstanding"]);
    }

    #[test]
    fn a_long_answer_is_cut() {
        let answer = "é".repeat(200);
        let state = EffectState::Done { at: jiff::Timestamp::UNIX_EPOCH, answer };
        let marked = mark(&a_head(), "notify", &state);
        let EffectState::Done { answer, .. } = &marked.effects[&EffectId("notify".to_owned())]
        else {
            panic!("marked as {marked:?}")
        };
        assert_eq!(answer.len(), ANSWER_BYTES_MAX);
    }

    #[track_caller]
    fn mark(head: &Head, effect: &str, state: &EffectState) -> Marked {
        Marked::of(head, &a_run(), &EffectId(effect.to_owned()), state).unwrap()
    }

    fn done() -> EffectState {
        EffectState::Done { at: jiff::Timestamp::UNIX_EPOCH, answer: "200".to_owned() }
    }

    fn refused() -> EffectState {
        EffectState::Refused { at: jiff::Timestamp::UNIX_EPOCH, answer: "403".to_owned() }
    }

    fn states(marked: &Marked) -> Vec<String> {
        let name = |state: &EffectState| match state {
            EffectState::Outstanding => "outstanding",
            EffectState::Done { .. } => "done",
            EffectState::Overtaken { .. } => "overtaken",
            EffectState::Refused { .. } => "refused",
        };
        marked.effects.iter().map(|(id, state)| format!("{id} {}", name(state))).collect()
    }
}
