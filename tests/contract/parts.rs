//! The parts of an alert: each kept once, and all of them given back, however many keep at once.

use std::collections::BTreeSet;

use defuse_domain::AlertId;
use defuse_flow::PartStore as _;
use tokio::task::JoinSet;

use crate::{emulator::emulator, samples::now};

fn id() -> AlertId {
    AlertId::parse("ed1").unwrap()
}

#[tokio::test]
async fn parts_are_kept_once_and_given_back_whole() {
    let store = emulator().await.store;
    let long = format!("{{\"x\":\"{}\"}}", "y".repeat(100_000));
    let [first, second] = ["{\"a\":1}".to_owned(), long];

    let of_first = store.keep(&id(), &[first.clone(), first.clone()], now()).await.unwrap();
    assert_eq!(of_first, std::slice::from_ref(&first));
    let both = store.keep(&id(), std::slice::from_ref(&second), now()).await.unwrap();
    let both: BTreeSet<String> = both.into_iter().collect();
    assert_eq!(both, BTreeSet::from([first.clone(), second]));
    assert_eq!(store.keep(&id(), &[first], now()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn of_several_at_once_the_last_sees_all() {
    let store = emulator().await.store;
    let mut keeping = JoinSet::new();
    for number in 0..20 {
        let (store, part) = (store.clone(), format!("{{\"n\":{number}}}"));
        keeping.spawn(async move { store.keep(&id(), &[part], now()).await.unwrap().len() });
    }
    assert_eq!(keeping.join_all().await.into_iter().max(), Some(20));
}
