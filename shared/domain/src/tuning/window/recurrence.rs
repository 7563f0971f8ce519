//! A recurrence rule of iCalendar (RFC 5545, RRULE) over days: whether something begins on a day.
//!
//! Only frequencies of a day and more are taken, and at most one beginning a day, so that a day is
//! asked about itself and not counted up to from the first one (ADR 8).

use jiff::{
    Timestamp, ToSpan as _,
    civil::{Date, DateTime, Weekday},
};

/// The longest rule, in characters
pub(crate) const LENGTH_MAX: usize = 256;

/// How many periods may lie from one to the next
const INTERVAL_MAX: i32 = 1_000;

/// How often it may recur where that is said
const COUNT_MAX: u32 = 1_000;

/// The years that are reckoned with
pub(super) const YEARS: std::ops::Range<i16> = 1970..2100;

/// The parts that are taken
const PARTS: [&str; 9] =
    ["FREQ", "INTERVAL", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS", "COUNT", "UNTIL", "WKST"];

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("MO", Weekday::Monday),
    ("TU", Weekday::Tuesday),
    ("WE", Weekday::Wednesday),
    ("TH", Weekday::Thursday),
    ("FR", Weekday::Friday),
    ("SA", Weekday::Saturday),
    ("SU", Weekday::Sunday),
];

/// What is wrong with a rule, and what to do
#[derive(Debug)]
pub(super) struct Mistake {
    pub(super) message: String,
    pub(super) help: String,
}

/// On which days something begins
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recurrence {
    // INVARIANT: parts that fit each other, and what RFC 5545 takes from the first day where they
    // say nothing is filled in.
    first: Date,
    frequency: Frequency,
    interval: i32,
    months: Vec<i8>,
    month_days: Vec<i8>,
    days: Vec<Day>,
    positions: Vec<i16>,
    week_start: Weekday,
    end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// A weekday: every one of the period, or the nth from its beginning or end
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Day {
    nth: Option<i8>,
    weekday: Weekday,
}

/// When it recurs no more
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Never,
    Count(u32),
    OnLocal(DateTime),
    On(Timestamp),
}

impl Recurrence {
    pub(super) fn parse(text: &str, first: Date) -> Result<Self, Mistake> {
        let upper = text.to_ascii_uppercase();
        let mut parts: Vec<(&str, &str)> = Vec::new();
        for part in upper.split(';') {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            if !PARTS.contains(&name) {
                return Err(unknown_part(name));
            }
            if parts.iter().any(|(known, _)| *known == name) {
                return Err(mistake(format!("`{name}` stands there twice"), "keep one of them"));
            }
            parts.push((name, value));
        }
        let get = |name: &str| parts.iter().find(|(it, _)| *it == name).map(|(_, it)| *it);
        let rule = Self {
            first,
            frequency: frequency(get("FREQ"))?,
            interval: get("INTERVAL").map_or(Ok(1), |it| within(it, 1, INTERVAL_MAX))?,
            months: list(get("BYMONTH"), |it| within(it, 1, 12))?,
            month_days: list(get("BYMONTHDAY"), |it| within_signed(it, 31))?,
            days: list(get("BYDAY"), day)?,
            positions: list(get("BYSETPOS"), |it| within_signed(it, 366))?,
            week_start: get("WKST").map_or(Ok(Weekday::Monday), weekday)?,
            end: end(get("COUNT"), get("UNTIL"))?,
        };
        rule.check()?;
        Ok(rule.filled_in())
    }

    /// Refuses parts that RFC 5545 forbids together
    fn check(&self) -> Result<(), Mistake> {
        let monthly = matches!(self.frequency, Frequency::Monthly | Frequency::Yearly);
        if !monthly && self.days.iter().any(|it| it.nth.is_some()) {
            let help = "write `FREQ=MONTHLY` or `FREQ=YEARLY`, or the weekday alone";
            return Err(mistake("the nth weekday is one of a month or a year", help));
        }
        if self.frequency == Frequency::Weekly && !self.month_days.is_empty() {
            let help = "write `FREQ=DAILY` or `FREQ=MONTHLY`";
            return Err(mistake("a week has no `BYMONTHDAY`", help));
        }
        if !self.positions.is_empty() && !monthly {
            let help = "write `FREQ=MONTHLY` or `FREQ=YEARLY`";
            return Err(mistake("`BYSETPOS` chooses among the days of a month or a year", help));
        }
        let chooses =
            !self.days.is_empty() || !self.month_days.is_empty() || !self.months.is_empty();
        if !self.positions.is_empty() && !chooses {
            let help = "add `BYDAY`, `BYMONTHDAY` or `BYMONTH`";
            return Err(mistake("`BYSETPOS` chooses among the days of another part", help));
        }
        Ok(())
    }

    /// Takes from the first day what the parts do not say
    fn filled_in(mut self) -> Self {
        if self.days.is_empty() && self.month_days.is_empty() {
            match self.frequency {
                Frequency::Daily => {}
                Frequency::Weekly => {
                    self.days = vec![Day { nth: None, weekday: self.first.weekday() }];
                }
                Frequency::Monthly => self.month_days = vec![self.first.day()],
                Frequency::Yearly => {
                    self.month_days = vec![self.first.day()];
                    if self.months.is_empty() {
                        self.months = vec![self.first.month()];
                    }
                }
            }
        }
        self
    }

    /// Whether it begins on that day, as far as the days go that its end leaves
    pub(super) fn falls_on(&self, date: Date) -> bool {
        date >= self.first
            && self.is_in_turn(date)
            && self.fits(date)
            && (self.positions.is_empty() || self.in_period(date).contains(&date))
    }

    /// Whether something that begins at `local`, which is `instant`, begins before the end
    pub(super) fn has_not_ended(&self, local: DateTime, instant: Timestamp) -> bool {
        match self.end {
            End::Never | End::Count(_) => true,
            End::OnLocal(end) => local <= end,
            End::On(end) => instant <= end,
        }
    }

    /// The last day, where it recurs so and so often
    pub(super) fn last(&self) -> Option<Date> {
        let End::Count(count) = self.end else { return None };
        self.days().nth(usize::try_from(count).ok()?.checked_sub(1)?)
    }

    /// Every day on which it begins, whatever its end
    pub(super) fn days(&self) -> impl Iterator<Item = Date> {
        // Why: a period at a time, for the days of one are found together.
        let next = |begin: &Date| self.period(*begin).1.tomorrow().ok();
        std::iter::successors(Some(self.first), next)
            .take_while(|begin| YEARS.contains(&begin.year()))
            .filter(|begin| self.is_in_turn(*begin))
            .flat_map(|begin| self.in_period(begin))
            .filter(|date| *date >= self.first)
    }

    /// The days of the period around `date` on which it begins
    fn in_period(&self, date: Date) -> Vec<Date> {
        let (first, last) = self.period(date);
        let days: Vec<Date> = first
            .series(1.day())
            .take_while(|it| *it <= last)
            .filter(|it| self.fits(*it))
            .collect();
        if self.positions.is_empty() {
            return days;
        }
        let n_days = days.len();
        let is_chosen = |index: usize| {
            self.positions.iter().any(|position| {
                let place = usize::from(position.unsigned_abs());
                if *position > 0 { index + 1 == place } else { index + place == n_days }
            })
        };
        days.into_iter().enumerate().filter(|(it, _)| is_chosen(*it)).map(|(_, it)| it).collect()
    }

    /// The first and the last day of the day, week, month or year
    fn period(&self, date: Date) -> (Date, Date) {
        match self.frequency {
            Frequency::Daily => (date, date),
            Frequency::Weekly => {
                let first = self.week_of(date);
                (first, first.saturating_add(6.days()))
            }
            Frequency::Monthly => (date.first_of_month(), date.last_of_month()),
            Frequency::Yearly => (date.first_of_year(), date.last_of_year()),
        }
    }

    fn week_of(&self, date: Date) -> Date {
        date.saturating_sub(i64::from(date.weekday().since(self.week_start)).days())
    }

    /// Whether its period is one of every `interval`
    fn is_in_turn(&self, date: Date) -> bool {
        let days = |from: Date, to: Date| to.duration_since(from).as_hours() / 24;
        let months = |it: Date| i64::from(it.year()) * 12 + i64::from(it.month());
        let n_periods = match self.frequency {
            Frequency::Daily => days(self.first, date),
            Frequency::Weekly => days(self.week_of(self.first), self.week_of(date)) / 7,
            Frequency::Monthly => months(date) - months(self.first),
            Frequency::Yearly => i64::from(date.year()) - i64::from(self.first.year()),
        };
        n_periods % i64::from(self.interval) == 0
    }

    fn fits(&self, date: Date) -> bool {
        let month_days = [date.day(), date.day() - date.days_in_month() - 1];
        (self.months.is_empty() || self.months.contains(&date.month()))
            && (self.month_days.is_empty()
                || month_days.iter().any(|it| self.month_days.contains(it)))
            && (self.days.is_empty() || self.days.iter().any(|it| self.is_day(*it, date)))
    }

    fn is_day(&self, day: Day, date: Date) -> bool {
        if day.weekday != date.weekday() {
            return false;
        }
        let Some(nth) = day.nth else { return true };
        // "The second Tuesday" is one of the month, unless the rule is about whole years.
        let of_year = self.frequency == Frequency::Yearly && self.months.is_empty();
        let (day, n_days) = if of_year {
            (date.day_of_year(), date.days_in_year())
        } else {
            (i16::from(date.day()), i16::from(date.days_in_month()))
        };
        let nth = i16::from(nth);
        (day - 1) / 7 + 1 == nth || -((n_days - day) / 7 + 1) == nth
    }
}

fn mistake(message: impl Into<String>, help: &str) -> Mistake {
    Mistake { message: message.into(), help: help.to_owned() }
}

fn unknown_part(name: &str) -> Mistake {
    let possible = || {
        let quoted: Vec<String> = PARTS.iter().map(|it| format!("`{it}`")).collect();
        format!("possible are {}", quoted.join(", "))
    };
    let help = match name {
        "BYHOUR" | "BYMINUTE" | "BYSECOND" => {
            "write the time of day in `starts`; two times of day are two windows".to_owned()
        }
        "BYWEEKNO" | "BYYEARDAY" => "write `BYMONTH` and `BYMONTHDAY`".to_owned(),
        "EXDATE" => "write the days in `exdates`".to_owned(),
        _ => possible(),
    };
    mistake(format!("`{name}` is no part of a recurrence rule here"), &help)
}

fn frequency(text: Option<&str>) -> Result<Frequency, Mistake> {
    const HELP: &str = "write `FREQ=DAILY`, `WEEKLY`, `MONTHLY` or `YEARLY`";
    match text {
        Some("DAILY") => Ok(Frequency::Daily),
        Some("WEEKLY") => Ok(Frequency::Weekly),
        Some("MONTHLY") => Ok(Frequency::Monthly),
        Some("YEARLY") => Ok(Frequency::Yearly),
        Some(other) => Err(mistake(format!("`{other}` is no frequency of a window"), HELP)),
        None => Err(mistake("`FREQ` is missing", HELP)),
    }
}

fn list<T>(
    text: Option<&str>,
    read: impl Fn(&str) -> Result<T, Mistake>,
) -> Result<Vec<T>, Mistake> {
    text.map_or(Ok(Vec::new()), |it| it.split(',').map(read).collect())
}

fn within<T: TryFrom<i64>>(text: &str, min: i64, max: impl Into<i64>) -> Result<T, Mistake> {
    let max = max.into();
    let is_digits = !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    let number = is_digits.then(|| text.parse::<i64>().ok()).flatten();
    number.filter(|it| (min..=max).contains(it)).and_then(|it| T::try_from(it).ok()).ok_or_else(
        || {
            mistake(
                format!("`{text}` is no number from {min} to {max}"),
                &format!("write one from {min} to {max}"),
            )
        },
    )
}

/// A number from 1 to `max`, or from -1 to -`max`, which counts from the end
fn within_signed<T: TryFrom<i64> + std::ops::Neg<Output = T>>(
    text: &str,
    max: i64,
) -> Result<T, Mistake> {
    match text.strip_prefix('-') {
        Some(digits) => within(digits, 1, max).map(T::neg),
        None => within(text.strip_prefix('+').unwrap_or(text), 1, max),
    }
}

fn weekday(text: &str) -> Result<Weekday, Mistake> {
    let found = WEEKDAYS.iter().find(|(name, _)| *name == text).map(|(_, it)| *it);
    found.ok_or_else(|| {
        mistake(
            format!("`{text}` is no weekday"),
            "write `MO`, `TU`, `WE`, `TH`, `FR`, `SA` or `SU`",
        )
    })
}

/// Reads `SU`, or `-1SU` for the last one
fn day(text: &str) -> Result<Day, Mistake> {
    let (nth, name) = text.split_at(text.find(|it: char| it.is_ascii_alphabetic()).unwrap_or(0));
    let nth = if nth.is_empty() { None } else { Some(within_signed(nth, 53)?) };
    Ok(Day { nth, weekday: weekday(name)? })
}

fn end(count: Option<&str>, until: Option<&str>) -> Result<End, Mistake> {
    match (count, until) {
        (None, None) => Ok(End::Never),
        (Some(count), None) => within(count, 1, COUNT_MAX).map(End::Count),
        (None, Some(until)) => read_until(until),
        (Some(_), Some(_)) => {
            Err(mistake("`COUNT` and `UNTIL` do not go together", "keep one of them"))
        }
    }
}

fn read_until(text: &str) -> Result<End, Mistake> {
    let shape: String = text.chars().map(|it| if it.is_ascii_digit() { 'd' } else { it }).collect();
    let end = match shape.as_str() {
        "dddddddd" => {
            let day = text.parse::<Date>().ok();
            day.map(|it| End::OnLocal(it.at(23, 59, 59, 999_999_999)))
        }
        "ddddddddTdddddd" => text.parse().ok().map(End::OnLocal),
        "ddddddddTddddddZ" => text.parse().ok().map(End::On),
        _ => None,
    };
    end.ok_or_else(|| {
        let help = "write it like `20261231`, `20261231T220000` or `20261231T220000Z`";
        mistake(format!("`{text}` is no end"), help)
    })
}
