//! Windows: whatever their rule says, now is in one or not, and reading one never panics.

use defuse_domain::TuningRule;
use jiff::{SignedDuration, Timestamp};
use proptest::{prelude::*, sample::select};

const RULE: &str = "apiVersion: defuse/v1\nkind: TuningRule\nname: a\nowner: o\nreason: r\n\
    serviceSources: [microsoftDefenderForEndpoint]\nalertTypes: any\nscope: organisation\n\
    condition: { all: [{ alert: { severity: low } }, { evidence: any }] }\naction: hide\n\
    expires: 2027-11-01T00:00:00Z\n";

fn with(rrule: &str, rest: &str) -> Option<TuningRule> {
    let window = format!("{{ rrule: {rrule:?}, {rest} }}");
    TuningRule::parse("r.yaml", &format!("{RULE}windows: [{window}]\n")).ok()
}

fn rrule() -> impl Strategy<Value = String> {
    let part = || {
        let name = select(vec![
            "FREQ",
            "INTERVAL",
            "BYDAY",
            "BYMONTH",
            "BYMONTHDAY",
            "BYSETPOS",
            "COUNT",
            "UNTIL",
            "WKST",
        ]);
        let value = prop_oneof![
            select(vec!["DAILY", "WEEKLY", "MONTHLY", "YEARLY", "MO", "SA,SU", "-1FR", "20261231"])
                .prop_map(str::to_owned),
            (-400..70_000_i32).prop_map(|it| it.to_string()),
            "[A-Z0-9,+-]{0,12}",
        ];
        (name, value).prop_map(|(name, value)| format!("{name}={value}"))
    };
    let frequency = select(vec!["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]);
    (frequency, prop::collection::vec(part(), 0..4)).prop_map(|(frequency, mut parts)| {
        parts.retain(|it| !it.starts_with("FREQ"));
        parts.insert(0, format!("FREQ={frequency}"));
        parts.join(";")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_moment_is_in_a_window_where_one_is_listed(
        rrule in rrule(),
        zone in select(vec!["Europe/Oslo", "Australia/Lord_Howe", "America/St_Johns", "UTC"]),
        hours in 1..100_u32,
        minutes in 0..500_000_i64,
    ) {
        let rest = format!("starts: 2026-01-03T02:30, for: {hours}h, timeZone: {zone}");
        let Some(rule) = with(&rrule, &rest) else { return Ok(()) };
        let begin: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let now = begin + SignedDuration::from_mins(minutes);
        let is_in = rule.windows().iter().any(|it| it.contains(now));
        let next = rule.next_windows(now, 1);
        let listed = next.first().is_some_and(|(open, _)| open.timestamp() <= now);
        prop_assert_eq!(is_in, listed, "{} at {}", rrule, now);
        for (open, close) in rule.next_windows(begin, 5) {
            let window = &rule.windows()[0];
            prop_assert!(window.contains(open.timestamp()), "{}", rrule);
            let last = close.timestamp() - SignedDuration::from_nanos(1);
            prop_assert!(window.contains(last), "{}", rrule);
            prop_assert_eq!(close.duration_since(&open), SignedDuration::from_hours(hours.into()));
        }
    }

    #[test]
    fn whatever_stands_there_is_read_or_refused(rrule in "\\PC{0,40}", other in rrule()) {
        let rest = "starts: 2026-01-03T22:00, for: 8h, timeZone: Europe/Oslo";
        let _ = (with(&rrule, rest), with(&other, rest));
    }
}

#[test]
fn many_generated_rules_are_taken() {
    use proptest::{strategy::ValueTree as _, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let rest = "starts: 2026-01-03T22:00, for: 8h, timeZone: Europe/Oslo";
    let taken = (0..150)
        .filter(|_| with(&rrule().new_tree(&mut runner).unwrap().current(), rest).is_some());
    let n_taken = taken.count();
    assert!(n_taken > 30, "only {n_taken} of 150");
}
