//! Where old revisions and runs are looked up.
//!
//! DynamoDB actions: `dynamodb:GetItem`, `dynamodb:Query`.

use aws_sdk_dynamodb::types::AttributeValue;
use defuse_domain::{Alert, AlertId, Run};
use defuse_flow::{AlertHistory, HISTORY_MAX, HistoryStore, StoreError};

use super::{
    DynamoDbStore,
    bodies::read_body,
    errors::store_error,
    items::{Head, Item},
    keys::{BODY, PK, RUN, SK, alert},
    runs::read_run,
};

/// Items of one alert, by their sort keys, newest first
type Newest = Vec<(String, Item)>;

impl HistoryStore for DynamoDbStore {
    async fn history(&self, id: &AlertId) -> Result<Option<AlertHistory>, StoreError> {
        let what = format!("to read the history of alert `{id}`");
        let Some(head) = self.head(&what, id).await? else { return Ok(None) };
        let bodies = self.newest(&what, id, BODY).await?;
        let runs = self.newest(&what, id, RUN).await?;
        Ok(Some(AlertHistory {
            revisions: revisions(&what, bodies),
            runs: recorded(&what, &head, &runs)?,
            released: head.released(),
            effects: head.effects,
        }))
    }
}

impl DynamoDbStore {
    /// The items whose sort keys begin like that, newest first, until there are [`HISTORY_MAX`]
    /// names of content
    async fn newest(
        &self,
        what: &str,
        id: &AlertId,
        prefix: &'static str,
    ) -> Result<Newest, StoreError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .scan_index_forward(false)
            .consistent_read(true)
            .key_condition_expression("#pk = :pk AND begins_with(#sk, :prefix)")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#sk", SK)
            .expression_attribute_values(":pk", AttributeValue::S(alert(id)))
            .expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()))
            .into_paginator()
            .items()
            .send();
        let (mut found, mut n_names, mut last) = (Vec::new(), 0, String::new());
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| store_error(what, error))?;
            let Some(Ok(sk)) = item.get(SK).map(AttributeValue::as_s) else { continue };
            let sk = sk.clone();
            if name_of(prefix, &sk) != last {
                name_of(prefix, &sk).clone_into(&mut last);
                n_names += 1;
            }
            if n_names > HISTORY_MAX {
                break;
            }
            found.push((sk, item));
        }
        Ok(found)
    }
}

/// What all pieces of one content have in common: a body may have several
pub(super) fn name_of<'a>(prefix: &str, sk: &'a str) -> &'a str {
    if prefix != BODY {
        return sk;
    }
    sk.rsplit_once('#').map_or(sk, |(name, _)| name)
}

/// The alerts of those pieces, oldest first.
///
/// A body of which a piece is missing was never pointed to by a head, so it is passed over. Of two
/// bodies of one revision either will do.
pub(super) fn revisions(what: &str, mut bodies: Newest) -> Vec<Alert> {
    bodies.reverse();
    let mut revisions: Vec<Alert> = Vec::new();
    for pieces in bodies.chunk_by(|left, right| name_of(BODY, &left.0) == name_of(BODY, &right.0)) {
        let Ok(alert) = read_body(what, pieces.iter().map(|it| &it.1)) else { continue };
        if revisions.last().is_none_or(|it| it.revision() != alert.revision()) {
            revisions.push(alert);
        }
    }
    revisions
}

/// The runs that a head took up, oldest first
fn recorded(what: &str, head: &Head, runs: &Newest) -> Result<Vec<Run>, StoreError> {
    let happened = runs.iter().rev().filter(|(sk, _)| {
        sk.rsplit_once('#').is_some_and(|(_, digest)| head.runs.contains(digest))
    });
    let mut runs: Vec<Run> =
        happened.map(|(_, item)| read_run(what, item)).collect::<Result<_, _>>()?;
    runs.sort_by_key(|it| it.decided);
    Ok(runs)
}
