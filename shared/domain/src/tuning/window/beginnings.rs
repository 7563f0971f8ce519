//! When a window begins, by a recurrence rule of iCalendar (RFC 5545, RRULE).
//!
//! The crate `rrule` counts the beginnings up, on a clock without time zones; what each of them is
//! where the window is, is the window's to say.

use jiff::{Timestamp, civil::DateTime, tz::Offset};
use rrule::RRuleSet;

/// The longest rule, in characters
pub(crate) const LENGTH_MAX: usize = 256;

/// Beginnings after this are not counted up
const LAST: DateTime = DateTime::constant(2100, 1, 1, 0, 0, 0, 0);

/// The parts that are taken
const PARTS: [&str; 9] =
    ["FREQ", "INTERVAL", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS", "COUNT", "UNTIL", "WKST"];

/// The frequencies that are taken
const FREQUENCIES: [&str; 4] = ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"];

/// What is wrong with a rule, and what to do
#[derive(Debug)]
pub(super) struct Mistake {
    pub(super) message: String,
    pub(super) help: String,
}

/// Every local time at which it begins, from `starts` to `last`
pub(super) fn of(rrule: &str, starts: DateTime, last: DateTime) -> Result<Vec<DateTime>, Mistake> {
    let parts: Vec<String> =
        rrule.to_ascii_uppercase().split(';').map(part).collect::<Result<_, _>>()?;
    check(&parts)?;
    let text = format!("DTSTART:{}\nRRULE:{}", starts.strftime("%Y%m%dT%H%M%SZ"), parts.join(";"));
    let set: RRuleSet = text.parse().map_err(|error: rrule::RRuleError| {
        mistake(
            format!("this is no recurrence rule: {error}"),
            "write it like `FREQ=WEEKLY;BYDAY=SA,SU`",
        )
    })?;
    let last = last.min(LAST);
    let beginnings = set
        .limit()
        .into_iter()
        .filter_map(|it| Timestamp::from_second(it.timestamp()).ok())
        .map(|it| Offset::UTC.to_datetime(it))
        .take_while(|it| *it <= last);
    Ok(beginnings.collect())
}

/// Refuses what RFC 5545 forbids and the library takes for something else
fn check(parts: &[String]) -> Result<(), Mistake> {
    let value = |name: &str| parts.iter().find_map(|it| it.strip_prefix(name));
    let is_nth = value("BYDAY=").is_some_and(|it| it.contains(|it: char| it.is_ascii_digit()));
    if is_nth && matches!(value("FREQ="), Some("DAILY" | "WEEKLY")) {
        let help = "write `FREQ=MONTHLY` or `FREQ=YEARLY`, or the weekday alone";
        return Err(mistake("the nth weekday is one of a month or a year", help));
    }
    if value("COUNT=").is_some() && value("UNTIL=").is_some() {
        return Err(mistake("`COUNT` and `UNTIL` do not go together", "keep one of them"));
    }
    Ok(())
}

/// One part as the library takes it
fn part(text: &str) -> Result<String, Mistake> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    if !PARTS.contains(&name) {
        return Err(unknown_part(name));
    }
    let fits = |it: char| it.is_ascii_alphanumeric() || it == ',' || it == '-' || it == '+';
    if value.is_empty() || !value.chars().all(fits) {
        return Err(mistake(
            format!("`{value}` is no value of `{name}`"),
            "write it like `FREQ=WEEKLY;BYDAY=SA,SU`",
        ));
    }
    match name {
        "FREQ" if !FREQUENCIES.contains(&value) => Err(mistake(
            format!("`{value}` is no frequency of a window"),
            "write `FREQ=DAILY`, `WEEKLY`, `MONTHLY` or `YEARLY`",
        )),
        // `starts` is a local time, and so is what ends it; the library's clock is UTC throughout.
        "UNTIL" if value.len() == "20261231".len() => Ok(format!("{name}={value}T235959Z")),
        "UNTIL" if value.len() == "20261231T220000".len() => Ok(format!("{name}={value}Z")),
        "UNTIL" => Err(mistake(
            format!("`{value}` is no local time"),
            "write it like `20261231` or `20261231T220000`, where the window is",
        )),
        _ => Ok(text.to_owned()),
    }
}

fn unknown_part(name: &str) -> Mistake {
    let help = match name {
        "BYHOUR" | "BYMINUTE" | "BYSECOND" => {
            "write the time of day in `starts`; two times of day are two windows".to_owned()
        }
        "BYWEEKNO" | "BYYEARDAY" => "write `BYMONTH` and `BYMONTHDAY`".to_owned(),
        "EXDATE" => "write the days in `exdates`".to_owned(),
        _ => {
            let quoted: Vec<String> = PARTS.iter().map(|it| format!("`{it}`")).collect();
            format!("possible are {}", quoted.join(", "))
        }
    };
    mistake(format!("`{name}` is no part of a recurrence rule here"), &help)
}

fn mistake(message: impl Into<String>, help: &str) -> Mistake {
    Mistake { message: message.into(), help: help.to_owned() }
}
