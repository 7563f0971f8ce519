//! Sources that are asked for their alerts, and where each of them stands.

use std::{future::Future, time::Duration};

use defuse_domain::{Alert, Unreadable};
use jiff::Timestamp;

use super::{Cause, Rate, StoreError};
use crate::poll::FeedPlace;

/// What a feed is called, and how often it may be asked
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedInfo {
    /// Names it in the store; never changes
    pub name: &'static str,
    /// What people call it
    pub title: &'static str,
    /// How often it may be asked
    pub rate: Rate,
}

/// Which alerts are wanted
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Those created in that time, the end not included.
    ///
    /// Which these are never changes, however much they themselves do.
    Created {
        /// From here on
        from: Timestamp,
        /// Until before this
        until: Timestamp,
    },
    /// Those created or changed since then. There is no end: with one, a change would take an
    /// alert out while pages are read, and others would move over the border of a page, unseen.
    ChangedSince(Timestamp),
}

/// One page of alerts
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FeedPage {
    /// Every alert, or what came in its place
    pub items: Vec<Result<Alert, Unreadable>>,
    /// What to ask with for the next page, which only the feed understands; none after the last
    pub next: Option<String>,
    /// The source's own clock when it answered
    pub clock: Option<Timestamp>,
}

/// A page could not be read. Trying again later is always right: whatever it is, it can be mended.
#[derive(Debug, thiserror::Error)]
#[error("{said}")]
pub struct FeedError {
    /// What is wrong and what to do, for people
    pub said: String,
    /// How long the source asked us to wait
    pub retry_after: Option<Duration>,
    /// Why
    #[source]
    pub source: Cause,
}

/// A source that can be asked for its alerts
pub trait AlertFeed {
    /// What it is called, and how often it may be asked
    fn info(&self) -> FeedInfo;

    /// Reads one page of the alerts in `window`: the first, or that which `next` of an earlier page
    /// stands for. It asks once; whether to try again is not decided here.
    fn read(
        &self,
        window: Window,
        next: Option<&str>,
    ) -> impl Future<Output = Result<FeedPage, FeedError>> + Send;
}

/// Where a feed stands, as stored
#[derive(Clone, Debug, PartialEq)]
pub struct StoredPlace {
    /// Where it stands
    pub place: FeedPlace,
    /// Counts every change; a write is conditional on it
    pub version: u64,
}

/// What came of keeping a place
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is kept, under the next version
    Kept,
    /// Somebody else moved it since it was read
    Overtaken,
}

/// Where feeds stand
pub trait FeedStore {
    /// Where the feed of that name stands, if it was ever read
    fn place(
        &self,
        feed: &str,
    ) -> impl Future<Output = Result<Option<StoredPlace>, StoreError>> + Send;

    /// Keeps where it stands now, if it still has `version`; 0 is for a feed that has no place yet
    fn keep_place(
        &self,
        feed: &str,
        place: &FeedPlace,
        version: u64,
    ) -> impl Future<Output = Result<Kept, StoreError>> + Send;
}
