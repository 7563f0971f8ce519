//! What persons did to alerts, in memory.

use std::collections::BTreeMap;

use defuse_domain::{Act, ActEffect, AlertId, EffectId, EffectState, Managed, Status};
use defuse_flow::{ActOutbox, ActStore, Acted, Acts, AlertState, Asked, ManagedAlert, StoreError};

use super::{MemoryStore, locked};

/// The acts on one alert, and what became of telling its source
#[derive(Debug, Default)]
pub(super) struct Kept {
    acts: Vec<Act>,
    asked: BTreeMap<EffectId, EffectState>,
}

impl ActStore for MemoryStore {
    async fn managed(&self, id: &AlertId) -> Result<Option<ManagedAlert>, StoreError> {
        let state = locked(&self.state);
        let Some(head) = state.heads.get(id) else { return Ok(None) };
        let kept = state.acts.get(id);
        let stored = head.stored.clone();
        let n_acts = kept.map_or(0, |it| it.acts.len()) as u64;
        Ok(Some(ManagedAlert {
            alert: stored.alert,
            state: stored.state,
            version: stored.version,
            tags: stored.tags,
            managed: stored.managed,
            asked: kept.map(|it| it.asked.clone()).unwrap_or_default(),
            n_acts,
            last_act: if n_acts == 0 { String::new() } else { n_acts.to_string() },
        }))
    }

    async fn act(&self, act: &Act, managed: &Managed, version: u64) -> Result<Acted, StoreError> {
        let mut state = locked(&self.state);
        let state = &mut *state;
        let Some(head) = state.heads.get_mut(&act.alert_id) else { return Ok(Acted::Overtaken) };
        if head.stored.version != version {
            return Ok(Acted::Overtaken);
        }
        head.stored.version += 1;
        head.stored.managed = managed.clone();
        head.stored.tags = act.tags(head.stored.tags.clone());
        if act.decides() {
            head.effects.drop_for_a_person(act.at);
        }
        if head.stored.state != AlertState::Pending {
            head.stored.state = match act.status() {
                Some(Status::Resolved) => AlertState::Resolved,
                Some(Status::New | Status::InProgress) => AlertState::Open,
                None => head.stored.state,
            };
        }
        let kept = state.acts.entry(act.alert_id.clone()).or_default();
        kept.asked.extend(act.effects().into_iter().map(|it| (it.id, EffectState::Outstanding)));
        kept.acts.push(act.clone());
        Ok(Acted::New(head.stored.version))
    }

    async fn acts(&self, id: &AlertId) -> Result<Acts, StoreError> {
        let state = locked(&self.state);
        let acts = state.acts.get(id).map(|it| it.acts.clone()).unwrap_or_default();
        let acts = acts.into_iter().map(|it| (it.clone(), it.number.to_string())).collect();
        Ok(Acts { acts, broken: None })
    }
}

impl ActOutbox for MemoryStore {
    async fn asked(&self, id: &AlertId) -> Result<Option<Asked>, StoreError> {
        let state = locked(&self.state);
        let (Some(head), Some(kept)) = (state.heads.get(id), state.acts.get(id)) else {
            return Ok(None);
        };
        let is_outstanding =
            |it: &ActEffect| kept.asked.get(&it.id) == Some(&EffectState::Outstanding);
        let effects: Vec<ActEffect> =
            kept.acts.iter().flat_map(Act::effects).filter(is_outstanding).collect();
        let is_pending = head.stored.state == AlertState::Pending;
        let alert = head.stored.alert.clone();
        Ok((!is_pending && !effects.is_empty()).then_some(Asked { alert, effects }))
    }

    async fn settle(
        &self,
        id: &AlertId,
        effect: &EffectId,
        state: &EffectState,
    ) -> Result<(), StoreError> {
        let mut all = locked(&self.state);
        let all = &mut *all;
        let (Some(head), Some(kept)) = (all.heads.get_mut(id), all.acts.get_mut(id)) else {
            return Ok(());
        };
        let outstanding = kept.asked.get_mut(effect).filter(|it| **it == EffectState::Outstanding);
        let (Some(found), Some(act)) = (outstanding, ActEffect::act_of(effect)) else {
            return Ok(());
        };
        found.clone_from(state);
        head.stored.version += 1;
        if !effect.0.ends_with("/change") {
            return Ok(());
        }
        let resolves = head.stored.managed.is_resolved_by(act);
        head.stored.managed = head.stored.managed.clone().settled(act, state);
        if resolves && head.stored.state != AlertState::Pending {
            head.stored.state = match state {
                EffectState::Done { .. } | EffectState::Outstanding => AlertState::Resolved,
                EffectState::Overtaken { .. } | EffectState::Refused { .. } => AlertState::Open,
            };
        }
        Ok(())
    }
}
