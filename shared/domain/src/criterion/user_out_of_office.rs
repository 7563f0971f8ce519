//! `userOutOfOffice`: automatic replies are on.
//!
//! The setting says how things stand now, and whoever holds the mailbox can change it; so the
//! criterion says what it wants to know: on over the alert's first activity, and set before it.
//! A start that the setting itself gives is taken for the time it was set.

use jiff::SignedDuration;

use super::{
    Maker, Shape,
    per_user::{
        MAX_AGE_DEFAULT, Over, Seen, about, each_user, known, max_age, max_age_schema, mismatch,
    },
};
use crate::{
    alert::Alert,
    condition::Situation,
    document::Cursor,
    explanation::{Explanation, Truth},
    fact::{Answer, AutomaticReplies, Question, Unknown, UnknownReason},
    organisation::Organisation,
    schema::form::{described, object, optional, reference},
    user::User,
};

/// Automatic replies of every user of the alert are on
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserOutOfOffice {
    /// They were on when the first activity happened
    covers_first_activity: bool,
    /// They were set before the first activity happened
    set_beforehand: bool,
    max_age: SignedDuration,
}

impl UserOutOfOffice {
    pub(super) const MAKER: Maker = Maker::Subject;

    const FIELDS: [&'static str; 3] = ["coversFirstActivity", "setBeforehand", "maxAge"];

    pub(super) fn read(_: &Cursor<'_>, body: Option<&Cursor<'_>>) -> Option<Self> {
        let Some(body) = body else {
            // The name alone asks for everything.
            return Some(Self {
                covers_first_activity: true,
                set_beforehand: true,
                max_age: MAX_AGE_DEFAULT,
            });
        };
        let fields = body.fields(&Self::FIELDS)?;
        let covers_first_activity = fields.or("coversFirstActivity", true, Cursor::boolean);
        let set_beforehand = fields.or("setBeforehand", true, Cursor::boolean);
        let max_age = max_age(&fields);
        Some(Self {
            covers_first_activity: covers_first_activity?,
            set_beforehand: set_beforehand?,
            max_age: max_age?,
        })
    }

    pub(super) fn schema() -> Shape {
        let covers = "They were on when the first activity happened; `true` where nothing is said.";
        let beforehand = "They were set before the first activity; `true` where nothing is said.";
        let fields = [
            optional(described(reference("boolean"), covers)),
            optional(described(reference("boolean"), beforehand)),
            optional(max_age_schema()),
        ];
        let about = "Automatic replies of every user of the alert are on.";
        Shape { alone: true, body: described(object(Self::FIELDS, fields), about) }
    }

    pub(super) fn questions(alert: &Alert, _: &Organisation) -> Vec<Question> {
        alert.users().into_iter().map(Question::AutomaticReplies).collect()
    }

    pub(super) fn evaluate(&self, name: &str, situation: Situation<'_>) -> Explanation {
        let mut part = name.to_owned();
        if self.covers_first_activity {
            part.push_str(", over the first activity");
        }
        if self.set_beforehand {
            part.push_str(", set before it");
        }
        each_user(name, &part, situation, Over::Every, |user: &User| {
            let question = Question::AutomaticReplies(user.clone());
            about(name, situation, &question, self.of(&question, situation))
        })
    }

    fn of(&self, question: &Question, situation: Situation<'_>) -> Seen {
        let Answer::AutomaticReplies(replies) = known(situation, question, self.max_age)? else {
            return Err(mismatch());
        };
        match replies {
            AutomaticReplies::Disabled => {
                Ok((Truth::False, "automatic replies are off".to_owned()))
            }
            AutomaticReplies::AlwaysEnabled
                if self.covers_first_activity || self.set_beforehand =>
            {
                let detail = "automatic replies are on without a start time";
                Err(Unknown::with_detail(UnknownReason::NoStartTime, detail))
            }
            AutomaticReplies::AlwaysEnabled => {
                Ok((Truth::True, "automatic replies are on".to_owned()))
            }
            AutomaticReplies::Scheduled { start, end } => {
                let value = format!("automatic replies are scheduled from {start:.0} to {end:.0}");
                let (moment, value) = if self.covers_first_activity || self.set_beforehand {
                    let first = situation.alert.first_activity;
                    let first =
                        first.ok_or_else(|| Unknown::because(UnknownReason::NoFirstActivity))?;
                    (first, format!("{value}, the first activity was at {first:.0}"))
                } else {
                    (situation.now, value)
                };
                let covers = (*start..=*end).contains(&moment);
                let beforehand = *start < moment;
                let holds = match (self.covers_first_activity, self.set_beforehand) {
                    (_, true) if !beforehand => false,
                    (false, true) => (*start..=*end).contains(&situation.now) || covers,
                    (_, _) => covers,
                };
                Ok((holds.into(), value))
            }
        }
    }
}
