//! All who ask take turns, and none waits longer than it is ready to.

use std::time::Duration;

use defuse_flow::{Pace, Rate, Turn};
use jiff::{Timestamp, ToSpan};
use tokio::task::JoinSet;

use crate::{
    emulator::{Emulator, emulator},
    samples::now,
};

const RATE: Rate = Rate { name: "risk", every: Duration::from_secs(1) };
const NO_PATIENCE: Duration = Duration::ZERO;

#[tokio::test]
async fn turns_are_as_far_apart_as_the_rate_says() {
    let emulator = emulator().await;
    check(&emulator, now(), Turn::Now).await;
    check(&emulator, now(), Turn::TooLate { free: now() + 1.second() }).await;
    check(&emulator, now() + 999.milliseconds(), Turn::TooLate { free: now() + 1.second() }).await;
    check(&emulator, now() + 1.second(), Turn::Now).await;
    check(&emulator, now() + 1.minute(), Turn::Now).await;
}

#[tokio::test]
async fn another_rate_has_turns_of_its_own() {
    let emulator = emulator().await;
    check(&emulator, now(), Turn::Now).await;
    let other = Rate { name: "mail tips", every: Duration::from_secs(9) };
    assert_eq!(emulator.store.turn(other, NO_PATIENCE, now()).await.unwrap(), Turn::Now);
}

#[tokio::test]
async fn who_waits_gets_the_next_in_line_and_nobody_the_same() {
    let emulator = emulator().await;
    let rate = Rate { name: "fast", every: Duration::from_millis(2) };
    let patience = Duration::from_millis(29);
    let mut askers = JoinSet::new();
    for _ in 0..40 {
        let store = emulator.store.clone();
        askers.spawn(async move { store.turn(rate, patience, now()).await });
    }
    let all = askers.join_all().await;

    let n_now = all.iter().filter(|it| matches!(it, Ok(Turn::Now))).count();
    let n_late = all.iter().filter(|it| matches!(it, Ok(Turn::TooLate { .. }))).count();
    assert_eq!((n_now, n_late), (15, 25), "0, 2, ... 28 ms are 15 turns");
    let free = Turn::TooLate { free: now() + 30.milliseconds() };
    assert_eq!(emulator.store.turn(rate, patience, now()).await.unwrap(), free);
}

#[tokio::test]
async fn a_clock_that_was_wrong_holds_nobody_up_for_long() {
    let emulator = emulator().await;
    check(&emulator, now() + 1.hour(), Turn::Now).await;
    check(&emulator, now(), Turn::Now).await;
    check(&emulator, now(), Turn::TooLate { free: now() + 1.second() }).await;
}

async fn check(emulator: &Emulator, at: Timestamp, expected: Turn) {
    assert_eq!(emulator.store.turn(RATE, NO_PATIENCE, at).await.unwrap(), expected, "at {at}");
}
