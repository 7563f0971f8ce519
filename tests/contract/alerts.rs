//! Alerts are stored once, whatever comes in whatever order.

use std::{cell::Cell, collections::BTreeSet};

use defuse_domain::{Alert, Shape, Unreadable, UnreadableCode};
use defuse_flow::{AlertState, AlertStore, Outbox, RejectStore as _, RunStore, Stored};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    emulator::{Emulator, bytes, emulator, text},
    samples::{alert, noise, now, read, run},
};

#[tokio::test]
async fn an_alert_is_new_then_newer_then_nothing_new() {
    let emulator = emulator().await;
    check(&emulator, &alert("ad1", 10), Stored::New).await;
    check(&emulator, &alert("ad1", 10), Stored::Again).await;
    check(&emulator, &alert("ad1", 20), Stored::Newer).await;
    check(&emulator, &alert("ad1", 10), Stored::Again).await;
    check(&emulator, &alert("ad2", 10), Stored::New).await;

    let stored = emulator.store.load(&alert("ad1", 0).id).await.unwrap().unwrap();
    assert_eq!((as_sent(stored.alert), stored.version), (alert("ad1", 20), 2));
    assert_eq!(emulator.store.load(&alert("ad3", 0).id).await.unwrap(), None);
}

async fn check(emulator: &Emulator, alert: &Alert, expected: Stored) {
    let stored = emulator.store.store(alert, now()).await.unwrap();
    assert_eq!(stored, expected, "for {} at {}", alert.id, alert.revision());
}

#[tokio::test]
async fn a_newer_revision_is_to_be_decided_and_keeps_the_tags() {
    let emulator = emulator().await;
    let (store, old) = (&emulator.store, alert("ad1", 10));
    let tags = BTreeSet::from(["legitimate-travel".to_owned()]);
    store.store(&old, now()).await.unwrap();
    store.record(&run(&old, 0), &tags, 1).await.unwrap();
    let decided = store.load(&old.id).await.unwrap().unwrap();
    assert_eq!((decided.state, decided.looks), (AlertState::Resolved, 1));
    assert_eq!(decided.last_run, Some(run(&old, 0).key));

    check(&emulator, &alert("ad1", 20), Stored::Newer).await;

    let newer = store.load(&old.id).await.unwrap().unwrap();
    assert_eq!((newer.state, newer.looks, newer.version), (AlertState::Pending, 0, 3));
    // Which run decided the older one is remembered, and what became of its effects: what it left
    // to tell is told yet.
    assert_eq!((newer.last_run, newer.tags), (Some(run(&old, 0).key), tags));
    assert_eq!((newer.effects, newer.refused), (decided.effects, false));
    assert_eq!(store.outstanding(&old.id).await.unwrap(), None);
}

#[tokio::test]
async fn a_large_body_comes_back_byte_for_byte() {
    let emulator = emulator().await;
    for (id, length) in [("small", 10), ("large", 600_000), ("largest", 3_900_000)] {
        let alert = read(&json!({
            "id": id, "title": "é".repeat(200), "description": noise(length),
            "lastUpdateDateTime": now(),
        }));
        check(&emulator, &alert, Stored::New).await;
        let stored = emulator.store.load(&alert.id).await.unwrap().unwrap();
        assert!(as_sent(stored.alert) == alert, "{id} came back otherwise");
    }
    let pieces = emulator.items("A#largest").await;
    assert!(pieces.len() > 8, "{} items", pieces.len());
    assert!(pieces.iter().all(|it| bytes(it) <= 400 * 1024));
    assert!(bytes(&emulator.head("largest").await) <= 1_024);
}

#[tokio::test]
async fn the_shape_comes_back_with_the_raw_alert() {
    let emulator = emulator().await;
    let shapes = [
        (json!({ "id": "ad1", "severity": "high" }), Shape::Graph),
        (json!({ "_id": "1", "title": "x", "timestamp": 1_763_000_000_000_i64 }), Shape::CloudApps),
        (json!({ "ProviderAlertId": "2", "AlertDisplayName": "x" }), Shape::CloudAppsFlow),
        (json!({ "alertId": "fa1", "creationTime": "2026-11-21T09:00:00Z" }), Shape::Incident),
        (
            json!({ "schemaVersion": "2", "accountId": "1", "type": "a:b", "id": "g1" }),
            Shape::GuardDuty,
        ),
        (json!({ "ProductArn": "arn:p", "Id": "1" }), Shape::SecurityHub),
        (json!({ "SystemAlertId": "1", "AlertSeverity": "Low" }), Shape::Sentinel),
        (
            json!({ "category": "AdvancedHunting-AlertInfo", "properties": { "AlertId": "ed1" } }),
            Shape::Streaming,
        ),
    ];
    for (raw, shape) in shapes {
        let alert = read(&raw);
        assert_eq!(alert.shape, shape);
        check(&emulator, &alert, Stored::New).await;
        let stored = emulator.store.load(&alert.id).await.unwrap().unwrap();
        assert_eq!(as_sent(stored.alert), alert);
        assert_eq!(text(&emulator.head(alert.id.as_str()).await, "shape"), shape.name());
    }
}

#[tokio::test]
async fn the_same_revision_told_otherwise_does_not_mix_with_the_first() {
    let emulator = emulator().await;
    let told = |filler: char| {
        let noise = noise(700_000).replace('0', &filler.to_string());
        read(&json!({ "id": "ad1", "description": noise, "lastUpdateDateTime": now() }))
    };
    let mut deliveries = JoinSet::new();
    for filler in ['x', 'y', 'z'] {
        let (store, alert) = (emulator.store.clone(), told(filler));
        deliveries.spawn(async move { store.store(&alert, now()).await.unwrap() });
    }
    let stored = deliveries.join_all().await;
    assert_eq!(stored.iter().filter(|it| **it == Stored::New).count(), 1, "{stored:?}");

    let loaded = emulator.store.load(&told('x').id).await.unwrap().unwrap();
    let loaded = as_sent(loaded.alert);
    assert!(['x', 'y', 'z'].into_iter().any(|it| told(it) == loaded));
}

#[test]
fn shuffled_deliveries_end_in_the_newest_revision() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let emulator = runtime.block_on(emulator());
    let twice: Vec<i64> = (1..=20).chain(1..=20).collect();
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 12,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let case = Cell::new(0);
    let shuffled = (Just(twice).prop_shuffle(), any::<bool>());
    let checked = runner.run(&shuffled, |(order, at_once)| {
        case.set(case.get() + 1);
        let id = format!("ad{}", case.get());
        runtime.block_on(deliver(&emulator, &id, &order, at_once));
        Ok(())
    });
    checked.unwrap();
}

/// Delivers the revisions in that order, or all at once, and looks what is there then
async fn deliver(emulator: &Emulator, id: &str, order: &[i64], at_once: bool) {
    let mut answers = Vec::new();
    let mut deliveries = JoinSet::new();
    for updated in order {
        let (store, alert) = (emulator.store.clone(), alert(id, *updated));
        deliveries.spawn(async move { store.store(&alert, now()).await.unwrap() });
        if !at_once {
            answers.extend(deliveries.join_next().await.map(Result::unwrap));
        }
    }
    answers.extend(deliveries.join_all().await);

    let count = |wanted: Stored| answers.iter().filter(|it| **it == wanted).count();
    let stored = emulator.store.load(&alert(id, 20).id).await.unwrap().unwrap();
    assert_eq!(as_sent(stored.alert), alert(id, 20));
    assert_eq!(count(Stored::New), 1);
    assert_eq!(stored.version, u64::try_from(1 + count(Stored::Newer)).unwrap());
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_once_with_its_reason() {
    let emulator = emulator().await;
    for raw in ["nonsense".to_owned(), noise(2_000_000), "é".repeat(2_000_000)] {
        let message = "body is not JSON".to_owned();
        let unreadable = Unreadable { code: UnreadableCode::NotJson, line: 1, message, raw };
        emulator.store.reject(&unreadable, now()).await.unwrap();
        emulator.store.reject(&unreadable, now()).await.unwrap();
    }
    let rejected = emulator.items("J#2026-11-21").await;
    assert_eq!(rejected.len(), 3);
    for item in rejected {
        assert_eq!((text(&item, "code"), text(&item, "message")), ("notJson", "body is not JSON"));
        assert_eq!(item["expires"].as_n().unwrap(), "1803031200");
        assert!(bytes(&item) < 310 * 1024, "{} bytes", bytes(&item));
    }
}

/// The alert without when it came to us, which its source does not say
fn as_sent(alert: Alert) -> Alert {
    Alert { received: None, ..alert }
}
