//! Every revision and run that is kept can be looked up, in order.

use std::collections::BTreeSet;

use defuse_domain::{AlertId, EffectId, EffectState};
use defuse_flow::{AlertStore, HISTORY_MAX, HistoryStore, Outbox, RunStore};
use jiff::ToSpan;

use crate::{
    emulator::emulator,
    samples::{alert, noise, now, other_run, read, run, run_that_keeps},
};

#[tokio::test]
async fn revisions_and_the_runs_that_happened_come_oldest_first() {
    let emulator = emulator().await;
    let store = &emulator.store;
    let (first, second) = (alert("ad1", 10), alert("ad1", 20));
    store.store(&first, now()).await.unwrap();
    let ran = run(&first, 0);
    store.record(&ran, &BTreeSet::new(), 1).await.unwrap();
    // Somebody else decided the same look, and came too late.
    store.record(&other_run(&first, 0), &BTreeSet::new(), 1).await.unwrap();
    store.store(&second, now()).await.unwrap();
    let mut kept = run_that_keeps(&second, 0);
    kept.decided = now() + 1.minute();
    let version = store.load(&second.id).await.unwrap().unwrap().version;
    store.record(&kept, &BTreeSet::new(), version).await.unwrap();

    let history = store.history(&first.id).await.unwrap().unwrap();

    assert_eq!(history.revisions, [first, second]);
    assert_eq!(history.runs, [ran, kept]);
    assert!(history.effects.is_empty());
    let nobody = AlertId::parse("ad9").unwrap();
    assert_eq!(store.history(&nobody).await.unwrap(), None);
}

#[tokio::test]
async fn what_became_of_effects_stays_known_while_a_newer_revision_waits() {
    let emulator = emulator().await;
    let store = &emulator.store;
    let first = alert("ad1", 10);
    store.store(&first, now()).await.unwrap();
    let ran = run(&first, 0);
    store.record(&ran, &BTreeSet::new(), 1).await.unwrap();
    let resolve = EffectId("resolve".to_owned());
    let refused = EffectState::Refused { at: now(), answer: "403".to_owned() };

    // The newer revision comes before the mark.
    store.store(&alert("ad1", 20), now()).await.unwrap();
    assert_eq!(store.outstanding(&first.id).await.unwrap(), None, "it is not decided");
    store.mark(&ran, &resolve, &refused).await.unwrap();

    let stored = store.load(&first.id).await.unwrap().unwrap();
    assert_eq!(stored.state, defuse_flow::AlertState::Pending);
    assert!(stored.refused);
    assert_eq!(stored.effects.get(&resolve), Some(&refused));
    let head = emulator.head("ad1").await;
    assert_eq!(head["work"].as_s().unwrap(), "pending");
}

#[tokio::test]
async fn a_history_has_an_end_and_large_bodies_in_it() {
    let emulator = emulator().await;
    let store = &emulator.store;
    let large = read(&serde_json::json!({
        "id": "ad1", "description": noise(900_000), "lastUpdateDateTime": "2026-11-21T08:00:00Z",
    }));
    store.store(&large, now()).await.unwrap();
    let history = store.history(&large.id).await.unwrap().unwrap();
    assert_eq!(history.revisions, [large]);

    let n_revisions = i64::try_from(HISTORY_MAX).unwrap() + 5;
    for updated in 0..n_revisions {
        store.store(&alert("ad2", updated), now()).await.unwrap();
    }
    let history = store.history(&alert("ad2", 0).id).await.unwrap().unwrap();
    assert_eq!(history.revisions.len(), HISTORY_MAX);
    assert_eq!(history.revisions.last(), Some(&alert("ad2", n_revisions - 1)));
}
