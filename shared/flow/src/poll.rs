//! The other first step: a source is asked for its alerts, page by page, and each is stored.
//!
//! One call reads one page of one feed, and says when to call again; so whoever calls decides how
//! long it goes on, and it may end at any time. Where a feed stands is kept after every page.

mod place;

use std::{collections::BTreeSet, time::Duration};

use defuse_domain::{About, Notification, Services, SourceTemplate};
use jiff::{SignedDuration, Timestamp};
use tracing::{error, info, warn};

use self::place::ToTell;
pub use self::place::{FeedPlace, Outage, Pass, Reading, SLICES};
use crate::{
    intake::{Intake, Taken},
    ports::{
        AlertFeed, AlertStore, FeedError, FeedInfo, FeedPage, FeedStore, Kept, LeftOutLog,
        Notifier, Pace, RejectStore, ServiceLevels, StoreError, Stored, StoredPlace, Turn,
    },
};

/// How long after a pass over what changed the next one begins; no rest is longer, so that people
/// hear in time of a source that cannot be read
const EVERY: SignedDuration = SignedDuration::from_secs(60);

/// A page whose next page is itself, or one of too many
#[derive(Debug, thiserror::Error)]
#[error("its pages have no end")]
struct Endless;

/// Reads alerts from where they are
#[derive(Clone, Debug)]
pub struct Poll<F, S, N> {
    feeds: Vec<F>,
    intake: Intake<S>,
    notifier: N,
    channel: Option<String>,
}

/// How many alerts of a page were what
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    new: usize,
    newer: usize,
    again: usize,
    left_out: usize,
    rejected: usize,
}

impl<F, S, N> Poll<F, S, N>
where
    F: AlertFeed,
    S: FeedStore + AlertStore + LeftOutLog + RejectStore + Pace + ServiceLevels,
    N: Notifier,
{
    /// The step, by the settings of services; people are told in `channel` of a source that cannot
    /// be read
    pub const fn new(
        feeds: Vec<F>,
        services: Services,
        store: S,
        notifier: N,
        channel: Option<String>,
    ) -> Self {
        Self { feeds, intake: Intake::new(services, store), notifier, channel }
    }

    /// The sources that are asked
    pub fn feeds(&self) -> &[F] {
        &self.feeds
    }

    /// Reads the next page of `feed`, if it may be asked now, and says when to go on.
    ///
    /// A source that fails is no error here: it is kept in its place, and asked later. An error
    /// means that the table failed: nothing moved, and what was stored will be recognised.
    pub async fn poll(&self, feed: &F, now: Timestamp) -> Result<Timestamp, StoreError> {
        let info = feed.info();
        let stored = self.intake.store().place(info.name).await?;
        let StoredPlace { mut place, version } =
            stored.unwrap_or_else(|| StoredPlace { place: FeedPlace::beginning(now), version: 0 });
        if let Some(until) = place.waits(now) {
            self.tell(info, &mut place, version, now).await?;
            return Ok(until.min(soon(now)));
        }
        match self.intake.store().turn(info.rate, Duration::ZERO, now).await? {
            Turn::Now => {}
            Turn::TooLate { free } => return Ok(free),
        }

        let asked = place.pass.as_ref().map(|it| it.next.clone());
        match feed.read(place.window(), asked.as_deref()).await {
            Ok(page) if place.leads_on(&page) => {
                let tally = self.store_all(&page, now).await?;
                place.moved(&page, now);
                log_page(info, &place, tally);
            }
            Ok(page) => {
                self.store_all(&page, now).await?;
                place.give_up_pass();
                let said = format!("{} gives page after page and no end", info.title);
                let error = FeedError { said, retry_after: None, source: Endless.into() };
                fail(info, &mut place, &error, now);
            }
            Err(error) => fail(info, &mut place, &error, now),
        }
        match self.intake.store().keep_place(info.name, &place, version).await? {
            // Whoever moved it has stored what it read, as we have; we go on from there.
            Kept::Overtaken => return Ok(now),
            Kept::Kept => {}
        }
        self.tell(info, &mut place, version.saturating_add(1), now).await?;
        Ok(match place.waits(now) {
            Some(until) => until.min(soon(now)),
            None if place.has_more() => now,
            None => soon(now),
        })
    }

    /// Stores every alert of a page that the settings take; an error means that the place must not move
    async fn store_all(&self, page: &FeedPage, now: Timestamp) -> Result<Tally, StoreError> {
        let mut tally = Tally::default();
        let mut seen = BTreeSet::new();
        for item in &page.items {
            match item {
                Ok(alert) => {
                    if !seen.insert((&alert.id, alert.revision())) {
                        tally.again += 1;
                        continue;
                    }
                    match self.intake.take(alert, now).await? {
                        Taken::Stored(Stored::New) => tally.new += 1,
                        Taken::Stored(Stored::Newer) => tally.newer += 1,
                        Taken::Stored(Stored::Again) => tally.again += 1,
                        Taken::LeftOut => tally.left_out += 1,
                    }
                }
                Err(unreadable) => {
                    self.intake.store().reject(unreadable, now).await?;
                    tally.rejected += 1;
                    warn!(code = %unreadable.code, "rejected a part of a page: {}", unreadable.code);
                }
            }
        }
        Ok(tally)
    }

    /// Tells people that a source cannot be read for some time, or can be again, once each.
    ///
    /// It is published first and noted after: a crash between the two publishes it twice under one
    /// id, by which the repeat is known.
    async fn tell(
        &self,
        info: FeedInfo,
        place: &mut FeedPlace,
        version: u64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (Some(what), Some(outage)) = (place.to_tell(now), place.outage.clone()) else {
            return Ok(());
        };
        match what {
            ToTell::Began => {
                error!(feed = info.name, since = %outage.since, error = %outage.said,
                    "alerts of `{}` cannot be read", info.name);
            }
            ToTell::Ended(ended) => {
                info!(feed = info.name, since = %outage.since, until = %ended,
                    "alerts of `{}` are read again", info.name);
            }
        }
        if let Some(channel) = &self.channel {
            let notification = notification(info, &outage, what, channel);
            if let Err(failure) = self.notifier.publish(&notification).await {
                warn!(feed = info.name, error = %failure, "cannot publish that; it is tried again");
                return Ok(());
            }
        }
        place.told(what);
        // Where somebody else moved it, they tell of it as well, under the same id.
        self.intake.store().keep_place(info.name, place, version).await?;
        Ok(())
    }
}

fn soon(now: Timestamp) -> Timestamp {
    now.checked_add(EVERY).unwrap_or(now)
}

fn fail(info: FeedInfo, place: &mut FeedPlace, error: &FeedError, now: Timestamp) {
    place.failed(error, now);
    warn!(feed = info.name, error = %error.said, cause = %error.source,
        "cannot read alerts of `{}`", info.name);
}

fn log_page(info: FeedInfo, place: &FeedPlace, tally: Tally) {
    let slice = match place.reading {
        Reading::CatchingUp { slice, .. } => slice,
        Reading::Following { .. } => SLICES,
    };
    info!(
        feed = info.name,
        new = tally.new,
        newer = tally.newer,
        again = tally.again,
        left_out = tally.left_out,
        rejected = tally.rejected,
        slice = slice,
        slices = SLICES,
        "read a page of `{}`",
        info.name
    );
}

fn notification(info: FeedInfo, outage: &Outage, what: ToTell, channel: &str) -> Notification {
    let since = ("Since".to_owned(), outage.since.to_string());
    let (template, facts, reasons) = match what {
        ToTell::Began => {
            let meanwhile = "No new alert comes from there meanwhile. Nothing is lost: reading \
                goes on by itself where it stopped.";
            let reasons = vec![outage.said.clone(), meanwhile.to_owned()];
            (SourceTemplate::Down, vec![since], reasons)
        }
        ToTell::Ended(ended) => {
            let minutes = ended.duration_since(outage.since).as_mins();
            let reasons = vec![format!(
                "It could not be read for {minutes} min. What came meanwhile is being read."
            )];
            let until = ("Until".to_owned(), ended.to_string());
            (SourceTemplate::Up, vec![since, until], reasons)
        }
    };
    Notification {
        id: format!("feed/{}/{}/{template}", info.name, outage.since),
        channel: channel.to_owned(),
        about: About::Source { template, source: info.title.to_owned() },
        title: info.title.to_owned(),
        facts,
        reasons,
        url: None,
    }
}
