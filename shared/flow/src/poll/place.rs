//! Where a feed stands, and how it moves: pure, so that every order of events can be tried.
//!
//! A feed first **catches up**: it reads the alerts created in the last 30 days, a slice of one day
//! each, the oldest first. Which alerts are in a slice never changes, so no change among them can
//! hide one. Then it **follows**: it reads whatever changed since some time, again and again.
//!
//! Why nothing is lost while alerts change:
//!
//! - A change during a pass, be it of the whole catching up, happens after the pass began. Where
//!   the next pass reads from is taken from the source's own clock at the first page, less
//!   [`OVERLAP`], so the next pass sees it, at its new state. Where our clock is behind the
//!   source's, ours is taken: earlier is always safe, and a clock that is far ahead is a lie.
//! - What is asked for has no end in time, so a change takes nothing out of the list; an alert can
//!   only come in. Where a list has the newest first, as the sources document it, what comes in
//!   moves others towards pages that are still to be read: they are read twice and not missed.
//! - A source may show an alert somewhat later than the alert's own time says. The overlap is for
//!   that; and where the newest alert of a pass is older than its beginning, the next pass begins
//!   before that alert, so in a quiet tenant the overlap does not run out.
//! - A page is stored before the place moves, and the store knows what it has. A crash between the
//!   two reads one page twice.

use std::time::Duration;

use defuse_domain::Alert;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ports::{FeedError, FeedPage, Window};

/// How many days are caught up with, a slice each
pub const SLICES: u32 = 30;

/// How far back of a pass's beginning the next one begins
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);
/// How far behind ours the clock of a source may be that does not say what it shows
const CLOCK_DOUBT: SignedDuration = SignedDuration::from_hours(1);
/// The most pages of one pass: a source that gives more gives no end
const PAGES_MAX: u32 = 20_000;
/// The pause after the first failure; it doubles with each
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// The longest pause of ours
const PAUSE_MAX: Duration = Duration::from_mins(5);
/// The longest pause that a source may ask for: to ask once an hour harms nobody
const ASKED_PAUSE_MAX: Duration = Duration::from_hours(1);
/// How long a feed fails before people are told
const TOLD_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// As much of what a source said as is kept, in characters
const SAID_LENGTH_MAX: usize = 500;

/// Where a feed stands
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedPlace {
    /// What is being read
    pub reading: Reading,
    /// The pass under way; none where the next page is the first of one
    pub pass: Option<Pass>,
    /// Not to be asked before
    pub not_before: Option<Timestamp>,
    /// How often it failed in a row
    pub failures: u32,
    /// Whether the last pass was given up, since its pages had no end; until one has ended, a page
    /// that can be read does not mean that the source works
    #[serde(default)]
    pub endless: bool,
    /// Since when it fails, or failed
    pub outage: Option<Outage>,
}

/// What a feed is reading
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Reading {
    /// The last 30 days, slice by slice
    CatchingUp {
        /// Where the first slice begins
        begins: Timestamp,
        /// Which slice, from 0 to [`SLICES`]
        slice: u32,
        /// Where following will begin, known once the first page was read
        follow_from: Option<Timestamp>,
    },
    /// Whatever changes
    Following {
        /// Changes since then
        since: Timestamp,
    },
}

/// A pass over a list, between its first page and its last
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pass {
    /// The source's clock at the first page, or ours where that is behind
    pub began: Timestamp,
    /// The newest time of an alert so far
    pub newest: Option<Timestamp>,
    /// How many pages were read
    pub pages: u32,
    /// What to ask with for the next page
    pub next: String,
}

/// A time during which a feed could not be read
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outage {
    /// Since when
    pub since: Timestamp,
    /// What the source said last
    pub said: String,
    /// Whether people know
    pub told: bool,
    /// When it ended, where people are still to be told so
    pub ended: Option<Timestamp>,
}

/// What people are to be told of an outage
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ToTell {
    /// That there is one
    Began,
    /// That it is over, and when that was
    Ended(Timestamp),
}

impl FeedPlace {
    /// Where a feed stands that was never read
    pub fn beginning(now: Timestamp) -> Self {
        let begins = minus(now, SignedDuration::from_hours(24 * i64::from(SLICES)));
        Self {
            reading: Reading::CatchingUp { begins, slice: 0, follow_from: None },
            pass: None,
            not_before: None,
            failures: 0,
            endless: false,
            outage: None,
        }
    }

    /// Which alerts are to be read
    pub fn window(&self) -> Window {
        match self.reading {
            Reading::Following { since } => Window::ChangedSince(since),
            Reading::CatchingUp { begins, slice, follow_from } => {
                let until = day(begins, slice.saturating_add(1));
                // The last slice reaches to where the clock stood at the first page, which may have
                // been read long after the first try: what is newer is for following.
                let last = follow_from.filter(|_| slice.saturating_add(1) >= SLICES);
                let until = last.map_or(until, |it| until.max(plus(it, OVERLAP)));
                Window::Created { from: day(begins, slice), until }
            }
        }
    }

    /// Until when it is not to be asked.
    ///
    /// A time that is further off than any pause was set by a clock that was wrong.
    pub fn waits(&self, now: Timestamp) -> Option<Timestamp> {
        let furthest = plus_std(now, ASKED_PAUSE_MAX);
        self.not_before.filter(|it| *it > now && *it <= furthest)
    }

    /// Whether the next page follows on this one at once, and is no new pass over what changed
    pub const fn has_more(&self) -> bool {
        self.pass.is_some() || matches!(self.reading, Reading::CatchingUp { .. })
    }

    /// Moves on, where a page was read and everything in it is stored
    pub fn moved(&mut self, page: &FeedPage, now: Timestamp) {
        let clock = page.clock.unwrap_or_else(|| minus(now, CLOCK_DOUBT)).min(now);
        if let Reading::CatchingUp { follow_from, .. } = &mut self.reading {
            follow_from.get_or_insert(minus(clock, OVERLAP));
        }
        let seen = page.items.iter().flatten().filter_map(time_of).max();
        let (began, newest, pages) = match self.pass.take() {
            None => (clock, seen, 1),
            Some(pass) => (pass.began, pass.newest.max(seen), pass.pages.saturating_add(1)),
        };
        match &page.next {
            Some(next) => {
                self.pass = Some(Pass { began, newest, pages, next: next.clone() });
            }
            None => self.end_pass(began, newest),
        }
        self.not_before = None;
        if self.endless && page.next.is_some() {
            return;
        }
        self.endless = false;
        self.failures = 0;
        self.outage = self.outage.take().filter(|it| it.told);
        if let Some(outage) = &mut self.outage {
            outage.ended.get_or_insert(now);
        }
    }

    fn end_pass(&mut self, began: Timestamp, newest: Option<Timestamp>) {
        match &mut self.reading {
            Reading::CatchingUp { slice, follow_from, begins } => {
                *slice = slice.saturating_add(1);
                if *slice >= SLICES {
                    let since = follow_from.unwrap_or(*begins);
                    self.reading = Reading::Following { since };
                }
            }
            Reading::Following { since } => {
                if let Some(newest) = newest {
                    *since = minus(began.min(newest), OVERLAP).max(*since);
                }
            }
        }
    }

    /// Whether a page leads on: not to itself, and not on and on
    pub(super) fn leads_on(&self, page: &FeedPage) -> bool {
        let Some(pass) = &self.pass else { return true };
        page.next.is_none() || (page.next.as_ref() != Some(&pass.next) && pass.pages < PAGES_MAX)
    }

    /// Gives up the pass under way, whose pages have no end
    pub(super) fn give_up_pass(&mut self) {
        self.pass = None;
        self.endless = true;
    }

    /// Notes that a page could not be read, and when it is to be tried again
    pub fn failed(&mut self, error: &FeedError, now: Timestamp) {
        let doubled = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(self.failures));
        let pause = match error.retry_after {
            Some(asked) => asked.clamp(FIRST_PAUSE / 2, ASKED_PAUSE_MAX),
            None => doubled.min(PAUSE_MAX),
        };
        self.failures = self.failures.saturating_add(1);
        self.not_before = Some(plus_std(now, pause));
        let said = error.said.chars().take(SAID_LENGTH_MAX).collect();
        match &mut self.outage {
            None => self.outage = Some(Outage { since: now, said, told: false, ended: None }),
            Some(outage) => {
                // An end that nobody was told of was none.
                outage.ended = None;
                outage.said = said;
            }
        }
    }

    /// What people are to be told now
    pub(super) fn to_tell(&self, now: Timestamp) -> Option<ToTell> {
        let outage = self.outage.as_ref()?;
        match (outage.told, outage.ended) {
            (true, Some(ended)) => Some(ToTell::Ended(ended)),
            (false, None) if now.duration_since(outage.since) >= TOLD_AFTER => Some(ToTell::Began),
            (true, None) | (false, _) => None,
        }
    }

    /// Notes that people know
    pub(super) fn told(&mut self, what: ToTell) {
        match what {
            ToTell::Ended(_) => self.outage = None,
            ToTell::Began => {
                if let Some(outage) = &mut self.outage {
                    outage.told = true;
                }
            }
        }
    }
}

/// When the source last changed an alert, as far as it says
fn time_of(alert: &Alert) -> Option<Timestamp> {
    alert.last_update.or(alert.created)
}

fn day(begins: Timestamp, n_days: u32) -> Timestamp {
    plus(begins, SignedDuration::from_hours(24 * i64::from(n_days)))
}

fn plus(time: Timestamp, duration: SignedDuration) -> Timestamp {
    time.checked_add(duration).unwrap_or(Timestamp::MAX)
}

fn plus_std(time: Timestamp, duration: Duration) -> Timestamp {
    time.checked_add(duration).unwrap_or(Timestamp::MAX)
}

fn minus(time: Timestamp, duration: SignedDuration) -> Timestamp {
    time.checked_sub(duration).unwrap_or(Timestamp::MIN)
}
