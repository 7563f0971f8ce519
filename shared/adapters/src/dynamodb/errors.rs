//! What an error of DynamoDB means to the caller: again later, or never.

use std::{error::Error, iter};

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use defuse_flow::{Cause, StoreError};

/// Codes that mean "not now", whatever their HTTP status
const BUSY_CODES: [&str; 8] = [
    "InternalServerError",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "ReplicatedWriteConflictException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionConflictException",
];

/// DynamoDB did what we asked, and still we cannot go on
#[derive(Debug, thiserror::Error)]
pub(super) enum StateError {
    /// A piece of a body, or a run, that the head points to
    #[error("`{0}` is missing from the table")]
    Missing(String),
    /// Somebody else was faster each time
    #[error("the alert was changed by others on each of {0} tries")]
    Contended(usize),
    /// Left over from a batch
    #[error("{0} items of a batch were left unprocessed")]
    Unprocessed(usize),
    /// More links than we follow
    #[error("the user has more than {0} alerts")]
    TooManyLinks(usize),
    /// Neither id nor principal name
    #[error("the user has no id and no principal name")]
    NamelessUser,
}

/// What the failure of a request means; `what` completes "store refused: …"
pub(super) fn store_error<E>(what: impl Into<String>, error: SdkError<E>) -> StoreError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let status = error.raw_response().map(|it| it.status().as_u16());
    let is_busy = match &error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
            true
        }
        SdkError::ServiceError(service) => {
            let is_busy_code = service.err().code().is_some_and(|it| BUSY_CODES.contains(&it));
            is_busy_code || status.is_some_and(|it| it >= 500 || it == 429)
        }
        // It was never sent, and never can be.
        SdkError::ConstructionFailure(_) | _ => false,
    };
    if is_busy { busy(error) } else { refused(what, error) }
}

/// Trying again later may help
pub(super) fn busy(source: impl Into<Cause>) -> StoreError {
    StoreError::Busy(source.into())
}

/// Trying again will not help
pub(super) fn refused(what: impl Into<String>, source: impl Into<Cause>) -> StoreError {
    StoreError::Refused { what: what.into(), source: source.into() }
}

/// An error with each of its causes, for the log
pub(super) fn with_causes(error: &dyn Error) -> String {
    let causes = iter::successors(error.source(), |&it| it.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use std::io;

    use aws_sdk_dynamodb::{
        error::ErrorMetadata,
        operation::{get_item::GetItemError, update_item::UpdateItemError},
        types::error::{
            ConditionalCheckFailedException, InternalServerError,
            ProvisionedThroughputExceededException, ResourceNotFoundException,
        },
    };
    use aws_smithy_mocks::{Rule, mock};
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use defuse_domain::AlertId;
    use defuse_flow::{RunStore, WebhookLog};

    use super::{
        super::tests::{a_run, store_that},
        *,
    };

    #[tokio::test]
    async fn what_may_pass_is_busy_and_what_will_not_is_refused() {
        check("ThrottlingException", 400, "busy").await;
        check("ProvisionedThroughputExceededException", 400, "busy").await;
        check("RequestLimitExceeded", 400, "busy").await;
        check("InternalServerError", 500, "busy").await;
        check("ServiceUnavailable", 503, "busy").await;
        check("SomethingNew", 502, "busy").await;
        check("ResourceNotFoundException", 400, "refused").await;
        check("AccessDeniedException", 400, "refused").await;
        check("ValidationException", 400, "refused").await;
        check("UnrecognizedClientException", 400, "refused").await;
        check("ConditionalCheckFailedException", 400, "refused").await;
    }

    #[track_caller]
    fn check(code: &'static str, status: u16, expected: &'static str) -> impl Future<Output = ()> {
        let body = format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}"}}"#);
        let rule = mock!(aws_sdk_dynamodb::Client::get_item)
            .sequence()
            .http_status(status, Some(body))
            .repeatedly()
            .build();
        async move {
            let error = store_that([&rule]).was_taken("msg_1").await.unwrap_err();
            assert_eq!(meaning(&error), expected, "for {code}: {error:?}");
        }
    }

    #[test]
    fn a_request_without_an_answer_is_busy() {
        type Failure = SdkError<GetItemError>;
        let io = || io::Error::other("connection reset");
        let no_answer: [Failure; 3] = [
            Failure::timeout_error(io()),
            Failure::dispatch_failure(ConnectorError::io(io().into())),
            Failure::dispatch_failure(ConnectorError::timeout(io().into())),
        ];
        for failure in no_answer {
            assert_eq!(meaning(&store_error("to do it", failure)), "busy");
        }
        let never_sent = Failure::construction_failure(io());
        assert_eq!(meaning(&store_error("to do it", never_sent)), "refused");
    }

    #[tokio::test]
    async fn the_errors_of_a_write_say_what_was_asked() {
        let put = mock!(aws_sdk_dynamodb::Client::put_item).then_output(|| {
            aws_sdk_dynamodb::operation::put_item::PutItemOutput::builder().build()
        });
        let error = |rule: Rule| {
            let store = store_that([&put, &rule]);
            async move { store.record(&a_run(), &[].into(), 7).await }
        };
        let fails = |error: fn() -> UpdateItemError| {
            mock!(aws_sdk_dynamodb::Client::update_item).then_error(error)
        };

        let busy = error(fails(|| {
            let gone = ProvisionedThroughputExceededException::builder();
            let code = ErrorMetadata::builder().code("ProvisionedThroughputExceededException");
            UpdateItemError::ProvisionedThroughputExceededException(gone.meta(code.build()).build())
        }));
        assert_eq!(meaning(&busy.await.unwrap_err()), "busy");

        let busy = error(fails(|| {
            let failed = InternalServerError::builder();
            let code = ErrorMetadata::builder().code("InternalServerError");
            UpdateItemError::InternalServerError(failed.meta(code.build()).build())
        }));
        assert_eq!(meaning(&busy.await.unwrap_err()), "busy");

        let refused = error(fails(|| {
            let missing = ResourceNotFoundException::builder().build();
            UpdateItemError::ResourceNotFoundException(missing)
        }));
        let refused = refused.await.unwrap_err();
        assert_eq!(meaning(&refused), "refused");
        assert!(refused.to_string().starts_with("store refused: to record run `ad1@"), "{refused}");

        let overtaken = error(fails(|| {
            let failed = ConditionalCheckFailedException::builder().build();
            UpdateItemError::ConditionalCheckFailedException(failed)
        }));
        assert_eq!(overtaken.await.unwrap(), defuse_flow::Recorded::Overtaken);
    }

    #[tokio::test]
    async fn an_item_that_cannot_be_read_is_refused() {
        let get = mock!(aws_sdk_dynamodb::Client::get_item).then_output(|| {
            let text = aws_sdk_dynamodb::types::AttributeValue::S("nonsense".to_owned());
            aws_sdk_dynamodb::operation::get_item::GetItemOutput::builder()
                .item("revision", text)
                .build()
        });
        let id = AlertId::parse("ad1").unwrap();
        let error = store_that([&get]).load(&id).await.unwrap_err();
        assert_eq!(meaning(&error), "refused");
    }

    #[test]
    fn the_causes_are_told_one_after_the_other() {
        let error = busy(StateError::Contended(5));
        assert_eq!(
            with_causes(&error),
            "store is busy or out of reach: the alert was changed by others on each of 5 tries"
        );
    }

    fn meaning(error: &StoreError) -> &'static str {
        match error {
            StoreError::Busy(_) => "busy",
            StoreError::Refused { .. } => "refused",
        }
    }
}
