//! The ports of tuning rules, with a flaw.

use defuse_domain::{AlertId, TuningRuleName};
use defuse_flow::{
    DeployedRules, DeployedTuning, MatchLog, MatchReport, Matches, StoreError, StoredRule,
    StoredTuning,
};
use defuse_testkit::MemoryStore;
use jiff::Timestamp;

use super::{Broken, Flaw};

impl StoredTuning for Broken<MemoryStore> {
    async fn generation(&self) -> Result<u64, StoreError> {
        self.port.generation().await
    }

    async fn stored_rules(&self) -> Result<Vec<StoredRule>, StoreError> {
        self.port.stored_rules().await
    }
}

impl DeployedTuning for Broken<MemoryStore> {
    async fn deployed(&self) -> Result<DeployedRules, StoreError> {
        self.port.deployed().await
    }

    async fn keep_deployed(&self, rules: &DeployedRules) -> Result<bool, StoreError> {
        self.port.keep_deployed(rules).await
    }
}

impl MatchLog for Broken<MemoryStore> {
    async fn count(
        &self,
        rules: &[TuningRuleName],
        alert: &AlertId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if self.flaw == Flaw::CountsNothing {
            return Ok(());
        }
        self.port.count(rules, alert, now).await
    }
}

impl MatchReport for Broken<MemoryStore> {
    async fn matches(&self, rule: &TuningRuleName) -> Result<Matches, StoreError> {
        self.port.matches(rule).await
    }

    async fn matched_alerts(&self, rule: &TuningRuleName) -> Result<Vec<AlertId>, StoreError> {
        self.port.matched_alerts(rule).await
    }
}
