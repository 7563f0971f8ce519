//! What was done to alerts: listed by day in the index `work`, and read with its alert, all in one
//! query.
//!
//! Runs that call for anything and acts are in the index themselves, so that the list costs no item
//! and nothing can come between the two. What was begun and did not happen is listed too: whoever
//! reads the alert sees that.
//!
//! DynamoDB actions: `dynamodb:Query`, on the index `work` too.

use aws_sdk_dynamodb::types::AttributeValue;
use defuse_domain::{ActionId, ActionKey, Alert, AlertId, Revision, Run};
use defuse_flow::{ActionLog, AlertRecord, ListedAction, ManagedAlert, StoreError};
use jiff::{Timestamp, civil::Date};

use super::{
    DynamoDbStore,
    acts::chained,
    errors::{StateError, refused},
    first,
    history::revisions,
    items::{self, Head, Item, text},
    keys::{ACT, ALERT, BODY, HEAD, Key, PK, RUN, SK, alert, sortable},
    runs::read_run,
    work::{WORK_INDEX, actions_of},
};

impl ActionLog for DynamoDbStore {
    async fn listed(
        &self,
        day: Date,
        (since, until): (Timestamp, Timestamp),
        after: Option<&ListedAction>,
        max: usize,
    ) -> Result<Vec<ListedAction>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(WORK_INDEX)
            .scan_index_forward(false)
            .limit(i32::try_from(max).unwrap_or(i32::MAX))
            .key_condition_expression("#work = :work AND #workAt BETWEEN :since AND :until")
            .expression_attribute_names("#work", "work")
            .expression_attribute_names("#workAt", "workAt")
            .expression_attribute_values(":work", text(actions_of(day)))
            .expression_attribute_values(":since", text(sortable(since)))
            .expression_attribute_values(":until", text(sortable(until)))
            .set_exclusive_start_key(after.map(place_of));
        let items = first("to list what was done", query, max).await?;
        Ok(items.iter().filter_map(line_of).collect())
    }

    async fn record_of(&self, id: &AlertId) -> Result<Option<AlertRecord>, StoreError> {
        let what = format!("to read everything of alert `{id}`");
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("#pk = :pk")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_values(":pk", text(alert(id)));
        let items = first(&what, query, usize::MAX).await?;
        record(&what, items)
    }
}

/// Where in the index a line stands
fn place_of(line: &ListedAction) -> Item {
    let id = &line.id.alert_id;
    let key = match line.id.key {
        ActionKey::Act { number } => Key::act(id, number, &line.digest),
        ActionKey::Run { revision, look } => {
            let key = defuse_domain::RunKey { alert_id: id.clone(), revision, look };
            Key::run(&key, &line.digest)
        }
    };
    let mut place = key.attributes();
    let day = line.at.to_zoned(jiff::tz::TimeZone::UTC).date();
    place.insert("work".to_owned(), text(actions_of(day)));
    place.insert("workAt".to_owned(), text(sortable(line.at)));
    place
}

/// The line that an item of the index is; what is none of ours is left out
fn line_of(item: &Item) -> Option<ListedAction> {
    let attribute = |name: &str| item.get(name)?.as_s().ok();
    let at = attribute("workAt")?.parse().ok()?;
    let alert_id = AlertId::parse(attribute(PK)?.strip_prefix(ALERT)?).ok()?;
    let sk = attribute(SK)?;
    let (key, digest) = if let Some(rest) = sk.strip_prefix(ACT) {
        let (number, digest) = rest.split_once('#')?;
        (ActionKey::Act { number: number.parse().ok()? }, digest)
    } else {
        let mut parts = sk.strip_prefix(RUN)?.splitn(3, '#');
        let (revision, look, digest) = (parts.next()?, parts.next()?, parts.next()?);
        let revision = Revision::at(revision.parse().ok()?);
        (ActionKey::Run { revision, look: look.parse().ok()? }, digest)
    };
    Some(ListedAction { at, id: ActionId { alert_id, key }, digest: digest.to_owned() })
}

/// Everything of one alert, out of its items
fn record(what: &str, items: Vec<Item>) -> Result<Option<AlertRecord>, StoreError> {
    let (mut head, mut bodies, mut runs, mut acts) = (None, Vec::new(), Vec::new(), Vec::new());
    for item in items {
        let Some(sk) = item.get(SK).and_then(|it| AttributeValue::as_s(it).ok()).cloned() else {
            continue;
        };
        if sk == HEAD {
            head = Some(item);
        } else if sk.starts_with(BODY) {
            bodies.push((sk, item));
        } else if sk.starts_with(RUN) {
            runs.push((sk, item));
        } else if sk.starts_with(ACT) {
            acts.push(item);
        }
    }
    let Some(head) = head else { return Ok(None) };
    let head: Head = items::read(what, head)?;
    bodies.reverse();
    let revisions = revisions(what, bodies);
    let mut happened: Vec<(Run, String)> = Vec::new();
    for (sk, item) in &runs {
        let digest = sk.rsplit_once('#').map(|(_, digest)| digest);
        if let Some(digest) = digest.filter(|it| head.runs.contains(*it)) {
            happened.push((read_run(what, item)?, digest.to_owned()));
        }
    }
    happened.sort_by_key(|(run, _)| run.decided);
    let newest = revisions.iter().find(|it: &&Alert| it.revision() == head.revision).cloned();
    let missing = || refused(what, StateError::Missing(format!("B#{}", head.revision)));
    let alert = newest.ok_or_else(missing)?;
    let acts = chained(&head, &acts);
    Ok(Some(AlertRecord {
        revisions,
        runs: happened,
        effects: head.effects,
        stands: ManagedAlert {
            alert,
            state: head.state,
            version: head.version,
            tags: head.tags,
            managed: head.managed,
            asked: head.asked,
            n_acts: head.acts,
            last_act: head.last_act,
        },
        acts,
    }))
}
