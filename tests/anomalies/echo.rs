//! The source sends our own change back before people were told of it.

use defuse_domain::Alert;
use defuse_testkit::PortFault;
use jiff::SignedDuration;

use super::{
    ground::Ground,
    steps::{Steps, after},
    world::World,
};

/// Where delivering stops, when the alert is resolved at its source and nobody told
const STOPS: [(&str, PortFault); 8] = [
    ("SourceClient::resolve", PortFault::LoseAnswer),
    ("SourceClient::resolve", PortFault::CrashAfter),
    ("Outbox::mark", PortFault::TimeOut),
    ("Outbox::mark", PortFault::CrashAfter),
    ("Notifier::publish", PortFault::Fail),
    ("Notifier::publish", PortFault::TimeOut),
    // It is told, and we do not know.
    ("Notifier::publish", PortFault::LoseAnswer),
    ("Notifier::publish", PortFault::CrashAfter),
];

#[tokio::test]
async fn an_echo_before_people_were_told_is_told_once() {
    let ground = Ground::new().await;
    for (call, fault) in STOPS {
        for n_echoes in 1..=2 {
            for decides_at_once in [true, false] {
                check(&ground, (call, fault), n_echoes, decides_at_once).await;
            }
        }
    }
}

/// Changing and commenting are two changes there: there may be an echo of each, and each may be
/// decided before the next comes or not
async fn check(
    ground: &Ground,
    (call, fault): (&'static str, PortFault),
    n_echoes: i64,
    decides_at_once: bool,
) {
    let steps = Steps::new(ground).await;
    steps.go_wrong(call, fault);
    steps.poll(after(0)).await;
    steps.triage.triage(&steps.id, after(1)).await.unwrap();
    let delivered = steps.deliver(after(2)).await;
    assert!(!matches!(delivered, Some(Ok(()))), "{call} {fault:?}");
    steps.heal();
    let told_already = steps.published().await;

    let echo = steps.world.polled(&steps.id).await;
    for number in 0..n_echoes {
        let read = Alert::read(&echo).unwrap().last_update.unwrap();
        let later = read + SignedDuration::from_secs(number);
        let echo = echo.replace(&read.to_string(), &later.to_string());
        steps.receive.receive(echo.as_bytes(), after(3)).await.unwrap();
        if decides_at_once {
            steps.triage.triage(&steps.id, after(4)).await.unwrap();
        }
    }
    // The stream may bring what was recorded first once more.
    steps.deliver(after(5)).await.unwrap().unwrap();
    for notification in told_already {
        steps.post.post(&notification, after(5)).await.unwrap();
    }
    steps.finish(after(6)).await;
    steps.finish(after(8)).await;
    steps.assert_all_is_done(1..=1).await;
}
