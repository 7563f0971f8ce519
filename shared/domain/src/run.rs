//! One pass over one alert by the rules, as recorded; and the effects it calls for.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    alert_id::{AlertId, Revision},
    classification::Classification,
    decision::Decision,
    fact::Facts,
    notification::Notification,
    rule_name::TuningRuleName,
};

/// Names a run: the alert, its revision, and which look at it this is
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunKey {
    /// The alert
    pub alert_id: AlertId,
    /// The revision that was decided
    pub revision: Revision,
    /// Which look at that revision, from 0
    pub look: u32,
}

impl fmt::Display for RunKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}#{}", self.alert_id, self.revision, self.look)
    }
}

/// One pass over one alert: what was known, what was decided, what is to be done
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Which run
    pub key: RunKey,
    /// The bundle of rules that decided it; empty for runs before bundles had names
    #[serde(default)]
    pub bundle: String,
    /// When it was decided
    pub decided: Timestamp,
    /// What, and why
    pub decision: Decision,
    /// Everything that was known; replay decides on these again
    pub facts: Facts,
    /// What is to be done, in order
    pub effects: Vec<Effect>,
    /// What is to be done in place of the rest, should the source refuse to resolve the alert
    pub if_refused: Vec<Effect>,
    /// The run before, and what had become of its effects by then
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Before>,
}

impl Run {
    /// Whether it says that at the source; white space may change on the way
    pub fn says(&self, text: &str) -> bool {
        let is_said = |own: &str| own.split_whitespace().eq(text.split_whitespace());
        self.effects.iter().chain(&self.if_refused).any(|it| match &it.action {
            EffectAction::Resolve { comment, .. } => comment.as_deref().is_some_and(is_said),
            EffectAction::Comment { text } => is_said(text),
            EffectAction::Assign { .. } | EffectAction::Notify(_) | EffectAction::Count { .. } => {
                false
            }
        })
    }
}

/// How a run stood when the next one took its place
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Before {
    /// Which run
    pub key: RunKey,
    /// What had become of its effects
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub effects: BTreeMap<EffectId, EffectState>,
}

/// Names an effect: derived from its run and what it does, so that a repeat finds the mark
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(transparent)]
pub struct EffectId(pub String);

impl fmt::Display for EffectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Something to be done in the world
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Effect {
    /// Which; unique within the run: `resolve`, `comment`, `notify/soc/resolved`
    pub id: EffectId,
    /// What
    pub action: EffectAction,
}

/// What an effect does
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum EffectAction {
    /// Resolve the alert at its source, with one comment
    Resolve {
        /// As what
        classification: Classification,
        /// What to say there
        comment: Option<String>,
    },
    /// Assign the alert at its source, unless somebody has it
    Assign {
        /// To whom, by principal name
        to: String,
    },
    /// Comment on the alert at its source and leave it open
    Comment {
        /// What to say
        text: String,
    },
    /// Tell people
    Notify(Notification),
    /// Count the alert for the tuning rules that hid or resolved it
    Count {
        /// Which
        rules: Vec<TuningRuleName>,
    },
}

/// What became of an effect
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum EffectState {
    /// Not yet done
    Outstanding,
    /// Done
    Done {
        /// When
        at: Timestamp,
        /// What the other side answered
        answer: String,
    },
    /// Not done, because the source moved on meanwhile
    Overtaken {
        /// When that was seen
        at: Timestamp,
    },
    /// Not done, because the other side refused it for good
    Refused {
        /// When
        at: Timestamp,
        /// What it said
        answer: String,
    },
}
