//! Turns that all functions together take: each rate is one item with the time of its next free
//! turn.
//!
//! DynamoDB actions: `dynamodb:UpdateItem`.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use defuse_flow::{Pace, Rate, StoreError, Turn};
use jiff::{SignedDuration, Timestamp};

use super::{
    DynamoDbStore,
    change::{Change, Written},
    items::{Item, number},
    keys::Key,
};

/// How often a turn is tried for while others take theirs
const TRIES_MAX: usize = 8;

/// A next turn that is further away, beyond what the rate has between two, was set by a clock that is
/// wrong, in milliseconds
const AWAY_MS_MAX: i64 = 10 * 60 * 1_000;

/// The next free turn, in milliseconds since the epoch
const NEXT: &str = "next";

/// Others were always faster
#[derive(Debug, thiserror::Error)]
#[error("no turn within {TRIES_MAX} tries")]
struct Crowded;

impl Pace for DynamoDbStore {
    async fn turn(
        &self,
        rate: Rate,
        patience: Duration,
        now: Timestamp,
    ) -> Result<Turn, StoreError> {
        let now = now.as_millisecond();
        let latest = now.saturating_add(milliseconds(patience));
        for _ in 0..TRIES_MAX {
            match self.take(rate, now, latest).await? {
                Taken::At(turn) => {
                    let wait = Duration::from_millis(u64::try_from(turn - now).unwrap_or_default());
                    tokio::time::sleep(wait).await;
                    return Ok(Turn::Now);
                }
                Taken::TooLate(next) => return Ok(Turn::TooLate { free: at(next) }),
                Taken::ByOthers => {}
            }
        }
        Err(StoreError::Busy(Crowded.into()))
    }
}

/// What came of one try
enum Taken {
    /// The turn at that time is ours
    At(i64),
    /// The next is at that time, which is too late
    TooLate(i64),
    /// Somebody else took one meanwhile
    ByOthers,
}

impl DynamoDbStore {
    /// Takes a turn that is free now, else the next in line: one write each
    async fn take(&self, rate: Rate, now: i64, latest: i64) -> Result<Taken, StoreError> {
        let (what, every) = ("to take a turn", milliseconds(rate.every));
        let absurd = now.saturating_add(AWAY_MS_MAX).saturating_add(every).max(latest);
        let free_now = Change::default()
            .set(NEXT, number(now.saturating_add(every)))
            .only_if("attribute_not_exists(#next) OR #next <= :now OR #next > :absurd", &[])
            .given("now", number(now))
            .given("absurd", number(absurd));
        let found = match self.change(what, Key::pace(rate.name), free_now).await? {
            Written::Changed(_) => return Ok(Taken::At(now)),
            Written::Kept(found) => found,
        };
        if let Some(next) = next_of(found)
            && next > latest
        {
            return Ok(Taken::TooLate(next));
        }
        let in_line = Change::default()
            .raise(NEXT, number(every))
            .only_if("#next > :now AND #next <= :latest", &[])
            .given("now", number(now))
            .given("latest", number(latest));
        Ok(match self.change(what, Key::pace(rate.name), in_line).await? {
            Written::Changed(before) => next_of(before).map_or(Taken::ByOthers, Taken::At),
            Written::Kept(_) => Taken::ByOthers,
        })
    }
}

fn next_of(item: Option<Item>) -> Option<i64> {
    let item = item?;
    item.get(NEXT).and_then(|it| AttributeValue::as_n(it).ok())?.parse().ok()
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_duration(SignedDuration::from_millis(milliseconds)).unwrap_or(Timestamp::MAX)
}
