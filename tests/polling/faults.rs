//! Every call of every port goes wrong in every way, one at a time, and nothing is lost.

use defuse_domain::Services;
use defuse_flow::Poll;
use defuse_testkit::{FaultPlan, Faulty, MemoryStore, MemoryTopic, PortFault};
use jiff::SignedDuration;

use crate::{
    model::Model,
    world::{Clock, has_caught_up, missing, step},
};

/// Reads 16 alerts that change, with one fault; gives the calls, and what is missing
async fn poll_with(fault: Option<(usize, PortFault)>) -> (Vec<&'static str>, Vec<String>) {
    let clock = Clock::new();
    let model = Model::new(clock.clone());
    for index in 0..16 {
        model.add(SignedDuration::from_hours(index * 40 + 1));
    }
    let (store, plan) = (MemoryStore::default(), FaultPlan::default());
    if let Some((number, fault)) = fault {
        drop(plan.clone().at(number, fault));
    }
    let faulty = Faulty::new(store.clone(), plan.clone());
    let feed = Faulty::new(model.clone(), plan.clone());
    let poll = Poll::new(vec![feed], Services::ALL, faulty, MemoryTopic::default(), None);
    let mut ready = Vec::new();
    for index in 0..50 {
        model.change(index * 7);
        // A run that was killed is begun anew, as the schedule does.
        plan.run(step(&poll, &mut ready, &clock)).await;
    }
    let end = clock.now() + SignedDuration::from_mins(6);
    while clock.now() < end {
        plan.run(step(&poll, &mut ready, &clock)).await;
    }
    assert!(has_caught_up(&store, &["model"]).await, "with {fault:?}");
    (plan.calls(), missing(&store, &model.newest()).await)
}

#[tokio::test]
async fn a_fault_at_any_call_loses_nothing() {
    let (calls, lost) = poll_with(None).await;
    assert_eq!(lost, Vec::<String>::new());
    for call in [
        "FeedStore::place",
        "Pace::turn",
        "AlertFeed::read",
        "AlertStore::store",
        "FeedStore::keep_place",
    ] {
        assert!(calls.contains(&call), "nobody calls {call}");
    }
    // All of what happens in a run, and then one in seven, which are of every kind.
    let numbers = (0..60).chain((60..calls.len()).step_by(7)).filter(|it| *it < calls.len());
    for number in numbers {
        for fault in PortFault::ALL {
            let (_, lost) = poll_with(Some((number, fault))).await;
            assert_eq!(lost, Vec::<String>::new(), "{fault:?} at {number}, {}", calls[number]);
        }
    }
}

#[tokio::test]
async fn two_who_poll_at_once_do_no_harm() {
    let clock = Clock::new();
    let model = Model::new(clock.clone());
    for index in 0..60 {
        model.add(SignedDuration::from_hours(index * 11 + 1));
    }
    let store = MemoryStore::default();
    let poll =
        Poll::new(vec![model.clone()], Services::ALL, store.clone(), MemoryTopic::default(), None);
    let (mut one, mut other) = (Vec::new(), Vec::new());
    for index in 0..120 {
        model.change(index * 13);
        tokio::join!(step(&poll, &mut one, &clock), step(&poll, &mut other, &clock));
    }
    let end = clock.now() + SignedDuration::from_mins(5);
    while clock.now() < end {
        tokio::join!(step(&poll, &mut one, &clock), step(&poll, &mut other, &clock));
    }
    assert_eq!(missing(&store, &model.newest()).await, Vec::<String>::new());
}
