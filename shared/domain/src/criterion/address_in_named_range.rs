//! `addressInNamedRange`: the alert's IP addresses are in a range that the settings name.

use std::net::IpAddr;

use jiff::SignedDuration;

use super::{
    Maker, Shape,
    per_user::{needs_body, unknown},
};
use crate::{
    alert::Alert,
    catalogue::EvidenceType,
    condition::Situation,
    diagnostic::{Code, Diagnostic, did_you_mean},
    document::Cursor,
    evidence::Evidence,
    explanation::{Explanation, Truth, UnknownFact},
    fact::{Question, Unknown, UnknownReason},
    organisation::Organisation,
    schema::form::{any_text, described},
};

/// Every IP address of the alert is in the range; where only some, nothing is known
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AddressInNamedRange {
    range: String,
    place: (usize, usize),
    path: String,
}

impl AddressInNamedRange {
    pub(super) const MAKER: Maker = Maker::Organisation;

    pub(super) fn read(at: &Cursor<'_>, body: Option<&Cursor<'_>>) -> Option<Self> {
        let body = needs_body("addressInNamedRange", at, body)?;
        let range = body.text()?.to_owned();
        Some(Self { range, place: body.place(), path: body.path().to_owned() })
    }

    /// What is wrong with it where the settings name no such range
    pub(crate) fn check(&self, file: &str, known: &[&str]) -> Option<Diagnostic> {
        if known.contains(&self.range.as_str()) {
            return None;
        }
        let (line, column) = self.place;
        let near = did_you_mean(&self.range, known.iter().copied());
        let help = near.map_or_else(
            || "add it to `namedRanges` in settings.yaml".to_owned(),
            |it| format!("did you mean `{it}`?"),
        );
        let message = format!("the settings have no range `{}`", self.range);
        let problem = Diagnostic::of_file(Code::UnknownReference, file, message);
        Some(Diagnostic { line, column, path: self.path.clone(), help: Some(help), ..problem })
    }

    pub(super) fn schema() -> Shape {
        let about = "The alert's IP addresses are in the range of that name in the settings.";
        Shape { alone: false, body: described(any_text(), about) }
    }

    /// It asks nobody
    #[expect(clippy::unused_self, reason = "every criterion is asked how old an answer may be")]
    pub(super) const fn max_age(&self) -> SignedDuration {
        SignedDuration::ZERO
    }

    pub(super) fn questions(_: &Alert, _: &Organisation) -> Vec<Question> {
        Vec::new()
    }

    pub(super) fn evaluate(&self, name: &str, situation: Situation<'_>) -> Explanation {
        let part = format!("{name} {}", self.range);
        let Some(range) = situation.organisation.named_ranges.get(&self.range) else {
            let detail = format!("the settings name no range `{}`", self.range);
            let why = Unknown::with_detail(UnknownReason::NotConfigured, detail);
            return unknown(name, &part, None, why);
        };
        let addresses = situation.alert.addresses();
        if addresses.is_empty() {
            return unknown(name, &part, None, Unknown::because(UnknownReason::NoAddress));
        }
        let nameless = |it: &Evidence| it.text("ipAddress").is_none();
        if situation.alert.evidence_of(EvidenceType::Ip).any(nameless) {
            let detail = "an IP address in the evidence cannot be read";
            let why = Unknown::with_detail(UnknownReason::Unreadable, detail);
            return unknown(name, &part, None, why);
        }
        let because: Vec<Explanation> = addresses
            .iter()
            .map(|text| {
                let part = format!("{text} is in {}", self.range);
                match text.parse::<IpAddr>() {
                    Ok(address) => {
                        let holds = range.iter().any(|it| it.contains(address));
                        Explanation::new(part, holds.into())
                    }
                    Err(error) => {
                        let why =
                            Unknown::with_detail(UnknownReason::Unreadable, error.to_string());
                        unknown(name, &part, None, why)
                    }
                }
            })
            .collect();
        let least = because.iter().map(|it| it.answer).min().unwrap_or(Truth::Unknown);
        let most = because.iter().map(|it| it.answer).max().unwrap_or(Truth::Unknown);
        let answer = if least == most { least } else { Truth::Unknown };
        let mut explanation = Explanation::several(&part, answer, because);
        if least == Truth::False && most == Truth::True {
            let why = Unknown::because(UnknownReason::AddressesDiffer);
            explanation.unknown = Some(UnknownFact { fact: name.to_owned(), about: None, why });
        }
        explanation.value = Some(addresses.join(", "));
        explanation.source = Some("settings".to_owned());
        explanation
    }
}
