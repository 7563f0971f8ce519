//! Limits are counted exactly, and webhook messages remembered.

use defuse_domain::AlertId;
use defuse_flow::{LimitClaim, LimitStore, WebhookLog};
use tokio::task::JoinSet;

use crate::{emulator::emulator, samples::now};

#[tokio::test]
async fn a_limit_is_exact_however_many_claim_at_once() {
    let emulator = emulator().await;
    let mut claims = JoinSet::new();
    for index in 0..64 {
        let store = emulator.store.clone();
        claims.spawn(async move {
            let used_up = store.claim(&id(index), &[limit("hour", 30)], now()).await.unwrap();
            (index, used_up.is_empty())
        });
    }
    let claimed = claims.join_all().await;
    assert_eq!(claimed.iter().filter(|it| it.1).count(), 30);

    // The same alerts again: each is answered as before.
    for (index, was_counted) in claimed {
        let used_up = emulator.store.claim(&id(index), &[limit("hour", 30)], now()).await.unwrap();
        assert_eq!(used_up.is_empty(), was_counted, "alert {index}");
    }
}

#[tokio::test]
async fn the_same_alert_counts_once() {
    let emulator = emulator().await;
    for _ in 0..10 {
        check(&emulator.store, 0, &[limit("day", 2)], &[]).await;
    }
    check(&emulator.store, 1, &[limit("day", 2)], &[]).await;
    check(&emulator.store, 2, &[limit("day", 2)], &[limit("day", 2)]).await;
}

#[tokio::test]
async fn all_that_is_used_up_is_named() {
    let emulator = emulator().await;
    let (hour, day, never) = (limit("hour", 1), limit("day", 9), limit("never", 0));
    let claims = [hour.clone(), day, never.clone()];
    check(&emulator.store, 0, &claims, std::slice::from_ref(&never)).await;
    check(&emulator.store, 1, &claims, &[hour, never]).await;
    check(&emulator.store, 2, &[], &[]).await;
    let counters = emulator.items("L#").await;
    assert_eq!(counters.len(), 2);
    assert!(counters.iter().all(|it| it["expires"].as_n().is_ok()));
}

async fn check(
    store: &impl LimitStore,
    index: u32,
    claims: &[LimitClaim],
    expected: &[LimitClaim],
) {
    assert_eq!(store.claim(&id(index), claims, now()).await.unwrap(), expected, "alert {index}");
}

fn id(index: u32) -> AlertId {
    AlertId::parse(&format!("ad{index}")).unwrap()
}

fn limit(window: &str, max: u32) -> LimitClaim {
    LimitClaim { counter: format!("legitimate-travel/{window}/2026-11-21"), max }
}

#[tokio::test]
async fn a_webhook_message_is_taken_once() {
    let emulator = emulator().await;
    for id in ["msg_1".to_owned(), "x".repeat(5_000)] {
        assert!(!emulator.store.was_taken(&id).await.unwrap());
        emulator.store.took(&id, now()).await.unwrap();
        emulator.store.took(&id, now()).await.unwrap();
        assert!(emulator.store.was_taken(&id).await.unwrap());
    }
    assert!(!emulator.store.was_taken("msg_2").await.unwrap());
    let taken = emulator.items("W#").await;
    assert_eq!(taken[0]["expires"].as_n().unwrap(), "1795341600");
}
