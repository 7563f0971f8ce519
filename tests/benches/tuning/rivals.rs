//! The crate `rsigma-eval` with the same rules as Sigma.

use std::io::{self, Write};

use rsigma_eval::{Engine, event::JsonEvent};
use rsigma_parser::parse_sigma_yaml;
use serde_json::{Value, json};

use crate::{
    Measured,
    clock::{best_of, spent},
    row,
    rules::Rule,
};

/// The most rules that it is tried with: with more it takes minutes
const N_RULES_MAX: usize = 10_000;

pub(crate) fn measure(
    out: &mut impl Write,
    rules: &[Rule],
    alerts: &[String],
    expected: &[Vec<u32>],
) -> io::Result<()> {
    if rules.len() > N_RULES_MAX {
        return Ok(());
    }
    let documents: Vec<_> = rules
        .iter()
        .enumerate()
        .map(|(number, rule)| {
            let sigma = json!({
                "title": number.to_string(), "id": format!("00000000-0000-4000-8000-{number:012}"),
                "logsource": { "product": "defender" }, "detection": rule.sigma, "level": "low",
            });
            parse_sigma_yaml(&sigma.to_string()).unwrap()
        })
        .collect();
    let (engine, build) = spent(|| {
        let mut engine = Engine::new();
        let problems = engine.add_rules(documents.iter().flat_map(|it| &it.rules));
        assert!(problems.is_empty(), "{problems:?}");
        engine
    });
    let n_alerts = (2_000_000 / rules.len()).clamp(100, alerts.len());
    let mut n_matches = 0;
    for (alert, expected) in alerts.iter().zip(expected).take(n_alerts) {
        let event: Value = serde_json::from_str(alert).unwrap();
        let held = engine.evaluate(&JsonEvent::borrow(&event));
        let mut held: Vec<u32> =
            held.iter().map(|it| it.header.rule_title.parse().unwrap()).collect();
        held.sort_unstable();
        assert_eq!(&held, expected, "on {alert}");
        n_matches += held.len();
    }
    let time = best_of(3, || {
        for alert in alerts.iter().take(n_alerts) {
            let event: Value = serde_json::from_str(alert).unwrap();
            std::hint::black_box(engine.evaluate(&JsonEvent::borrow(&event)).len());
        }
    });
    let measured = Measured { seconds: time / n_alerts as f64, build, ..Measured::default() };
    row(out, (rules.len(), "rsigma-eval 0.23"), &measured, n_matches)
}
