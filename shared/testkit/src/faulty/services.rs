//! The ports of what people set of services, through the plan.

use defuse_flow::{LevelChange, ServiceLevelLog, ServiceLevels, StoreError};

use super::Faulty;

impl<P: ServiceLevels + Sync> ServiceLevels for Faulty<P> {
    async fn last_level(&self) -> Result<Option<LevelChange>, StoreError> {
        self.plan.call("ServiceLevels::last_level", self.port.last_level()).await
    }
}

impl<P: ServiceLevelLog + Sync> ServiceLevelLog for Faulty<P> {
    async fn keep_level(&self, change: &LevelChange) -> Result<bool, StoreError> {
        self.plan.call("ServiceLevelLog::keep_level", self.port.keep_level(change)).await
    }

    async fn level_changes(&self) -> Result<Vec<LevelChange>, StoreError> {
        self.plan.call("ServiceLevelLog::level_changes", self.port.level_changes()).await
    }
}
