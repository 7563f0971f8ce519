//! `kill -9` at many moments: nothing that was acknowledged is lost, and nothing is done twice.

use std::collections::BTreeMap;

use tokio::time::timeout;

use crate::{
    dev::Dev,
    gate::{Gate, Held, Side},
    state::State,
    world::{LIMIT, World, eventually, id, texts, words},
};

/// Which request to the tenant is held when the host is killed, round by round: the part of method
/// and path that it is known by, which of those that come, and on which side of the tenant. Those
/// to the channel come first: what they leave in doubt is told again a minute later.
const ROUNDS: [(&str, usize, Side); 12] = [
    ("POST /teams/", 1, Side::After),
    ("POST /teams/", 1, Side::Before),
    ("POST /teams/", 2, Side::After),
    ("PATCH ", 1, Side::Before),
    ("PATCH ", 1, Side::After),
    ("PATCH ", 3, Side::After),
    ("/comments", 1, Side::Before),
    ("/comments", 2, Side::After),
    ("GET /v1.0/security/", 2, Side::After),
    ("/riskyUsers/", 2, Side::Before),
    ("/automaticRepliesSetting", 3, Side::After),
    ("/oauth2/", 1, Side::Before),
];

/// How many alerts are sent in each round
const ALERTS: u32 = 3;

#[tokio::test]
async fn a_host_that_is_killed_again_and_again_does_everything_once() {
    let world = World::new();
    let gate = Gate::open(world.tenant.base_url()).await;
    let mut sent = Vec::new();
    let mut held = Vec::new();

    for (round, (known_by, nth, side)) in ROUNDS.into_iter().enumerate() {
        gate.hold(known_by, nth, side);
        let host = Dev::start_with(&world, world.variables(&gate.base_url)).await;
        for number in 0..ALERTS {
            let alert = world.travel(u32::try_from(round).unwrap() * ALERTS + number);
            let pushed = host.push(&id(&alert), &[alert.clone()]).await;
            assert_eq!(pushed.0, 202, "{}", pushed.1);
            sent.push(id(&alert));
        }
        held.push(timeout(LIMIT, gate.held()).await.unwrap());
        host.kill().await;
    }

    gate.let_pass();
    let host = Dev::start_with(&world, world.variables(&gate.base_url)).await;
    // A message that was in hand when the host was killed is posted when its claim has passed.
    eventually("everyone told", async || {
        let cards = words(
            &world
                .tenant
                .posts_to("/teams/soc")
                .iter()
                .map(|it| texts(&it.body))
                .collect::<String>(),
        );
        sent.iter().all(|it| cards.contains(it.as_str()))
    })
    .await;
    let state = State::open(&world.data()).await;
    eventually("all done", async || state.work().await.is_empty()).await;

    for id in &sent {
        assert_eq!(host.decided(id).await["decision"]["determinedBy"][0], "legitimate-travel");
        world.assert_resolved_once(id);
    }
    check_cards(&world, &sent, &held);
}

/// Each message once; one more where a kill came between the channel's answer and our note of it,
/// and that one says so
fn check_cards(world: &World, sent: &[String], held: &[Held]) {
    let in_doubt = held.iter().filter(|it| it.side == Side::After && it.what.contains("/teams/"));
    let mut repeats = BTreeMap::new();
    for id in sent {
        let cards: Vec<String> = world.cards(id).iter().map(|it| words(&texts(&it.body))).collect();
        let marked = cards.iter().skip(1).filter(|it| it.contains("maybearepeat")).count();
        assert_eq!(marked, cards.len() - 1, "{id} was told {} times: {held:?}", cards.len());
        if marked > 0 {
            repeats.insert(id, marked);
        }
    }
    assert!(repeats.values().sum::<usize>() <= in_doubt.count(), "{repeats:?} of {held:?}");
}
