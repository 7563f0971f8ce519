//! A source that is down for an hour: nothing is lost, and people hear of it once, and once more
//! when it works again.

use defuse_adapters::{Feed, GraphFeed};
use defuse_domain::{About, Notification, Services, SourceTemplate};
use defuse_flow::Poll;
use defuse_testkit::{Fault, FaultKind, MemoryStore, MemoryTopic, Tenant};
use jiff::SignedDuration;

use crate::{
    proof::{graph, put, wanted},
    world::{Clock, has_caught_up, missing, step},
};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

#[tokio::test]
async fn alerts_cannot_be_read_for_an_hour() {
    let down = FaultKind::Status { status: 503, retry_after: None };
    check(Fault::always("GET", "/v1.0/security", down), "answered with status 503").await;
}

#[tokio::test]
async fn nobody_can_sign_in_for_an_hour() {
    let path = format!("/{}/oauth2", Tenant::TENANT_ID);
    let refused = FaultKind::Status { status: 401, retry_after: None };
    check(Fault::always("POST", &path, refused), "sign-in for Microsoft Graph gave no token").await;
}

#[tokio::test]
async fn the_answer_is_no_page_for_an_hour() {
    check(Fault::always("GET", "/v1.0/security", FaultKind::GarbageBody), "is not readable").await;
}

#[tokio::test]
async fn the_source_asks_for_a_pause_that_has_no_end() {
    let asked = FaultKind::Status { status: 429, retry_after: Some(u32::MAX) };
    let fault = Fault { times: Some(1), ..Fault::always("GET", "/v1.0/security", asked) };
    check(fault, "answered with status 429").await;
}

async fn check(fault: Fault, said: &str) {
    let clock = Clock::new();
    let tenant = Tenant::start().unwrap();
    tenant.set_clock({
        let clock = clock.clone();
        move || clock.now() - SignedDuration::from_mins(7)
    });
    for index in 0..30 {
        put(&tenant, index, SignedDuration::from_hours(i64::from(index) * 20));
    }
    let (store, topic) = (MemoryStore::default(), MemoryTopic::default());
    let feed = Feed::Graph(GraphFeed::new(graph(&tenant)));
    let poll =
        Poll::new(vec![feed], Services::ALL, store.clone(), topic.clone(), Some("soc".to_owned()));
    let mut ready = Vec::new();
    while !has_caught_up(&store, &["graph"]).await {
        step(&poll, &mut ready, &clock).await;
    }
    assert_eq!(topic.take(), []);

    // A new token is asked for, so that a sign-in that fails shows.
    tenant.revoke_tokens();
    tenant.fault(fault);
    let mut index = 30;
    let (began, mut told) = (clock.now(), Vec::new());
    while clock.now() < began + HOUR {
        put(&tenant, index, SignedDuration::ZERO);
        put(&tenant, index % 30, SignedDuration::ZERO);
        index += 1;
        step(&poll, &mut ready, &clock).await;
        told.extend(topic.take());
    }
    tenant.clear_faults();
    let end = clock.now() + SignedDuration::from_mins(8);
    while clock.now() < end {
        step(&poll, &mut ready, &clock).await;
        told.extend(topic.take());
    }

    assert_eq!(missing(&store, &wanted(&tenant, index)).await, Vec::<String>::new());
    let [down, up] = &told[..] else { panic!("told {told:?}") };
    let since = down.id.replace("/sourceDown", "");
    assert_eq!(up.id, format!("{since}/sourceUp"));
    is_about(down, SourceTemplate::Down);
    is_about(up, SourceTemplate::Up);
    assert!(down.reasons[0].contains(said), "{:?}", down.reasons);
    assert!(up.reasons[0].starts_with("It could not be read for "), "{:?}", up.reasons);
}

fn is_about(notification: &Notification, template: SourceTemplate) {
    let source = "Microsoft Graph".to_owned();
    assert_eq!(notification.about, About::Source { template, source });
    assert_eq!(notification.channel, "soc");
}
