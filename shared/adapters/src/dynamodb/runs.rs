//! Where runs are kept, and alerts loaded to be decided.
//!
//! A run is written before the head, under a name that has its digest in it. Two who decide the
//! same look differently so write two items, and neither overwrites the other's; the one whose
//! digest the head takes up is what happened, and the other is never read. (A first writer who
//! keeps the place, by `attribute_not_exists`, would keep it for ever if it stopped there: its
//! decision, grown old, would have to be adopted by whoever comes next.)
//!
//! DynamoDB actions: `dynamodb:GetItem`, `dynamodb:Query`, `dynamodb:PutItem`, `dynamodb:UpdateItem`.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use defuse_domain::{Alert, AlertId, EffectId, EffectState, Run, RunKey};
use defuse_flow::{Recorded, RunStore, StoreError, StoredAlert};

use super::{
    DynamoDbStore,
    bodies::{CONTENT, content},
    change::{Change, Written},
    errors::{StateError, refused, store_error},
    items::{
        self, Head, Item, bytes, compress, decompress, number, state_after, state_name, text, texts,
    },
    keys::{Key, SK, alert, digest, run_prefix},
    work::WorkKind,
};

impl RunStore for DynamoDbStore {
    async fn load(&self, id: &AlertId) -> Result<Option<StoredAlert>, StoreError> {
        let what = format!("to load alert `{id}`");
        let Some(head) = self.head(&what, id).await? else { return Ok(None) };
        let alert = self.body(&what, id, &head).await?;
        let alert = Alert { received: head.came(), ..alert };
        let (last_run, released) = (head.last_run(id), head.released());
        let Head { state, version, looks, tags, effects, refused, managed, .. } = head;
        Ok(Some(StoredAlert {
            alert,
            state,
            version,
            looks,
            last_run,
            effects,
            refused,
            tags,
            managed,
            released,
        }))
    }

    async fn record(
        &self,
        run: &Run,
        tags: &BTreeSet<String>,
        version: u64,
    ) -> Result<Recorded, StoreError> {
        let what = format!("to record run `{}`", run.key);
        let json = serde_json::to_vec(run).map_err(|error| refused(&what, error))?;
        let digest = digest(&json);
        let compressed = compress(&what, &json)?;
        self.put_run(&what, &run.key, &digest, compressed).await?;

        let key = Key::head(&run.key.alert_id);
        let as_decided = decided(&what, run, &digest, (tags, version), false)?;
        let mut written = self.change(&what, key.clone(), as_decided).await?;
        if let Written::Kept(Some(item)) = &written {
            let head: Head = items::read(&what, item.clone())?;
            if head.version == version && head.is_asking() {
                let as_asked = decided(&what, run, &digest, (tags, version), true)?;
                written = self.change(&what, key, as_asked).await?;
            }
        }
        match written {
            Written::Changed(_) => Ok(Recorded::New),
            Written::Kept(Some(item)) => {
                // Why: our own write may have been made and its answer lost on the way.
                let head: Head = items::read(&what, item)?;
                let is_ours = head.last_run_of(&run.key) == Some(digest.as_str());
                Ok(if is_ours { Recorded::New } else { Recorded::Overtaken })
            }
            Written::Kept(None) => Ok(Recorded::Overtaken),
        }
    }

    async fn run(&self, key: &RunKey) -> Result<Option<Run>, StoreError> {
        let what = format!("to read run `{key}`");
        let Some(head) = self.head(&what, &key.alert_id).await? else { return Ok(None) };
        let prefix = run_prefix(key);
        let written = self.all(&what, alert(&key.alert_id), prefix.clone()).await?;
        let real = written.iter().find(|item| {
            let sk = item.get(SK).and_then(|it| AttributeValue::as_s(it).ok());
            let digest = sk.and_then(|it| it.strip_prefix(&prefix));
            digest.is_some_and(|it| head.runs.contains(it))
        });
        real.map(|item| read_run(&what, item)).transpose()
    }
}

impl DynamoDbStore {
    async fn put_run(
        &self,
        what: &str,
        key: &RunKey,
        digest: &str,
        compressed: Vec<u8>,
    ) -> Result<(), StoreError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(Key::run(key, digest).attributes()))
            .item(CONTENT, bytes(compressed))
            .send()
            .await;
        put.map(drop).map_err(|error| store_error(what, error))
    }

    /// The run that the head says decided the alert last
    pub(super) async fn last_run(
        &self,
        what: &str,
        key: &RunKey,
        digest: &str,
    ) -> Result<Run, StoreError> {
        let item = self.get(what, Key::run(key, digest)).await?;
        let missing = || refused(what, StateError::Missing(format!("R#{key}")));
        read_run(what, &item.ok_or_else(missing)?)
    }
}

pub(super) fn read_run(what: &str, item: &Item) -> Result<Run, StoreError> {
    let json = decompress(content(what, item)?).map_err(|error| refused(what, error))?;
    serde_json::from_slice(&json).map_err(|error| refused(what, error))
}

/// What must hold of the head for a run to be what happened
const AS_SEEN: &str = "#version = :seen AND #state = :pending AND #revision = :revision";

/// The head as the run makes it, if the alert still is what was decided.
///
/// It leaves the index `work` where nothing is to be done: neither for the run, nor `is_asking` for
/// a person.
fn decided(
    what: &str,
    run: &Run,
    digest: &str,
    (tags, version): (&BTreeSet<String>, u64),
    is_asking: bool,
) -> Result<Change, StoreError> {
    let outstanding: BTreeMap<EffectId, EffectState> =
        run.effects.iter().map(|it| (it.id.clone(), EffectState::Outstanding)).collect();
    let work = (is_asking || !outstanding.is_empty()).then_some(WorkKind::Effects);
    let (condition, names) = if work.is_some() {
        (AS_SEEN.to_owned(), vec!["revision"])
    } else {
        let condition = format!("{AS_SEEN} AND attribute_not_exists(#asking)");
        (condition, vec!["revision", "asking"])
    };
    let digest = digest.to_owned();
    Ok(Change::default()
        .set("state", text(state_name(state_after(run.decision.outcome))))
        .set("run", text(&digest))
        .set("runRevision", text(run.key.revision.to_string()))
        .set("runLook", number(run.key.look))
        .put("tags", texts(tags))
        .effects(what, &outstanding)?
        .remove("refused")
        .increase("looks")
        .increase("version")
        .add("runs", AttributeValue::Ss(vec![digest]))
        .work(work, run.decided)
        .only_if(&condition, &names)
        .given("seen", number(version))
        .given("pending", text("pending"))
        .given("revision", text(run.key.revision.to_string())))
}
