//! What is driven: the ports, and what a test must see beyond them.

use defuse_domain::{AlertId, Notification};
use defuse_flow::{
    ActOutbox, AlertStore, Chat, DeployedTuning, FactSource, LeftOutLog, LimitStore, MatchLog,
    MatchReport, NotificationLog, Notifier, Outbox, PartStore, RejectStore, RunStore, SourceClient,
    StoredTuning,
};
use defuse_testkit::SourceView;

/// A world with one source, one store and chat, fresh for each run of a scenario
pub(crate) trait World {
    type Store: ActOutbox
        + AlertStore
        + LeftOutLog
        + PartStore
        + RejectStore
        + RunStore
        + LimitStore
        + Outbox
        + NotificationLog
        + StoredTuning
        + DeployedTuning
        + MatchLog
        + MatchReport
        + Send
        + Sync;
    type Facts: FactSource + Send + Sync;
    type Source: SourceClient + Sync;
    type Topic: Notifier + Sync;
    type Chat: Chat + Sync;

    fn store(&self) -> Self::Store;
    fn facts(&self) -> Self::Facts;
    fn source(&self) -> Self::Source;
    fn topic(&self) -> Self::Topic;
    fn chat(&self) -> Self::Chat;

    /// What was published since this was asked last
    async fn published(&self) -> Vec<Notification>;

    /// What was posted to chat, in order
    async fn told(&self) -> Vec<Told>;

    /// How the alert stands at its source
    async fn at_source(&self, id: &AlertId) -> SourceView;

    /// What the source sends of the alert when it is polled now
    async fn polled(&self, id: &AlertId) -> String;
}

/// One message in chat
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// The notification's id
    pub(crate) id: String,
    /// Whether it is marked as a possible repeat
    pub(crate) unsure: bool,
}
