//! Where a feed stands is moved by one at a time.

use defuse_flow::{FeedPlace, FeedStore, Kept, Pass, Reading, StoredPlace};
use tokio::task::JoinSet;

use crate::{emulator::emulator, samples::now};

#[tokio::test]
async fn a_place_is_kept_whole() {
    let emulator = emulator().await;
    assert_eq!(emulator.store.place("graph").await.unwrap(), None);

    let first = FeedPlace::beginning(now());
    let second = FeedPlace {
        reading: Reading::Following { since: now() },
        pass: Some(Pass { began: now(), newest: None, pages: 7, next: "{\"é\"".to_owned() }),
        not_before: Some(now()),
        ..first.clone()
    };
    for (version, place) in [(0, &first), (1, &second)] {
        let kept = emulator.store.keep_place("graph", place, version).await.unwrap();
        assert_eq!(kept, Kept::Kept);
        let stored = emulator.store.place("graph").await.unwrap();
        assert_eq!(stored, Some(StoredPlace { place: place.clone(), version: version + 1 }));
    }
    assert_eq!(emulator.store.place("cloud-apps").await.unwrap(), None);
}

#[tokio::test]
async fn of_several_who_move_it_one_does() {
    let emulator = emulator().await;
    let place = FeedPlace::beginning(now());
    for version in 0..3 {
        let mut movers = JoinSet::new();
        for _ in 0..8 {
            let (store, place) = (emulator.store.clone(), place.clone());
            movers.spawn(async move { store.keep_place("graph", &place, version).await.unwrap() });
        }
        let all = movers.join_all().await;
        assert_eq!(all.iter().filter(|it| **it == Kept::Kept).count(), 1, "version {version}");
    }
    let late = emulator.store.keep_place("graph", &place, 0).await.unwrap();
    assert_eq!(late, Kept::Overtaken);
}
