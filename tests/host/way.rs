//! The whole way of an alert through a host, and that its state stays.

use std::slice::from_ref;

use tokio::join;

use crate::{
    dev::Dev,
    state::State,
    world::{LIMIT, World, eventually, id, texts, words},
};

#[tokio::test]
async fn a_signed_alert_is_resolved_and_told_and_remembered() {
    let world = World::new();
    let alert = world.travel(1);
    let host = Dev::start(&world).await;

    let (status, receipt) = host.push("first", from_ref(&alert)).await;
    assert_eq!(status, 202, "{receipt}");
    assert_eq!(receipt["alerts"][0]["stored"], "new");
    let cards = world.tenant.wait_for_posts("/teams/soc", 1, LIMIT).await;

    world.assert_resolved_once(&id(&alert));
    let patch =
        world.tenant.requests_to("PATCH", &format!("/v1.0/security/alerts_v2/{}", id(&alert)));
    assert_eq!(cards.len(), 1);
    assert!(cards[0].number > patch[0].number, "people were told before it was so");
    assert!(words(&texts(&cards[0].body)).contains("Alertresolved"));

    let run = host.run(&id(&alert)).await;
    host.kill().await;
    let host = Dev::start(&world).await;
    assert_eq!(host.run(&id(&alert)).await, run);
    let (status, receipt) = host.push("second", from_ref(&alert)).await;
    assert_eq!((status, &receipt["alerts"][0]["stored"]), (202, &"again".into()));
    // What is known already has no effect; the next alert shows that the host has gone on.
    let next = world.travel(2);
    host.push("third", from_ref(&next)).await;
    world.tenant.wait_for_posts("/teams/soc", 2, LIMIT).await;
    world.assert_resolved_once(&id(&alert));
    assert_eq!(world.cards(&id(&alert)).len(), 1);
}

#[tokio::test]
async fn the_same_alert_twice_at_the_same_time_is_one() {
    let world = World::new();
    let alert = world.travel(1);
    let host = Dev::start(&world).await;

    let pushed = from_ref(&alert);
    let (left, right) = join!(host.push("left", pushed), host.push("right", pushed));

    assert_eq!((left.0, right.0), (202, 202));
    let stored = [left, right].map(|it| it.1["alerts"][0]["stored"].as_str().unwrap().to_owned());
    assert!(
        stored.contains(&"new".to_owned()) && stored.contains(&"again".to_owned()),
        "{stored:?}"
    );
    world.tenant.wait_for_posts("/teams/soc", 1, LIMIT).await;
    let state = State::open(&world.data()).await;
    eventually("all done", async || state.work().await.is_empty()).await;
    world.assert_resolved_once(&id(&alert));
    assert_eq!(world.cards(&id(&alert)).len(), 1);
}
