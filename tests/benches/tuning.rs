//! How many alerts in a second the index over tuning conditions answers, and what it costs.
//!
//! `cargo bench -p defuse-tests --bench tuning`; with `--features rivals` the crate `rsigma-eval`
//! answers the same beside it. It prints a table for `docs/reference/performance.md`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::too_many_lines,
    reason = "a bench ends at the first surprise, its counts are small, and its tables are long"
)]

#[path = "tuning/clock.rs"]
mod clock;
#[cfg(feature = "rivals")]
#[path = "tuning/rivals.rs"]
mod rivals;
#[path = "tuning/rules.rs"]
mod rules;
#[path = "tuning/workload.rs"]
mod workload;

use std::{
    env,
    io::{self, Write},
};

use defuse_domain::{Alert, Condition, ConditionIndex, Facts, Organisation, Settings, Truth};
use jiff::Timestamp;

use self::{
    clock::{best_of, spent},
    workload::{Mix, alerts, rules},
};

const N_ALERTS: usize = 1_000;

/// What was measured of an engine with some rules, in seconds and bytes
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measured {
    /// For an alert
    seconds: f64,
    /// To make it of the rules
    build: f64,
    /// To have it from its stored form
    ready: f64,
    /// Of the stored form, which is what it has in memory
    bytes: usize,
}

fn main() -> io::Result<()> {
    let mut out = io::stdout();
    // `mixed 10000` measures that alone.
    let asked: Vec<String> = env::args().skip(1).filter(|it| !it.starts_with('-')).collect();
    let is_asked = |name: String| asked.is_empty() || asked.contains(&name);
    for mix in [Mix::Exact, Mix::Mixed] {
        if !is_asked(format!("{mix:?}").to_lowercase())
            && asked.iter().any(|it| it.parse::<usize>().is_err())
        {
            continue;
        }
        let alerts = alerts(mix, N_ALERTS);
        let n_bytes: usize = alerts.iter().map(String::len).sum();
        let least = alerts.iter().map(String::len).min().unwrap_or_default();
        let most = alerts.iter().map(String::len).max().unwrap_or_default();
        let mean = n_bytes / N_ALERTS;
        writeln!(
            out,
            "\n{mix:?}: {N_ALERTS} alerts of {least} to {most} bytes, {mean} on average\n"
        )?;
        writeln!(
            out,
            "| rules | engine | alerts/s | µs | build, ms | ready, ms | bytes/rule | matches |"
        )?;
        writeln!(out, "|---:|---|---:|---:|---:|---:|---:|---:|")?;
        for n_rules in [10, 1_000, 10_000, 100_000] {
            if is_asked(n_rules.to_string()) || asked.iter().all(|it| it.parse::<usize>().is_err())
            {
                measure(&mut out, mix, n_rules, &alerts)?;
            }
        }
    }
    Ok(())
}

fn measure(out: &mut impl Write, mix: Mix, n_rules: usize, alerts: &[String]) -> io::Result<()> {
    let rules = rules(mix, n_rules);
    let conditions: Vec<Condition> = rules
        .iter()
        .map(|it| Condition::parse("rule.yaml", &it.condition.to_string()).unwrap())
        .collect();
    let (made, build) = spent(|| ConditionIndex::new(&conditions));
    let image = made.to_image("bench");
    let ready = best_of(3, || drop(ConditionIndex::from_image(&image, "bench").unwrap()));
    let index = ConditionIndex::from_image(&image, "bench").unwrap();
    let measured = Measured { build, ready, bytes: image.len(), ..Measured::default() };

    let mut expected: Vec<Vec<u32>> = Vec::new();
    let mut matcher = index.matcher();
    for alert in alerts {
        let held = matcher.of_json(alert.as_bytes()).unwrap();
        expected.push(held.iter().map(|it| it.condition).collect());
    }
    let n_matches: usize = expected.iter().map(Vec::len).sum();
    let time = best_of(7, || {
        for alert in alerts {
            std::hint::black_box(matcher.of_json(std::hint::black_box(alert.as_bytes())).is_ok());
        }
    });
    let seconds = time / alerts.len() as f64;
    row(out, (n_rules, "index, from JSON"), &Measured { seconds, ..measured }, n_matches)?;

    let read: Vec<Alert> = alerts.iter().map(|it| Alert::read(it).unwrap()).collect();
    let time = best_of(3, || {
        for alert in &read {
            std::hint::black_box(matcher.of_alert(std::hint::black_box(alert)).len());
        }
    });
    for (alert, expected) in read.iter().zip(&expected) {
        let found: Vec<u32> = matcher.of_alert(alert).iter().map(|it| it.condition).collect();
        assert_eq!(&found, expected);
    }
    let seconds = time / alerts.len() as f64;
    row(out, (n_rules, "index, alert read already"), &Measured { seconds, ..measured }, n_matches)?;
    plain(out, &conditions, &read, &expected)?;
    #[cfg(feature = "rivals")]
    rivals::measure(out, &rules, alerts, &expected)?;
    Ok(())
}

/// The same by evaluating each rule, on as many alerts as that takes a second for
fn plain(
    out: &mut impl Write,
    conditions: &[Condition],
    alerts: &[Alert],
    expected: &[Vec<u32>],
) -> io::Result<()> {
    let facts = Facts::default();
    let organisation = organisation();
    let n_alerts = (200_000 / conditions.len()).clamp(2, alerts.len());
    let mut n_matches = 0;
    let ((), time) = spent(|| {
        for (alert, expected) in alerts.iter().zip(expected).take(n_alerts) {
            let held = conditions.iter().zip(0_u32..).filter(|(it, _)| {
                let explanation = it.explain(alert, &facts, &organisation, Timestamp::UNIX_EPOCH);
                explanation.answer == Truth::True
            });
            let held: Vec<u32> = held.map(|(_, number)| number).collect();
            assert_eq!(&held, expected);
            n_matches += held.len();
        }
    });
    let measured = Measured { seconds: time / n_alerts as f64, ..Measured::default() };
    row(out, (conditions.len(), "plain evaluation, alert read already"), &measured, n_matches)
}

fn organisation() -> Organisation {
    let text = "apiVersion: defuse/v1\nkind: Settings\n\
        highRisk: { userRisk: { atLeast: high }, groups: [], tags: [] }\n";
    Settings::parse("settings.yaml", text).unwrap().organisation
}

pub(crate) fn row(
    out: &mut impl Write,
    (n_rules, engine): (usize, &str),
    measured: &Measured,
    n_matches: usize,
) -> io::Result<()> {
    let Measured { seconds, build, ready, bytes } = *measured;
    let milliseconds = |it: f64| if it > 0.0 { format!("{:.2}", it * 1e3) } else { String::new() };
    let per_rule = if bytes > 0 { (bytes / n_rules).to_string() } else { String::new() };
    writeln!(
        out,
        "| {n_rules} | {engine} | {:.0} | {:.2} | {} | {} | {per_rule} | {n_matches} |",
        1.0 / seconds,
        seconds * 1e6,
        milliseconds(build),
        milliseconds(ready),
    )?;
    out.flush()
}
