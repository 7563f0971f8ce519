//! `userOutOfOffice`: automatic replies are on.
//!
//! The setting says how things stand now, and whoever holds the mailbox can change it; so the
//! criterion says what it wants to know: on over the alert's first activity, and set before it.
//! Where somebody saw how they stood, that decides. Else a start that the setting itself gives is
//! taken for the time it was set.

use jiff::{SignedDuration, Timestamp};

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
    sighting::{History, Then},
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

    pub(super) const fn max_age(&self) -> SignedDuration {
        self.max_age
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
        let value = match replies {
            AutomaticReplies::Disabled => {
                return Ok((Truth::False, "automatic replies are off".to_owned()));
            }
            AutomaticReplies::AlwaysEnabled => "automatic replies are on".to_owned(),
            AutomaticReplies::Scheduled { start, end } => {
                format!("automatic replies are scheduled from {start:.0} to {end:.0}")
            }
        };
        if !self.covers_first_activity && !self.set_beforehand {
            return Ok((replies.is_on(situation.now).into(), value));
        }
        let history = situation.facts.get(question).and_then(|it| it.history);
        let Some(first) = situation.alert.first_activity else {
            return Err(match replies {
                AutomaticReplies::Scheduled { .. } => {
                    Unknown::because(UnknownReason::NoFirstActivity)
                }
                AutomaticReplies::Disabled | AutomaticReplies::AlwaysEnabled => no_start_time(),
            });
        };
        let holds = self.parts(*replies, history, first, situation.now)?;
        let mut value = format!("{value}, the first activity was at {first:.0}");
        value.extend(history.map(in_words));
        Ok((holds.into(), value))
    }

    /// Whether all that its author wants to know holds; what does not hold for sure decides first
    fn parts(
        &self,
        replies: AutomaticReplies,
        history: Option<History>,
        first: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Unknown> {
        let then = history.map_or(Then::Unseen, |it| it.at(first));
        let parts = [
            self.set_beforehand.then(|| beforehand(replies, history, first)),
            self.covers_first_activity.then(|| covered(replies, then, first)),
            // Set beforehand for some other time is not away.
            (!self.covers_first_activity).then(|| Ok(replies.is_on(now) || replies.is_on(first))),
        ];
        let mut why = None;
        for part in parts.into_iter().flatten() {
            match part {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(unknown) => why = why.or(Some(unknown)),
            }
        }
        why.map_or(Ok(true), Err)
    }
}

/// Whether they were on when the first activity happened
fn covered(replies: AutomaticReplies, then: Then, first: Timestamp) -> Result<bool, Unknown> {
    match (replies, then) {
        (AutomaticReplies::AlwaysEnabled, Then::Otherwise | Then::Unseen) => Err(no_start_time()),
        (_, _) => Ok(replies.is_on(first)),
    }
}

/// Whether they were set before the first activity.
///
/// What was seen comes before what the setting says of itself: who holds the mailbox can write any
/// start into it.
fn beforehand(
    replies: AutomaticReplies,
    history: Option<History>,
    first: Timestamp,
) -> Result<bool, Unknown> {
    match history.map_or(Then::Unseen, |it| it.at(first)) {
        Then::Same => return Ok(true),
        Then::Otherwise => return Ok(false),
        Then::Unseen => {}
    }
    let AutomaticReplies::Scheduled { start, .. } = replies else { return Err(no_start_time()) };
    let otherwise = history.and_then(|it| it.last_other).filter(|it| *it >= start);
    if let Some(seen) = otherwise.filter(|_| start < first) {
        let detail = format!("scheduled from {start:.0}, and seen otherwise at {seen:.0}");
        return Err(Unknown::with_detail(UnknownReason::NoStartTime, detail));
    }
    Ok(start < first)
}

fn no_start_time() -> Unknown {
    let detail = "automatic replies are on without a start time";
    Unknown::with_detail(UnknownReason::NoStartTime, detail)
}

/// What was seen, for people
fn in_words(history: History) -> String {
    let History { seen_since, last_other } = history;
    let other = last_other.map(|it| format!(", seen otherwise at {it:.0}")).unwrap_or_default();
    format!(", seen so since {seen_since:.0}{other}")
}
