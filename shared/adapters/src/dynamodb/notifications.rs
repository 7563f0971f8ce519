//! Which notifications were posted.
//!
//! DynamoDB actions: `dynamodb:UpdateItem`, `dynamodb:DeleteItem`.

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use defuse_domain::Notification;
use defuse_flow::{CLAIM_SECONDS, Claim, NotificationLog, StoreError};
use jiff::Timestamp;

use super::{
    DynamoDbStore,
    change::{Change, Written},
    errors::store_error,
    items::{Item, cut, expires, text},
    keys::Key,
};

/// How long a notification is remembered
const KEPT_DAYS: i64 = 30;
/// As much of the channel's answer as is kept, in bytes
const ANSWER_BYTES_MAX: usize = 500;

impl DynamoDbStore {
    /// Takes over a claim whose owner had time enough; of several who try, one does
    async fn claim_again(
        &self,
        what: &str,
        notification: &Notification,
        item: Option<Item>,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        let claimed = item.as_ref().and_then(|it| it.get("claimed")).and_then(|it| it.as_s().ok());
        let Some(claimed) = claimed else { return Ok(Claim::InHand) };
        let since = claimed.parse::<Timestamp>().unwrap_or(Timestamp::MIN);
        if now.duration_since(since).as_secs() < CLAIM_SECONDS {
            return Ok(Claim::InHand);
        }
        let change = Change::default()
            .set("claimed", text(now.to_string()))
            .given("seen", text(claimed.clone()))
            .only_if("#claimed = :seen AND attribute_not_exists(#posted)", &["claimed", "posted"]);
        match self.change(what, Key::notification(&notification.id), change).await? {
            Written::Changed(_) => Ok(Claim::Unsure),
            Written::Kept(_) => Ok(Claim::InHand),
        }
    }
}

impl NotificationLog for DynamoDbStore {
    async fn claim(
        &self,
        notification: &Notification,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        let what = format!("to claim notification `{}`", notification.id);
        let change = Change::default()
            .set("claimed", text(now.to_string()))
            .set("expires", expires(now, KEPT_DAYS))
            .only_if("attribute_not_exists(#pk)", &["pk"]);
        match self.change(&what, Key::notification(&notification.id), change).await? {
            Written::Changed(_) => Ok(Claim::First),
            Written::Kept(Some(item)) if item.contains_key("posted") => Ok(Claim::Posted),
            Written::Kept(item) => self.claim_again(&what, notification, item, now).await,
        }
    }

    async fn posted(
        &self,
        notification: &Notification,
        answer: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let what = format!("to mark notification `{}` as posted", notification.id);
        let change = Change::default()
            .set("posted", text(now.to_string()))
            .set("answer", text(cut(answer, ANSWER_BYTES_MAX)))
            .set("expires", expires(now, KEPT_DAYS));
        self.change(&what, Key::notification(&notification.id), change).await.map(drop)
    }

    async fn not_posted(&self, notification: &Notification) -> Result<(), StoreError> {
        let what = format!("to forget the claim of notification `{}`", notification.id);
        let deleted = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(Key::notification(&notification.id).attributes()))
            .condition_expression("attribute_not_exists(#posted)")
            .expression_attribute_names("#posted", "posted")
            .send()
            .await;
        match deleted {
            Ok(_) => Ok(()),
            // It was posted after all, by somebody else.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DeleteItemError::is_conditional_check_failed_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(store_error(what, error)),
        }
    }
}
