//! Effects are marked once each, in whatever order.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use defuse_domain::{EffectId, EffectState, Run};
use defuse_flow::{AlertState, AlertStore, Outbox, RunStore};
use tokio::task::JoinSet;

use crate::{
    emulator::{Emulator, emulator},
    samples::{alert, ids, now, run},
};

const EFFECTS: [&str; 3] = ["resolve", "notify/soc/resolved", "notify/travel/resolved"];

#[tokio::test]
async fn every_order_ends_with_nothing_outstanding() {
    let emulator = emulator().await;
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let run = decided(&emulator, &format!("ad{order:?}").replace(' ', "")).await;
        for index in order {
            mark(&emulator, &run, EFFECTS[index], &done("first")).await;
            let version = version(&emulator, &run).await;
            mark(&emulator, &run, EFFECTS[index], &done("second")).await;
            mark(&emulator, &run, EFFECTS[index], &refused()).await;
            mark(&emulator, &run, EFFECTS[index], &EffectState::Outstanding).await;
            assert_eq!(version, self::version(&emulator, &run).await, "a repeat changed something");
        }
        assert_eq!(emulator.store.outstanding(&run.key.alert_id).await.unwrap(), None);
        let head = emulator.head(run.key.alert_id.as_str()).await;
        assert!(!head.contains_key("work") && !head.contains_key("workAt"));
        assert_eq!(answers(&emulator, &run).await, ["first", "first", "first"]);
    }
}

#[tokio::test]
async fn marks_made_at_once_are_all_kept() {
    let emulator = emulator().await;
    let run = decided(&emulator, "ad1").await;
    let mut marks = JoinSet::new();
    for effect in EFFECTS {
        let (store, run) = (emulator.store.clone(), run.clone());
        let effect = EffectId(effect.to_owned());
        marks.spawn(async move { store.mark(&run, &effect, &done("200")).await.unwrap() });
    }
    marks.join_all().await;

    assert_eq!(emulator.store.outstanding(&run.key.alert_id).await.unwrap(), None);
    assert_eq!(version(&emulator, &run).await, 5);
}

#[tokio::test]
async fn a_refused_resolve_opens_the_alert_and_changes_what_is_done() {
    let emulator = emulator().await;
    let run = decided(&emulator, "ad1").await;
    mark(&emulator, &run, "notify/travel/resolved", &done("200")).await;
    for _ in 0..2 {
        mark(&emulator, &run, "resolve", &refused()).await;
        let outstanding = emulator.store.outstanding(&run.key.alert_id).await.unwrap().unwrap();
        assert!(outstanding.refused);
        assert_eq!(ids(&outstanding.effects), ["notify/soc/needsEyes"]);
    }
    let stored = emulator.store.load(&run.key.alert_id).await.unwrap().unwrap();
    assert_eq!((stored.state, stored.version), (AlertState::Open, 4));

    // Whoever still works on what is no longer to be done marks nothing.
    mark(&emulator, &run, "notify/soc/resolved", &done("200")).await;
    mark(&emulator, &run, "resolve", &done("late")).await;
    assert_eq!(version(&emulator, &run).await, 4);

    mark(&emulator, &run, "notify/soc/needsEyes", &done("200")).await;
    assert_eq!(emulator.store.outstanding(&run.key.alert_id).await.unwrap(), None);
    assert!(!emulator.head("ad1").await.contains_key("work"));
}

#[tokio::test]
async fn any_other_effect_refused_is_only_marked() {
    let emulator = emulator().await;
    let run = decided(&emulator, "ad1").await;
    mark(&emulator, &run, "notify/soc/resolved", &refused()).await;

    let outstanding = emulator.store.outstanding(&run.key.alert_id).await.unwrap().unwrap();
    assert_eq!(ids(&outstanding.effects), ["resolve", "notify/travel/resolved"]);
    assert!(!outstanding.refused);
    let stored = emulator.store.load(&run.key.alert_id).await.unwrap().unwrap();
    assert_eq!(stored.state, AlertState::Resolved);
}

#[tokio::test]
async fn an_overtaken_resolve_drops_the_rest() {
    let emulator = emulator().await;
    let run = decided(&emulator, "ad1").await;
    for _ in 0..2 {
        mark(&emulator, &run, "resolve", &EffectState::Overtaken { at: now() }).await;
        assert_eq!(emulator.store.outstanding(&run.key.alert_id).await.unwrap(), None);
    }
    assert_eq!(version(&emulator, &run).await, 3);
}

#[tokio::test]
async fn a_run_that_is_not_the_last_any_more_is_left_alone() {
    let emulator = emulator().await;
    let run = decided(&emulator, "ad1").await;
    emulator.store.store(&alert("ad1", 20), now()).await.unwrap();
    // While the newer revision waits, what became of the effect is still told.
    mark(&emulator, &run, "resolve", &refused()).await;
    assert_eq!(version(&emulator, &run).await, 4);

    emulator.store.record(&super::samples::run(&alert("ad1", 20), 0), &[].into(), 4).await.unwrap();
    mark(&emulator, &run, "resolve", &refused()).await;
    let outstanding = emulator.store.outstanding(&run.key.alert_id).await.unwrap().unwrap();
    assert_eq!(outstanding.effects.len(), 3);
}

/// The run of an alert just decided
async fn decided(emulator: &Emulator, id: &str) -> Run {
    let alert = alert(id, 10);
    emulator.store.store(&alert, now()).await.unwrap();
    emulator.store.record(&run(&alert, 0), &BTreeSet::new(), 1).await.unwrap();
    run(&alert, 0)
}

async fn mark(emulator: &Emulator, run: &Run, effect: &str, state: &EffectState) {
    emulator.store.mark(run, &EffectId(effect.to_owned()), state).await.unwrap();
}

async fn version(emulator: &Emulator, run: &Run) -> u64 {
    emulator.store.load(&run.key.alert_id).await.unwrap().unwrap().version
}

/// What the head says was answered
async fn answers(emulator: &Emulator, run: &Run) -> Vec<String> {
    let head = emulator.head(run.key.alert_id.as_str()).await;
    let effects = head["effects"].as_m().unwrap();
    let answer = |effect: &str| -> Option<&AttributeValue> {
        effects[effect].as_m().ok()?.get("done")?.as_m().ok()?.get("answer")
    };
    EFFECTS.iter().map(|it| answer(it).unwrap().as_s().unwrap().clone()).collect()
}

fn done(answer: &str) -> EffectState {
    EffectState::Done { at: now(), answer: answer.to_owned() }
}

fn refused() -> EffectState {
    EffectState::Refused { at: now(), answer: "403".to_owned() }
}
