//! `otherOpenAlerts`: another alert of the same user is open.

use jiff::SignedDuration;
use serde_json::json;

use super::{
    Maker, Shape,
    per_user::{
        MAX_AGE_DEFAULT, Over, Seen, about, each_user, known, mismatch, needs_body, positive,
    },
};
use crate::{
    alert::Alert,
    condition::Situation,
    diagnostic::Code,
    document::Cursor,
    explanation::{Explanation, Truth},
    fact::{Answer, OPEN_ALERTS_DAYS, OPEN_ALERTS_MAX, Question, Unknown, UnknownReason},
    organisation::Organisation,
    schema::form::{described, either, object, optional, reference, required, word, words},
    severity::Severity,
};

/// How many of the open alerts an explanation names
const IDS_SHOWN_MAX: usize = 3;

/// At least one other alert of a user of this alert is open
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OtherOpenAlerts {
    /// Created so shortly before or after now
    within: SignedDuration,
    /// At least so grave
    severity: Severity,
}

impl OtherOpenAlerts {
    pub(super) const MAKER: Maker = Maker::Platform;

    const FIELDS: [&'static str; 3] = ["sameUser", "within", "severity"];

    const SEVERITY: [&'static str; 1] = ["atLeast"];

    pub(super) fn read(at: &Cursor<'_>, body: Option<&Cursor<'_>>) -> Option<Self> {
        let body = needs_body("otherOpenAlerts", at, body)?;
        let fields = body.fields(&Self::FIELDS)?;
        let same_user = fields.require("sameUser").and_then(|it| {
            let same = it.boolean()?;
            if !same {
                it.problem(Code::BadValue, "`sameUser` can only be `true`", None);
            }
            same.then_some(())
        });
        let within = fields.require("within").and_then(|it| {
            let within = positive(it)?;
            if within > SignedDuration::from_hours(24 * OPEN_ALERTS_DAYS) {
                let message = format!("open alerts are known for {OPEN_ALERTS_DAYS} days");
                it.problem(Code::OverLimit, message, None);
                return None;
            }
            Some(within)
        });
        let severity = fields.or("severity", Severity::Informational, |it| {
            let fields = it.fields(&Self::SEVERITY)?;
            let names: Vec<&'static str> = Severity::ALL.iter().map(|it| it.name()).collect();
            Severity::from_name(fields.require("atLeast")?.word("severity", &names)?)
        });
        same_user?;
        Some(Self { within: within?, severity: severity? })
    }

    pub(super) fn schema() -> Shape {
        let severities = words(Severity::ALL.iter().map(|it| it.name()));
        let within = format!("How far from now it was created: at most {OPEN_ALERTS_DAYS} days.");
        let fields = [
            required(described(either([json!({ "const": true }), word("true")]), "Only `true`.")),
            required(described(reference("positiveDuration"), &within)),
            optional(object(Self::SEVERITY, [required(severities)])),
        ];
        let about = "Another alert of a user of this alert is open.";
        Shape { alone: false, body: described(object(Self::FIELDS, fields), about) }
    }

    /// An author cannot say: the table always has them as they stand
    #[expect(clippy::unused_self, reason = "every criterion is asked how old an answer may be")]
    pub(super) const fn max_age(&self) -> SignedDuration {
        MAX_AGE_DEFAULT
    }

    pub(super) fn questions(alert: &Alert, _: &Organisation) -> Vec<Question> {
        alert.users().into_iter().map(Question::OpenAlerts).collect()
    }

    pub(super) fn evaluate(&self, name: &str, situation: Situation<'_>) -> Explanation {
        let part = format!("{name} within {:#}, at least {}", self.within, self.severity);
        each_user(name, &part, situation, Over::One, |user| {
            let question = Question::OpenAlerts(user.clone());
            about(name, situation, &question, self.of(&question, situation))
        })
    }

    fn of(&self, question: &Question, situation: Situation<'_>) -> Seen {
        let Answer::OpenAlerts(alerts) = known(situation, question, MAX_AGE_DEFAULT)? else {
            return Err(mismatch());
        };
        let others: Vec<_> = alerts
            .iter()
            .filter(|it| it.id != situation.alert.id)
            .filter(|it| situation.now.duration_since(it.created).abs() <= self.within)
            .collect();
        let grave = others.iter().filter(|it| it.severity.is_some_and(|it| it >= self.severity));
        let grave: Vec<&str> = grave.map(|it| it.id.as_str()).collect();
        if !grave.is_empty() {
            let named: Vec<&str> = grave.iter().copied().take(IDS_SHOWN_MAX).collect();
            return Ok((Truth::True, format!("{} open: {}", grave.len(), named.join(", "))));
        }
        if let Some(odd) = others.iter().find(|it| it.severity.is_none()) {
            let detail = format!("open alert {} has a severity we do not know", odd.id);
            return Err(Unknown::with_detail(UnknownReason::PropertyUnreadable, detail));
        }
        if alerts.len() >= OPEN_ALERTS_MAX {
            let detail = format!("the user has {OPEN_ALERTS_MAX} open alerts or more");
            return Err(Unknown::with_detail(UnknownReason::Unreadable, detail));
        }
        Ok((Truth::False, "none open".to_owned()))
    }
}
