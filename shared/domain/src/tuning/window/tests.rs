//! When windows are open: at their edges, over changes of the clock, to their end.

use super::Window;
use crate::{
    diagnostic::Code,
    document::{Cursor, Problems, read_yaml},
    test_kit::time,
};

/// When the rules of these windows expire
const EXPIRES: &str = "2027-06-01T00:00:00Z";

fn read(rrule: &str, rest: &str) -> Result<Window, (Code, String)> {
    let text = format!("{{ rrule: {rrule:?}, {rest} }}");
    let node = read_yaml("w.yaml", &text).unwrap();
    let problems = Problems::new("w.yaml");
    let window = Window::read(&Cursor::new(&node, &problems), time(EXPIRES));
    problems.finish(window).map_err(|it| {
        let help = it[0].help.clone().unwrap_or_default();
        (it[0].code, format!("{} ({help})", it[0].message))
    })
}

fn window(rrule: &str, rest: &str) -> Window {
    read(rrule, rest).unwrap_or_else(|it| panic!("{rrule} {rest}: {it:?}"))
}

/// The next beginnings and ends, in UTC
fn next(window: &Window, now: &str, n: usize) -> Vec<String> {
    let next = window.next(time(now), n);
    next.iter().map(|(open, close)| format!("{} {}", open.timestamp(), close.timestamp())).collect()
}

const OSLO: &str = "starts: 2026-01-03T22:00:00, for: 8h, timeZone: Europe/Oslo";

#[test]
fn its_first_instant_is_in_and_its_end_is_not() {
    let weekend = window("FREQ=WEEKLY;BYDAY=SA,SU", OSLO);
    for (now, expected) in [
        ("2026-11-21T20:59:59.999999999Z", false),
        ("2026-11-21T21:00:00Z", true),
        ("2026-11-22T04:59:59.999999999Z", true),
        ("2026-11-22T05:00:00Z", false),
        ("2026-11-22T21:00:00Z", true),
        ("2026-11-23T04:00:00Z", true),
        ("2026-11-23T21:00:00Z", false),
        // Before it starts at all, and when it starts.
        ("2026-01-02T22:00:00Z", false),
        ("2026-01-03T20:59:59Z", false),
        ("2026-01-03T21:00:00Z", true),
    ] {
        assert_eq!(weekend.contains(time(now)), expected, "at {now}");
    }
}

#[test]
fn a_time_of_day_stays_when_the_clock_changes() {
    let weekend = window("FREQ=WEEKLY;BYDAY=SA", OSLO);
    // Oslo leaves winter time on 29 March and summer time on 25 October 2026, both inside.
    assert_eq!(
        next(&weekend, "2026-03-20T00:00:00Z", 3),
        [
            "2026-03-21T21:00:00Z 2026-03-22T05:00:00Z",
            "2026-03-28T21:00:00Z 2026-03-29T05:00:00Z",
            "2026-04-04T20:00:00Z 2026-04-05T04:00:00Z",
        ]
    );
    assert_eq!(
        next(&weekend, "2026-10-20T00:00:00Z", 2),
        ["2026-10-24T20:00:00Z 2026-10-25T04:00:00Z", "2026-10-31T21:00:00Z 2026-11-01T05:00:00Z"]
    );
    let sydney = window(
        "FREQ=WEEKLY;BYDAY=SU",
        "starts: 2026-01-04T09:00, for: 1h, timeZone: Australia/Sydney",
    );
    // Sydney leaves summer time on 5 April and winter time on 4 October 2026.
    assert_eq!(
        next(&sydney, "2026-03-28T12:00:00Z", 2),
        ["2026-03-28T22:00:00Z 2026-03-28T23:00:00Z", "2026-04-04T23:00:00Z 2026-04-05T00:00:00Z"]
    );
}

#[test]
fn a_local_time_that_is_skipped_is_moved_on() {
    let check = |zone: &str, starts: &str, now: &str, expected: &str| {
        let rest = format!("starts: {starts}, for: 1h, timeZone: {zone}");
        assert_eq!(next(&window("FREQ=DAILY", &rest), now, 1), [expected], "{zone}");
    };
    // 02:30 is not on the clock that night: 03:30 stands for it.
    check(
        "Europe/Oslo",
        "2026-01-01T02:30",
        "2026-03-29T00:00:00Z",
        "2026-03-29T01:30:00Z 2026-03-29T02:30:00Z",
    );
    check(
        "Australia/Sydney",
        "2026-01-01T02:30",
        "2026-10-03T12:00:00Z",
        "2026-10-03T16:30:00Z 2026-10-03T17:30:00Z",
    );
    // Half an hour is skipped here: 02:15 becomes 02:45.
    check(
        "Australia/Lord_Howe",
        "2026-01-01T02:15",
        "2026-10-03T12:00:00Z",
        "2026-10-03T15:45:00Z 2026-10-03T16:45:00Z",
    );
    // A whole day was skipped here, and its window lies on the next.
    check(
        "Pacific/Apia",
        "2011-12-01T12:00",
        "2011-12-30T12:00:00Z",
        "2011-12-30T22:00:00Z 2011-12-30T23:00:00Z",
    );
}

#[test]
fn of_a_local_time_that_is_twice_the_first_counts() {
    let check = |zone: &str, starts: &str, now: &str, expected: &str| {
        let rest = format!("starts: {starts}, for: 90m, timeZone: {zone}");
        assert_eq!(next(&window("FREQ=DAILY", &rest), now, 1), [expected], "{zone}");
    };
    check(
        "Europe/Oslo",
        "2026-01-01T02:30",
        "2026-10-24T12:00:00Z",
        "2026-10-25T00:30:00Z 2026-10-25T02:00:00Z",
    );
    check(
        "Australia/Sydney",
        "2026-01-01T02:30",
        "2026-04-04T12:00:00Z",
        "2026-04-04T15:30:00Z 2026-04-04T17:00:00Z",
    );
}

#[test]
fn it_ends_by_until_by_count_and_leaves_days_out() {
    let first_days = |rrule: &str, rest: &str| -> Vec<String> {
        let rest = format!("starts: 2026-01-05T22:00, for: 1h, timeZone: Europe/Oslo{rest}");
        let next = window(rrule, &rest).next(time("2026-01-01T00:00:00Z"), 5);
        next.iter().map(|(open, _)| open.date().to_string()).collect()
    };
    let three = ["2026-01-05", "2026-01-06", "2026-01-07"];
    assert_eq!(first_days("FREQ=DAILY;COUNT=3", ""), three);
    assert_eq!(first_days("FREQ=DAILY;UNTIL=20260107", ""), three);
    assert_eq!(first_days("FREQ=DAILY;UNTIL=20260107T220000", ""), three);
    assert_eq!(first_days("FREQ=DAILY;UNTIL=20260107T215959", ""), three[..2]);
    // More often than the rule lasts is as often as it lasts.
    assert_eq!(first_days("FREQ=DAILY;COUNT=4294967295", "").len(), 5);
    // A day that is left out counts all the same (RFC 5545).
    let out = ", exdates: [2026-01-06]";
    assert_eq!(first_days("FREQ=DAILY;COUNT=3", out), ["2026-01-05", "2026-01-07"]);
    assert_eq!(first_days("FREQ=DAILY;COUNT=1", ""), ["2026-01-05"]);
}

#[test]
fn one_that_began_long_ago_is_found_at_once() {
    let old =
        window("FREQ=DAILY;INTERVAL=3", "starts: 1970-01-01T00:00, for: 1h, timeZone: Europe/Oslo");
    for _ in 0..1_000 {
        assert!(!old.contains(time("2026-11-22T10:30:00Z")));
    }
    assert_eq!(
        next(&old, "2026-11-22T10:30:00Z", 1),
        ["2026-11-23T23:00:00Z 2026-11-24T00:00:00Z"]
    );
}

#[test]
fn one_may_be_longer_than_the_time_to_the_next() {
    let long = window("FREQ=DAILY", "starts: 2026-01-01T00:00, for: 31d, timeZone: UTC");
    assert!(long.contains(time("2026-06-01T00:00:00Z")));
    let monthly = window("FREQ=MONTHLY", "starts: 2026-01-31T00:00, for: 31d, timeZone: UTC");
    assert!(monthly.contains(time("2026-03-02T23:59:59Z")));
    assert!(!monthly.contains(time("2026-03-03T00:00:00Z")));
}

#[test]
fn what_is_no_rule_of_a_window_is_refused_with_help() {
    let hour = "starts: 2026-01-03T22:00, for: 1h, timeZone: UTC";
    for rrule in [
        "",
        "FREQ",
        "FREQ=SECONDLY",
        "FREQ=MINUTELY",
        "FREQ=HOURLY",
        "BYDAY=SA",
        "RRULE:FREQ=DAILY",
        "FREQ=DAILY;",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=99999999999999999999",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=1000000000",
        "FREQ=DAILY;COUNT=1;UNTIL=20270101",
        "FREQ=DAILY;UNTIL=2027-01-01",
        "FREQ=DAILY;UNTIL=20270230",
        "FREQ=DAILY;UNTIL=",
        "FREQ=DAILY;UNTIL=20250101",
        "FREQ=DAILY;UNTIL=20270101T000000Z",
        "FREQ=DAILY;BYHOUR=1",
        "FREQ=WEEKLY;BYDAY=1SA",
        "FREQ=WEEKLY;BYMONTHDAY=1",
        "FREQ=WEEKLY;BYDAY=",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;BYDAY=ÅÅ",
        "FREQ=MONTHLY;BYDAY=54SA",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=YEARLY;BYMONTH=13",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=1;BYSETPOS=32",
        "FREQ=YEARLY;BYWEEKNO=1",
    ] {
        let Err((code, words)) = read(rrule, hour) else { panic!("{rrule} is taken") };
        assert!([Code::BadValue, Code::WrongType].contains(&code), "{rrule}: {words}");
        assert!(rrule.is_empty() || !words.contains("()"), "{rrule}: no help in {words}");
    }
}

#[test]
fn what_is_odd_beside_the_rule_is_refused_with_help() {
    for (rest, code, help) in [
        ("starts: 2026-01-03T22:00:00Z, for: 1h, timeZone: UTC", Code::BadValue, "write it like"),
        ("starts: 2026-01-03, for: 1h, timeZone: UTC", Code::BadValue, "write it like"),
        ("starts: 1969-12-31T22:00, for: 1h, timeZone: UTC", Code::BadValue, "from 1970"),
        ("starts: 2026-01-03T22:00, for: 0h, timeZone: UTC", Code::BadValue, "a minute"),
        ("starts: 2026-01-03T22:00, for: 32d, timeZone: UTC", Code::BadValue, "31 days"),
        ("starts: 2026-01-03T22:00, for: -1h, timeZone: UTC", Code::BadValue, "a minute"),
        (
            "starts: 2026-01-03T22:00, for: 1h, timeZone: Europe/Olso",
            Code::UnknownWord,
            "did you mean `Europe/Oslo`?",
        ),
        (
            "starts: 2026-01-03T22:00, for: 1h, timeZone: Etc/Unknown",
            Code::UnknownWord,
            "no time zone",
        ),
        (
            "starts: 2026-01-03T22:00, for: 1h, timeZone: Central Standard Time",
            Code::UnknownWord,
            "IANA",
        ),
        (
            "starts: 2026-01-03T22:00, for: 1h, timeZone: UTC, exdates: [tomorrow]",
            Code::BadValue,
            "2026-12-26",
        ),
    ] {
        let (found, words) = read("FREQ=DAILY", rest).unwrap_err();
        assert_eq!(found, code, "{rest}: {words}");
        assert!(words.contains(help), "{rest}: {words}");
    }
}
