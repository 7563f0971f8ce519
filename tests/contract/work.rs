//! What is still to be done is found by the index and in the stream, and nothing else is.

use aws_sdk_dynamodbstreams::{
    Client as StreamsClient,
    config::{BehaviorVersion, Config, Region},
    types::ShardIteratorType,
};
use defuse_adapters::{Work, WorkKind, work_of};
use defuse_domain::{AlertId, EffectId, EffectState};
use defuse_flow::{
    AlertStore, LimitClaim, LimitStore, NotificationLog, Outbox, RunStore, WebhookLog,
};
use jiff::{Timestamp, ToSpan};

use crate::{
    emulator::{Emulator, TABLE, credentials, emulator},
    samples::{alert, notification, now, run, run_that_keeps},
};

#[tokio::test]
async fn the_index_has_each_alert_until_its_work_is_done() {
    let emulator = emulator().await;
    let (store, ad1, ad2) = (&emulator.store, alert("ad1", 10), alert("ad2", 10));
    check(&emulator, &[], &[]).await;
    store.store(&ad1, now()).await.unwrap();
    store.store(&ad2, now() - 1.second()).await.unwrap();
    check(&emulator, &["ad2", "ad1"], &[]).await;

    store.record(&run(&ad1, 0), &[].into(), 1).await.unwrap();
    check(&emulator, &["ad2"], &["ad1"]).await;
    store.record(&run_that_keeps(&ad2, 0), &[].into(), 1).await.unwrap();
    check(&emulator, &[], &["ad1"]).await;

    mark(&emulator, "notify/soc/resolved", &done()).await;
    mark(&emulator, "notify/travel/resolved", &done()).await;
    check(&emulator, &[], &["ad1"]).await;
    let refused = EffectState::Refused { at: now(), answer: "403".to_owned() };
    mark(&emulator, "resolve", &refused).await;
    check(&emulator, &[], &["ad1"]).await;
    mark(&emulator, "notify/soc/needsEyes", &done()).await;
    check(&emulator, &[], &[]).await;

    store.store(&alert("ad1", 20), now()).await.unwrap();
    check(&emulator, &["ad1"], &[]).await;
    store.record(&run(&alert("ad1", 20), 0), &[].into(), 7).await.unwrap();
    store.store(&alert("ad1", 30), now()).await.unwrap();
    check(&emulator, &["ad1"], &[]).await;
}

#[tokio::test]
async fn only_what_waited_long_enough_is_found() {
    let emulator = emulator().await;
    emulator.store.store(&alert("ad1", 10), now()).await.unwrap();
    assert_eq!(waiting(&emulator, WorkKind::Pending, now()).await, [""; 0]);
    assert_eq!(waiting(&emulator, WorkKind::Pending, now() + 1.nanosecond()).await, ["ad1"]);
}

async fn check(emulator: &Emulator, pending: &[&str], effects: &[&str]) {
    let later = now() + 1.hour();
    assert_eq!(waiting(emulator, WorkKind::Pending, later).await, pending, "pending");
    assert_eq!(waiting(emulator, WorkKind::Effects, later).await, effects, "effects");
}

async fn waiting(emulator: &Emulator, kind: WorkKind, before: Timestamp) -> Vec<String> {
    let ids = emulator.store.work(kind, before).await.unwrap();
    ids.into_iter().map(String::from).collect()
}

#[tokio::test]
async fn the_stream_calls_for_each_work_and_nothing_else() {
    let emulator = emulator().await;
    let (store, ad1) = (&emulator.store, alert("ad1", 10));
    store.store(&ad1, now()).await.unwrap();
    store.took("msg_1", now()).await.unwrap();
    store.record(&run(&ad1, 0), &[].into(), 1).await.unwrap();
    let limit = LimitClaim { counter: "travel/hour".to_owned(), max: 1 };
    LimitStore::claim(store, &ad1.id, &[limit], now()).await.unwrap();
    mark(&emulator, "resolve", &done()).await;
    NotificationLog::claim(store, &notification("ad1", "soc", "resolved"), now()).await.unwrap();
    mark(&emulator, "notify/soc/resolved", &done()).await;
    mark(&emulator, "notify/travel/resolved", &done()).await;

    let id = AlertId::parse("ad1").unwrap();
    let (triage, deliver) = (Work::Triage(id.clone()), Work::Deliver(id));
    assert_eq!(called_for(&emulator).await, [triage, deliver.clone(), deliver.clone(), deliver]);
}

/// What the records of the stream call for, in order
async fn called_for(emulator: &Emulator) -> Vec<Work> {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(credentials())
        .endpoint_url(&emulator.endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let client = StreamsClient::from_conf(config);
    let streams = client.list_streams().table_name(TABLE).send().await.unwrap();
    let arn = streams.streams()[0].stream_arn().unwrap();
    let described = client.describe_stream().stream_arn(arn).send().await.unwrap();
    let mut work = Vec::new();
    for shard in described.stream_description().unwrap().shards() {
        let iterator = client
            .get_shard_iterator()
            .stream_arn(arn)
            .shard_id(shard.shard_id().unwrap())
            .shard_iterator_type(ShardIteratorType::TrimHorizon)
            .send()
            .await
            .unwrap();
        let records = client.get_records().set_shard_iterator(iterator.shard_iterator);
        for record in records.send().await.unwrap().records() {
            let image = record.dynamodb().and_then(|it| it.new_image()).cloned();
            work.extend(work_of(&image.unwrap_or_default().into()));
        }
    }
    work
}

async fn mark(emulator: &Emulator, effect: &str, state: &EffectState) {
    let run = run(&alert("ad1", 10), 0);
    emulator.store.mark(&run, &EffectId(effect.to_owned()), state).await.unwrap();
}

fn done() -> EffectState {
    EffectState::Done { at: now(), answer: "200".to_owned() }
}
