//! What the flow needs of the world: ports of one or two methods, in the domain's own words.
//!
//! Every error says what the caller can do about it: try again later, or never.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    future::Future,
    time::Duration,
};

use defuse_domain::{
    Alert, AlertId, Classification, Effect, EffectId, EffectState, Facts, Notification, Question,
    Revision, Run, RunKey, Unreadable,
};
use jiff::Timestamp;

/// The cause of a port's error
pub type Cause = Box<dyn Error + Send + Sync>;

/// The store did not do what it was asked
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Trying again later may help
    #[error("store is busy or out of reach")]
    Busy(#[source] Cause),
    /// Trying again will not help
    #[error("store refused: {what}")]
    Refused {
        /// What it was asked
        what: String,
        /// Why not
        #[source]
        source: Cause,
    },
}

/// What came of storing an alert
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Never seen before
    New,
    /// A newer revision than the one we had
    Newer,
    /// The revision that we have, or an older one: nothing changed
    Again,
}

/// Where alerts are kept when they arrive
pub trait AlertStore {
    /// Keeps the alert in state `pending`, unless this or a newer revision is there already
    fn store(
        &self,
        alert: &Alert,
        now: Timestamp,
    ) -> impl Future<Output = Result<Stored, StoreError>> + Send;

    /// Keeps what could not be read, with its reason
    fn reject(
        &self,
        unreadable: &Unreadable,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Which webhook messages were taken, so that none is taken twice
pub trait WebhookLog {
    /// Whether the message of that id was taken
    fn was_taken(&self, id: &str) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Remembers that it was
    fn took(&self, id: &str, now: Timestamp)
    -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// The configuration of a deployment, named by its content
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The name: `sha256:` and 64 digits
    pub digest: String,
    /// Every file, by its name in the folder
    pub files: BTreeMap<String, String>,
}

/// Which bundles were proven, and which is in force
pub trait BundleStore {
    /// The bundle of that name, if it was ever proven
    fn proven(
        &self,
        digest: &str,
    ) -> impl Future<Output = Result<Option<Bundle>, StoreError>> + Send;

    /// The bundle in force
    fn in_force(&self) -> impl Future<Output = Result<Option<Bundle>, StoreError>> + Send;

    /// Keeps a proven bundle, and puts it in force
    fn put_in_force(
        &self,
        bundle: &Bundle,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Where an alert stands with us
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertState {
    /// Stored, and not yet decided
    Pending,
    /// For a person
    Open,
    /// Resolved by a playbook, or at its source
    Resolved,
}

/// An alert as stored: its newest revision, and how it stands
#[derive(Clone, Debug, PartialEq)]
pub struct StoredAlert {
    /// The newest revision
    pub alert: Alert,
    /// Where it stands
    pub state: AlertState,
    /// Counts every change of the head; a write is conditional on it
    pub version: u64,
    /// How often this revision was decided
    pub looks: u32,
    /// The run that decided it last, be it an older revision
    pub last_run: Option<RunKey>,
    /// Our own tags
    pub tags: BTreeSet<String>,
}

/// What came of recording a run
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// The run is what happened
    New,
    /// Somebody else changed the alert since it was read: this run did not happen
    Overtaken,
}

/// Where runs are kept
pub trait RunStore {
    /// The alert of that id, if we have it
    fn load(
        &self,
        id: &AlertId,
    ) -> impl Future<Output = Result<Option<StoredAlert>, StoreError>> + Send;

    /// Keeps the run and makes state, tags and effects of the alert what it says, in one write
    /// that holds only if the alert still has `version`
    fn record(
        &self,
        run: &Run,
        tags: &BTreeSet<String>,
        version: u64,
    ) -> impl Future<Output = Result<Recorded, StoreError>> + Send;

    /// A run that was recorded
    fn run(&self, key: &RunKey) -> impl Future<Output = Result<Option<Run>, StoreError>> + Send;
}

/// One thing that a limit counts: a playbook in an hour, a user in a day
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitClaim {
    /// What is counted, window included: `legitimate-travel/hour/2026-11-23T10`
    pub counter: String,
    /// How many there may be
    pub max: u32,
}

/// Counts what playbooks do, exactly, whoever else counts at the same time
pub trait LimitStore {
    /// Counts the run under every claim, and gives those that are used up.
    ///
    /// The same run counts once. Where any claim is used up, the others may stay counted: the
    /// limit is then reached early, never late.
    fn claim(
        &self,
        run: &RunKey,
        claims: &[LimitClaim],
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<LimitClaim>, StoreError>> + Send;
}

/// Answers questions about the world
pub trait FactSource {
    /// Answers every question; what cannot be answered is unknown, with its reason
    fn answer(&self, questions: &[Question], now: Timestamp) -> impl Future<Output = Facts> + Send;
}

/// A run whose effects are not all done
#[derive(Clone, Debug, PartialEq)]
pub struct Outstanding {
    /// The alert as it was decided
    pub alert: Alert,
    /// The run
    pub run: Run,
    /// The effects not yet done, in order
    pub effects: Vec<Effect>,
    /// Whether the source refused to resolve the alert, so that `if_refused` is being done
    pub refused: bool,
}

/// What is to be done, and what is done
pub trait Outbox {
    /// What is still to be done for an alert
    fn outstanding(
        &self,
        id: &AlertId,
    ) -> impl Future<Output = Result<Option<Outstanding>, StoreError>> + Send;

    /// Marks one effect of a run.
    ///
    /// [`EffectState::Refused`] on a resolve puts the alert back to open and the run's
    /// `if_refused` in place of its other effects; [`EffectState::Overtaken`] on it drops them.
    /// A run that is not the alert's last any more is left alone.
    fn mark(
        &self,
        run: &Run,
        effect: &EffectId,
        state: &EffectState,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// What a source made of our change
#[derive(Clone, Debug, PartialEq)]
pub enum AtSource {
    /// It is as we want it now; the text is the answer
    Changed(String),
    /// It was so already
    Already,
    /// Somebody changed the alert there since we decided; this is how it stands, if it can be read
    Overtaken(Option<Box<Alert>>),
}

/// A source, or the way to chat, did not do what it was asked
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// Trying again later may help
    #[error("{target} is busy or out of reach")]
    Busy {
        /// Who
        target: String,
        /// How long it asked us to wait
        retry_after: Option<Duration>,
        /// Why
        #[source]
        source: Cause,
    },
    /// Trying again will not help
    #[error("{target} refused: {answer}")]
    Refused {
        /// Who
        target: String,
        /// What it said, for people
        answer: String,
        /// Why
        #[source]
        source: Cause,
    },
}

/// Changes alerts where they came from. Every call may be repeated: what already is so is left.
pub trait SourceClient {
    /// Resolves the alert as `classification`, with one comment, unless it changed since `decided`
    fn resolve(
        &self,
        alert: &Alert,
        classification: Classification,
        comment: Option<&str>,
        decided: Revision,
    ) -> impl Future<Output = Result<AtSource, DeliveryError>> + Send;

    /// Comments on the alert
    fn comment(
        &self,
        alert: &Alert,
        text: &str,
    ) -> impl Future<Output = Result<AtSource, DeliveryError>> + Send;
}

/// Hands notifications on to whoever posts them
pub trait Notifier {
    /// Publishes a notification; the text is the answer
    fn publish(
        &self,
        notification: &Notification,
    ) -> impl Future<Output = Result<String, DeliveryError>> + Send;
}

/// How long whoever claimed a notification has to post it, in seconds
pub const CLAIM_SECONDS: i64 = 60;

/// What is known of a notification
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nobody tried to post it yet
    First,
    /// Somebody began to post it within the last [`CLAIM_SECONDS`]: leave it to them
    InHand,
    /// Somebody began to post it and never said how that went: it may be there already
    Unsure,
    /// It was posted
    Posted,
}

/// Which notifications were posted
pub trait NotificationLog {
    /// Says that we are about to post it, and what was known before
    fn claim(
        &self,
        notification: &Notification,
        now: Timestamp,
    ) -> impl Future<Output = Result<Claim, StoreError>> + Send;

    /// Remembers that it was posted, and what the channel answered
    fn posted(
        &self,
        notification: &Notification,
        answer: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Forgets the claim: nothing reached the channel
    fn not_posted(
        &self,
        notification: &Notification,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Posts to chat
pub trait Chat {
    /// Posts to the notification's channel, marked as a possible repeat where `unsure`
    fn post(
        &self,
        notification: &Notification,
        unsure: bool,
    ) -> impl Future<Output = Result<String, DeliveryError>> + Send;
}
