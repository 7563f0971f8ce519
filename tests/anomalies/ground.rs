//! What real worlds stand on: a DynamoDB in memory behind HTTP, and a way out; and threads, each
//! with ground of its own.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use aws_sdk_dynamodb::Client;
use defuse_adapters::{DynamoDbStore, Http, Reach, create_table};
use dynoxide::Database;

use super::sweep::Tally;
use crate::embedded::{client_of, served};

/// How many threads run worlds: more than there are processors, since faults are waited for
const THREADS: usize = 6;

/// How long one request may take, on a slow machine with much else to do
const LIMIT: Duration = Duration::from_secs(20);

/// A DynamoDB of our own, and a client for everything else
#[derive(Debug)]
pub(crate) struct Ground {
    client: Client,
    pub(crate) http: Http,
    n_tables: AtomicUsize,
}

impl Ground {
    pub(crate) async fn new() -> Self {
        let endpoint = served(Database::memory().unwrap()).await;
        let config = client_of(&endpoint).build();
        Self {
            client: Client::from_conf(config),
            http: Http::new(Reach::Anywhere, LIMIT).unwrap(),
            n_tables: AtomicUsize::default(),
        }
    }

    /// A store with nothing in it
    pub(crate) async fn store(&self) -> DynamoDbStore {
        let table = format!("defuse-{}", self.n_tables.fetch_add(1, Ordering::Relaxed));
        create_table(&self.client, &table).await.unwrap();
        DynamoDbStore::new(self.client.clone(), table)
    }
}

/// Does every job, several at a time, and gives what came of all
pub(crate) fn in_threads<J: Send>(
    jobs: Vec<J>,
    work: impl AsyncFn(&Ground, J, &mut Tally) + Sync,
) -> Tally {
    let jobs = Mutex::new(jobs.into_iter());
    let alone = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (ground, mut tally) = (Ground::new().await, Tally::new());
            loop {
                // A statement of its own, so that nobody waits while the job is done.
                let next = jobs.lock().unwrap().next();
                let Some(job) = next else { return tally };
                work(&ground, job, &mut tally).await;
            }
        })
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(alone)).collect();
        let tallies = threads.into_iter().map(|it| it.join().unwrap());
        tallies.fold(Tally::new(), Tally::and)
    })
}
