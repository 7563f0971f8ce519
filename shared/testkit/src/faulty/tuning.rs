//! The ports of tuning rules, through the plan.

use defuse_domain::{AlertId, Release, TuningRuleName};
use defuse_flow::{
    ChangedRule, DeployedRules, DeployedTuning, MatchLog, MatchReport, Matches, NoticeLog, Notices,
    ReleaseStore, Released, RuleChange, RuleVerb, StoreError, StoredRule, StoredTuning,
    TuningStore,
};
use jiff::Timestamp;

use super::Faulty;

impl<P: StoredTuning + Sync> StoredTuning for Faulty<P> {
    async fn generation(&self) -> Result<u64, StoreError> {
        self.plan.call("StoredTuning::generation", self.port.generation()).await
    }

    async fn stored_rules(&self) -> Result<Vec<StoredRule>, StoreError> {
        self.plan.call("StoredTuning::stored_rules", self.port.stored_rules()).await
    }
}

impl<P: TuningStore + Sync> TuningStore for Faulty<P> {
    async fn stored_rule(&self, name: &TuningRuleName) -> Result<Option<StoredRule>, StoreError> {
        self.plan.call("TuningStore::stored_rule", self.port.stored_rule(name)).await
    }

    async fn change(&self, rule: &StoredRule, what: RuleVerb) -> Result<ChangedRule, StoreError> {
        self.plan.call("TuningStore::change", self.port.change(rule, what)).await
    }

    async fn changes(&self, name: &TuningRuleName) -> Result<Vec<RuleChange>, StoreError> {
        self.plan.call("TuningStore::changes", self.port.changes(name)).await
    }
}

impl<P: DeployedTuning + Sync> DeployedTuning for Faulty<P> {
    async fn deployed(&self) -> Result<DeployedRules, StoreError> {
        self.plan.call("DeployedTuning::deployed", self.port.deployed()).await
    }

    async fn keep_deployed(&self, rules: &DeployedRules) -> Result<bool, StoreError> {
        self.plan.call("DeployedTuning::keep_deployed", self.port.keep_deployed(rules)).await
    }
}

impl<P: MatchLog + Sync> MatchLog for Faulty<P> {
    async fn count(
        &self,
        rules: &[TuningRuleName],
        alert: &AlertId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.plan.call("MatchLog::count", self.port.count(rules, alert, now)).await
    }
}

impl<P: MatchReport + Sync> MatchReport for Faulty<P> {
    async fn matches(&self, rule: &TuningRuleName) -> Result<Matches, StoreError> {
        self.plan.call("MatchReport::matches", self.port.matches(rule)).await
    }

    async fn matched_alerts(&self, rule: &TuningRuleName) -> Result<Vec<AlertId>, StoreError> {
        self.plan.call("MatchReport::matched_alerts", self.port.matched_alerts(rule)).await
    }
}

impl<P: ReleaseStore + Sync> ReleaseStore for Faulty<P> {
    async fn release(
        &self,
        id: &AlertId,
        version: u64,
        release: &Release,
    ) -> Result<Released, StoreError> {
        self.plan.call("ReleaseStore::release", self.port.release(id, version, release)).await
    }
}

impl<P: NoticeLog + Sync> NoticeLog for Faulty<P> {
    async fn notices(&self) -> Result<Notices, StoreError> {
        self.plan.call("NoticeLog::notices", self.port.notices()).await
    }

    async fn keep_notices(&self, notices: &Notices) -> Result<bool, StoreError> {
        self.plan.call("NoticeLog::keep_notices", self.port.keep_notices(notices)).await
    }
}
