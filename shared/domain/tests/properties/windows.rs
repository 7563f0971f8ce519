//! Windows open on the days that a well-known library gives, which counts them up from the first.

use defuse_domain::TuningRule;
use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::Date};
use proptest::{collection::vec, prelude::*, sample::select};
use rrule::RRuleSet;

const RULE: &str = "apiVersion: defuse/v1\nkind: TuningRule\nname: a\nowner: o\nreason: r\n\
    serviceSources: [microsoftDefenderForEndpoint]\nalertTypes: any\nscope: organisation\n\
    condition: { all: [{ alert: { severity: low } }, { evidence: any }] }\naction: hide\n\
    expires: 2100-01-01T00:00:00Z\n";

/// The parts of a rule that go together, most of the time
fn rrule() -> impl Strategy<Value = String> {
    let weekdays = || select(vec!["MO", "TU", "WE", "TH", "FR", "SA", "SU"]);
    let list = |items: Vec<String>| {
        vec(select(items), 1..4).prop_map(|mut it| {
            it.sort();
            it.dedup();
            it.join(",")
        })
    };
    let signed = |max: i32| (-max..=max).filter(|it| *it != 0).map(|it| it.to_string()).collect();
    // Why: of `MO,1MO` the library makes the first Mondays alone, and RFC 5545 every Monday.
    let plain = vec(weekdays().prop_map(str::to_owned), 1..4);
    let nth = vec((select(vec!["1", "2", "-1", "5"]), weekdays()), 1..4)
        .prop_map(|it| it.iter().map(|(nth, day)| format!("{nth}{day}")).collect::<Vec<_>>());
    let days = prop_oneof![2 => plain, 1 => nth];
    let part = |name: &'static str, values: BoxedStrategy<String>| {
        proptest::option::weighted(0.4, values)
            .prop_map(move |it| it.map(|it| format!(";{name}={it}")).unwrap_or_default())
    };
    let months: Vec<String> = (1..=12).map(|it| it.to_string()).collect();
    let end = prop_oneof![
        3 => Just(String::new()),
        1 => (1..60_u32).prop_map(|it| format!(";COUNT={it}")),
        1 => (1..=9_u32, 1..=28_u32).prop_map(|(m, d)| format!(";UNTIL=20270{m}{d:02}T220000Z")),
    ];
    (
        select(vec!["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
        part("INTERVAL", (1..6_u32).prop_map(|it| it.to_string()).boxed()),
        part("BYDAY", days.prop_map(|it| it.join(",")).boxed()),
        part("BYMONTHDAY", list(signed(31)).boxed()),
        part("BYMONTH", list(months).boxed()),
        part("BYSETPOS", list(signed(4)).boxed()),
        part("WKST", weekdays().prop_map(str::to_owned).boxed()),
        end,
    )
        .prop_map(|(frequency, a, b, c, d, e, f, end)| {
            format!("FREQ={frequency}{a}{b}{c}{d}{e}{f}{end}")
        })
}

/// The days of the next windows after the start, by us
fn ours(rrule: &str, starts: Date) -> Option<Vec<String>> {
    let window = format!("{{ rrule: '{rrule}', starts: {starts}T22:00, for: 1h, timeZone: UTC }}");
    let tuning = TuningRule::parse("r.yaml", &format!("{RULE}windows: [{window}]\n")).ok()?;
    let now: Timestamp = format!("{starts}T00:00:00Z").parse().unwrap();
    let next = tuning.next_windows(now, 40);
    Some(next.iter().map(|(open, _)| open.date().to_string()).collect())
}

/// The same by the library, as far ahead as we look
fn theirs(rrule: &str, starts: Date) -> Option<Vec<String>> {
    let begin = starts.to_string().replace('-', "");
    let set: RRuleSet = format!("DTSTART:{begin}T220000Z\nRRULE:{rrule}").parse().ok()?;
    let last = (starts.at(0, 0, 0, 0) + SignedDuration::from_hours(24 * 732)).date().to_string();
    let days = set.into_iter().map(|it| it.format("%Y-%m-%d").to_string());
    Some(days.take_while(|it| *it <= last).take(40).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn windows_open_on_the_days_of_rfc_5545(
        rrule in rrule(), year in 2024..2027_i16, month in 1..=12_i8, day in 1..=31_i8,
    ) {
        let starts = Date::constant(year, month, 1).saturating_add(i64::from(day - 1).days());
        // What never opens is refused, and the library would look for it without end.
        if let Some(ours) = ours(&rrule, starts) {
            prop_assert_eq!(Some(ours), theirs(&rrule, starts), "{} from {}", rrule, starts);
        }
    }
}

#[test]
fn most_generated_rules_are_taken() {
    use proptest::{strategy::ValueTree as _, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let taken = (0..150).filter(|_| {
        let generated = rrule().new_tree(&mut runner).unwrap().current();
        ours(&generated, Date::constant(2026, 1, 5)).is_some_and(|it| !it.is_empty())
    });
    let n_taken = taken.count();
    assert!(n_taken > 60, "only {n_taken} of 150");
}
