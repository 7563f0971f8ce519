//! Tuning rules that people saved, since when those of the deployment are in force, and what all of
//! them did.

use std::collections::{BTreeMap, BTreeSet};

use defuse_domain::{AlertId, Release, TuningRuleName};
use defuse_flow::{
    AlertState, ChangedRule, DeployedRules, DeployedTuning, MatchLog, MatchReport, Matches,
    NoticeLog, Notices, ReleaseStore, Released, RuleChange, RuleVerb, StoreError, StoredRule,
    StoredTuning, TuningStore,
};
use jiff::{Timestamp, tz::TimeZone};

use super::{super::locked, MemoryStore};

/// What is kept of tuning rules
#[derive(Debug, Default)]
pub(super) struct TuningState {
    generation: u64,
    rules: BTreeMap<TuningRuleName, StoredRule>,
    changes: BTreeMap<TuningRuleName, Vec<RuleChange>>,
    deployed: DeployedRules,
    counted: BTreeSet<(TuningRuleName, AlertId)>,
    matches: BTreeMap<TuningRuleName, Matches>,
    notices: Notices,
}

impl StoredTuning for MemoryStore {
    async fn generation(&self) -> Result<u64, StoreError> {
        Ok(locked(&self.state).tuning.generation)
    }

    async fn stored_rules(&self) -> Result<Vec<StoredRule>, StoreError> {
        Ok(locked(&self.state).tuning.rules.values().cloned().collect())
    }
}

impl TuningStore for MemoryStore {
    async fn stored_rule(&self, name: &TuningRuleName) -> Result<Option<StoredRule>, StoreError> {
        Ok(locked(&self.state).tuning.rules.get(name).cloned())
    }

    async fn change(&self, rule: &StoredRule, what: RuleVerb) -> Result<ChangedRule, StoreError> {
        let tuning = &mut locked(&self.state).tuning;
        if tuning.rules.get(&rule.name).map_or(0, |it| it.version) != rule.version {
            return Ok(ChangedRule::Overtaken);
        }
        let version = rule.version + 1;
        let StoredRule { name, text, by, changed, .. } = rule.clone();
        let change = RuleChange { version, what, by, at: changed, text };
        tuning.changes.entry(name.clone()).or_default().push(change);
        tuning.rules.insert(name, StoredRule { version, ..rule.clone() });
        tuning.generation += 1;
        Ok(ChangedRule::Changed)
    }

    async fn changes(&self, name: &TuningRuleName) -> Result<Vec<RuleChange>, StoreError> {
        Ok(locked(&self.state).tuning.changes.get(name).cloned().unwrap_or_default())
    }
}

impl DeployedTuning for MemoryStore {
    async fn deployed(&self) -> Result<DeployedRules, StoreError> {
        Ok(locked(&self.state).tuning.deployed.clone())
    }

    async fn keep_deployed(&self, rules: &DeployedRules) -> Result<bool, StoreError> {
        let tuning = &mut locked(&self.state).tuning;
        if tuning.deployed.version != rules.version {
            return Ok(false);
        }
        tuning.deployed = DeployedRules { version: rules.version + 1, ..rules.clone() };
        Ok(true)
    }
}

impl MatchLog for MemoryStore {
    async fn count(
        &self,
        rules: &[TuningRuleName],
        alert: &AlertId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let tuning = &mut locked(&self.state).tuning;
        for rule in rules {
            if tuning.counted.insert((rule.clone(), alert.clone())) {
                let matches = tuning.matches.entry(rule.clone()).or_default();
                matches.total += 1;
                matches.last = Some(now);
                let day = now.to_zoned(TimeZone::UTC).date();
                *matches.per_day.entry(day).or_default() += 1;
            }
        }
        Ok(())
    }
}

impl MatchReport for MemoryStore {
    async fn matches(&self, rule: &TuningRuleName) -> Result<Matches, StoreError> {
        Ok(locked(&self.state).tuning.matches.get(rule).cloned().unwrap_or_default())
    }

    async fn matched_alerts(&self, rule: &TuningRuleName) -> Result<Vec<AlertId>, StoreError> {
        let state = locked(&self.state);
        let counted = state.tuning.counted.iter().filter(|(it, _)| it == rule);
        Ok(counted.map(|(_, alert)| alert.clone()).collect())
    }
}

impl ReleaseStore for MemoryStore {
    async fn release(
        &self,
        id: &AlertId,
        version: u64,
        release: &Release,
    ) -> Result<Released, StoreError> {
        let mut state = locked(&self.state);
        let head = state.heads.get_mut(id).map(|it| &mut it.stored);
        let is_hidden = |state| state == AlertState::Hidden;
        let Some(head) = head.filter(|it| it.version == version && is_hidden(it.state)) else {
            return Ok(Released::Overtaken);
        };
        head.state = AlertState::Pending;
        head.released = Some(release.clone());
        head.version += 1;
        Ok(Released::Released)
    }
}

impl NoticeLog for MemoryStore {
    async fn notices(&self) -> Result<Notices, StoreError> {
        Ok(locked(&self.state).tuning.notices.clone())
    }

    async fn keep_notices(&self, notices: &Notices) -> Result<bool, StoreError> {
        let tuning = &mut locked(&self.state).tuning;
        if tuning.notices.version != notices.version {
            return Ok(false);
        }
        tuning.notices = Notices { version: notices.version + 1, ..notices.clone() };
        Ok(true)
    }
}
