//! Worlds that are broken on purpose: the checker must see each.

mod tuning;

use std::collections::BTreeSet;

use defuse_domain::{
    Alert, AlertId, Classification, EffectId, EffectState, Notification, Revision, Run, RunKey,
    Step, Unreadable,
};
use defuse_flow::{
    ActOutbox, AlertStore, Asked, AtSource, Chat, Claim, DeliveryError, LeftOut, LeftOutLog,
    LimitClaim, LimitStore, NotificationLog, Notifier, Outbox, Outstanding, PartStore, Recorded,
    RejectStore, RunStore, SourceClient, StoreError, Stored, StoredAlert,
};
use defuse_testkit::{FixedFacts, MemoryStore, SourceView};
use jiff::{SignedDuration, Timestamp};

use super::{
    memory::MemoryWorld,
    scenarios::Scenario,
    world::{Told, World},
};

/// What is broken
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    OlderOverwritesNewer,
    IgnoresVersions,
    ForgetsMarks,
    ForgetsEffects,
    ForgetsClaims,
    SourceSaysDoneAndDoesNothing,
    SourceRepeatsComments,
    ChatHidesDoubt,
    TopicLosesAll,
    CountsNothing,
}

/// A world in memory with one flaw
#[derive(Clone, Debug)]
pub(crate) struct BrokenWorld {
    memory: MemoryWorld,
    flaw: Flaw,
}

/// A port with a flaw, if the flaw is its own
#[derive(Clone, Debug)]
pub(crate) struct Broken<P> {
    port: P,
    flaw: Flaw,
}

impl BrokenWorld {
    pub(crate) fn new(scenario: &Scenario, flaw: Flaw) -> Self {
        Self { memory: MemoryWorld::new(scenario), flaw }
    }

    const fn broken<P>(&self, port: P) -> Broken<P> {
        Broken { port, flaw: self.flaw }
    }
}

impl World for BrokenWorld {
    type Store = Broken<MemoryStore>;
    type Facts = FixedFacts;
    type Source = Broken<<MemoryWorld as World>::Source>;
    type Topic = Broken<<MemoryWorld as World>::Topic>;
    type Chat = Broken<<MemoryWorld as World>::Chat>;

    fn store(&self) -> Self::Store {
        self.broken(self.memory.store())
    }

    fn facts(&self) -> Self::Facts {
        self.memory.facts()
    }

    fn source(&self) -> Self::Source {
        self.broken(self.memory.source())
    }

    fn topic(&self) -> Self::Topic {
        self.broken(self.memory.topic())
    }

    fn chat(&self) -> Self::Chat {
        self.broken(self.memory.chat())
    }

    async fn published(&self) -> Vec<Notification> {
        self.memory.published().await
    }

    async fn told(&self) -> Vec<Told> {
        self.memory.told().await
    }

    async fn at_source(&self, id: &AlertId) -> SourceView {
        let mut view = self.memory.at_source(id).await;
        if self.flaw == Flaw::SourceRepeatsComments {
            view.comments.extend(view.comments.clone());
        }
        view
    }

    async fn polled(&self, id: &AlertId) -> String {
        self.memory.polled(id).await
    }
}

impl AlertStore for Broken<MemoryStore> {
    async fn store(&self, alert: &Alert, now: Timestamp) -> Result<Stored, StoreError> {
        let mut alert = alert.clone();
        if self.flaw == Flaw::OlderOverwritesNewer
            && let Some(held) = self.port.load(&alert.id).await?
            && held.alert.revision() > alert.revision()
        {
            let newest = held.alert.revision().updated();
            alert.last_update = Some(newest + SignedDuration::from_secs(1));
        }
        self.port.store(&alert, now).await
    }
}

impl LeftOutLog for Broken<MemoryStore> {
    async fn leave_out(&self, alert: &Alert, now: Timestamp) -> Result<LeftOut, StoreError> {
        self.port.leave_out(alert, now).await
    }
}

impl PartStore for Broken<MemoryStore> {
    async fn keep(
        &self,
        id: &AlertId,
        parts: &[String],
        now: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        self.port.keep(id, parts, now).await
    }
}

impl RejectStore for Broken<MemoryStore> {
    async fn reject(&self, unreadable: &Unreadable, now: Timestamp) -> Result<(), StoreError> {
        self.port.reject(unreadable, now).await
    }
}

impl RunStore for Broken<MemoryStore> {
    async fn load(&self, id: &AlertId) -> Result<Option<StoredAlert>, StoreError> {
        self.port.load(id).await
    }

    async fn record(
        &self,
        run: &Run,
        tags: &BTreeSet<String>,
        version: u64,
    ) -> Result<Recorded, StoreError> {
        let held = self.port.load(&run.key.alert_id).await?;
        let version = match held {
            Some(held) if self.flaw == Flaw::IgnoresVersions => held.version,
            Some(_) | None => version,
        };
        self.port.record(run, tags, version).await
    }

    async fn run(&self, key: &RunKey) -> Result<Option<Run>, StoreError> {
        self.port.run(key).await
    }
}

impl LimitStore for Broken<MemoryStore> {
    async fn claim(
        &self,
        alert: &AlertId,
        claims: &[LimitClaim],
        now: Timestamp,
    ) -> Result<Vec<LimitClaim>, StoreError> {
        LimitStore::claim(&self.port, alert, claims, now).await
    }
}

impl ActOutbox for Broken<MemoryStore> {
    async fn asked(&self, id: &AlertId) -> Result<Option<Asked>, StoreError> {
        self.port.asked(id).await
    }

    async fn settle(
        &self,
        id: &AlertId,
        effect: &EffectId,
        state: &EffectState,
    ) -> Result<(), StoreError> {
        self.port.settle(id, effect, state).await
    }
}

impl Outbox for Broken<MemoryStore> {
    async fn outstanding(&self, id: &AlertId) -> Result<Option<Outstanding>, StoreError> {
        if self.flaw == Flaw::ForgetsEffects {
            return Ok(None);
        }
        self.port.outstanding(id).await
    }

    async fn mark(
        &self,
        run: &Run,
        effect: &EffectId,
        state: &EffectState,
    ) -> Result<(), StoreError> {
        if self.flaw == Flaw::ForgetsMarks {
            return Ok(());
        }
        self.port.mark(run, effect, state).await
    }
}

impl NotificationLog for Broken<MemoryStore> {
    async fn claim(
        &self,
        notification: &Notification,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        if self.flaw == Flaw::ForgetsClaims {
            return Ok(Claim::First);
        }
        NotificationLog::claim(&self.port, notification, now).await
    }

    async fn posted(
        &self,
        notification: &Notification,
        answer: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.port.posted(notification, answer, now).await
    }

    async fn not_posted(&self, notification: &Notification) -> Result<(), StoreError> {
        self.port.not_posted(notification).await
    }
}

impl<P: SourceClient + Sync> SourceClient for Broken<P> {
    async fn resolve(
        &self,
        alert: &Alert,
        classification: Classification,
        comment: Option<&str>,
        decided: Revision,
    ) -> Result<AtSource, DeliveryError> {
        if self.flaw == Flaw::SourceSaysDoneAndDoesNothing {
            return Ok(AtSource::Changed("200".to_owned()));
        }
        self.port.resolve(alert, classification, comment, decided).await
    }

    async fn assign(&self, alert: &Alert, to: &str) -> Result<AtSource, DeliveryError> {
        self.port.assign(alert, to).await
    }

    async fn change(&self, alert: &Alert, steps: &[Step]) -> Result<AtSource, DeliveryError> {
        self.port.change(alert, steps).await
    }

    async fn comment(&self, alert: &Alert, text: &str) -> Result<AtSource, DeliveryError> {
        self.port.comment(alert, text).await
    }
}

impl<P: Notifier + Sync> Notifier for Broken<P> {
    async fn publish(&self, notification: &Notification) -> Result<String, DeliveryError> {
        if self.flaw == Flaw::TopicLosesAll {
            return Ok("published".to_owned());
        }
        self.port.publish(notification).await
    }
}

impl<P: Chat + Sync> Chat for Broken<P> {
    async fn post(
        &self,
        notification: &Notification,
        unsure: bool,
    ) -> Result<String, DeliveryError> {
        let unsure = unsure && self.flaw != Flaw::ChatHidesDoubt;
        self.port.post(notification, unsure).await
    }
}
