//! What is to be done, and what is done: it stands in the head of the alert.
//!
//! DynamoDB actions: `dynamodb:GetItem`, `dynamodb:Query`, `dynamodb:UpdateItem`.

use defuse_domain::{AlertId, EffectId, EffectState, Run};
use defuse_flow::{AlertState, Outbox, Outstanding, StoreError};

use super::{
    DynamoDbStore, TRIES_MAX,
    change::Written,
    effects::Marked,
    errors::{StateError, busy},
    items::{self, number},
    keys::Key,
};

impl Outbox for DynamoDbStore {
    async fn outstanding(&self, id: &AlertId) -> Result<Option<Outstanding>, StoreError> {
        let what = format!("to read the effects of alert `{id}`");
        let Some(head) = self.head(&what, id).await? else { return Ok(None) };
        let (Some(key), Some(digest)) = (head.last_run(id), &head.run) else { return Ok(None) };
        // Why: what an older revision called for may not be right any more.
        if head.state == AlertState::Pending {
            return Ok(None);
        }
        if !head.is_outstanding_at_all() {
            return Ok(None);
        }
        let run = self.last_run(&what, &key, digest).await?;
        let alert = self.body(&what, id, &head).await?;
        let in_order = if head.refused { &run.if_refused } else { &run.effects };
        let effects = in_order.iter().filter(|it| head.is_outstanding(&it.id)).cloned().collect();
        Ok(Some(Outstanding { alert, effects, refused: head.refused, run }))
    }

    async fn mark(
        &self,
        run: &Run,
        effect: &EffectId,
        state: &EffectState,
    ) -> Result<(), StoreError> {
        let id = &run.key.alert_id;
        let what = format!("to mark effect `{effect}` of run `{}`", run.key);
        let mut head = self.head(&what, id).await?;
        for _ in 0..TRIES_MAX {
            let last = head.filter(|it| it.last_run_of(&run.key).is_some());
            let Some(read) = last else { return Ok(()) };
            let Some(marked) = Marked::of(&read, run, effect, state) else { return Ok(()) };
            let change = marked
                .change(&what)?
                .only_if("#version = :seen", &[])
                .given("seen", number(read.version));
            match self.change(&what, Key::head(id), change).await? {
                Written::Changed(_) => return Ok(()),
                Written::Kept(item) => {
                    head = item.map(|it| items::read(&what, it)).transpose()?;
                }
            }
        }
        Err(busy(StateError::Contended(TRIES_MAX)))
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::{
        operation::{get_item::GetItemOutput, update_item::UpdateItemError},
        types::error::ConditionalCheckFailedException,
    };
    use aws_smithy_mocks::mock;
    use jiff::Timestamp;

    use super::{
        super::tests::{a_head_item, a_run, store_that},
        *,
    };

    #[tokio::test]
    async fn a_mark_gives_up_when_others_are_always_faster() {
        let get = mock!(aws_sdk_dynamodb::Client::get_item)
            .then_output(|| GetItemOutput::builder().set_item(Some(a_head_item())).build());
        let update = mock!(aws_sdk_dynamodb::Client::update_item)
            .match_requests(|it| it.condition_expression() == Some("#version = :seen"))
            .then_error(|| {
                let failed = ConditionalCheckFailedException::builder();
                UpdateItemError::ConditionalCheckFailedException(
                    failed.set_item(Some(a_head_item())).build(),
                )
            });
        let done = EffectState::Done { at: Timestamp::UNIX_EPOCH, answer: "200".to_owned() };
        let (store, resolve) = (store_that([&get, &update]), EffectId("resolve".to_owned()));

        let error = store.mark(&a_run(), &resolve, &done).await.unwrap_err();

        assert!(matches!(error, StoreError::Busy(_)), "{error:?}");
        assert_eq!((get.num_calls(), update.num_calls()), (1, TRIES_MAX));
    }
}
