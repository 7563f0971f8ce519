//! A notification is posted once, and whoever cannot be sure says so.

use defuse_flow::{CLAIM_SECONDS, Claim, NotificationLog};
use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

use crate::{
    emulator::emulator,
    samples::{notification, now},
};

#[tokio::test]
async fn a_notification_is_claimed_then_unsure_then_posted() {
    let emulator = emulator().await;
    let (store, resolved) = (&emulator.store, notification("ad1", "soc", "resolved"));
    assert_eq!(store.claim(&resolved, now()).await.unwrap(), Claim::First);
    assert_eq!(store.claim(&resolved, now()).await.unwrap(), Claim::InHand);
    assert_eq!(store.claim(&resolved, after(CLAIM_SECONDS - 1)).await.unwrap(), Claim::InHand);
    assert_eq!(store.claim(&resolved, after(CLAIM_SECONDS)).await.unwrap(), Claim::Unsure);
    assert_eq!(store.claim(&resolved, after(CLAIM_SECONDS)).await.unwrap(), Claim::InHand);

    store.not_posted(&resolved).await.unwrap();
    store.not_posted(&resolved).await.unwrap();
    assert_eq!(store.claim(&resolved, now()).await.unwrap(), Claim::First);

    store.posted(&resolved, "1.2", now()).await.unwrap();
    store.posted(&resolved, "1.2", now()).await.unwrap();
    assert_eq!(store.claim(&resolved, now()).await.unwrap(), Claim::Posted);

    // What was posted is not forgotten, whoever thinks it was not.
    store.not_posted(&resolved).await.unwrap();
    assert_eq!(store.claim(&resolved, now()).await.unwrap(), Claim::Posted);

    let other = notification("ad2", "soc", "resolved");
    assert_eq!(store.claim(&other, now()).await.unwrap(), Claim::First);
}

fn after(seconds: i64) -> Timestamp {
    now().checked_add(SignedDuration::from_secs(seconds)).unwrap()
}

#[tokio::test]
async fn of_many_who_claim_a_notification_one_is_first() {
    let emulator = emulator().await;
    let mut claims = JoinSet::new();
    for _ in 0..16 {
        let store = emulator.store.clone();
        let resolved = notification("ad1", "soc", "resolved");
        claims.spawn(async move { store.claim(&resolved, now()).await.unwrap() });
    }
    let claimed = claims.join_all().await;
    assert_eq!(claimed.iter().filter(|it| **it == Claim::First).count(), 1);
    assert_eq!(claimed.iter().filter(|it| **it == Claim::InHand).count(), 15);

    let mut late = JoinSet::new();
    for _ in 0..16 {
        let store = emulator.store.clone();
        let resolved = notification("ad1", "soc", "resolved");
        late.spawn(async move { store.claim(&resolved, after(CLAIM_SECONDS)).await.unwrap() });
    }
    let claimed = late.join_all().await;
    assert_eq!(claimed.iter().filter(|it| **it == Claim::Unsure).count(), 1);
}
