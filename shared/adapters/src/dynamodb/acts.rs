//! What persons do to alerts: each act is an item that never changes, and the head leads to the last
//! of them, and each to the one before.
//!
//! DynamoDB actions: `dynamodb:GetItem`, `dynamodb:Query`, `dynamodb:PutItem`, `dynamodb:UpdateItem`.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use defuse_domain::{Act, AlertId, EffectId, EffectState, Managed, Status};
use defuse_flow::{ActStore, Acted, Acts, AlertState, BrokenAct, ManagedAlert, StoreError};
use sha2::{Digest as _, Sha256};

use super::{
    DynamoDbStore,
    change::{Change, Written},
    effects::written,
    errors::{refused, store_error},
    items::{self, Head, Item, number, state_name, text, texts},
    keys::{ACT, Key, SK, alert},
    work::WorkKind,
};

/// The attribute with the act
const CONTENT: &str = "act";

impl ActStore for DynamoDbStore {
    async fn managed(&self, id: &AlertId) -> Result<Option<ManagedAlert>, StoreError> {
        let what = format!("to show alert `{id}`");
        let Some(head) = self.head(&what, id).await? else { return Ok(None) };
        let alert = self.body(&what, id, &head).await?;
        Ok(Some(ManagedAlert {
            alert,
            state: head.state,
            version: head.version,
            tags: head.tags,
            managed: head.managed,
            asked: head.asked,
            n_acts: head.acts,
            last_act: head.last_act,
        }))
    }

    async fn act(&self, act: &Act, managed: &Managed, version: u64) -> Result<Acted, StoreError> {
        let id = &act.alert_id;
        let what = format!("to keep act {} on alert `{id}`", act.number);
        let json = serde_json::to_string(act).map_err(|error| refused(&what, error))?;
        let digest = digest_of(&json);
        let Some(head) = self.head(&what, id).await?.filter(|it| it.version == version) else {
            return Ok(Acted::Overtaken);
        };
        self.put_act(&what, act, &digest, json).await?;
        let acted = acted(&what, &head, act, managed, &digest)?;
        match self.change(&what, Key::head(id), acted).await? {
            Written::Changed(_) => Ok(Acted::New(version.saturating_add(1))),
            Written::Kept(item) => {
                // Why: our own write may have been made and its answer lost on the way.
                let head: Option<Head> = item.map(|it| items::read(&what, it)).transpose()?;
                let ours = head.filter(|it| it.last_act == digest);
                Ok(ours.map_or(Acted::Overtaken, |it| Acted::New(it.version)))
            }
        }
    }

    async fn acts(&self, id: &AlertId) -> Result<Acts, StoreError> {
        let what = format!("to read the acts on alert `{id}`");
        let Some(head) = self.head(&what, id).await? else { return Ok(Acts::default()) };
        let items = self.all(&what, alert(id), ACT.to_owned()).await?;
        Ok(chained(&head, &items))
    }
}

impl DynamoDbStore {
    async fn put_act(
        &self,
        what: &str,
        act: &Act,
        digest: &str,
        json: String,
    ) -> Result<(), StoreError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(Key::act(&act.alert_id, act.number, digest).attributes()))
            .item(CONTENT, text(json))
            .send()
            .await;
        put.map(drop).map_err(|error| store_error(what, error))
    }
}

fn digest_of(json: &str) -> String {
    format!("{:x}", Sha256::digest(json))
}

/// The head as the act makes it, if the alert still is what the person saw
fn acted(
    what: &str,
    head: &Head,
    act: &Act,
    managed: &Managed,
    digest: &str,
) -> Result<Change, StoreError> {
    let effects = act.effects();
    let is_asking = !effects.is_empty();
    let mut asked = head.asked.clone();
    asked.extend(effects.into_iter().map(|it| (it.id, EffectState::Outstanding)));
    let mut change = Change::default()
        .set("acts", number(act.number))
        .set("lastAct", text(digest))
        .set("managed", written(what, managed)?)
        .put("tags", texts(&act.tags(head.tags.clone())))
        .increase("version");
    if is_asking {
        change =
            change.set("asked", written(what, &asked)?).set("asking", AttributeValue::Bool(true));
    }
    if act.decides() && head.is_outstanding_at_all() {
        let overtaken = EffectState::Overtaken { at: act.at };
        change = change.effects(what, &dropped(&head.effects, &overtaken))?;
    }
    if head.state != AlertState::Pending {
        if let Some(status) = act.status() {
            change = change.set("state", text(state_name(state_of(status))));
        }
        if is_asking {
            change = change.work(Some(WorkKind::Effects), act.at);
        }
    }
    Ok(change.only_if("#version = :seen", &[]).given("seen", number(head.version)))
}

/// What a rule had begun and not done, dropped where it would go against a person: with a resolve,
/// whatever was to follow it
fn dropped(
    effects: &BTreeMap<EffectId, EffectState>,
    overtaken: &EffectState,
) -> BTreeMap<EffectId, EffectState> {
    let is_left = |state: &EffectState| *state == EffectState::Outstanding;
    let resolves = effects.iter().any(|(id, state)| id.0 == "resolve" && is_left(state));
    let mut effects = effects.clone();
    for (id, state) in &mut effects {
        if *state == EffectState::Outstanding && (resolves || id.0.ends_with("assign")) {
            state.clone_from(overtaken);
        }
    }
    effects
}

const fn state_of(status: Status) -> AlertState {
    match status {
        Status::New | Status::InProgress => AlertState::Open,
        Status::Resolved => AlertState::Resolved,
    }
}

/// The acts that lead from the head to the first, each checked against what the next says of it
pub(super) fn chained(head: &Head, items: &[Item]) -> Acts {
    let mut found: BTreeMap<u64, Vec<(&str, &str)>> = BTreeMap::new();
    for item in items {
        let attribute = |name: &str| item.get(name).and_then(|it| AttributeValue::as_s(it).ok());
        let (Some(sk), Some(json)) = (attribute(SK), attribute(CONTENT)) else { continue };
        let named = sk.strip_prefix(ACT).and_then(|it| it.split_once('#'));
        let Some((number, digest)) = named else { continue };
        if let Ok(number) = number.parse() {
            found.entry(number).or_default().push((digest, json));
        }
    }
    let mut acts = Acts::default();
    let (mut number, mut digest) = (head.acts, head.last_act.clone());
    while number > 0 {
        let there = found.get(&number).map_or(&[][..], Vec::as_slice);
        let whole = there.iter().find(|(_, json)| digest_of(json) == digest);
        let act = whole.and_then(|(_, json)| serde_json::from_str::<Act>(json).ok());
        let Some(act) = act else {
            let is_changed = there.iter().any(|(named, _)| digest.starts_with(named));
            acts.broken = Some(BrokenAct { number, is_changed });
            break;
        };
        number -= 1;
        let before = act.previous.clone();
        acts.acts.push((act, std::mem::replace(&mut digest, before)));
    }
    acts.acts.reverse();
    acts
}
