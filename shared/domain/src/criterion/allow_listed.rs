//! `allowListed`: what the alert is about stands on our own allow list.

use jiff::SignedDuration;

use super::{
    Maker, Shape,
    per_user::{
        MAX_AGE_DEFAULT, Seen, about, known, max_age, max_age_schema, mismatch, needs_body, unknown,
    },
};
use crate::{
    alert::Alert,
    allow_list::Listed,
    condition::Situation,
    document::Cursor,
    explanation::{Explanation, Truth},
    fact::{Answer, Question, Unknown, UnknownReason},
    indicator::Identified,
    organisation::Organisation,
    schema::form::{described, either, object, optional, required, words},
};

/// Which of the things in an alert must be on the list
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    /// Everything that made the source raise it
    Trigger,
    /// One of them, whichever
    Any,
    /// Everything
    All,
}

/// How authors write that
const WHICH: [(&str, Which); 3] =
    [("trigger", Which::Trigger), ("any", Which::Any), ("all", Which::All)];

/// What the alert is about stands on our own allow list
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AllowListed {
    which: Which,
    max_age: SignedDuration,
}

impl AllowListed {
    pub(super) const MAKER: Maker = Maker::Organisation;

    const FIELDS: [&'static str; 2] = ["indicators", "maxAge"];

    pub(super) fn read(at: &Cursor<'_>, body: Option<&Cursor<'_>>) -> Option<Self> {
        let body = needs_body("allowListed", at, body)?;
        if body.is_scalar() {
            return Some(Self { which: which(body)?, max_age: MAX_AGE_DEFAULT });
        }
        let fields = body.fields(&Self::FIELDS)?;
        let which = fields.require("indicators").and_then(which);
        let max_age = max_age(&fields);
        Some(Self { which: which?, max_age: max_age? })
    }

    pub(super) fn schema() -> Shape {
        let which = || words(WHICH.map(|(word, _)| word));
        let fields = [required(which()), optional(max_age_schema())];
        let about = "What the alert is about stands on our own allow list: everything that triggered \
            it, one thing of any kind, or everything in it.";
        let body = described(either([which(), object(Self::FIELDS, fields)]), about);
        Shape { alone: false, body }
    }

    pub(super) const fn max_age(&self) -> SignedDuration {
        self.max_age
    }

    pub(super) fn questions(alert: &Alert, _: &Organisation) -> Vec<Question> {
        let each = alert.indicators().into_iter().filter_map(|it| it.by.ok()).flatten();
        each.map(Question::AllowListed).collect()
    }

    pub(super) fn evaluate(&self, name: &str, situation: Situation<'_>) -> Explanation {
        let word = WHICH.iter().find(|(_, it)| *it == self.which).map_or("", |(word, _)| word);
        let part = format!("{name} {word}");
        let mut things = situation.alert.indicators();
        things.retain(|it| match self.which {
            Which::Trigger => it.trigger != Truth::False,
            Which::Any | Which::All => true,
        });
        let because: Vec<Explanation> =
            things.iter().map(|it| self.of_thing(name, it, situation)).collect();
        let answers = because.iter().map(|it| it.answer);
        let answer = match self.which {
            Which::Trigger | Which::All => answers.min(),
            Which::Any => answers.max(),
        };
        match answer {
            Some(answer) => Explanation::several(&part, answer, because),
            None => unknown(name, &part, None, Unknown::because(UnknownReason::NoIndicator)),
        }
    }

    /// One of the things: any of its indicators will do
    fn of_thing(&self, name: &str, thing: &Identified, situation: Situation<'_>) -> Explanation {
        let may_be_another = self.which == Which::Trigger && thing.trigger == Truth::Unknown;
        let by = match &thing.by {
            Ok(_) if may_be_another => {
                let detail = "the alert does not say what triggered it";
                Err(Unknown::with_detail(UnknownReason::PropertyMissing, detail))
            }
            by => by.clone(),
        };
        let indicators = match by {
            Ok(indicators) => indicators,
            Err(why) => {
                let place = if thing.path.is_empty() { "" } else { "." };
                let whose = format!("evidence {}{place}{}", thing.piece, thing.path);
                let part = format!("{name} of {whose}");
                return unknown(name, &part, Some(whose), why);
            }
        };
        let mut each: Vec<Explanation> = indicators
            .iter()
            .map(|indicator| {
                let question = Question::AllowListed(indicator.clone());
                about(name, situation, &question, self.seen(&question, situation))
            })
            .collect();
        let answer = each.iter().map(|it| it.answer).max().unwrap_or(Truth::Unknown);
        if each.len() == 1
            && let Some(only) = each.pop()
        {
            return only;
        }
        Explanation::group("any of", answer, each)
    }

    fn seen(&self, question: &Question, situation: Situation<'_>) -> Seen {
        match known(situation, question, self.max_age)? {
            Answer::AllowListed(None) => Ok((Truth::False, "not on the list".to_owned())),
            Answer::AllowListed(Some(listed)) => in_force(listed, situation),
            Answer::AutomaticReplies(_)
            | Answer::Risk(_)
            | Answer::Groups(_)
            | Answer::Tags(_)
            | Answer::OpenAlerts(_) => Err(mismatch()),
        }
    }
}

/// What an entry says of the alert
fn in_force(Listed { title, on, expires }: &Listed, situation: Situation<'_>) -> Seen {
    if situation.now >= *expires {
        return Ok((Truth::False, format!("`{title}`, which expired at {expires}")));
    }
    match on.covers(situation.alert) {
        Truth::True => Ok((Truth::True, format!("`{title}` for {on}, until {expires}"))),
        Truth::False => Ok((Truth::False, format!("`{title}` for {on} only"))),
        Truth::Unknown => {
            let detail = format!("`{title}` for {on} only, and no group of a device is named");
            Err(Unknown::with_detail(UnknownReason::PropertyMissing, detail))
        }
    }
}

fn which(at: &Cursor<'_>) -> Option<Which> {
    let word = at.word("choice of indicators", &WHICH.map(|(word, _)| word))?;
    WHICH.iter().find(|(it, _)| *it == word).map(|(_, which)| *which)
}
