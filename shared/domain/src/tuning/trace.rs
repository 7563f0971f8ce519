//! How one tuning rule comes out for one alert, with every part and its answer.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{TuningAction, TuningRule, one_of, unknown};
use crate::{
    alert::Alert,
    condition::Situation,
    explanation::{Explanation, Truth},
    fact::UnknownReason,
    rule_name::TuningRuleName,
};

/// How one tuning rule came out
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TuningTrace {
    /// Which
    pub rule: TuningRuleName,
    /// Which text of it
    pub version: String,
    /// What it does
    pub action: TuningAction,
    /// Whether it holds, with every part and its answer
    pub explanation: Explanation,
}

impl TuningTrace {
    /// Whether the rule holds
    pub const fn answer(&self) -> Truth {
        self.explanation.answer
    }
}

impl TuningRule {
    /// Whether it may hold at some time, whatever that is now
    pub(crate) fn may_hold(&self, situation: Situation<'_>) -> bool {
        self.enabled && self.parts(situation).iter().all(|it| it.answer != Truth::False)
    }

    /// Whether it holds, with every part and its answer
    pub(crate) fn trace(&self, situation: Situation<'_>) -> TuningTrace {
        let mut because = vec![self.explain_force(situation)];
        if !self.windows.is_empty() {
            because.push(self.explain_windows(situation.now));
        }
        because.extend(self.parts(situation));
        let answer = because.iter().map(|it| it.answer).min().unwrap_or(Truth::Unknown);
        TuningTrace {
            rule: self.name.clone(),
            version: self.version.clone(),
            action: self.action,
            explanation: Explanation::group("all of", answer, because),
        }
    }

    /// What it says of the alert
    fn parts(&self, situation: Situation<'_>) -> [Explanation; 4] {
        [
            self.explain_service_source(situation.alert),
            self.alert_types.evaluate(situation.alert),
            self.scope.evaluate(situation.alert),
            self.condition.evaluate(situation),
        ]
    }

    fn explain_windows(&self, now: Timestamp) -> Explanation {
        let because: Vec<Explanation> = self.windows.iter().map(|it| it.explain(now)).collect();
        let answer = because.iter().map(|it| it.answer).max().unwrap_or(Truth::True);
        Explanation::group("any of", answer, because)
    }

    /// Whether it is turned on, has not expired, and was there before the alert
    fn explain_force(&self, situation: Situation<'_>) -> Explanation {
        let part = format!("in force until {}", self.expires);
        let (answer, seen) = match self.since {
            _ if !self.enabled => (Truth::False, Some("the rule is turned off".to_owned())),
            _ if situation.now >= self.expires => {
                (Truth::False, Some("the rule has expired".to_owned()))
            }
            since => match situation.alert.received.zip(since) {
                Some((received, since)) if received < since => {
                    let seen = format!("the alert came at {received}, before the rule of {since}");
                    (Truth::False, Some(seen))
                }
                Some(_) | None => (Truth::True, None),
            },
        };
        Explanation { value: seen, ..Explanation::new(part, answer) }
    }

    fn explain_service_source(&self, alert: &Alert) -> Explanation {
        let names: Vec<&str> = self.service_sources.iter().map(|it| it.name()).collect();
        let part = format!("service source is {}", one_of(&names));
        match alert.known_service_source() {
            Some(found) => Explanation {
                value: Some(found.name().to_owned()),
                ..Explanation::new(part, self.service_sources.contains(&found).into())
            },
            None => unknown(part, "serviceSource", UnknownReason::PropertyMissing),
        }
    }
}
