//! A run is recorded once, and only on the alert that was decided.

use std::collections::BTreeSet;

use defuse_flow::{AlertState, AlertStore, Outbox, Recorded, RunStore};

use crate::{
    emulator::emulator,
    samples::{alert, ids, now, other_run, run, run_that_keeps},
};

#[tokio::test]
async fn a_run_is_recorded_once_even_if_the_answer_is_lost() {
    let emulator = emulator().await;
    let (store, alert) = (&emulator.store, alert("ad1", 10));
    let (run, tags) = (run(&alert, 0), BTreeSet::from(["legitimate-travel".to_owned()]));
    store.store(&alert, now()).await.unwrap();

    assert_eq!(store.record(&run, &tags, 1).await.unwrap(), Recorded::New);
    // The answer was lost, and the same write is tried again.
    assert_eq!(store.record(&run, &tags, 1).await.unwrap(), Recorded::New);

    let stored = store.load(&alert.id).await.unwrap().unwrap();
    assert_eq!((stored.state, stored.version, stored.looks), (AlertState::Resolved, 2, 1));
    assert_eq!((stored.last_run.as_ref(), &stored.tags), (Some(&run.key), &tags));
    assert_eq!(store.run(&run.key).await.unwrap(), Some(run));
}

#[tokio::test]
async fn a_run_on_an_alert_that_changed_did_not_happen() {
    let emulator = emulator().await;
    let (store, old, new) = (&emulator.store, alert("ad1", 10), alert("ad1", 20));
    let none = BTreeSet::new();
    store.store(&old, now()).await.unwrap();
    store.store(&new, now()).await.unwrap();

    assert_eq!(store.record(&run(&old, 0), &none, 1).await.unwrap(), Recorded::Overtaken);
    // Why: not even where the version fits by chance, and never on an alert that is not there.
    assert_eq!(store.record(&run(&old, 0), &none, 2).await.unwrap(), Recorded::Overtaken);
    let nowhere = alert("ad2", 10);
    assert_eq!(store.record(&run(&nowhere, 0), &none, 1).await.unwrap(), Recorded::Overtaken);
    assert_eq!(store.run(&run(&old, 0).key).await.unwrap(), None);
    assert_eq!(store.load(&nowhere.id).await.unwrap(), None);

    let stored = store.load(&new.id).await.unwrap().unwrap();
    assert_eq!((stored.state, stored.version), (AlertState::Pending, 2));

    // What was decided is not decided again.
    assert_eq!(store.record(&run(&new, 0), &none, 2).await.unwrap(), Recorded::New);
    assert_eq!(store.record(&run(&new, 1), &none, 3).await.unwrap(), Recorded::Overtaken);
}

#[tokio::test]
async fn of_two_who_decide_at_once_one_happens_and_stays() {
    let emulator = emulator().await;
    for round in 0..10 {
        let alert = alert(&format!("ad{round}"), 10);
        let (left, right) = (run(&alert, 0), other_run(&alert, 0));
        emulator.store.store(&alert, now()).await.unwrap();
        let record = |run: &defuse_domain::Run| {
            let (store, run) = (emulator.store.clone(), run.clone());
            tokio::spawn(async move { store.record(&run, &BTreeSet::new(), 1).await.unwrap() })
        };
        let (left_recorded, right_recorded) = (record(&left), record(&right));
        let recorded = (left_recorded.await.unwrap(), right_recorded.await.unwrap());
        let (winner, loser) = match recorded {
            (Recorded::New, Recorded::Overtaken) => (left, right),
            (Recorded::Overtaken, Recorded::New) => (right, left),
            both => panic!("{both:?}"),
        };

        // However often the loser tries again.
        let again = emulator.store.record(&loser, &BTreeSet::new(), 1).await.unwrap();
        assert_eq!(again, Recorded::Overtaken);
        let outstanding = emulator.store.outstanding(&alert.id).await.unwrap().unwrap();
        assert_eq!(outstanding.run, winner);
        assert_eq!(emulator.store.run(&winner.key).await.unwrap(), Some(winner));
    }
}

#[tokio::test]
async fn a_run_of_an_older_revision_can_still_be_read() {
    let emulator = emulator().await;
    let (store, old, new) = (&emulator.store, alert("ad1", 10), alert("ad1", 20));
    store.store(&old, now()).await.unwrap();
    // Somebody crashed between the run and the head.
    assert_eq!(
        store.record(&other_run(&old, 0), &[].into(), 7).await.unwrap(),
        Recorded::Overtaken
    );
    store.record(&run(&old, 0), &[].into(), 1).await.unwrap();
    store.store(&new, now()).await.unwrap();
    store.record(&run_that_keeps(&new, 0), &[].into(), 3).await.unwrap();

    assert_eq!(store.run(&run(&old, 0).key).await.unwrap(), Some(run(&old, 0)));
    assert_eq!(store.run(&run(&new, 0).key).await.unwrap(), Some(run_that_keeps(&new, 0)));
    assert_eq!(store.run(&run(&new, 1).key).await.unwrap(), None);
    let stored = store.load(&new.id).await.unwrap().unwrap();
    assert_eq!((stored.state, stored.version), (AlertState::Open, 4));
}

#[tokio::test]
async fn a_run_without_effects_leaves_nothing_to_do() {
    let emulator = emulator().await;
    let (store, alert) = (&emulator.store, alert("ad1", 10));
    store.store(&alert, now()).await.unwrap();
    assert_eq!(store.outstanding(&alert.id).await.unwrap(), None);

    store.record(&run_that_keeps(&alert, 0), &BTreeSet::new(), 1).await.unwrap();

    assert_eq!(store.outstanding(&alert.id).await.unwrap(), None);
    let head = emulator.head("ad1").await;
    assert!(["work", "workAt", "effects", "tags"].iter().all(|it| !head.contains_key(*it)));
}

#[tokio::test]
async fn what_is_outstanding_comes_with_alert_and_run_in_order() {
    let emulator = emulator().await;
    let (store, alert) = (&emulator.store, alert("ad1", 10));
    store.store(&alert, now()).await.unwrap();
    store.record(&run(&alert, 0), &BTreeSet::new(), 1).await.unwrap();

    let outstanding = store.outstanding(&alert.id).await.unwrap().unwrap();

    assert_eq!(
        ids(&outstanding.effects),
        ["resolve", "notify/soc/resolved", "notify/travel/resolved"]
    );
    assert!(!outstanding.refused);
    assert_eq!((outstanding.alert, outstanding.run), (alert.clone(), run(&alert, 0)));
}
