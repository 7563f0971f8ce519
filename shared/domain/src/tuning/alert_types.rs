//! Which alert types a tuning rule is about.

use super::{ID_LENGTH_MAX, one_of, unknown};
use crate::{
    alert::Alert,
    condition::fold,
    diagnostic::Code,
    document::Cursor,
    explanation::{Explanation, Truth},
    fact::UnknownReason,
};

/// How many alert types a rule may name
pub(crate) const ALERT_TYPES_MAX: usize = 100;

/// The word for every alert type
pub(crate) const ANY: &str = "any";

/// Which alert types a rule is about
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlertTypes {
    /// Whatever its type
    Any,
    /// Those detections, by `detectorId`: two alerts of one type may have two titles, so a title
    /// names no type
    Only(Vec<String>),
}

impl AlertTypes {
    pub(super) fn read(at: &Cursor<'_>) -> Option<Self> {
        if at.is_scalar() {
            return at.word("alert type", &[ANY]).map(|_| Self::Any);
        }
        let types = at.list_of(|it| it.short_text(ID_LENGTH_MAX))?;
        if types.len() > ALERT_TYPES_MAX {
            let message = format!("more than {ALERT_TYPES_MAX} alert types");
            at.problem(Code::OverLimit, message, Some("use `any` and a condition".to_owned()));
        }
        Some(Self::Only(types))
    }

    pub(super) fn evaluate(&self, alert: &Alert) -> Explanation {
        let types = match self {
            Self::Any => return Explanation::new("any alert type", Truth::True),
            Self::Only(types) => types,
        };
        let names: Vec<&str> = types.iter().map(String::as_str).collect();
        let part = format!("alert type is {}", one_of(&names));
        let common = alert.alert_type.as_ref().map(ToString::to_string);
        let found: Vec<&str> =
            [alert.detector_id.as_deref(), common.as_deref()].into_iter().flatten().collect();
        let Some(first) = found.first() else {
            return unknown(part, "detectorId", UnknownReason::PropertyMissing);
        };
        let is_one = types.iter().any(|it| found.iter().any(|found| fold(found) == fold(it)));
        let value = Some((*first).to_owned());
        Explanation { value, ..Explanation::new(part, is_one.into()) }
    }
}
