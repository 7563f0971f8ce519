//! Time zones as Exchange writes them, and points in time in them.
//!
//! A name is `UTC`, one of Windows (`Pacific Standard Time`, by Unicode's table) or one of IANA
//! (`America/Los_Angeles`). Where summer time begins or ends, a time of day may happen never or
//! twice; it is then read as calendars read it ("compatible"): a time in the gap is as much later
//! as the gap is long, and of two equal times the first is meant.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use windows_timezones::WindowsTimezone;

/// What Exchange puts before the names of zones of its own
const EXCHANGE_PREFIX: &str = "tzone://Microsoft/";

/// The point in time that a date and a time of day mean in a zone; `None` where either is not
/// understood.
///
/// The text has no offset. One that has is not understood: it might contradict the zone.
pub(super) fn instant(date_time: &str, zone_name: &str) -> Option<Timestamp> {
    let (_date, time) = date_time.split_once('T')?;
    if !time.bytes().all(|it| it.is_ascii_digit() || matches!(it, b':' | b'.')) {
        return None;
    }
    let date_time: DateTime = date_time.parse().ok()?;
    zone(zone_name)?.to_ambiguous_timestamp(date_time).compatible().ok()
}

/// The zone of that name, if anybody knows it
fn zone(name: &str) -> Option<TimeZone> {
    let name = name.strip_prefix(EXCHANGE_PREFIX).unwrap_or(name).trim();
    let name = match name.parse::<WindowsTimezone>() {
        Ok(windows) => windows.tzdb_id(),
        // Not Windows' name for a zone, so it may be IANA's.
        Err(windows_timezones::ParseWindowsTimezoneError) => name,
    };
    TimeZone::get(name).ok().filter(|it| !it.is_unknown())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_go_by_any_of_their_names() {
        for name in ["UTC", "utc", "Etc/UTC", "GMT", "tzone://Microsoft/Utc"] {
            check("2026-07-01T09:00:00.0000000", name, Some("2026-07-01T09:00:00Z"));
        }
        for name in ["Pacific Standard Time", "America/Los_Angeles", "america/los_angeles"] {
            check("2026-07-01T09:00:00.0000000", name, Some("2026-07-01T16:00:00Z"));
            check("2026-12-01T09:00:00", name, Some("2026-12-01T17:00:00Z"));
        }
        check("2026-07-01T09:00:00", "W. Europe Standard Time", Some("2026-07-01T07:00:00Z"));
        check("2026-07-01T09:00:00", "GMT Standard Time", Some("2026-07-01T08:00:00Z"));
        check("2026-07-01T09:00:00", "Greenwich Standard Time", Some("2026-07-01T09:00:00Z"));
        check("2026-07-01T09:00:00", "India Standard Time", Some("2026-07-01T03:30:00Z"));
        check("2026-07-01T09:00:00", "Nepal Standard Time", Some("2026-07-01T03:15:00Z"));
        check("2026-07-01T09:00:00", "US Mountain Standard Time", Some("2026-07-01T16:00:00Z"));
        check("2026-07-01T09:00:00", "Tokyo Standard Time", Some("2026-07-01T00:00:00Z"));
        check("2026-07-01T09:00:00", "UTC-11", Some("2026-07-01T20:00:00Z"));
        check("2026-07-01T09:00:00", "UTC+13", Some("2026-06-30T20:00:00Z"));
        check("2026-07-01T09:00:00", "Line Islands Standard Time", Some("2026-06-30T19:00:00Z"));
        check("2026-07-01T09:00:00", "Asia/Calcutta", Some("2026-07-01T03:30:00Z"));
    }

    #[test]
    fn summer_time_begins_and_ends_as_calendars_read_it() {
        // In Los Angeles clocks went from 02:00 to 03:00 on 8 March 2026.
        let pacific = "Pacific Standard Time";
        check("2026-03-08T01:59:59", pacific, Some("2026-03-08T09:59:59Z"));
        check("2026-03-08T02:30:00", pacific, Some("2026-03-08T10:30:00Z"));
        check("2026-03-08T03:00:00", pacific, Some("2026-03-08T10:00:00Z"));
        // And from 02:00 to 01:00 on 1 November 2026.
        check("2026-11-01T00:59:59", pacific, Some("2026-11-01T07:59:59Z"));
        check("2026-11-01T01:30:00", pacific, Some("2026-11-01T08:30:00Z"));
        check("2026-11-01T02:00:00", pacific, Some("2026-11-01T10:00:00Z"));
        // Half an hour at Lord Howe Island.
        let lord_howe = "Lord Howe Standard Time";
        check("2026-10-04T02:15:00", lord_howe, Some("2026-10-03T15:45:00Z"));
    }

    #[test]
    fn what_is_not_understood_is_not_guessed() {
        for zone in ["", "Customized Time Zone", "tzone://Microsoft/Custom", "Mars/Olympus"] {
            check("2026-07-01T09:00:00", zone, None);
        }
        check("2026-07-01T09:00:00", "Etc/Unknown", None);
        check("2026-07-01T09:00:00", "pacific standard time", None);
        check("2026-07-01T09:00:00Z", "UTC", None);
        check("2026-07-01T09:00:00+02:00", "UTC", None);
        check("2026-07-01T09:00:00-07:00", "Pacific Standard Time", None);
        check("2026-07-01T09:00:00[Asia/Tokyo]", "UTC", None);
        check("2026-07-01", "UTC", None);
        check("2026-02-30T09:00:00", "UTC", None);
        check("01/07/2026 09:00", "UTC", None);
        check("", "UTC", None);
    }

    #[test]
    fn the_ends_of_time_are_no_panic() {
        check("-009999-01-01T00:00:00", "UTC", None);
        check("9999-12-31T23:59:59.9999999", "Dateline Standard Time", None);
        check("0001-01-01T00:00:00.0000000", "UTC", Some("0001-01-01T00:00:00Z"));
    }

    #[track_caller]
    fn check(date_time: &str, zone: &str, expected: Option<&str>) {
        let found = instant(date_time, zone).map(|it| it.to_string());
        assert_eq!(found.as_deref(), expected, "for {date_time:?} in {zone:?}");
    }
}
