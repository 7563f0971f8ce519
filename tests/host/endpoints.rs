//! Endpoints of AWS that the surroundings name are used in place of the embedded ones.

use std::{
    slice::from_ref,
    sync::{Arc, Mutex},
};

use axum::{Router, extract::State as Extracted, routing::post};
use tokio::net::TcpListener;

use crate::{
    dev::Dev,
    state::State,
    world::{World, eventually, id},
};

type Published = Arc<Mutex<Vec<String>>>;

const ANSWER: &str = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">\
    <PublishResult><MessageId>m-1</MessageId></PublishResult>\
    <ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></PublishResponse>";

#[tokio::test]
async fn endpoints_of_the_surroundings_are_used() {
    let world = World::new();
    let alert = world.travel(1);
    let (dynamodb, (sns, published)) = (State::in_memory().await, sns().await);
    let mut variables = world.variables(world.tenant.base_url());
    variables.push(("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), dynamodb.endpoint.clone()));
    variables.push(("AWS_ENDPOINT_URL_SNS".to_owned(), sns));
    let host = Dev::start_with(&world, variables).await;

    assert_eq!(host.push("one", from_ref(&alert)).await.0, 202);
    eventually("published", async || !published.lock().unwrap().is_empty()).await;
    eventually("all done", async || dynamodb.work().await.is_empty()).await;

    assert!(dynamodb.alerts().await.iter().any(|it| it.contains(&id(&alert))));
    assert!(!world.data().join("state.sqlite").exists());
    let published = published.lock().unwrap().clone();
    assert_eq!(published.len(), 1);
    assert!(published[0].contains("Action=Publish") && published[0].contains(&id(&alert)));
    // Whoever subscribes to that topic posts it: not this host.
    assert_eq!(world.tenant.posts_to("/teams/soc").len(), 0);
    world.assert_resolved_once(&id(&alert));
}

/// A topic that keeps what is published to it
async fn sns() -> (String, Published) {
    let published = Published::default();
    let keep = async |Extracted(kept): Extracted<Published>, body: String| {
        kept.lock().unwrap().push(body);
        ANSWER
    };
    let router = Router::new().route("/", post(keep)).with_state(Arc::clone(&published));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (endpoint, published)
}
