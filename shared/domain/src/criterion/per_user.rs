//! What the criteria about users share: asking about each, and joining the answers.

use jiff::SignedDuration;
use serde_json::Value;

use crate::{
    condition::Situation,
    document::{Cursor, Fields},
    explanation::{Explanation, Truth, UnknownFact},
    fact::{Answer, Question, Unknown, UnknownReason},
    schema::form::{described, reference},
    user::User,
};

/// How old an answer may be where the author says nothing
pub(super) const MAX_AGE_DEFAULT: SignedDuration = SignedDuration::from_mins(15);

/// How far a time of reading may lie in the future: clocks differ
const CLOCK_SKEW_MAX: SignedDuration = SignedDuration::from_mins(5);

/// How the answers about several users become one
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// It must hold of every user
    Every,
    /// One of whom it holds is enough
    One,
    /// Where it holds of some and not of others, nothing is known of the alert
    Alike,
}

/// One user's answer: the truth, what was seen
pub(super) type Seen = Result<(Truth, String), Unknown>;

/// Answers for each user of the alert, and joins the answers
pub(super) fn each_user(
    name: &str,
    part: &str,
    situation: Situation<'_>,
    over: Over,
    on: impl Fn(&User) -> Explanation,
) -> Explanation {
    let users = situation.alert.users();
    if users.is_empty() {
        return unknown(name, part, None, Unknown::because(UnknownReason::NoUser));
    }
    let mut because: Vec<Explanation> = users.iter().map(on).collect();
    let least = because.iter().map(|it| it.answer).min().unwrap_or(Truth::Unknown);
    let most = because.iter().map(|it| it.answer).max().unwrap_or(Truth::Unknown);
    let answer = match over {
        Over::Every => least,
        Over::One => most,
        Over::Alike if least == most => least,
        Over::Alike => Truth::Unknown,
    };
    if because.len() == 1
        && let Some(only) = because.pop()
    {
        let whose = users.first().map(ToString::to_string).unwrap_or_default();
        let rest = part.strip_prefix(name).unwrap_or_default();
        return Explanation { part: format!("{name} of {whose}{rest}"), ..only };
    }
    let mut explanation = Explanation::several(part, answer, because);
    if over == Over::Alike && least == Truth::False && most == Truth::True {
        let why = Unknown::because(UnknownReason::UsersDiffer);
        explanation.unknown = Some(UnknownFact { fact: name.to_owned(), about: None, why });
    }
    explanation
}

/// The answer to one question, unless it is unknown, stale or was never asked
pub(super) fn known<'a>(
    situation: Situation<'a>,
    question: &Question,
    max_age: SignedDuration,
) -> Result<&'a Answer, Unknown> {
    let Some(fact) = situation.facts.get(question) else {
        return Err(Unknown::because(UnknownReason::NotAsked));
    };
    let answer = fact.answer.as_ref().map_err(Clone::clone)?;
    let age = situation.now.duration_since(fact.read);
    if age > max_age {
        let detail = format!("read {age:#} before the decision, and {max_age:#} is the limit");
        return Err(Unknown::with_detail(UnknownReason::Stale, detail));
    }
    if age < -CLOCK_SKEW_MAX {
        let detail = format!("read {:#} after the decision: clocks differ", age.abs());
        return Err(Unknown::with_detail(UnknownReason::Stale, detail));
    }
    Ok(answer)
}

/// An explanation for one user or indicator, from what was seen and the fact it was seen in
pub(super) fn about(
    name: &str,
    situation: Situation<'_>,
    question: &Question,
    seen: Seen,
) -> Explanation {
    let whose = question.about();
    let part = format!("{name} of {whose}");
    let mut explanation = match seen {
        Ok((answer, value)) => {
            let mut explanation = Explanation::new(part, answer);
            explanation.value = Some(value);
            explanation
        }
        Err(why) => unknown(name, &part, Some(whose), why),
    };
    if let Some(fact) = situation.facts.get(question) {
        explanation.source = Some(fact.source.clone());
        explanation.read = Some(fact.read);
        explanation.age_seconds = Some(situation.now.duration_since(fact.read).as_secs());
    }
    explanation
}

/// A part that nobody can answer
pub(super) fn unknown(name: &str, part: &str, about: Option<String>, why: Unknown) -> Explanation {
    let mut explanation = Explanation::new(part, Truth::Unknown);
    explanation.value = Some(format!("unknown: {why}"));
    explanation.unknown = Some(UnknownFact { fact: name.to_owned(), about, why });
    explanation
}

/// The answer is of another kind than the question
pub(super) fn mismatch() -> Unknown {
    Unknown::with_detail(UnknownReason::Unreadable, "the answer is to another question")
}

/// Reads `maxAge`
pub(super) fn max_age(fields: &Fields<'_>) -> Option<SignedDuration> {
    fields.or("maxAge", MAX_AGE_DEFAULT, positive)
}

/// How `maxAge` is written
pub(super) fn max_age_schema() -> Value {
    let minutes = MAX_AGE_DEFAULT.as_mins();
    let about = format!("How old the answer may be; `{minutes}m` where nothing is said.");
    described(reference("positiveDuration"), &about)
}

/// Reads a duration that is more than nothing
pub(super) fn positive(at: &Cursor<'_>) -> Option<SignedDuration> {
    let duration = at.duration()?;
    if duration <= SignedDuration::ZERO {
        at.problem(crate::diagnostic::Code::BadValue, "a duration above zero is needed", None);
        return None;
    }
    Some(duration)
}

/// The criterion's name alone cannot be
pub(super) fn needs_body<'a>(
    name: &str,
    at: &Cursor<'_>,
    body: Option<&'a Cursor<'a>>,
) -> Option<&'a Cursor<'a>> {
    if body.is_none() {
        let message = format!("`{name}` needs a value");
        at.problem(crate::diagnostic::Code::WrongType, message, None);
    }
    body
}
