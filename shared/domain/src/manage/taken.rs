//! Actions as the action center shows them: what a run or an act did, part by part, and what became
//! of each.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::act::Actor;
use crate::{
    alert_id::{AlertId, Revision},
    rule_name::{PlaybookName, TuningRuleName},
    run::EffectState,
    wire_name::wire_names,
};

/// Names an action: the alert, and which of its runs or acts.
///
/// ```
/// use defuse_domain::ActionId;
///
/// let id = ActionId::parse("act,3,ad1").ok_or("no id")?;
/// assert_eq!((id.alert_id.as_str(), id.to_string().as_str()), ("ad1", "act,3,ad1"));
/// assert!(ActionId::parse("act,0,ad1").is_none());
/// # Ok::<(), &'static str>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct ActionId {
    /// The alert
    pub alert_id: AlertId,
    /// What of it
    pub key: ActionKey,
}

/// Which of an alert's runs or acts
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActionKey {
    /// What rules did
    Run {
        /// The revision that was decided
        revision: Revision,
        /// Which look at it
        look: u32,
    },
    /// What a person did
    Act {
        /// Which, from 1
        number: u64,
    },
}

wire_names! {
    /// What is done to an alert
    ActionKind {
        /// It is resolved
        Resolve = "resolve",
        /// It is put to another status
        Status = "status",
        /// It is left out of the queue
        Hide = "hide",
        /// It is given to somebody, or to nobody
        Assign = "assign",
        /// It is said what it turned out to be
        Classify = "classify",
        /// It gets tags or loses them
        Tag = "tag",
        /// It is linked to an incident
        Link = "link",
        /// Something is said of it at its source
        Comment = "comment",
        /// People are told of it in chat
        Notify = "notify",
    }
}

wire_names! {
    /// Where an action stands
    ActionState {
        /// Something of it is still to be done
        Pending = "pending",
        /// It is done
        Done = "done",
        /// The other side refused something of it
        Refused = "refused",
        /// Somebody was there before
        Overtaken = "overtaken",
        /// It was done, and somebody undid it
        Undone = "undone",
    }
}

/// Who did it
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakenBy {
    /// A person
    Person(Actor),
    /// Rules
    Rules {
        /// The playbooks
        playbooks: Vec<PlaybookName>,
        /// The tuning rules
        tuning: Vec<TuningRuleName>,
    },
}

/// One thing that was done, as it is shown
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What
    pub kind: ActionKind,
    /// From what, in words
    pub from: Option<String>,
    /// To what, in words
    pub to: Option<String>,
    /// What became of it
    pub state: EffectState,
}

/// What a run or an act did
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenAction {
    /// Which
    pub id: ActionId,
    /// When
    pub at: Timestamp,
    /// Who
    pub by: TakenBy,
    /// What
    pub parts: Vec<Part>,
    /// What it undoes
    pub undoes: Option<ActionId>,
    /// What undid it
    pub undone_by: Option<ActionId>,
    /// Names the change of many alerts at once that it is a part of
    pub bulk: Option<String>,
}

impl ActionId {
    /// The id of what a person did
    pub const fn act(alert_id: AlertId, number: u64) -> Self {
        Self { alert_id, key: ActionKey::Act { number } }
    }

    /// Reads an id
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(',')?;
        let (first, rest) = rest.split_once(',')?;
        let (key, alert_id) = match kind {
            "act" => {
                let number = first.parse().ok().filter(|it| *it > 0)?;
                (ActionKey::Act { number }, rest)
            }
            "run" => {
                let (look, rest) = rest.split_once(',')?;
                let revision = Revision::at(first.parse().ok()?);
                (ActionKey::Run { revision, look: look.parse().ok()? }, rest)
            }
            _ => return None,
        };
        Some(Self { alert_id: AlertId::parse(alert_id).ok()?, key })
    }
}

impl fmt::Display for ActionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = &self.alert_id;
        match self.key {
            ActionKey::Act { number } => write!(f, "act,{number},{id}"),
            ActionKey::Run { revision, look } => write!(f, "run,{revision},{look},{id}"),
        }
    }
}

impl From<ActionId> for String {
    fn from(id: ActionId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for ActionId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is no id of an action"))
    }
}

impl TakenAction {
    /// Where it stands as a whole
    pub fn state(&self) -> ActionState {
        let any = |is: fn(&EffectState) -> bool| self.parts.iter().any(|it| is(&it.state));
        if self.undone_by.is_some() {
            ActionState::Undone
        } else if any(|it| *it == EffectState::Outstanding) {
            ActionState::Pending
        } else if any(|it| matches!(it, EffectState::Refused { .. })) {
            ActionState::Refused
        } else if any(|it| matches!(it, EffectState::Overtaken { .. })) {
            ActionState::Overtaken
        } else {
            ActionState::Done
        }
    }

    /// Whether that person did it, by id or by name
    pub fn is_by_person(&self, who: &str) -> bool {
        match &self.by {
            TakenBy::Person(actor) => actor.id == who || actor.name.eq_ignore_ascii_case(who),
            TakenBy::Rules { .. } => false,
        }
    }

    /// Whether the rule of that name did it
    pub fn is_by_rule(&self, name: &str) -> bool {
        match &self.by {
            TakenBy::Person(_) => false,
            TakenBy::Rules { playbooks, tuning } => {
                playbooks.iter().any(|it| it.as_str() == name)
                    || tuning.iter().any(|it| it.as_str() == name)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        let revision = "2026-11-20T10:00:00.000000000Z";
        for text in ["act,3,ad1", "act,1,a,b", &format!("run,{revision},0,arn:aws:x/y")] {
            let id = ActionId::parse(text).unwrap();
            assert_eq!(id.to_string(), text);
            let json = serde_json::to_string(&id).unwrap();
            assert_eq!(serde_json::from_str::<ActionId>(&json).unwrap(), id);
        }
        for wrong in
            ["", "act", "act,1", "act,1,", "act,x,ad1", "act,-1,ad1", "run,x,0,ad1", "a,1,b"]
        {
            assert_eq!(ActionId::parse(wrong), None, "for {wrong}");
        }
    }
}
