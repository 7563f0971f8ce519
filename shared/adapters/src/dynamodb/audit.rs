//! Looks whether the history of alerts is whole: the head leads to the last act and each act to the
//! one before, and names every run and the newest body by a digest of what is in them.
//!
//! Whoever can write the table can write a head too: what was changed together with the head is
//! found by the digests in the log alone.
//!
//! DynamoDB actions: `dynamodb:GetItem`, `dynamodb:Query`, `dynamodb:Scan`.

use aws_sdk_dynamodb::types::AttributeValue;
use defuse_domain::AlertId;
use defuse_flow::{Audit, AuditPage, BrokenEntry, HistoryAudit, StoreError};

use super::{
    DynamoDbStore,
    acts::chained,
    bodies::content,
    errors::store_error,
    items::{Head, Item, decompress, text},
    keys::{ACT, ALERT, HEAD, Key, PK, RUN, SK, alert, body_prefix, digest},
};

/// How many items are looked at for one page
const ITEMS_MAX: i32 = 1_000;

impl HistoryAudit for DynamoDbStore {
    async fn audit(&self, id: &AlertId) -> Result<Option<Audit>, StoreError> {
        let what = format!("to look at the history of alert `{id}`");
        let Some(head) = self.head(&what, id).await? else { return Ok(None) };
        let acts = self.all(&what, alert(id), ACT.to_owned()).await?;
        let runs = self.all(&what, alert(id), RUN.to_owned()).await?;
        let body = self.all(&what, alert(id), body_prefix(head.revision, &head.body)).await?;
        let mut broken: Vec<(String, bool)> = Vec::new();
        let acted = chained(&head, &acts).broken;
        broken.extend(acted.map(|it| (format!("act {}", it.number), it.is_changed)));
        broken.extend(head.runs.iter().filter_map(|digest| broken_run(digest, &runs)));
        broken.extend(broken_body(&head, &body));
        let broken = broken.into_iter().map(|(entry, is_changed)| BrokenEntry {
            alert_id: id.clone(),
            entry,
            is_changed,
        });
        let n_acts = usize::try_from(head.acts).unwrap_or(usize::MAX);
        let entries = n_acts.saturating_add(head.runs.len()).saturating_add(1);
        Ok(Some(Audit { alerts: 1, entries, broken: broken.collect() }))
    }

    async fn audit_page(&self, next: Option<&str>) -> Result<AuditPage, StoreError> {
        let what = "to look at every history";
        let from = next.map(|it| {
            let (pk, sk) = it.split_once('\n').unwrap_or((it, HEAD));
            Key { pk: pk.to_owned(), sk: sk.to_owned() }.attributes()
        });
        let scanned = self
            .client
            .scan()
            .table_name(&self.table)
            .limit(ITEMS_MAX)
            .consistent_read(true)
            .projection_expression("#pk, #sk")
            .filter_expression("begins_with(#pk, :alert) AND #sk = :head")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#sk", SK)
            .expression_attribute_values(":alert", text(ALERT))
            .expression_attribute_values(":head", text(HEAD))
            .set_exclusive_start_key(from)
            .send()
            .await
            .map_err(|error| store_error(what, error))?;
        let mut page = AuditPage::default();
        for item in scanned.items.unwrap_or_default() {
            let id = attribute(&item, PK).and_then(|it| it.strip_prefix(ALERT));
            let Some(Ok(id)) = id.map(AlertId::parse) else { continue };
            let Some(found) = self.audit(&id).await? else { continue };
            page.audit.add(found);
        }
        page.next = scanned.last_evaluated_key.as_ref().and_then(|it| {
            let (pk, sk) = (attribute(it, PK)?, attribute(it, SK)?);
            Some(format!("{pk}\n{sk}"))
        });
        Ok(page)
    }
}

fn attribute<'i>(item: &'i Item, name: &str) -> Option<&'i str> {
    item.get(name).and_then(|it| AttributeValue::as_s(it).ok()).map(String::as_str)
}

/// What is wrong with the run of that digest, if anything
fn broken_run(of: &str, runs: &[Item]) -> Option<(String, bool)> {
    let named = |it: &&Item| {
        attribute(it, SK).and_then(|it| it.rsplit_once('#')).is_some_and(|(_, it)| it == of)
    };
    let Some(item) = runs.iter().find(named) else { return Some((format!("run {of}"), false)) };
    let json = content("", item).ok().and_then(|it| decompress(it).ok());
    let is_whole = json.is_some_and(|it| digest(&it) == of);
    (!is_whole).then(|| (format!("run {of}"), true))
}

/// What is wrong with what the source sent last, if anything
fn broken_body(head: &Head, pieces: &[Item]) -> Option<(String, bool)> {
    let compressed: Option<Vec<&[u8]>> = pieces.iter().map(|it| content("", it).ok()).collect();
    let is_whole = compressed.is_some_and(|it| digest(&it.concat()) == head.body);
    (!is_whole).then(|| (format!("alert {}", head.body), pieces.len() == head.pieces))
}
