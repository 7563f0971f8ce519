//! Windows in which alone a tuning rule holds: when one begins, for how long, in which time zone.
//!
//! What is compared is the time of the decision, not what the alert says of its activity: that
//! comes from outside, may be missing, and may be set by whom the alert is about.

mod beginnings;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, fmt};

use jiff::{
    SignedDuration, Timestamp, Zoned,
    civil::{Date, DateTime},
    tz::{TimeZone, TimeZoneDatabase},
};

pub(crate) use self::beginnings::LENGTH_MAX as RRULE_LENGTH_MAX;
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

/// The years in which one may start
const YEARS: std::ops::Range<i16> = 1970..2100;

/// A time that comes again and again
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    // INVARIANT: lasts from a minute to `DAYS_MAX` days each time.
    rrule: String,
    starts: DateTime,
    length: SignedDuration,
    time_zone: TimeZone,
    zone_name: String,
    // INVARIANT: each is `length` long, in order, at least one, and none opens once the rule has
    // expired.
    times: Vec<(Timestamp, Timestamp)>,
}

impl Window {
    /// The names of the fields
    pub(crate) const FIELDS: [&'static str; 5] = ["rrule", "starts", "for", "timeZone", "exdates"];

    /// Reads a list of windows of a rule that expires then
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
        let written =
            fields.require("rrule").and_then(|it| Some((it, it.short_text(RRULE_LENGTH_MAX)?)));
        let (time_zone, zone_name) = time_zone?;
        let ((place, rrule), starts, length, exdates) = (written?, starts?, length?, exdates?);
        let last = expires.to_zoned(time_zone.clone()).datetime();
        let beginnings = match beginnings::of(&rrule, starts, last) {
            Ok(beginnings) => beginnings,
            Err(mistake) => {
                place.problem(Code::BadValue, mistake.message, Some(mistake.help));
                return None;
            }
        };
        let times: Vec<(Timestamp, Timestamp)> = beginnings
            .into_iter()
            .filter(|it| !exdates.contains(&it.date()))
            .filter_map(|local| times_of(local, length, &time_zone))
            .take_while(|(open, _)| *open < expires)
            .collect();
        if times.is_empty() {
            let help = "compare `starts`, `UNTIL` and `exdates` with the days of the rule";
            let message = "this window never opens before the rule expires";
            at.problem(Code::BadValue, message, Some(help.to_owned()));
            return None;
        }
        Some(Self { rrule, starts, length, time_zone, zone_name, times })
    }

    /// Whether that moment is in it: its first instant is, its end is not
    pub fn contains(&self, now: Timestamp) -> bool {
        // All are equally long, so the one that opened last is the one that closes last.
        let n_opened = self.times.partition_point(|(open, _)| *open <= now);
        let last = n_opened.checked_sub(1).and_then(|it| self.times.get(it));
        last.is_some_and(|(_, close)| now < *close)
    }

    /// Its next beginnings and ends, that one first in which `now` is
    pub(super) fn next(&self, now: Timestamp, n: usize) -> Vec<(Zoned, Zoned)> {
        let n_closed = self.times.partition_point(|(_, close)| *close <= now);
        let there = |it: Timestamp| it.to_zoned(self.time_zone.clone());
        let next = self.times.iter().skip(n_closed).take(n);
        next.map(|(open, close)| (there(*open), there(*close))).collect()
    }

    pub(super) fn explain(&self, now: Timestamp) -> Explanation {
        let answer = Truth::from(self.contains(now));
        let local = now.to_zoned(self.time_zone.clone()).datetime();
        let value = Some(format!("it is {local:.0} there"));
        Explanation { value, ..Explanation::new(self.to_string(), answer) }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rrule, starts, length, zone_name, .. } = self;
        write!(f, "{rrule} from {} for {length:#}, {zone_name}", starts.time())
    }
}

/// Beginning and end of what begins at that local time.
///
/// A local time that does not exist is moved on by what the clock skips; of one that exists twice
/// the first counts (RFC 5545, 3.3.5). It ends after its length in real time.
fn times_of(
    local: DateTime,
    length: SignedDuration,
    time_zone: &TimeZone,
) -> Option<(Timestamp, Timestamp)> {
    let open = time_zone.to_ambiguous_zoned(local).compatible().ok()?.timestamp();
    Some((open, open.checked_add(length).ok()?))
}

/// Whether a text has digits and other characters where `form` has `0` and those
fn has_form(text: &str, form: &str) -> bool {
    text.len() == form.len()
        && text.bytes().zip(form.bytes()).all(|(found, wanted)| match wanted {
            b'0' => found.is_ascii_digit(),
            _ => found == wanted,
        })
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
