use aws_sdk_sns::{
    config::retry::RetryConfig,
    operation::publish::PublishOutput,
    types::error::{
        InternalErrorException, InvalidParameterException, InvalidParameterValueException,
        NotFoundException,
    },
};
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use defuse_domain::{About, AlertId, Template};

use super::*;

const TOPIC: &str = "arn:aws:sns:eu-west-1:000000000000:notifications";

fn notification() -> Notification {
    Notification {
        id: "n1".to_owned(),
        channel: "soc".to_owned(),
        about: About::Alert {
            template: Template::NeedsEyes,
            alert_id: AlertId::parse("ca1").unwrap(),
            severity: None,
        },
        title: "Impossible travel".to_owned(),
        facts: vec![("User".to_owned(), "kim@contoso.example".to_owned())],
        reasons: vec!["The directory did not answer.".to_owned()],
        url: None,
    }
}

fn notifier(rule: &Rule) -> SnsNotifier {
    let client = mock_client!(aws_sdk_sns, RuleMode::MatchAny, [rule], |settings| {
        settings.retry_config(RetryConfig::disabled())
    });
    SnsNotifier::new(client, TOPIC.to_owned())
}

#[tokio::test]
async fn a_notification_is_published_so_that_subscribers_can_filter_and_read_it() {
    let publish = mock!(Client::publish)
        .match_requests(|request| {
            let attribute = |name: &str| {
                let attribute = request.message_attributes()?.get(name)?;
                assert_eq!(attribute.data_type(), "String");
                attribute.string_value()
            };
            let read = request.message().map(|it| read_notification(it).unwrap());
            request.topic_arn() == Some(TOPIC)
                && attribute("channel") == Some("soc")
                && attribute("template") == Some("needsEyes")
                && read == Some(notification())
        })
        .then_output(|| PublishOutput::builder().message_id("m1").build());
    assert_eq!(notifier(&publish).publish(&notification()).await.unwrap(), "m1");
    assert_eq!(publish.num_calls(), 1);
}

#[tokio::test]
async fn only_what_is_wrong_with_the_message_is_refused() {
    let refused = [
        PublishError::InvalidParameterException(InvalidParameterException::builder().build()),
        PublishError::InvalidParameterValueException(
            InvalidParameterValueException::builder().build(),
        ),
    ];
    for error in refused {
        let outcome = publish_failing_with(error).await;
        assert!(matches!(outcome, Err(DeliveryError::Refused { .. })), "{outcome:?}");
    }
    let busy = [
        PublishError::InternalErrorException(InternalErrorException::builder().build()),
        PublishError::NotFoundException(NotFoundException::builder().build()),
    ];
    for error in busy {
        let outcome = publish_failing_with(error).await;
        assert!(matches!(outcome, Err(DeliveryError::Busy { .. })), "{outcome:?}");
    }
}

async fn publish_failing_with(error: PublishError) -> Result<String, DeliveryError> {
    let error = std::sync::Mutex::new(Some(error));
    let publish = mock!(Client::publish).then_error(move || error.lock().unwrap().take().unwrap());
    notifier(&publish).publish(&notification()).await
}

#[test]
fn what_is_too_large_is_cut_and_still_tells_what_it_is_about() {
    let reason = "\u{1}".repeat(1024 * 1024);
    let large = [
        Notification { title: reason.clone(), ..notification() },
        Notification { reasons: vec![reason.clone(); 3], ..notification() },
        Notification { reasons: vec!["🐢".repeat(2_000); 300], ..notification() },
        Notification {
            facts: vec![("🐢".repeat(1_500), "🐢".repeat(1_500)); 300],
            ..notification()
        },
        Notification { url: Some(reason.clone()), ..notification() },
    ];
    for notification in large {
        let message = fitting(&notification).unwrap();
        assert!(message.len() <= MESSAGE_BYTES_MAX, "{} bytes", message.len());
        let read = read_notification(&message).unwrap();
        assert_eq!((read.id, read.about), (notification.id, notification.about));
        assert!(!read.title.is_empty());
        assert!(!read.facts.is_empty() || !read.reasons.is_empty());
    }
    assert_eq!(read_notification(&fitting(&notification()).unwrap()).unwrap(), notification());
}

#[test]
fn what_is_no_notification_is_not_read() {
    for message in ["", "{}", "null", r#"{"id":"n1"}"#] {
        let error = read_notification(message).unwrap_err();
        assert_eq!(error.to_string(), "message is no notification");
        assert!(std::error::Error::source(&error).is_some());
    }
}
