//! The tenant is down for a while.

use std::slice::from_ref;

use defuse_domain::UnknownFact;
use defuse_testkit::{Fault, FaultKind};

use crate::{
    dev::Dev,
    state::State,
    world::{LIMIT, World, eventually, id, texts, words},
};

fn fault(world: &World, path_prefix: &str, kind: FaultKind) {
    let path_prefix = path_prefix.to_owned();
    world.tenant.fault(Fault { method: None, path_prefix, kind, times: None });
}

#[tokio::test]
async fn nothing_is_decided_on_facts_that_are_missing() {
    let world = World::new();
    let alert = world.travel(1);
    let host = Dev::start(&world).await;
    let busy = FaultKind::Status { status: 503, retry_after: Some(1) };
    fault(&world, "/teams/", busy);
    fault(&world, "/", FaultKind::DropConnection);

    assert_eq!(host.push("down", from_ref(&alert)).await.0, 202);
    let run = host.decided(&id(&alert)).await;
    eventually("the channel was tried", async || !world.cards(&id(&alert)).is_empty()).await;
    world.tenant.clear_faults();
    world.tenant.forget_requests();
    let cards = world.tenant.wait_for_posts("/teams/soc", 1, 2 * LIMIT).await;

    assert_eq!(run["decision"]["outcome"], "open");
    let unknown = run["decision"]["unknown"].as_array().unwrap();
    let named: Vec<&str> = unknown.iter().map(|it| it["fact"].as_str().unwrap()).collect();
    assert!(named.contains(&"userOutOfOffice") && named.contains(&"userHighRisk"), "{named:?}");
    let card = words(&texts(&cards[0].body));
    for fact in unknown {
        let fact: UnknownFact = serde_json::from_value(fact.clone()).unwrap();
        let said = words(&fact.to_string());
        assert!(card.contains(&said), "the card does not say {said}: {card}");
    }
    assert_eq!(world.at_source(&id(&alert))["status"], "new");
    assert_eq!(world.changes().len(), 0);
}

#[tokio::test]
async fn what_was_decided_is_done_when_the_source_is_back() {
    let world = World::new();
    let alert = world.travel(1);
    let host = Dev::start(&world).await;
    let path = format!("/v1.0/security/alerts_v2/{}", id(&alert));
    let busy = FaultKind::Status { status: 503, retry_after: Some(1) };
    world.tenant.fault(Fault::always("PATCH", &path, busy));

    assert_eq!(host.push("busy", from_ref(&alert)).await.0, 202);
    eventually("tried", async || !world.tenant.requests_to("PATCH", &path).is_empty()).await;
    assert_eq!(world.cards(&id(&alert)).len(), 0, "people were told what is not so");
    let state = State::open(&world.data()).await;
    assert_eq!(state.work().await.len(), 1);
    // What failed does not count below.
    world.tenant.clear_faults();
    world.tenant.forget_requests();
    world.tenant.wait_for_posts("/teams/soc", 1, 2 * LIMIT).await;

    eventually("all done", async || state.work().await.is_empty()).await;
    world.assert_resolved_once(&id(&alert));
    assert_eq!(world.cards(&id(&alert)).len(), 1);
}
