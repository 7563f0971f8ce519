//! Whatever changes while pages are read, and whatever fails: in the end every alert is stored as
//! it is.

use defuse_domain::Services;
use defuse_flow::Poll;
use defuse_testkit::{FaultPlan, Faulty, MemoryStore, MemoryTopic, PortFault};
use jiff::SignedDuration;
use proptest::{collection::vec, prelude::*};

use crate::{
    model::{Model, Order},
    world::{Clock, has_caught_up, missing, step},
};

#[derive(Clone, Copy, Debug)]
enum Event {
    /// A page is read
    Step,
    /// A page is read, and a call from then on goes wrong
    Fails(usize, PortFault),
    /// An alert is created
    Add,
    /// An alert changes
    Change(usize),
    /// So many seconds pass
    Pass(i64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => Just(Event::Step),
        1 => (0..12_usize, proptest::sample::select(&PortFault::ALL[..]))
            .prop_map(|(call, fault)| Event::Fails(call, fault)),
        2 => Just(Event::Add),
        6 => (0..64_usize).prop_map(Event::Change),
        1 => (0..400_i64).prop_map(Event::Pass),
    ]
}

fn order() -> impl Strategy<Value = Order> {
    prop_oneof![Just(Order::Created), Just(Order::Changed)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost(
        ages in vec(0..29 * 24 * 60_i64, 0..30),
        events in vec(event(), 0..160),
        page_size in 1..6_usize,
        skew in -480..480_i64,
        lag in 0..500_i64,
        order in order(),
    ) {
        let lost = run(async {
            let clock = Clock::new();
            let mut model = Model::new(clock.clone());
            (model.skew, model.order, model.page_size) =
                (SignedDuration::from_secs(skew), order, page_size);
            for age in ages {
                model.add(SignedDuration::from_mins(age + 1));
            }
            model.lag = SignedDuration::from_secs(lag);
            play(&model, &clock, &events).await
        });
        prop_assert_eq!(lost, Vec::<String>::new());
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

/// Plays the events, then lets everything go well for a while; gives what is missing then
async fn play(model: &Model, clock: &Clock, events: &[Event]) -> Vec<String> {
    let (store, plan) = (MemoryStore::default(), FaultPlan::default());
    let faulty = Faulty::new(store.clone(), plan.clone());
    let feed = Faulty::new(model.clone(), plan.clone());
    let poll = Poll::new(vec![feed], Services::ALL, faulty, MemoryTopic::default(), None);
    let mut ready = Vec::new();
    for event in events {
        match *event {
            Event::Step => {
                plan.run(step(&poll, &mut ready, clock)).await;
            }
            Event::Fails(call, fault) => {
                let number = plan.calls().len() + call;
                drop(plan.clone().at(number, fault));
                plan.run(step(&poll, &mut ready, clock)).await;
            }
            Event::Add => model.add(SignedDuration::ZERO),
            Event::Change(index) => model.change(index),
            Event::Pass(seconds) => clock.pass(SignedDuration::from_secs(seconds)),
        }
    }
    plan.heal();
    for _ in 0..400 {
        if has_caught_up(&store, &["model"]).await {
            break;
        }
        step(&poll, &mut ready, clock).await;
    }
    // Longer than anything takes to show, and than any pause.
    let end = clock.now() + SignedDuration::from_mins(19);
    while clock.now() < end {
        step(&poll, &mut ready, clock).await;
    }
    missing(&store, &model.newest()).await
}
