//! Since when the tuning rules of a deployment are in force: noted when it is put in force, since a
//! file does not say it.

use std::collections::BTreeMap;

use defuse_domain::{TuningRule, TuningRuleName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ports::{Cause, DeployedTuning, StoreError};

/// How often the note is written anew where others write it, too
const TRIES_MAX: usize = 5;

/// Since when one text of a rule is in force
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct TextSince {
    /// Which text
    pub version: String,
    /// Since when
    pub since: Timestamp,
}

/// The rules of the deployment in force, and of the one before.
///
/// Functions of the one before still run while the next is put in force, and read this too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct DeployedRules {
    /// The rules in force
    pub current: BTreeMap<TuningRuleName, TextSince>,
    /// Those before
    #[serde(default)]
    pub previous: BTreeMap<TuningRuleName, TextSince>,
    /// Counts the changes of the note; a change is conditional on it
    #[serde(skip)]
    pub version: u64,
}

impl DeployedRules {
    /// Since when this text of the rule is in force, where that was noted
    pub fn since(&self, rule: &TuningRule) -> Option<Timestamp> {
        let of = |texts: &BTreeMap<TuningRuleName, TextSince>| {
            let noted = texts.get(rule.name()).filter(|it| it.version == rule.version());
            noted.map(|it| it.since)
        };
        of(&self.current).or_else(|| of(&self.previous))
    }

    /// Whether a rule in force has that name
    pub fn has(&self, name: &TuningRuleName) -> bool {
        self.current.contains_key(name)
    }

    /// The same once those rules are in force, unless nothing changes.
    ///
    /// A text that stays keeps its time. One that comes back after it was replaced gets a new one:
    /// meanwhile it was not there, and what came then it is not to touch.
    fn followed_by(&self, rules: &[TuningRule], now: Timestamp) -> Option<Self> {
        let since = |rule: &TuningRule| {
            let noted = self.current.get(rule.name()).filter(|it| it.version == rule.version());
            noted.map_or(now, |it| it.since)
        };
        let text = |rule: &TuningRule| TextSince {
            version: rule.version().to_owned(),
            since: since(rule),
        };
        let current: BTreeMap<TuningRuleName, TextSince> =
            rules.iter().map(|it| (it.name().clone(), text(it))).collect();
        (current != self.current).then(|| Self {
            current,
            previous: self.current.clone(),
            version: self.version,
        })
    }
}

/// Notes that those rules are in force from now on; of a text that was before nothing changes
pub async fn note_deployed<S: DeployedTuning>(
    store: &S,
    rules: &[TuningRule],
    now: Timestamp,
) -> Result<(), StoreError> {
    for _ in 0..TRIES_MAX {
        let noted = store.deployed().await?;
        let Some(next) = noted.followed_by(rules, now) else { return Ok(()) };
        if store.keep_deployed(&next).await? {
            return Ok(());
        }
    }
    Err(StoreError::Busy(Cause::from("others note the deployed rules at the same time")))
}
