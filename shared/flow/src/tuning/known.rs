//! Every tuning rule that there is, those of the deployment and those that people saved, as people
//! are shown them.

use std::collections::BTreeMap;

use defuse_domain::{Scope, TuningAction, TuningDemands, TuningRule, TuningRuleName};
use jiff::Timestamp;
use serde::Serialize;

use crate::ports::{
    DeployedTuning, MatchReport, Matches, RuleChange, StoreError, StoredRule, StoredTuning,
    TuningStore,
};

/// The rules of a deployment, each with its text
pub type DeployedTexts = BTreeMap<TuningRuleName, (TuningRule, String)>;

/// Shows tuning rules
#[derive(Clone, Debug)]
pub struct TuningRules<S> {
    store: S,
    deployed: DeployedTexts,
}

/// A rule that there is
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownRule {
    /// Its name
    pub name: TuningRuleName,
    /// Nothing where its text is no rule any more
    pub rule: Option<TuningRule>,
    /// Its text
    pub text: String,
    /// Whether it is turned on, here and in its text
    pub is_on: bool,
    /// Nothing for one of the deployment
    pub stored: Option<StoredRule>,
}

/// A rule in a line, as a program reads it
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleSummary {
    /// Its name
    pub name: TuningRuleName,
    /// Whether it holds of anything: on, off, expired, deleted or unreadable
    pub state: &'static str,
    /// What it does
    pub action: Option<TuningAction>,
    /// Whom it covers, in words
    pub scope: Option<String>,
    /// Whose alerts it is about
    pub service_sources: Vec<&'static str>,
    /// Who answers for it
    pub owner: Option<String>,
    /// When it ends
    pub expires: Option<Timestamp>,
    /// It acts on alerts that came then or later
    pub since: Option<Timestamp>,
    /// How many alerts it took; nothing where that is not told
    pub matches: Option<u64>,
    /// When it did last
    pub last_match: Option<Timestamp>,
    /// Where it is from: saved or deployed
    pub from: &'static str,
    /// Counts its changes, where it was saved
    pub version: Option<u64>,
}

impl<S: StoredTuning + DeployedTuning + TuningStore + MatchReport> TuningRules<S> {
    /// The rules there, and those of the deployment
    pub const fn new(store: S, deployed: DeployedTexts) -> Self {
        Self { store, deployed }
    }

    /// Every rule by name, without those that were deleted
    pub async fn every(&self) -> Result<Vec<KnownRule>, StoreError> {
        let noted = self.store.deployed().await?;
        let mut all = Vec::new();
        for (name, (rule, text)) in &self.deployed {
            let Some(since) = noted.since(rule) else { continue };
            all.push(KnownRule {
                name: name.clone(),
                rule: Some(rule.clone().in_force_since(since)),
                text: text.clone(),
                is_on: rule.is_enabled(),
                stored: None,
            });
        }
        let stored = self.store.stored_rules().await?;
        all.extend(stored.into_iter().filter(|it| !it.is_deleted).map(KnownRule::of_stored));
        all.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(all)
    }

    /// The rule of that name; one that was deleted, where there is no other
    pub async fn one(&self, name: &TuningRuleName) -> Result<Option<KnownRule>, StoreError> {
        let found = self.every().await?.into_iter().find(|it| it.name == *name);
        if found.is_some() {
            return Ok(found);
        }
        Ok(self.store.stored_rule(name).await?.map(KnownRule::of_stored))
    }

    /// What it did
    pub async fn matches(&self, name: &TuningRuleName) -> Result<Matches, StoreError> {
        self.store.matches(name).await
    }

    /// Every change of it, the oldest first; of one of the deployment there are none
    pub async fn changes(&self, name: &TuningRuleName) -> Result<Vec<RuleChange>, StoreError> {
        self.store.changes(name).await
    }
}

impl KnownRule {
    /// One that people saved
    pub fn of_stored(stored: StoredRule) -> Self {
        let rule = TuningRule::parse(stored.name.as_str(), &stored.text).ok();
        let is_on = stored.is_on && rule.as_ref().is_some_and(TuningRule::is_enabled);
        let (name, text) = (stored.name.clone(), stored.text.clone());
        Self { name, rule, text, is_on, stored: Some(stored) }
    }

    /// Where it is from
    pub const fn place(&self) -> &'static str {
        if self.stored.is_some() { "saved" } else { "deployed" }
    }

    /// Whether it holds of anything now, in a word
    pub fn state(&self, now: Timestamp) -> &'static str {
        match &self.rule {
            _ if self.is_deleted() => "deleted",
            None => "unreadable",
            Some(rule) if now >= rule.expires() => "expired",
            Some(_) if self.is_on => "on",
            Some(_) => "off",
        }
    }

    /// Whether what is left of it is its history
    pub fn is_deleted(&self) -> bool {
        self.stored.as_ref().is_some_and(|it| it.is_deleted)
    }

    /// What a person must be allowed to see or change it
    pub fn demands(&self) -> TuningDemands {
        self.rule.as_ref().map_or_else(TuningDemands::of_anything, TuningRule::demands)
    }

    /// The rule in a line; nothing is said of what it did where `matches` are not told
    pub fn summary(&self, matches: Option<&Matches>, now: Timestamp) -> RuleSummary {
        let rule = self.rule.as_ref();
        let sources = rule.map(TuningRule::service_sources).unwrap_or_default();
        RuleSummary {
            name: self.name.clone(),
            state: self.state(now),
            action: rule.map(TuningRule::action),
            scope: rule.map(TuningRule::scope).map(Scope::in_words),
            service_sources: sources.iter().map(|it| it.name()).collect(),
            owner: rule.map(|it| it.owner().to_owned()),
            expires: rule.map(TuningRule::expires),
            since: rule
                .and_then(TuningRule::since)
                .or_else(|| self.stored.as_ref().map(|it| it.since)),
            matches: matches.map(|it| it.total),
            last_match: matches.and_then(|it| it.last),
            from: self.place(),
            version: self.stored.as_ref().map(|it| it.version),
        }
    }
}
