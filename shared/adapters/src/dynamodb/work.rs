//! What is still to be done: which record of the stream calls for what, and how to find all of it
//! again when the stream has passed.
//!
//! DynamoDB actions: `dynamodb:Query` on the index `work`.

use aws_sdk_dynamodb::types::AttributeValue;
use defuse_domain::{AlertId, Indicator};
use defuse_flow::StoreError;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde_dynamo::{AttributeValue as StreamValue, Item as StreamItem};

use super::{
    DynamoDbStore,
    change::Change,
    errors::refused,
    first,
    items::{Item, text},
    keys::{ALERT, HEAD, PK, SK, indicator_at, sortable},
};

/// Name of the index over heads with work outstanding
pub(super) const WORK_INDEX: &str = "work";
/// What entries of the allow list stand under in the index
const ALLOW: &str = "allow";
/// What the days of actions stand under in the index begin with
const ACTIONS: &str = "actions#";
/// How many alerts [`DynamoDbStore::work`] gives at the most
pub const WORK_MAX: usize = 10_000;

/// What an alert waits for
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkKind {
    /// To be decided
    Pending,
    /// To have its effects carried out
    Effects,
}

impl WorkKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Effects => "effects",
        }
    }
}

/// What a change of the table calls for
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Decide the alert
    Triage(AlertId),
    /// Carry out its effects
    Deliver(AlertId),
    /// Write the indicator's entry on the allow list to where it is to stand too
    Allow(Indicator),
}

/// What a record of the table's stream calls for, by the item as it is now.
///
/// Only heads and entries of the allow list call for work. A record comes at least once, and the work may be done meanwhile:
/// whoever does it looks again.
pub fn work_of(image: &StreamItem) -> Option<Work> {
    let attribute = |name: &str| match image.get(name) {
        Some(StreamValue::S(text)) => Some(text.as_str()),
        Some(_) | None => None,
    };
    let (pk, sk) = (attribute(PK)?, attribute(SK)?);
    if sk != HEAD {
        let calls = attribute("work") == Some(ALLOW);
        return indicator_at(pk, sk).filter(|_| calls).map(Work::Allow);
    }
    let id = AlertId::parse(pk.strip_prefix(ALERT)?).ok()?;
    match attribute("work")? {
        "pending" => Some(Work::Triage(id)),
        "effects" => Some(Work::Deliver(id)),
        _ => None,
    }
}

/// What the actions of a day stand under in the index
pub(super) fn actions_of(day: Date) -> String {
    format!("{ACTIONS}{day}")
}

/// What puts a run or an act into the index, among the actions of its day
pub(super) fn as_action(at: Timestamp) -> [(&'static str, AttributeValue); 2] {
    let day = at.to_zoned(TimeZone::UTC).date();
    [("work", text(actions_of(day))), ("workAt", text(sortable(at)))]
}

impl Change {
    /// Puts the entry of the allow list into the index, or takes it out
    pub(super) fn allow_work(self, is_outstanding: bool, now: Timestamp) -> Self {
        self.put("work", is_outstanding.then(|| text(ALLOW)))
            .put("workAt", is_outstanding.then(|| text(sortable(now))))
    }

    /// Puts the head into the index, or takes it out
    pub(super) fn work(self, kind: Option<WorkKind>, now: Timestamp) -> Self {
        self.put("work", kind.map(|it| text(it.name())))
            .put("workAt", kind.map(|_| text(sortable(now))))
    }
}

impl DynamoDbStore {
    /// The alerts that wait for it since before that time, the longest waiting first, at most
    /// [`WORK_MAX`].
    ///
    /// The index is a moment behind the table: what it gives may be done meanwhile.
    pub async fn work(
        &self,
        kind: WorkKind,
        before: Timestamp,
    ) -> Result<Vec<AlertId>, StoreError> {
        let what = "to find the work outstanding";
        let mut ids = Vec::new();
        for item in self.waiting(what, kind.name(), before).await? {
            let pk = item.get(PK).and_then(|it| AttributeValue::as_s(it).ok());
            let id = AlertId::parse(pk.and_then(|it| it.strip_prefix(ALERT)).unwrap_or_default());
            ids.push(id.map_err(|error| refused(what, error))?);
        }
        Ok(ids)
    }

    /// The indicators whose entries on the allow list wait to be written since before that time
    pub async fn allow_work(&self, before: Timestamp) -> Result<Vec<Indicator>, StoreError> {
        let waiting = self.waiting("to find the work outstanding", ALLOW, before).await?;
        let key = |item: &Item, name| item.get(name).and_then(|it| it.as_s().ok()).cloned();
        let indicators = waiting.iter().filter_map(|it| indicator_at(&key(it, PK)?, &key(it, SK)?));
        Ok(indicators.collect())
    }

    async fn waiting(
        &self,
        what: &str,
        work: &str,
        before: Timestamp,
    ) -> Result<Vec<Item>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(WORK_INDEX)
            .key_condition_expression("#work = :work AND #workAt < :before")
            .expression_attribute_names("#work", "work")
            .expression_attribute_names("#workAt", "workAt")
            .expression_attribute_values(":work", text(work))
            .expression_attribute_values(":before", text(sortable(before)));
        first(what, query, WORK_MAX).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_head_with_work_calls_for_it() {
        let id = AlertId::parse("ad1#H").unwrap();
        check(
            &[("pk", "A#ad1#H"), ("sk", "H"), ("work", "pending")],
            Some(Work::Triage(id.clone())),
        );
        check(&[("pk", "A#ad1#H"), ("sk", "H"), ("work", "effects")], Some(Work::Deliver(id)));
        check(&[("pk", "A#ad1"), ("sk", "H")], None);
        check(&[("pk", "A#ad1"), ("sk", "H"), ("work", "other")], None);
        check(&[("pk", "A#ad1"), ("sk", "R#1#0#x"), ("work", "pending")], None);
        check(&[("pk", "A#ad1"), ("sk", "M#1#x"), ("work", "actions#2026-11-23")], None);
        check(&[("pk", "L#ad1"), ("sk", "H"), ("work", "pending")], None);
        let indicator = Indicator::guess("203.0.113.9").unwrap();
        let entry = [("pk", "I#allowed"), ("sk", "ipAddress#203.0.113.9"), ("work", "allow")];
        check(&entry, Some(Work::Allow(indicator)));
        check(&entry[..2], None);
        check(&[("pk", "A#"), ("sk", "H"), ("work", "pending")], None);
        check(&[], None);
    }

    #[track_caller]
    fn check(image: &[(&str, &str)], expected: Option<Work>) {
        let attribute =
            |(name, text): &(&str, &str)| ((*name).to_owned(), StreamValue::S((*text).to_owned()));
        let item = StreamItem::from(
            image.iter().map(attribute).collect::<std::collections::HashMap<_, _>>(),
        );
        assert_eq!(work_of(&item), expected, "for {image:?}");
    }
}
