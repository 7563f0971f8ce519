//! Reads every alert in the table, page by page: the one scan that there is, for people who ask of
//! the past.
//!
//! The items of one alert stand together, so an alert is whole but where a page ends within it; that
//! one is read by itself, and passed over where the next page begins.
//!
//! DynamoDB actions: `dynamodb:Scan`, `dynamodb:Query`.

use aws_sdk_dynamodb::types::AttributeValue;
use defuse_domain::Later;
use defuse_flow::{AlertExport, ExportPage, ExportedAlert, StoreError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    DynamoDbStore,
    bodies::{CONTENT, read_body},
    errors::{refused, store_error},
    history::name_of,
    items::{Item, text},
    keys::{ALERT, BODY, Key, PK, SK},
};

/// How many items are looked at for one page, so that a page fits in memory whatever is in it
const ITEMS_MAX: i32 = 500;

/// Where a page begins
#[derive(Debug, Deserialize, Serialize)]
struct Place {
    /// The last item that was looked at
    pk: String,
    sk: String,
}

impl AlertExport for DynamoDbStore {
    async fn export(&self, since: Timestamp, next: Option<&str>) -> Result<ExportPage, StoreError> {
        let what = "to read every alert";
        let from = next.map(serde_json::from_str::<Place>).transpose();
        let from = from.map_err(|error| refused(what, error))?;
        let done = from.as_ref().map(|it| it.pk.clone());
        let scanned = self
            .client
            .scan()
            .table_name(&self.table)
            .limit(ITEMS_MAX)
            .projection_expression("#pk, #sk, #content")
            .filter_expression("begins_with(#pk, :alert) AND begins_with(#sk, :body)")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#sk", SK)
            .expression_attribute_names("#content", CONTENT)
            .expression_attribute_values(":alert", text(ALERT))
            .expression_attribute_values(":body", text(BODY))
            .set_exclusive_start_key(from.map(Place::into_key))
            .send()
            .await
            .map_err(|error| store_error(what, error))?;
        let end = scanned.last_evaluated_key.as_ref().and_then(Place::of);
        let mut bodies: Vec<Keyed> =
            scanned.items.unwrap_or_default().into_iter().filter_map(Keyed::of).collect();
        bodies.retain(|it| done.as_ref() != Some(&it.pk));
        let mut page = ExportPage::default();
        for of_one in bodies.chunk_by(|left, right| left.pk == right.pk) {
            let ends_within = of_one.first().map(|it| &it.pk) == end.as_ref().map(|it| &it.pk);
            match of_one.first() {
                Some(first) if ends_within => {
                    let whole = self.all(what, first.pk.clone(), BODY.to_owned()).await?;
                    let whole: Vec<Keyed> = whole.into_iter().filter_map(Keyed::of).collect();
                    add(&mut page, what, since, &whole);
                }
                Some(_) | None => add(&mut page, what, since, of_one),
            }
        }
        let end = end.as_ref().map(serde_json::to_string).transpose();
        page.next = end.map_err(|error| refused(what, error))?;
        Ok(page)
    }
}

/// Adds the alert of those bodies to a page, if it came since then
fn add(page: &mut ExportPage, what: &str, since: Timestamp, bodies: &[Keyed]) {
    let same = |left: &Keyed, right: &Keyed| name_of(BODY, &left.sk) == name_of(BODY, &right.sk);
    // A body of which a piece is missing was never pointed to by a head, so it is passed over.
    let mut revisions = bodies
        .chunk_by(same)
        .filter_map(|pieces| read_body(what, pieces.iter().map(|it| &it.item)).ok());
    let Some(came) = revisions.next() else {
        page.unreadable += 1;
        return;
    };
    if came.came().is_some_and(|it| it < since) {
        return;
    }
    let later = revisions.next_back().as_ref().map_or_else(|| Later::from(&came), Later::from);
    page.alerts.push(ExportedAlert { came, later });
}

/// An item with its key as text
struct Keyed {
    pk: String,
    sk: String,
    item: Item,
}

impl Keyed {
    fn of(item: Item) -> Option<Self> {
        let Place { pk, sk } = Place::of(&item)?;
        Some(Self { pk, sk, item })
    }
}

impl Place {
    fn of(item: &Item) -> Option<Self> {
        let text = |name| item.get(name).and_then(|it| AttributeValue::as_s(it).ok()).cloned();
        Some(Self { pk: text(PK)?, sk: text(SK)? })
    }

    fn into_key(self) -> Item {
        Key { pk: self.pk, sk: self.sk }.attributes()
    }
}
