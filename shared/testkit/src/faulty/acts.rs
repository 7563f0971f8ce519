//! The ports of what persons do, through the plan.

use defuse_domain::{Act, AlertId, EffectId, EffectState, Managed};
use defuse_flow::{
    ActOutbox, ActStore, Acted, Acts, Asked, Begun, KeptAnswer, ManagedAlert, RequestLog,
    StoreError, StoredToken, Throttle, TokenLookup, TokenStore,
};
use jiff::Timestamp;

use super::Faulty;

impl<P: ActStore + Sync> ActStore for Faulty<P> {
    async fn managed(&self, id: &AlertId) -> Result<Option<ManagedAlert>, StoreError> {
        self.plan.call("ActStore::managed", self.port.managed(id)).await
    }

    async fn act(&self, act: &Act, managed: &Managed, version: u64) -> Result<Acted, StoreError> {
        self.plan.call("ActStore::act", self.port.act(act, managed, version)).await
    }

    async fn acts(&self, id: &AlertId) -> Result<Acts, StoreError> {
        self.plan.call("ActStore::acts", self.port.acts(id)).await
    }
}

impl<P: ActOutbox + Sync> ActOutbox for Faulty<P> {
    async fn asked(&self, id: &AlertId) -> Result<Option<Asked>, StoreError> {
        self.plan.call("ActOutbox::asked", self.port.asked(id)).await
    }

    async fn settle(
        &self,
        id: &AlertId,
        effect: &EffectId,
        state: &EffectState,
    ) -> Result<(), StoreError> {
        self.plan.call("ActOutbox::settle", self.port.settle(id, effect, state)).await
    }
}

impl<P: TokenLookup + Sync> TokenLookup for Faulty<P> {
    async fn token(&self, id: &str) -> Result<Option<StoredToken>, StoreError> {
        self.plan.call("TokenLookup::token", self.port.token(id)).await
    }

    async fn used(&self, id: &str, now: Timestamp) -> Result<(), StoreError> {
        self.plan.call("TokenLookup::used", self.port.used(id, now)).await
    }
}

impl<P: TokenStore + Sync> TokenStore for Faulty<P> {
    async fn create(&self, token: &StoredToken) -> Result<(), StoreError> {
        self.plan.call("TokenStore::create", self.port.create(token)).await
    }

    async fn every_token(&self) -> Result<Vec<StoredToken>, StoreError> {
        self.plan.call("TokenStore::every_token", self.port.every_token()).await
    }

    async fn revoke(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        self.plan.call("TokenStore::revoke", self.port.revoke(id, now)).await
    }
}

impl<P: RequestLog + Sync> RequestLog for Faulty<P> {
    async fn begin(
        &self,
        request: &str,
        digest: &str,
        now: Timestamp,
    ) -> Result<Begun, StoreError> {
        self.plan.call("RequestLog::begin", self.port.begin(request, digest, now)).await
    }

    async fn answered(
        &self,
        request: &str,
        answer: &KeptAnswer,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.plan.call("RequestLog::answered", self.port.answered(request, answer, now)).await
    }

    async fn forget(&self, request: &str) -> Result<(), StoreError> {
        self.plan.call("RequestLog::forget", self.port.forget(request)).await
    }
}

impl<P: Throttle + Sync> Throttle for Faulty<P> {
    async fn admit(
        &self,
        who: &str,
        per_minute: u32,
        now: Timestamp,
    ) -> Result<Option<u64>, StoreError> {
        self.plan.call("Throttle::admit", self.port.admit(who, per_minute, now)).await
    }
}
