//! Beside the way of an alert: what stands on our own allow list is written to whoever else keeps
//! one.

use std::time::Duration;

use defuse_domain::{About, AllowListTemplate, AtEndpoint, Indicator, Notification};
use jiff::Timestamp;
use tracing::{info, instrument, warn};

use crate::{
    deliver::DeliverError,
    ports::{
        AllowListOutbox, DeliveryError, IndicatorClient, Marked, Notifier, Pace, StoreError,
        StoredEntry, Turn,
    },
};

/// How long a turn is waited for: alerts wait behind it
const PATIENCE: Duration = Duration::from_secs(5);

/// How often an entry may change while it is written
const ROUNDS_MAX: usize = 3;

/// Writes entries of the allow list to where they are to stand too
#[derive(Clone, Debug)]
pub struct Allow<S, C, N> {
    store: S,
    client: Option<C>,
    notifier: N,
    channel: Option<String>,
}

/// There was no turn, or the entry changed again and again
#[derive(Debug, thiserror::Error)]
enum LaterError {
    #[error("the next turn is at {0}")]
    NoTurn(Timestamp),
    #[error("the entry changed {ROUNDS_MAX} times meanwhile")]
    Contended,
}

impl<S, C, N> Allow<S, C, N>
where
    S: AllowListOutbox + Pace + Sync,
    C: IndicatorClient + Sync,
    N: Notifier + Sync,
{
    /// The step; without a client the list is our own alone, and people are told of what is refused
    /// in `channel`
    pub const fn new(store: S, client: Option<C>, notifier: N, channel: Option<String>) -> Self {
        Self { store, client, notifier, channel }
    }

    /// Writes the entry of an indicator, if that is still to be done
    #[instrument(skip_all, fields(indicator.kind = %indicator.kind()))]
    pub async fn allow(&self, indicator: &Indicator, now: Timestamp) -> Result<(), DeliverError> {
        let mut was_overtaken = false;
        for _ in 0..ROUNDS_MAX {
            let Some(stored) = self.store.entry(indicator).await? else { return Ok(()) };
            // Why: whoever overtook us may have written before us, so that ours is there now.
            if stored.endpoint != AtEndpoint::Outstanding && !was_overtaken {
                return Ok(());
            }
            let state = self.write(&stored, now).await?;
            match self.store.mark_entry(&stored, &state).await? {
                Marked::Marked => {
                    info!(state = ?state, "wrote an entry of the allow list");
                    return Ok(());
                }
                Marked::Overtaken => was_overtaken = true,
            }
        }
        Err(StoreError::Busy(LaterError::Contended.into()).into())
    }

    async fn write(
        &self,
        stored: &StoredEntry,
        now: Timestamp,
    ) -> Result<AtEndpoint, DeliverError> {
        let Some(client) = &self.client else { return Ok(AtEndpoint::OursAlone { at: now }) };
        let StoredEntry { entry, .. } = stored;
        if !entry.is_in_force(now) {
            let answer = format!("it expired at {} before it was written", entry.expires());
            return Ok(AtEndpoint::Refused { at: now, answer });
        }
        match self.store.turn(client.rate(), PATIENCE, now).await? {
            Turn::Now => {}
            Turn::TooLate { free } => {
                return Err(StoreError::Busy(LaterError::NoTurn(free).into()).into());
            }
        }
        match client.allow(entry).await {
            Ok(answer) => Ok(AtEndpoint::Written { at: now, answer }),
            Err(DeliveryError::Refused { target, answer, source }) => {
                warn!(cause = %source, "{target} refused an entry of the allow list: {answer}");
                // Before it is marked: a crash between the two tells it twice, under one id.
                self.tell(stored, &target, &answer).await?;
                Ok(AtEndpoint::Refused { at: now, answer })
            }
            Err(source @ DeliveryError::Busy { .. }) => {
                Err(DeliverError::Effect { effect: "allow list entry".to_owned(), source })
            }
        }
    }

    /// Tells people that an entry is ours alone, once for each version of it
    async fn tell(
        &self,
        stored: &StoredEntry,
        target: &str,
        answer: &str,
    ) -> Result<(), DeliverError> {
        let Some(channel) = &self.channel else { return Ok(()) };
        let StoredEntry { entry, version, .. } = stored;
        let indicator = entry.indicator().clone();
        let facts = [
            ("Allowed by", entry.by().to_owned()),
            ("On", entry.on().to_string()),
            ("Until", entry.expires().to_string()),
        ];
        let notification = Notification {
            id: format!("allow-list/{}/{}/{version}", indicator.kind(), indicator.value()),
            channel: channel.clone(),
            about: About::Indicator { template: AllowListTemplate::Refused, indicator },
            title: entry.title().to_owned(),
            facts: facts.map(|(name, value)| (name.to_owned(), value)).to_vec(),
            reasons: vec![
                format!("{target} refused it: {answer}"),
                "It stands on our own list alone, and goes on raising alerts there. Put it on the \
                 list again once that is mended."
                    .to_owned(),
            ],
            url: None,
        };
        match self.notifier.publish(&notification).await {
            Ok(_) => Ok(()),
            Err(DeliveryError::Refused { target, answer, source }) => {
                warn!(cause = %source, "{target} refused what was to be told: {answer}");
                Ok(())
            }
            Err(source @ DeliveryError::Busy { .. }) => {
                Err(DeliverError::Effect { effect: "allow list notification".to_owned(), source })
            }
        }
    }
}
