//! `kill -9` at many moments: nothing that was acknowledged is lost, and nothing is done twice.
//!
//! These take longest, so their name lets them begin first.

use std::slice::from_ref;

use tokio::time::timeout;

use crate::{
    dev::Dev,
    gate::{Gate, Side},
    state::State,
    world::{LIMIT, World, eventually, id, texts, words},
};

/// Which request to the tenant is held when the host is killed: the part of method and path that it
/// is known by, which of those that come, and on which side of the tenant
type Moment = (&'static str, usize, Side);

/// How many alerts are sent in each round
const ALERTS: u32 = 3;

#[tokio::test]
async fn a_host_that_is_killed_while_it_decides_and_resolves_does_everything_once() {
    survive(&[
        ("PATCH ", 1, Side::Before),
        ("PATCH ", 1, Side::After),
        ("PATCH ", 3, Side::After),
        ("/comments", 1, Side::Before),
        ("/comments", 2, Side::After),
        ("GET /v1.0/security/", 2, Side::After),
        ("/riskyUsers/", 2, Side::Before),
        ("/automaticRepliesSetting", 3, Side::After),
        ("/oauth2/", 1, Side::Before),
    ])
    .await;
}

#[tokio::test]
async fn a_host_that_is_killed_while_it_tells_people_marks_what_may_be_a_repeat() {
    let n_repeats = survive(&[
        ("POST /teams/", 1, Side::After),
        ("POST /teams/", 1, Side::Before),
        ("POST /teams/", 2, Side::After),
    ])
    .await;
    assert!(n_repeats >= 2, "{n_repeats}: what the channel has cannot be known");
}

/// Kills a host at each of the moments, always on the same folder; checks what is there in the end,
/// and gives how many messages were told again
async fn survive(moments: &[Moment]) -> usize {
    let world = World::new();
    let gate = Gate::open(world.tenant.base_url()).await;
    let mut sent = Vec::new();

    for (round, &(known_by, nth, side)) in moments.iter().enumerate() {
        gate.hold(known_by, nth, side);
        let host = Dev::start_with(&world, world.variables(&gate.base_url)).await;
        for number in 0..ALERTS {
            let alert = world.travel(u32::try_from(round).unwrap() * ALERTS + number);
            let pushed = host.push(&id(&alert), from_ref(&alert)).await;
            assert_eq!(pushed.0, 202, "{}", pushed.1);
            sent.push(id(&alert));
        }
        timeout(LIMIT, gate.held()).await.unwrap();
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
    sent.iter().map(|it| n_repeats(&world, it)).sum()
}

/// How often an alert was told again. Only a kill between the channel's answer and our note of it
/// leads to that, and then the message has the same id and says that it may be a repeat.
fn n_repeats(world: &World, id: &str) -> usize {
    let cards = world.cards(id);
    let mut last_lines = cards.iter().map(|it| {
        let body = it.body["attachments"][0]["content"]["body"].as_array().unwrap();
        body.last().unwrap()["text"].as_str().unwrap().to_owned()
    });
    let first = last_lines.next().unwrap();
    let notification = first.split(" · ").next().unwrap();
    for repeat in last_lines {
        assert_eq!(repeat, format!("{notification} · may be a repeat"), "{id}");
    }
    cards.len() - 1
}
