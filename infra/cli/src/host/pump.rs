//! Pumps the table's stream into the functions `triage` and `deliver`, and sweeps for work that
//! the stream did not bring: what was pending when the host stopped, and what failed.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_sdk_dynamodbstreams::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
    types::{Record, ShardIteratorType},
};
use defuse_adapters::WorkKind;
use defuse_domain::AlertId;
use defuse_lambda::{Chain, Wiring};
use jiff::{SignedDuration, Timestamp};
use tracing::{debug, warn};

use super::{Apps, Clock};

/// How often the stream is asked when it had nothing
const POLL: Duration = Duration::from_millis(25);
/// How often all outstanding work is looked for
const SWEEP: Duration = Duration::from_secs(2);
/// How long work may be outstanding before a sweep takes it up
const SWEEP_AFTER: SignedDuration = SignedDuration::from_secs(2);
/// How long to wait after a stream failed
const RECOVER: Duration = Duration::from_secs(1);

/// The table's stream
pub(crate) struct Streams {
    client: Client,
    table: String,
}

impl Streams {
    pub(crate) fn of(wiring: &Wiring) -> Self {
        let environment = wiring.environment();
        let mut config = aws_sdk_dynamodbstreams::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(environment.region.clone()))
            .http_client(wiring.http());
        config.set_endpoint_url(environment.dynamodb_endpoint.clone());
        if let Some(known) = &environment.credentials {
            config = config.credentials_provider(Credentials::new(
                known.access_key_id.clone(),
                known.secret_access_key.clone(),
                known.session_token.clone(),
                None,
                "environment",
            ));
        }
        Self { client: Client::from_conf(config.build()), table: environment.table.clone() }
    }

    /// An iterator for each shard, from now on
    async fn iterators(&self) -> Result<Vec<String>, aws_sdk_dynamodbstreams::Error> {
        let listed = self.client.list_streams().table_name(&self.table).send().await?;
        let mut iterators = Vec::new();
        for stream in listed.streams() {
            let Some(arn) = stream.stream_arn() else { continue };
            let described = self.client.describe_stream().stream_arn(arn).send().await?;
            let shards = described
                .stream_description()
                .map(aws_sdk_dynamodbstreams::types::StreamDescription::shards)
                .unwrap_or_default();
            for shard in shards {
                let iterator = self
                    .client
                    .get_shard_iterator()
                    .stream_arn(arn)
                    .set_shard_id(shard.shard_id().map(str::to_owned))
                    .shard_iterator_type(ShardIteratorType::Latest)
                    .send()
                    .await?;
                iterators.extend(iterator.shard_iterator);
            }
        }
        Ok(iterators)
    }

    async fn records(
        &self,
        iterator: String,
    ) -> Result<(Vec<Record>, Option<String>), aws_sdk_dynamodbstreams::Error> {
        let got = self.client.get_records().shard_iterator(iterator).send().await?;
        Ok((got.records.unwrap_or_default(), got.next_shard_iterator))
    }
}

/// Pumps and sweeps for as long as the host runs.
///
/// The stream is opened before the first sweep, so that nothing falls between the two.
pub(crate) async fn run(streams: Streams, apps: Arc<Apps>, clock: Clock) {
    let pump = pump(&streams, &apps, &clock);
    let sweep = sweep(&apps, &clock);
    tokio::join!(pump, sweep);
}

async fn pump(streams: &Streams, apps: &Apps, clock: &Clock) {
    loop {
        if let Err(error) = follow(streams, apps, clock).await {
            debug!(error = %Chain(&error), "the stream cannot be read; sweeps go on");
        }
        tokio::time::sleep(RECOVER).await;
    }
}

/// Follows every shard until one ends
async fn follow(
    streams: &Streams,
    apps: &Apps,
    clock: &Clock,
) -> Result<(), aws_sdk_dynamodbstreams::Error> {
    let mut iterators = streams.iterators().await?;
    while !iterators.is_empty() {
        let mut n_records = 0;
        let mut next = Vec::new();
        for iterator in iterators {
            let (records, following) = streams.records(iterator).await?;
            n_records += records.len();
            let event = event(records);
            if !event.records.is_empty() {
                hand_on(apps, event, clock()).await;
            }
            next.extend(following);
        }
        iterators = next;
        if n_records == 0 {
            tokio::time::sleep(POLL).await;
        }
    }
    Ok(())
}

/// What fails here is found by a later sweep
async fn hand_on(apps: &Apps, event: Event, now: Timestamp) {
    let triaged = defuse_triage::handle(&apps.triage, event.clone(), now);
    let delivered = defuse_deliver::handle(&apps.deliver, event, now);
    let (triaged, delivered) = tokio::join!(triaged, delivered);
    let n_failed = triaged.batch_item_failures.len() + delivered.batch_item_failures.len();
    if n_failed > 0 {
        warn!(failed = n_failed, "records failed; a sweep takes them up");
    }
}

/// Looks for outstanding work again and again; what fails waits twice as long each time
async fn sweep(apps: &Apps, clock: &Clock) {
    let mut waits: BTreeMap<(AlertId, bool), (u32, Timestamp)> = BTreeMap::new();
    loop {
        let now = clock();
        let before = now.checked_sub(SWEEP_AFTER).unwrap_or(now);
        for kind in [WorkKind::Pending, WorkKind::Effects] {
            let found = match apps.store.work(kind, before).await {
                Ok(found) => found,
                Err(error) => {
                    warn!(error = %Chain(&error), "cannot look for outstanding work");
                    continue;
                }
            };
            for id in found {
                let key = (id.clone(), kind == WorkKind::Pending);
                let (tries, not_before) = waits.get(&key).copied().unwrap_or((0, now));
                if not_before > now {
                    continue;
                }
                let failed = match kind {
                    WorkKind::Pending => {
                        apps.triage.refresh(now).await.is_err()
                            || apps.triage.triage(&id, now).await.is_err()
                    }
                    WorkKind::Effects => apps.deliver.deliver.deliver(&id, now).await.is_err(),
                };
                if failed {
                    let wait = SignedDuration::from_secs(2_i64 << tries.min(6));
                    let until = now.checked_add(wait).unwrap_or(now);
                    waits.insert(key, (tries + 1, until));
                } else {
                    waits.remove(&key);
                }
            }
        }
        sweep_allow_list(apps, before, now).await;
        tokio::time::sleep(SWEEP).await;
    }
}

/// How many entries of the allow list one sweep takes up: each waits for a turn of its own, and alerts
/// for the next sweep
const ENTRIES: usize = 3;

/// Entries of the allow list that were not written, a few of them
async fn sweep_allow_list(apps: &Apps, before: Timestamp, now: Timestamp) {
    let waiting = match apps.store.allow_work(before).await {
        Ok(waiting) => waiting,
        Err(error) => {
            warn!(error = %Chain(&error), "cannot look for outstanding work");
            return;
        }
    };
    for indicator in waiting.into_iter().take(ENTRIES) {
        if let Err(error) = apps.deliver.allow.allow(&indicator, now).await {
            debug!(error = %Chain(&error), "an entry of the allow list waits");
        }
    }
}

/// The event that Lambda would get from the stream
fn event(records: Vec<Record>) -> Event {
    let mut event = Event::default();
    for record in records {
        let Some(change) = record.dynamodb else { continue };
        let mut handed = EventRecord::default();
        handed.event_id = record.event_id.unwrap_or_default();
        handed.change.sequence_number = change.sequence_number;
        if let Some(image) = change.new_image {
            handed.change.new_image = image.into();
        }
        event.records.push(handed);
    }
    event
}
