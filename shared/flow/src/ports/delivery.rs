//! What is to be done, and those who do it.

use std::{future::Future, time::Duration};

use defuse_domain::{
    Alert, AlertId, Classification, Effect, EffectId, EffectState, Notification, Revision, Run,
    Step,
};

use super::{Cause, StoreError};

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
    /// What is still to be done for an alert: nothing, while a newer revision waits to be decided
    fn outstanding(
        &self,
        id: &AlertId,
    ) -> impl Future<Output = Result<Option<Outstanding>, StoreError>> + Send;

    /// Marks one effect of a run.
    ///
    /// [`EffectState::Refused`] on a resolve puts the alert back to open and the run's
    /// `if_refused` in place of its other effects; [`EffectState::Overtaken`] on it drops them.
    /// While a newer revision waits to be decided, it only says what became of the effect.
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

    /// Assigns the alert to the user of that principal name; refused where somebody else has it
    fn assign(
        &self,
        alert: &Alert,
        to: &str,
    ) -> impl Future<Output = Result<AtSource, DeliveryError>> + Send;

    /// Makes of the alert what a person said, each property only where it still is what they saw
    fn change(
        &self,
        alert: &Alert,
        steps: &[Step],
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
