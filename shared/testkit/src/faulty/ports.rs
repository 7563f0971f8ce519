//! Every port, through the plan.

use std::{collections::BTreeSet, time::Duration};

use defuse_domain::{
    Alert, AlertId, AllowListEntry, AtEndpoint, Classification, EffectId, EffectState, Fact, Facts,
    Indicator, Need, Notification, Revision, Run, RunKey, Sighting, Step, Unknown, UnknownReason,
    Unreadable, User,
};
use defuse_flow::{
    AlertExport, AlertFeed, AlertHistory, AlertStore, AllowList, AllowListOutbox, AllowListPage,
    AtSource, Chat, Claim, DeliveryError, ExportPage, FactCache, FactSource, FeedError, FeedInfo,
    FeedPage, FeedPlace, FeedStore, Found, HistoryStore, IndicatorClient, Kept, Lease, LeftOut,
    LeftOutLog, LimitClaim, LimitStore, Mailboxes, Marked, NotificationLog, Notifier, Outbox,
    Outstanding, Pace, PartStore, Put, Rate, Recorded, RejectStore, RunStore, SourceClient,
    StoreError, Stored, StoredAlert, StoredEntry, StoredPlace, Turn, WatchList, WebhookLog, Window,
};
use jiff::Timestamp;

use super::{FaultPlan, Faulty, PortFault};

/// An error that a fault can be
pub(super) trait Failure {
    fn busy(call: &str) -> Self;
    fn refused(call: &str) -> Self;
}

impl Failure for StoreError {
    fn busy(call: &str) -> Self {
        Self::Busy(format!("{call} was made to fail").into())
    }

    fn refused(call: &str) -> Self {
        Self::Refused { what: call.to_owned(), source: "it was made to refuse".into() }
    }
}

impl Failure for DeliveryError {
    fn busy(call: &str) -> Self {
        let source = "it was made to fail".into();
        Self::Busy { target: call.to_owned(), retry_after: None, source }
    }

    fn refused(call: &str) -> Self {
        let (answer, source) = ("no".to_owned(), "it was made to refuse".into());
        Self::Refused { target: call.to_owned(), answer, source }
    }
}

impl Failure for FeedError {
    fn busy(call: &str) -> Self {
        let said = format!("{call} was made to fail");
        Self { said, retry_after: None, source: "it was made to fail".into() }
    }

    fn refused(call: &str) -> Self {
        let said = format!("{call} was made to refuse");
        Self { said, retry_after: None, source: "it was made to refuse".into() }
    }
}

impl FaultPlan {
    /// Makes a call that may go wrong; what is not to be done is never begun
    pub(super) async fn call<T: Send, E: Failure + Send>(
        &self,
        call: &'static str,
        work: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        match self.next(call) {
            None => work.await,
            Some(PortFault::Fail) => Err(E::busy(call)),
            Some(PortFault::Refuse) => Err(E::refused(call)),
            Some(PortFault::TimeOut) => self.hang().await,
            Some(PortFault::LoseAnswer) => work.await.and_then(|_| Err(E::busy(call))),
            Some(PortFault::CrashAfter) => {
                drop(work.await);
                self.hang().await
            }
        }
    }
}

impl<P: AlertStore + Sync> AlertStore for Faulty<P> {
    async fn store(&self, alert: &Alert, now: Timestamp) -> Result<Stored, StoreError> {
        self.plan.call("AlertStore::store", self.port.store(alert, now)).await
    }
}

impl<P: LeftOutLog + Sync> LeftOutLog for Faulty<P> {
    async fn leave_out(&self, alert: &Alert, now: Timestamp) -> Result<LeftOut, StoreError> {
        self.plan.call("LeftOutLog::leave_out", self.port.leave_out(alert, now)).await
    }
}

impl<P: PartStore + Sync> PartStore for Faulty<P> {
    async fn keep(
        &self,
        id: &AlertId,
        parts: &[String],
        now: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        self.plan.call("PartStore::keep", self.port.keep(id, parts, now)).await
    }
}

impl<P: RejectStore + Sync> RejectStore for Faulty<P> {
    async fn reject(&self, unreadable: &Unreadable, now: Timestamp) -> Result<(), StoreError> {
        self.plan.call("RejectStore::reject", self.port.reject(unreadable, now)).await
    }
}

impl<P: WebhookLog + Sync> WebhookLog for Faulty<P> {
    async fn was_taken(&self, id: &str) -> Result<bool, StoreError> {
        self.plan.call("WebhookLog::was_taken", self.port.was_taken(id)).await
    }

    async fn took(&self, id: &str, now: Timestamp) -> Result<(), StoreError> {
        self.plan.call("WebhookLog::took", self.port.took(id, now)).await
    }
}

impl<P: FeedStore + Sync> FeedStore for Faulty<P> {
    async fn place(&self, feed: &str) -> Result<Option<StoredPlace>, StoreError> {
        self.plan.call("FeedStore::place", self.port.place(feed)).await
    }

    async fn keep_place(
        &self,
        feed: &str,
        place: &FeedPlace,
        version: u64,
    ) -> Result<Kept, StoreError> {
        self.plan.call("FeedStore::keep_place", self.port.keep_place(feed, place, version)).await
    }
}

impl<P: AlertFeed + Sync> AlertFeed for Faulty<P> {
    fn info(&self) -> FeedInfo {
        self.port.info()
    }

    async fn read(&self, window: Window, next: Option<&str>) -> Result<FeedPage, FeedError> {
        self.plan.call("AlertFeed::read", self.port.read(window, next)).await
    }
}

impl<P: RunStore + Sync> RunStore for Faulty<P> {
    async fn load(&self, id: &AlertId) -> Result<Option<StoredAlert>, StoreError> {
        self.plan.call("RunStore::load", self.port.load(id)).await
    }

    async fn record(
        &self,
        run: &Run,
        tags: &BTreeSet<String>,
        version: u64,
    ) -> Result<Recorded, StoreError> {
        self.plan.call("RunStore::record", self.port.record(run, tags, version)).await
    }

    async fn run(&self, key: &RunKey) -> Result<Option<Run>, StoreError> {
        self.plan.call("RunStore::run", self.port.run(key)).await
    }
}

impl<P: HistoryStore + Sync> HistoryStore for Faulty<P> {
    async fn history(&self, id: &AlertId) -> Result<Option<AlertHistory>, StoreError> {
        self.plan.call("HistoryStore::history", self.port.history(id)).await
    }
}

impl<P: AlertExport + Sync> AlertExport for Faulty<P> {
    async fn export(&self, since: Timestamp, next: Option<&str>) -> Result<ExportPage, StoreError> {
        self.plan.call("AlertExport::export", self.port.export(since, next)).await
    }
}

impl<P: LimitStore + Sync> LimitStore for Faulty<P> {
    async fn claim(
        &self,
        alert: &AlertId,
        claims: &[LimitClaim],
        now: Timestamp,
    ) -> Result<Vec<LimitClaim>, StoreError> {
        self.plan.call("LimitStore::claim", self.port.claim(alert, claims, now)).await
    }
}

impl<P: FactSource + Sync> FactSource for Faulty<P> {
    /// A look-up cannot fail, only know nothing: that is what failing, refusing and a lost answer
    /// come to
    async fn answer(&self, needs: &[Need], now: Timestamp) -> Facts {
        match self.plan.next("FactSource::answer") {
            None => self.port.answer(needs, now).await,
            Some(PortFault::Fail) => unknown(needs, UnknownReason::Unavailable, now),
            Some(PortFault::Refuse) => unknown(needs, UnknownReason::Refused, now),
            Some(PortFault::TimeOut) => self.plan.hang().await,
            Some(PortFault::LoseAnswer) => {
                self.port.answer(needs, now).await;
                unknown(needs, UnknownReason::TimedOut, now)
            }
            Some(PortFault::CrashAfter) => {
                self.port.answer(needs, now).await;
                self.plan.hang().await
            }
        }
    }
}

/// Every question, unknown for that reason
fn unknown(needs: &[Need], reason: UnknownReason, now: Timestamp) -> Facts {
    let fact = |need: &Need| Fact {
        question: need.question.clone(),
        answer: Err(Unknown::because(reason)),
        source: "test".to_owned(),
        read: now,
        history: None,
    };
    needs.iter().map(fact).collect()
}

impl<P: FactCache + Sync> FactCache for Faulty<P> {
    async fn find(
        &self,
        need: &Need,
        patience: Duration,
        now: Timestamp,
    ) -> Result<Found, StoreError> {
        self.plan.call("FactCache::find", self.port.find(need, patience, now)).await
    }

    async fn keep(&self, lease: &Lease, fact: Fact, now: Timestamp) -> Result<Fact, StoreError> {
        self.plan.call("FactCache::keep", self.port.keep(lease, fact, now)).await
    }
}

impl<P: Mailboxes + Sync> Mailboxes for Faulty<P> {
    /// As with facts, a look cannot fail, only see nothing
    async fn look(&self, users: &[User]) -> Vec<(User, Result<Sighting, Unknown>)> {
        let unseen = |reason: UnknownReason| {
            let unseen = |it: &User| (it.clone(), Err(Unknown::because(reason)));
            users.iter().map(unseen).collect()
        };
        match self.plan.next("Mailboxes::look") {
            None => self.port.look(users).await,
            Some(PortFault::Fail) => unseen(UnknownReason::Unavailable),
            Some(PortFault::Refuse) => unseen(UnknownReason::Refused),
            Some(PortFault::TimeOut) => self.plan.hang().await,
            Some(PortFault::LoseAnswer) => {
                self.port.look(users).await;
                unseen(UnknownReason::TimedOut)
            }
            Some(PortFault::CrashAfter) => {
                self.port.look(users).await;
                self.plan.hang().await
            }
        }
    }
}

impl<P: WatchList + Sync> WatchList for Faulty<P> {
    async fn watched(&self, now: Timestamp) -> Result<Vec<User>, StoreError> {
        self.plan.call("WatchList::watched", self.port.watched(now)).await
    }

    async fn saw(&self, user: &User, sighting: Sighting, now: Timestamp) -> Result<(), StoreError> {
        self.plan.call("WatchList::saw", self.port.saw(user, sighting, now)).await
    }
}

impl<P: Outbox + Sync> Outbox for Faulty<P> {
    async fn outstanding(&self, id: &AlertId) -> Result<Option<Outstanding>, StoreError> {
        self.plan.call("Outbox::outstanding", self.port.outstanding(id)).await
    }

    async fn mark(
        &self,
        run: &Run,
        effect: &EffectId,
        state: &EffectState,
    ) -> Result<(), StoreError> {
        self.plan.call("Outbox::mark", self.port.mark(run, effect, state)).await
    }
}

impl<P: AllowList + Sync> AllowList for Faulty<P> {
    async fn put(&self, entry: &AllowListEntry, now: Timestamp) -> Result<Put, StoreError> {
        self.plan.call("AllowList::put", self.port.put(entry, now)).await
    }

    async fn page(&self, after: Option<&Indicator>) -> Result<AllowListPage, StoreError> {
        self.plan.call("AllowList::page", self.port.page(after)).await
    }
}

impl<P: AllowListOutbox + Sync> AllowListOutbox for Faulty<P> {
    async fn entry(&self, indicator: &Indicator) -> Result<Option<StoredEntry>, StoreError> {
        self.plan.call("AllowListOutbox::entry", self.port.entry(indicator)).await
    }

    async fn mark_entry(
        &self,
        read: &StoredEntry,
        state: &AtEndpoint,
    ) -> Result<Marked, StoreError> {
        self.plan.call("AllowListOutbox::mark_entry", self.port.mark_entry(read, state)).await
    }
}

impl<P: IndicatorClient + Sync> IndicatorClient for Faulty<P> {
    fn rate(&self) -> Rate {
        self.port.rate()
    }

    async fn allow(&self, entry: &AllowListEntry) -> Result<String, DeliveryError> {
        self.plan.call("IndicatorClient::allow", self.port.allow(entry)).await
    }
}

impl<P: SourceClient + Sync> SourceClient for Faulty<P> {
    async fn resolve(
        &self,
        alert: &Alert,
        classification: Classification,
        comment: Option<&str>,
        decided: Revision,
    ) -> Result<AtSource, DeliveryError> {
        let work = self.port.resolve(alert, classification, comment, decided);
        self.plan.call("SourceClient::resolve", work).await
    }

    async fn assign(&self, alert: &Alert, to: &str) -> Result<AtSource, DeliveryError> {
        self.plan.call("SourceClient::assign", self.port.assign(alert, to)).await
    }

    async fn change(&self, alert: &Alert, steps: &[Step]) -> Result<AtSource, DeliveryError> {
        self.plan.call("SourceClient::change", self.port.change(alert, steps)).await
    }

    async fn comment(&self, alert: &Alert, text: &str) -> Result<AtSource, DeliveryError> {
        self.plan.call("SourceClient::comment", self.port.comment(alert, text)).await
    }
}

impl<P: Notifier + Sync> Notifier for Faulty<P> {
    async fn publish(&self, notification: &Notification) -> Result<String, DeliveryError> {
        self.plan.call("Notifier::publish", self.port.publish(notification)).await
    }
}

impl<P: Pace + Sync> Pace for Faulty<P> {
    async fn turn(
        &self,
        rate: Rate,
        patience: Duration,
        now: Timestamp,
    ) -> Result<Turn, StoreError> {
        self.plan.call("Pace::turn", self.port.turn(rate, patience, now)).await
    }
}

impl<P: NotificationLog + Sync> NotificationLog for Faulty<P> {
    async fn claim(
        &self,
        notification: &Notification,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        self.plan.call("NotificationLog::claim", self.port.claim(notification, now)).await
    }

    async fn posted(
        &self,
        notification: &Notification,
        answer: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let work = self.port.posted(notification, answer, now);
        self.plan.call("NotificationLog::posted", work).await
    }

    async fn not_posted(&self, notification: &Notification) -> Result<(), StoreError> {
        self.plan.call("NotificationLog::not_posted", self.port.not_posted(notification)).await
    }
}

impl<P: Chat + Sync> Chat for Faulty<P> {
    async fn post(
        &self,
        notification: &Notification,
        unsure: bool,
    ) -> Result<String, DeliveryError> {
        self.plan.call("Chat::post", self.port.post(notification, unsure)).await
    }
}
