//! The rules in force: those of the deployment, and the tuning rules that people saved.
//!
//! What was loaded stands until something changed: an alert that is decided meanwhile is decided by
//! it, and its run names the texts.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use defuse_domain::{Diagnostic, RuleBook, TuningRule, TuningRuleName};
use jiff::{SignedDuration, Timestamp};
use tracing::{error, info};

use super::DeployedRules;
use crate::ports::{DeployedTuning, StoreError, StoredRule, StoredTuning};

/// How long what was loaded is good for, whatever the count of changes says: whoever saved a rule
/// may have stopped before it was counted
const RELOAD_AFTER: SignedDuration = SignedDuration::from_mins(5);

/// The rules in force; its clones share what was loaded
#[derive(Clone, Debug)]
pub struct RulesInForce {
    deployed: Arc<RuleBook>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    loaded: Option<Loaded>,
    /// Which rules were said to hold nothing, by name and text, so that each is said once
    said: BTreeSet<(String, String)>,
}

#[derive(Clone, Debug)]
struct Loaded {
    generation: u64,
    at: Timestamp,
    noted: DeployedRules,
    stored: Vec<StoredRule>,
    book: Arc<RuleBook>,
}

impl RulesInForce {
    /// The rules of a deployment; those that people saved are loaded when they are needed
    pub fn new(deployed: RuleBook) -> Self {
        Self { deployed: Arc::new(deployed), state: Arc::default() }
    }

    /// The rules as they were loaded last, or as they are where they never were
    pub async fn current<S: StoredTuning + DeployedTuning>(
        &self,
        store: &S,
        now: Timestamp,
    ) -> Result<Arc<RuleBook>, StoreError> {
        let loaded = self.locked().loaded.as_ref().map(|it| Arc::clone(&it.book));
        match loaded {
            Some(book) => Ok(book),
            None => self.refreshed(store, now).await,
        }
    }

    /// The rules as they are now; where nothing changed that is one small read
    pub async fn refreshed<S: StoredTuning + DeployedTuning>(
        &self,
        store: &S,
        now: Timestamp,
    ) -> Result<Arc<RuleBook>, StoreError> {
        let generation = store.generation().await?;
        let before = self.locked().loaded.clone();
        if let Some(loaded) = &before
            && loaded.generation == generation
            && now.duration_since(loaded.at).abs() < RELOAD_AFTER
        {
            return Ok(Arc::clone(&loaded.book));
        }
        let (noted, stored) = (store.deployed().await?, store.stored_rules().await?);
        let same = before.filter(|it| it.noted == noted && it.stored == stored);
        let book = same.map_or_else(|| self.put_together(&noted, &stored), |it| it.book);
        let loaded = Loaded { generation, at: now, noted, stored, book: Arc::clone(&book) };
        self.locked().loaded = Some(loaded);
        Ok(book)
    }

    /// Every rule that may hold.
    ///
    /// In doubt a rule holds nothing: one of the deployment of which it is not known since when it
    /// is in force, a saved one that is no rule any more, and a saved one that has the name of a
    /// deployed one.
    fn put_together(&self, noted: &DeployedRules, stored: &[StoredRule]) -> Arc<RuleBook> {
        let ranges: Vec<&str> =
            self.deployed.organisation().named_ranges.keys().map(String::as_str).collect();
        let mut rules: Vec<TuningRule> = Vec::new();
        for rule in self.deployed.tuning().rules() {
            match rule.since().or_else(|| noted.since(rule)) {
                Some(since) => rules.push(rule.clone().in_force_since(since)),
                None => self.say(rule.name(), rule.version(), || {
                    "nobody noted since when it is in force: deploy it again".to_owned()
                }),
            }
        }
        for rule in stored.iter().filter(|it| it.is_on && !it.is_deleted) {
            if self.deployed.tuning().rule(&rule.name).is_some() {
                self.say(&rule.name, &rule.text, || {
                    "a deployed rule has its name: delete one of the two".to_owned()
                });
                continue;
            }
            match rule.parse(&ranges) {
                Ok(parsed) if *parsed.name() == rule.name => rules.push(parsed),
                Ok(parsed) => self.say(&rule.name, &rule.text, || {
                    format!("its text is that of `{}`: save it again", parsed.name())
                }),
                Err(mistakes) => self.say(&rule.name, &rule.text, || in_one_line(&mistakes)),
            }
        }
        info!(rules = rules.len(), "loaded tuning rules");
        Arc::new((*self.deployed).clone().tuned_by(rules))
    }

    /// Says that a rule holds nothing, once for each text of it
    fn say(&self, name: &TuningRuleName, text: &str, why: impl FnOnce() -> String) {
        if self.locked().said.insert((name.to_string(), text.to_owned())) {
            error!(rule = %name, error = %why(), "tuning rule `{name}` holds nothing");
        }
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn in_one_line(mistakes: &[Diagnostic]) -> String {
    let shown: Vec<String> = mistakes
        .iter()
        .map(|it| it.to_string().split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    shown.join("; ")
}
