//! Asks every source for its alerts, for as long as the time of one run allows, and looks at
//! mailboxes beside.

mod mailboxes;

use std::time::Duration;

use defuse_flow::{AlertFeed, StoreError};
use defuse_lambda::{Chain, PollApp};
use jiff::Timestamp;
use tracing::error;

/// How long a feed rests where the table failed
const REST: Duration = Duration::from_secs(5);

/// Not every feed could be kept; the next run goes on where they stand
#[derive(Debug, thiserror::Error)]
#[error("cannot keep what feed `{feed}` brought")]
pub struct PollError {
    /// Which
    pub feed: &'static str,
    /// Why
    #[source]
    pub source: StoreError,
}

/// Reads pages of every feed in turn, each when it is ready, and begins none after `until`.
///
/// A feed that must wait keeps no other waiting. A run may end at any time: the next one goes on
/// where each feed stands. Whatever comes of looking at mailboxes, feeds are read.
pub async fn handle(
    app: &PollApp,
    clock: &(dyn Fn() -> Timestamp + Send + Sync),
    until: Timestamp,
) -> Result<(), PollError> {
    let (read, ()) = tokio::join!(read(app, clock, until), mailboxes::look(app, clock, until));
    read
}

async fn read(
    app: &PollApp,
    clock: &(dyn Fn() -> Timestamp + Send + Sync),
    until: Timestamp,
) -> Result<(), PollError> {
    let mut failure = None;
    let poll = &app.poll;
    let mut ready: Vec<Timestamp> = poll.feeds().iter().map(|_| clock()).collect();
    loop {
        let first = ready.iter_mut().zip(poll.feeds()).min_by_key(|(at, _)| **at);
        let Some((at, feed)) = first.filter(|(at, _)| **at < until) else { break };
        let wait = Duration::try_from(at.duration_since(clock())).unwrap_or_default();
        tokio::time::sleep(wait).await;
        let now = clock();
        *at = match Box::pin(poll.poll(feed, now)).await {
            // Never before now, so that each gets its turn.
            Ok(next) => next.max(now),
            Err(source) => {
                let feed = feed.info().name;
                error!(feed, error = %Chain(&source), "cannot keep what feed `{feed}` brought");
                failure.get_or_insert(PollError { feed, source });
                now.checked_add(REST).unwrap_or(until)
            }
        };
    }
    failure.map_or(Ok(()), Err)
}
