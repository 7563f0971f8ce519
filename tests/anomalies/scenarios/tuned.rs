//! Scenarios that tuning rules decide.

use defuse_domain::{Outcome, TuningRule};
use defuse_flow::AlertState;
use defuse_testkit::{a_tuning_rule, an_alert};
use jiff::Timestamp;

use super::{Ending, Event, Scenario};

impl Scenario {
    /// Tuning rules that do that are in force since long ago
    fn tuned_by(mut self, actions: &[&str]) -> Self {
        let rules = actions.iter().enumerate().map(|(index, action)| {
            let text = a_tuning_rule(&format!("expected-{index}"), action);
            let rule = TuningRule::parse("rule.yaml", &text).unwrap();
            rule.in_force_since(Timestamp::UNIX_EPOCH)
        });
        self.rules = self.rules.tuned_by(rules);
        self
    }
}

/// Tuning rules decide, and no playbook is asked
pub(super) fn tuned() -> Vec<Scenario> {
    let alert = an_alert();
    let newer = an_alert().also_of("lee@contoso.example").later(3);
    let hidden = |alert| Ending {
        state: AlertState::Hidden,
        outcome: Outcome::Hidden,
        told: [].into(),
        ..Ending::open(alert)
    };
    let resolved = Ending { tags: [].into(), told: [].into(), ..Ending::resolved(&alert) };
    let refused = Ending { tags: [].into(), told: [].into(), ..Ending::refused(&alert) };
    let resolve = "{ resolve: { informationalExpectedActivity: confirmedActivity } }";
    vec![
        Scenario::of("hidden by a tuning rule", &alert, hidden(&alert))
            .tuned_by(&["hide"])
            .or_unknown([hidden(&alert)])
            .or_refused(None),
        Scenario::of("hidden, and changes at its source", &alert, hidden(&newer))
            .tuned_by(&["hide"])
            .changed_to(&newer)
            .events([Event::Arrives(alert.text()), Event::Arrives(newer.text())])
            .or_unknown([hidden(&newer)])
            .or_refused(None),
        Scenario::of("resolved by a tuning rule", &alert, resolved.clone())
            .tuned_by(&[resolve])
            .or_unknown([resolved])
            .or_refused(Some(refused)),
        Scenario::of("hidden by one rule, and another would resolve", &alert, hidden(&alert))
            .tuned_by(&[resolve, "hide"])
            .or_unknown([hidden(&alert)])
            .or_refused(None),
    ]
}
