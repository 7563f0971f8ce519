//! What persons ask of an alert's source: it stands in the head, and what it is, in their acts.
//!
//! DynamoDB actions: `dynamodb:GetItem`, `dynamodb:Query`, `dynamodb:UpdateItem`.

use std::collections::BTreeMap;

use defuse_domain::{ActEffect, AlertId, EffectId, EffectState};
use defuse_flow::{ActOutbox, AlertState, Asked, StoreError};

use super::{
    DynamoDbStore, TRIES_MAX,
    acts::chained,
    change::{Change, Written},
    effects::{shortened, written},
    errors::{StateError, busy},
    items::{self, Head, number, state_name, text},
    keys::{ACT, Key, alert},
};

/// Of how many settled effects the head says what became of them
const SETTLED_MAX: usize = 6;

impl ActOutbox for DynamoDbStore {
    async fn asked(&self, id: &AlertId) -> Result<Option<Asked>, StoreError> {
        let what = format!("to read what was asked of alert `{id}`");
        let Some(head) = self.head(&what, id).await? else { return Ok(None) };
        // Why: the stream wakes nobody for it until the newer revision is decided.
        if head.state == AlertState::Pending || !head.is_asking() {
            return Ok(None);
        }
        let items = self.all(&what, alert(id), ACT.to_owned()).await?;
        let acts = chained(&head, &items).acts;
        let effects = acts.iter().flat_map(|(act, _)| act.effects());
        let outstanding =
            |it: &ActEffect| head.asked.get(&it.id) == Some(&EffectState::Outstanding);
        let effects = effects.filter(outstanding).collect();
        let alert = self.body(&what, id, &head).await?;
        Ok(Some(Asked { alert, effects }))
    }

    async fn settle(
        &self,
        id: &AlertId,
        effect: &EffectId,
        state: &EffectState,
    ) -> Result<(), StoreError> {
        let what = format!("to mark `{effect}` of alert `{id}`");
        let mut head = self.head(&what, id).await?;
        for _ in 0..TRIES_MAX {
            let Some(read) = head else { return Ok(()) };
            let Some(change) = settled(&what, &read, effect, state)? else { return Ok(()) };
            match self.change(&what, Key::head(id), change).await? {
                Written::Changed(_) => return Ok(()),
                Written::Kept(item) => head = item.map(|it| items::read(&what, it)).transpose()?,
            }
        }
        Err(busy(StateError::Contended(TRIES_MAX)))
    }
}

/// What a mark makes of the head, if anything: what is settled stays as it is
fn settled(
    what: &str,
    head: &Head,
    effect: &EffectId,
    state: &EffectState,
) -> Result<Option<Change>, StoreError> {
    let is_outstanding = head.asked.get(effect) == Some(&EffectState::Outstanding);
    let Some(act) = ActEffect::act_of(effect).filter(|_| is_outstanding) else { return Ok(None) };
    let mut after = Head { asked: head.asked.clone(), ..head.clone() };
    after.asked.insert(effect.clone(), shortened(state));
    let of_change = effect.0.ends_with("/change");
    if of_change {
        after.managed = head.managed.clone().settled(act, state);
    }
    let is_asking = after.is_asking();
    let mut change = Change::default()
        .set("asked", written(what, &newest(after.asked))?)
        .set("managed", written(what, &after.managed)?)
        .increase("version");
    if !is_asking {
        change = change.remove("asking");
        if head.state != AlertState::Pending && !head.is_outstanding_at_all() {
            change = change.remove("work").remove("workAt");
        }
    }
    if of_change && head.managed.is_resolved_by(act) && head.state != AlertState::Pending {
        // It is resolved once its source has it so, and open where that did not take it.
        let stands = match state {
            EffectState::Done { .. } | EffectState::Outstanding => AlertState::Resolved,
            EffectState::Overtaken { .. } | EffectState::Refused { .. } => AlertState::Open,
        };
        change = change.set("state", text(state_name(stands)));
    }
    Ok(Some(change.only_if("#version = :seen", &[]).given("seen", number(head.version))))
}

/// What is outstanding, and the newest of what is settled
fn newest(asked: BTreeMap<EffectId, EffectState>) -> BTreeMap<EffectId, EffectState> {
    let mut settled: Vec<(u64, EffectId)> = asked
        .iter()
        .filter(|(_, state)| **state != EffectState::Outstanding)
        .filter_map(|(id, _)| Some((ActEffect::act_of(id)?, id.clone())))
        .collect();
    settled.sort();
    let spare = settled.len().saturating_sub(SETTLED_MAX);
    let spare: Vec<EffectId> = settled.into_iter().take(spare).map(|(_, id)| id).collect();
    asked.into_iter().filter(|(id, _)| !spare.contains(id)).collect()
}
