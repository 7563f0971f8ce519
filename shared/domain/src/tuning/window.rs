//! Windows in which alone a tuning rule holds: when one begins, for how long, in which time zone.
//!
//! What is compared is the time of the decision, not what the alert says of its activity: that
//! comes from outside, may be missing, and may be set by whom the alert is about.

mod recurrence;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, fmt};

use jiff::{
    SignedDuration, Timestamp, ToSpan as _, Zoned,
    civil::{Date, DateTime},
    tz::{TimeZone, TimeZoneDatabase},
};

pub(crate) use self::recurrence::LENGTH_MAX as RRULE_LENGTH_MAX;
use self::recurrence::{Recurrence, YEARS};
use crate::{
    diagnostic::{Code, did_you_mean},
    document::Cursor,
    explanation::{Explanation, Truth},
};

/// How many windows a rule may have
pub(crate) const WINDOWS_MAX: usize = 16;

/// The longest name of a time zone, in characters
pub(crate) const TIME_ZONE_LENGTH_MAX: usize = 64;

/// How many days may be left out of one window
pub(crate) const EXDATES_MAX: usize = 100;

/// How long one window may last, in days
const DAYS_MAX: i64 = 31;

/// How far ahead a window is looked for, in days: a rule expires after a year
const DAYS_AHEAD_MAX: i64 = 2 * 366;

/// A time that comes again and again
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    // INVARIANT: lasts from a minute to `DAYS_MAX` days, and opens before the rule expires.
    rrule: String,
    recurrence: Recurrence,
    starts: DateTime,
    length: SignedDuration,
    time_zone: TimeZone,
    zone_name: String,
    exdates: BTreeSet<Date>,
    last: Option<Date>,
}

impl Window {
    /// The names of the fields
    pub(crate) const FIELDS: [&'static str; 5] = ["rrule", "starts", "for", "timeZone", "exdates"];

    /// Reads the windows of a rule that expires then
    pub(super) fn read_all(at: &Cursor<'_>, expires: Timestamp) -> Option<Vec<Self>> {
        let windows = at.list_of(|it| Self::read(it, expires))?;
        if windows.len() > WINDOWS_MAX {
            let message = format!("more than {WINDOWS_MAX} windows");
            at.problem(Code::OverLimit, message, Some("join some by `BYDAY`".to_owned()));
            return None;
        }
        Some(windows)
    }

    fn read(at: &Cursor<'_>, expires: Timestamp) -> Option<Self> {
        let fields = at.fields(&Self::FIELDS)?;
        let starts = fields.require("starts").and_then(read_starts);
        let length = fields.require("for").and_then(read_length);
        let time_zone = fields.require("timeZone").and_then(read_time_zone);
        let exdates = fields.or("exdates", BTreeSet::new(), read_exdates);
        // A mistake in `starts` is named by itself; any day does to find those in here.
        let first = starts.map_or(Date::constant(2000, 1, 1), DateTime::date);
        let recurrence = fields.require("rrule").and_then(|it| read_recurrence(it, first));
        let (time_zone, zone_name) = time_zone?;
        let (rrule, recurrence) = recurrence?;
        let last = recurrence.last();
        let (starts, length, exdates) = (starts?, length?, exdates?);
        let window =
            Self { rrule, recurrence, starts, length, time_zone, zone_name, exdates, last };
        if !window.opens_before(expires) {
            let message = "this window never opens before the rule expires";
            let help =
                "compare the days of `rrule` with `starts`, `UNTIL`, `exdates` and `expires`";
            at.problem(Code::BadValue, message, Some(help.to_owned()));
            return None;
        }
        Some(window)
    }

    /// Whether that moment is in it: its first instant is, its end is not
    pub fn contains(&self, now: Timestamp) -> bool {
        self.around(now).is_some()
    }

    /// Its next beginnings and ends, that one first in which `now` is; none begins at `end` or later
    pub(super) fn next(&self, now: Timestamp, end: Timestamp, n: usize) -> Vec<(Zoned, Zoned)> {
        let today = self.local(now);
        let first = today.saturating_sub(self.days_back().days()).max(self.starts.date());
        let last = today.saturating_add(DAYS_AHEAD_MAX.days());
        first
            .series(1.day())
            .take_while(|date| *date <= last)
            .filter_map(|date| self.on(date))
            .skip_while(|(_, close)| close.timestamp() <= now)
            .take_while(|(open, _)| open.timestamp() < end)
            .take(n)
            .collect()
    }

    pub(super) fn explain(&self, now: Timestamp) -> Explanation {
        let answer = Truth::from(self.contains(now));
        let local = now.to_zoned(self.time_zone.clone()).datetime();
        let value = Some(format!("it is {local:.0} there"));
        Explanation { value, ..Explanation::new(self.to_string(), answer) }
    }

    /// The beginning and end that `now` lies between
    fn around(&self, now: Timestamp) -> Option<(Zoned, Zoned)> {
        let today = self.local(now);
        (0..=self.days_back()).find_map(|back| {
            let (open, close) = self.on(today.saturating_sub(back.days()))?;
            (open.timestamp() <= now && now < close.timestamp()).then_some((open, close))
        })
    }

    /// What begins on that day of its time zone.
    ///
    /// A local time that does not exist is moved on by what the clock skips; of one that exists
    /// twice the first counts (RFC 5545, 3.3.5). It ends after its length in real time.
    fn on(&self, date: Date) -> Option<(Zoned, Zoned)> {
        let is_left_out = self.last.is_some_and(|last| last < date) || self.exdates.contains(&date);
        if is_left_out || !self.recurrence.falls_on(date) {
            return None;
        }
        let local = date.to_datetime(self.starts.time());
        let open = self.time_zone.to_ambiguous_zoned(local).compatible().ok()?;
        let close = open.checked_add(self.length).ok()?;
        self.recurrence.has_not_ended(local, open.timestamp()).then_some((open, close))
    }

    fn local(&self, now: Timestamp) -> Date {
        now.to_zoned(self.time_zone.clone()).date()
    }

    /// How many days before `now` one may have begun that has not ended
    const fn days_back(&self) -> i64 {
        self.length.as_hours() / 24 + 2
    }

    fn opens_before(&self, end: Timestamp) -> bool {
        let first = self.recurrence.days().find_map(|it| self.on(it));
        first.is_some_and(|(open, _)| open.timestamp() < end)
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rrule, starts, length, zone_name, .. } = self;
        write!(f, "{rrule} from {} for {length:#}, {zone_name}", starts.time())
    }
}

/// Whether a text has digits and other characters where `form` has `0` and those
fn has_form(text: &str, form: &str) -> bool {
    text.len() == form.len()
        && text.bytes().zip(form.bytes()).all(|(found, wanted)| match wanted {
            b'0' => found.is_ascii_digit(),
            _ => found == wanted,
        })
}

fn read_recurrence(at: &Cursor<'_>, first: Date) -> Option<(String, Recurrence)> {
    let text = at.short_text(RRULE_LENGTH_MAX)?;
    match Recurrence::parse(&text, first) {
        Ok(recurrence) => Some((text, recurrence)),
        Err(mistake) => {
            at.problem(Code::BadValue, mistake.message, Some(mistake.help));
            None
        }
    }
}

fn read_starts(at: &Cursor<'_>) -> Option<DateTime> {
    let text = at.text()?;
    let is_local = has_form(text, "0000-00-00T00:00:00") || has_form(text, "0000-00-00T00:00");
    let starts = text.parse::<DateTime>().ok();
    let starts = starts.filter(|it| is_local && YEARS.contains(&it.year()));
    if starts.is_none() {
        let message =
            format!("`{text}` is no local time from {} to {}", YEARS.start, YEARS.end - 1);
        let help = "write it like `2026-01-03T22:00:00`; `timeZone` says where".to_owned();
        at.problem(Code::BadValue, message, Some(help));
    }
    starts
}

fn read_length(at: &Cursor<'_>) -> Option<SignedDuration> {
    let length = at.duration()?;
    let max = SignedDuration::from_hours(24 * DAYS_MAX);
    if length < SignedDuration::from_mins(1) || length > max {
        let message = format!("a window lasts from a minute to {DAYS_MAX} days");
        let help = "write it like `8h` or `2d`".to_owned();
        at.problem(Code::BadValue, message, Some(help));
        return None;
    }
    Some(length)
}

fn read_time_zone(at: &Cursor<'_>) -> Option<(TimeZone, String)> {
    let name = at.short_text(TIME_ZONE_LENGTH_MAX)?;
    // Why: what is bundled is the same on every machine.
    let known = TimeZoneDatabase::bundled();
    if let Ok(time_zone) = known.get(&name)
        && !time_zone.is_unknown()
    {
        return Some((time_zone, name));
    }
    let names: Vec<String> = known.available().map(|it| it.to_string()).collect();
    let near = did_you_mean(&name, names.iter().map(String::as_str));
    let help = near.map_or("write an IANA name such as `Europe/Oslo`".to_owned(), |it| {
        format!("did you mean `{it}`?")
    });
    at.problem(Code::UnknownWord, format!("`{name}` is no time zone"), Some(help));
    None
}

fn read_exdates(at: &Cursor<'_>) -> Option<BTreeSet<Date>> {
    let dates = at.list_of(|it| {
        let text = it.text()?;
        let date = text.parse::<Date>().ok().filter(|_| has_form(text, "0000-00-00"));
        if date.is_none() {
            let help = "write the day on which the window would begin, like `2026-12-26`";
            it.problem(Code::BadValue, format!("`{text}` is no day"), Some(help.to_owned()));
        }
        date
    })?;
    if dates.len() > EXDATES_MAX {
        at.problem(Code::OverLimit, format!("more than {EXDATES_MAX} days"), None);
        return None;
    }
    Some(dates.into_iter().collect())
}
