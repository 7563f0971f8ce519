//! What people change about tuning rules: saved, turned on and off, deleted.

use defuse_domain::{Diagnostic, TuningRule, TuningRuleName};
use jiff::Timestamp;

use crate::ports::{ChangedRule, DeployedTuning, RuleVerb, StoreError, StoredRule, TuningStore};

/// The longest name of a person, in bytes
const BY_BYTES_MAX: usize = 100;

/// Changes tuning rules
#[derive(Clone, Debug)]
pub struct Tuning<S> {
    store: S,
    ranges: Vec<String>,
}

/// A text to be saved
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draft<'a> {
    /// How messages call it
    pub file: &'a str,
    /// What it says
    pub text: &'a str,
    /// The version of the rule that was read, and that it is to take the place of; none for a new
    /// rule
    pub read: Option<u64>,
}

/// What became of a rule
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tuned {
    /// It is so from now on
    Changed(StoredRule),
    /// It was so already
    Already(StoredRule),
}

/// A rule was not changed
#[derive(Debug, thiserror::Error)]
pub enum TuningError {
    /// The text is no rule
    #[error("the text has {} mistakes", .0.len())]
    Mistakes(Vec<Diagnostic>),
    /// The name belongs to a file of the deployment
    #[error(
        "tuning rule `{0}` is deployed from a file: change the file, or save under another name"
    )]
    IsDeployed(TuningRuleName),
    /// There is none of that name
    #[error("there is no saved tuning rule `{0}`")]
    Missing(TuningRuleName),
    /// Its text says that it is off
    #[error("the text of tuning rule `{0}` says `enabled: false`: save it with `enabled: true`")]
    OffInText(TuningRuleName),
    /// Somebody changed it since it was read
    #[error(
        "{by} changed tuning rule `{name}` at {at}, so it is version {version} by now: read that first"
    )]
    Overtaken {
        /// Which
        name: TuningRuleName,
        /// Who
        by: String,
        /// When
        at: Timestamp,
        /// What it is now
        version: u64,
    },
    /// The store failed
    #[error("tuning rules cannot be read or changed")]
    Store(#[from] StoreError),
}

impl<S: TuningStore + DeployedTuning> Tuning<S> {
    /// Changes rules there; conditions may ask for those ranges of addresses
    pub const fn new(store: S, ranges: Vec<String>) -> Self {
        Self { store, ranges }
    }

    /// Saves a text under its rule's name
    pub async fn save(
        &self,
        draft: Draft<'_>,
        by: &str,
        now: Timestamp,
    ) -> Result<Tuned, TuningError> {
        let Draft { file, text, read } = draft;
        let rule = self.parse(file, text, now).map_err(TuningError::Mistakes)?;
        let name = rule.name();
        if self.store.deployed().await?.has(name) {
            return Err(TuningError::IsDeployed(name.clone()));
        }
        let stored = self.store.stored_rule(name).await?;
        let (version, is_on) = match &stored {
            Some(stored) if !stored.is_deleted => {
                if read != Some(stored.version) {
                    return Err(overtaken(stored));
                }
                if stored.text == text {
                    return Ok(Tuned::Already(stored.clone()));
                }
                (stored.version, stored.is_on)
            }
            Some(deleted) => (deleted.version, true),
            None => (0, true),
        };
        let saved = StoredRule {
            name: name.clone(),
            text: text.to_owned(),
            is_on,
            is_deleted: false,
            since: now,
            changed: now,
            by: cut(by),
            version,
        };
        self.make(saved, RuleVerb::Saved).await
    }

    /// Turns a rule on; it acts on alerts that come from now on
    pub async fn turn_on(
        &self,
        name: &TuningRuleName,
        by: &str,
        now: Timestamp,
    ) -> Result<Tuned, TuningError> {
        let stored = self.there(name).await?;
        if self.parse(name.as_str(), &stored.text, now).is_ok_and(|it| !it.is_enabled()) {
            return Err(TuningError::OffInText(name.clone()));
        }
        if stored.is_on {
            return Ok(Tuned::Already(stored));
        }
        let on = StoredRule { is_on: true, since: now, changed: now, by: cut(by), ..stored };
        self.make(on, RuleVerb::TurnedOn).await
    }

    /// Turns a rule off: it holds nothing until it is turned on
    pub async fn turn_off(
        &self,
        name: &TuningRuleName,
        by: &str,
        now: Timestamp,
    ) -> Result<Tuned, TuningError> {
        let stored = self.there(name).await?;
        if !stored.is_on {
            return Ok(Tuned::Already(stored));
        }
        let off = StoredRule { is_on: false, changed: now, by: cut(by), ..stored };
        self.make(off, RuleVerb::TurnedOff).await
    }

    /// Deletes a rule; its history stays
    pub async fn delete(
        &self,
        name: &TuningRuleName,
        by: &str,
        now: Timestamp,
    ) -> Result<Tuned, TuningError> {
        let stored = self.there(name).await?;
        let deleted = StoredRule { is_deleted: true, changed: now, by: cut(by), ..stored };
        self.make(deleted, RuleVerb::Deleted).await
    }

    async fn there(&self, name: &TuningRuleName) -> Result<StoredRule, TuningError> {
        let stored = self.store.stored_rule(name).await?.filter(|it| !it.is_deleted);
        match stored {
            Some(stored) => Ok(stored),
            None if self.store.deployed().await?.has(name) => {
                Err(TuningError::IsDeployed(name.clone()))
            }
            None => Err(TuningError::Missing(name.clone())),
        }
    }

    async fn make(&self, rule: StoredRule, what: RuleVerb) -> Result<Tuned, TuningError> {
        match self.store.change(&rule, what).await? {
            ChangedRule::Changed => {
                Ok(Tuned::Changed(StoredRule { version: rule.version.saturating_add(1), ..rule }))
            }
            ChangedRule::Overtaken => match self.store.stored_rule(&rule.name).await? {
                Some(stored) => Err(overtaken(&stored)),
                None => Err(TuningError::Missing(rule.name)),
            },
        }
    }

    /// The rule of a text by every check, the year that it may last among them, or everything that
    /// is wrong with it
    pub fn checked(
        &self,
        file: &str,
        text: &str,
        now: Timestamp,
    ) -> Result<TuningRule, Vec<Diagnostic>> {
        self.parse(file, text, now)
    }

    fn parse(&self, file: &str, text: &str, now: Timestamp) -> Result<TuningRule, Vec<Diagnostic>> {
        let rule = TuningRule::parse(file, text)?;
        let ranges: Vec<&str> = self.ranges.iter().map(String::as_str).collect();
        let mut problems = rule.check_ranges(file, &ranges);
        problems.extend(rule.check_expiry(file, now));
        if problems.is_empty() { Ok(rule) } else { Err(problems) }
    }
}

fn overtaken(stored: &StoredRule) -> TuningError {
    let StoredRule { name, by, changed, version, .. } = stored.clone();
    TuningError::Overtaken { name, by, at: changed, version }
}

fn cut(by: &str) -> String {
    by.get(..by.floor_char_boundary(BY_BYTES_MAX)).unwrap_or_default().to_owned()
}
