//! The last step: what was decided is done, from the outbox and from nowhere else.

use defuse_domain::{
    ActAction, ActEffect, AlertId, Effect, EffectAction, EffectId, EffectState, Outcome,
};
use jiff::Timestamp;
use tracing::{info, instrument, warn};

use crate::ports::{
    ActOutbox, AlertStore, Asked, AtSource, DeliveryError, MatchLog, Notifier, Outbox, Outstanding,
    SourceClient, StoreError, Stored,
};

/// Carries out effects
#[derive(Clone, Debug)]
pub struct Deliver<S, C, N> {
    store: S,
    source: C,
    notifier: N,
}

/// Not everything is done yet
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// The store failed
    #[error("cannot read or mark what is to be done")]
    Store(#[from] StoreError),
    /// A source or the way to chat failed; trying again later may help
    #[error("cannot carry out `{effect}`")]
    Effect {
        /// Which effect
        effect: String,
        /// Why
        #[source]
        source: DeliveryError,
    },
}

/// Whether the effects after this one may be carried out
enum Next {
    GoOn,
    /// What is to be done changed: read it anew
    ReadAnew,
}

/// A resolve that is refused puts other effects in place once; more rounds would be a fault
const ROUNDS_MAX: usize = 3;

impl<S, C, N> Deliver<S, C, N>
where
    S: ActOutbox + AlertStore + MatchLog + Outbox,
    C: SourceClient,
    N: Notifier,
{
    /// The step
    pub const fn new(store: S, source: C, notifier: N) -> Self {
        Self { store, source, notifier }
    }

    /// Carries out everything outstanding for an alert: what its last run calls for, and what persons
    /// asked for. One that fails does not hold up the other.
    #[instrument(skip_all, fields(alert.id = %id))]
    pub async fn deliver(&self, id: &AlertId, now: Timestamp) -> Result<(), DeliverError> {
        let called_for = self.called_for(id, now).await;
        let asked = self.asked(id, now).await;
        called_for.and(asked)
    }

    /// What persons asked for
    async fn asked(&self, id: &AlertId, now: Timestamp) -> Result<(), DeliverError> {
        let Some(asked) = self.store.asked(id).await? else { return Ok(()) };
        for effect in &asked.effects {
            let is_told = self.tell(&asked, effect, now).await?;
            if !is_told {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Whether what is left of the acts may go on: not where a newer revision was found
    async fn tell(
        &self,
        asked: &Asked,
        effect: &ActEffect,
        now: Timestamp,
    ) -> Result<bool, DeliverError> {
        let tried = match &effect.action {
            ActAction::Change(steps) => self.source.change(&asked.alert, steps).await,
            ActAction::Comment(text) => self.source.comment(&asked.alert, text).await,
        };
        let (state, goes_on) = match tried {
            Ok(AtSource::Changed(answer)) => (EffectState::Done { at: now, answer }, true),
            Ok(AtSource::Already) => (already(now), true),
            Ok(AtSource::Overtaken(newer)) => {
                // Stored first, so that a crash here loses nothing.
                if let Some(newer) = newer {
                    self.store.store(&newer, now).await?;
                }
                (EffectState::Overtaken { at: now }, false)
            }
            Err(error) => (refusal(&effect.id, error, now)?, true),
        };
        self.store.settle(&asked.alert.id, &effect.id, &state).await?;
        info!(effect.id = %effect.id, state = ?state, "carried out `{}`", effect.id);
        Ok(goes_on)
    }

    /// What the last run calls for, in order: people are told that the alert is resolved only once
    /// it is
    async fn called_for(&self, id: &AlertId, now: Timestamp) -> Result<(), DeliverError> {
        for _ in 0..ROUNDS_MAX {
            let Some(outstanding) = self.store.outstanding(id).await? else {
                return Ok(());
            };
            match self.round(&outstanding, now).await? {
                Next::GoOn => return Ok(()),
                Next::ReadAnew => {}
            }
        }
        Ok(())
    }

    /// One pass over what is outstanding.
    ///
    /// A comment or an assignment that fails does not keep people from being told; a resolve that
    /// fails does.
    async fn round(&self, outstanding: &Outstanding, now: Timestamp) -> Result<Next, DeliverError> {
        let mut failure = None;
        for effect in &outstanding.effects {
            match self.carry_out(outstanding, effect, now).await {
                Ok(Next::GoOn) => {}
                Ok(Next::ReadAnew) => return Ok(Next::ReadAnew),
                Err(error) => {
                    let goes_on = match &effect.action {
                        EffectAction::Resolve { .. } => false,
                        EffectAction::Assign { .. }
                        | EffectAction::Comment { .. }
                        | EffectAction::Notify(_)
                        | EffectAction::Count { .. } => true,
                    };
                    if !goes_on {
                        return Err(error);
                    }
                    failure = failure.or(Some(error));
                }
            }
        }
        failure.map_or(Ok(Next::GoOn), Err)
    }

    async fn carry_out(
        &self,
        outstanding: &Outstanding,
        effect: &Effect,
        now: Timestamp,
    ) -> Result<Next, DeliverError> {
        let Outstanding { alert, run, .. } = outstanding;
        let tried = match &effect.action {
            EffectAction::Resolve { classification, comment } => {
                let decided = run.key.revision;
                let comment = comment.as_deref();
                self.source.resolve(alert, *classification, comment, decided).await
            }
            EffectAction::Assign { to } => self.source.assign(alert, to).await,
            EffectAction::Comment { text } => self.source.comment(alert, text).await,
            EffectAction::Notify(notification) => {
                self.notifier.publish(notification).await.map(AtSource::Changed)
            }
            EffectAction::Count { rules } => {
                self.store.count(rules, &alert.id, now).await?;
                Ok(AtSource::Changed("counted".to_owned()))
            }
        };
        let (state, next) = match tried {
            Ok(AtSource::Changed(answer)) => (EffectState::Done { at: now, answer }, Next::GoOn),
            Ok(AtSource::Already) => (already(now), Next::GoOn),
            Ok(AtSource::Overtaken(Some(newer))) => {
                // What we decided on is old. The newer state is stored first, so that a crash here
                // loses nothing; then it is triaged by itself.
                let state = match self.store.store(&newer, now).await? {
                    Stored::New | Stored::Newer => EffectState::Overtaken { at: now },
                    // Either somebody stored it meanwhile, and this mark changes nothing; or the
                    // source gives its change no newer time, and a person must look.
                    Stored::Again => refused("changed at its source", now),
                };
                (state, Next::ReadAnew)
            }
            Ok(AtSource::Overtaken(None)) => {
                (refused("changed at its source, and cannot be read there", now), Next::ReadAnew)
            }
            Err(error) => {
                let state = refusal(&effect.id, error, now)?;
                let next = match (&effect.action, run.decision.outcome) {
                    (EffectAction::Resolve { .. }, _) => Next::ReadAnew,
                    (
                        _,
                        Outcome::Open
                        | Outcome::Hidden
                        | Outcome::Resolved(_)
                        | Outcome::ResolvedAtSource,
                    ) => Next::GoOn,
                };
                (state, next)
            }
        };
        self.store.mark(run, &effect.id, &state).await?;
        info!(effect.id = %effect.id, state = ?state, "carried out `{}`", effect.id);
        Ok(next)
    }
}

/// What a refusal means; whatever passes by itself is tried again
fn refusal(
    effect: &EffectId,
    error: DeliveryError,
    now: Timestamp,
) -> Result<EffectState, DeliverError> {
    match error {
        DeliveryError::Refused { target, answer, source } => {
            warn!(effect.id = %effect, cause = %source, "{target} refused `{}`", effect);
            Ok(EffectState::Refused { at: now, answer: format!("{target}: {answer}") })
        }
        source @ DeliveryError::Busy { .. } => {
            Err(DeliverError::Effect { effect: effect.to_string(), source })
        }
    }
}

fn already(now: Timestamp) -> EffectState {
    EffectState::Done { at: now, answer: "already so".to_owned() }
}

fn refused(answer: &str, now: Timestamp) -> EffectState {
    EffectState::Refused { at: now, answer: answer.to_owned() }
}
