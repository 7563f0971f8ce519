//! Beyond the last step: a notification becomes a message in a channel, once.

use defuse_domain::Notification;
use jiff::Timestamp;
use tracing::{info, instrument, warn};

use crate::ports::{Chat, Claim, DeliveryError, NotificationLog, StoreError};

/// Posts notifications
#[derive(Clone, Debug)]
pub struct Post<L, C> {
    log: L,
    chat: C,
}

/// The notification is not posted, or nobody knows
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// The log failed
    #[error("cannot read or keep what was posted")]
    Store(#[from] StoreError),
    /// The channel failed
    #[error("cannot post to channel `{channel}`")]
    Chat {
        /// Which
        channel: String,
        /// Why
        #[source]
        source: DeliveryError,
    },
    /// Somebody else is posting it at this moment; ask again later
    #[error("notification `{id}` is being posted by somebody else")]
    InHand {
        /// Which
        id: String,
    },
}

/// What came of a notification
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    /// It is in the channel now
    New,
    /// It was there already
    Again,
}

impl<L: NotificationLog, C: Chat> Post<L, C> {
    /// The step
    pub const fn new(log: L, chat: C) -> Self {
        Self { log, chat }
    }

    /// Posts a notification unless it was posted.
    ///
    /// Channels know no ids, so one case cannot be told: a crash between the channel's answer and
    /// our note of it. Then the message is posted once more, with the same id on it and the remark
    /// that it may be a repeat: better told twice than never.
    #[instrument(skip_all, fields(notification.id = %notification.id))]
    pub async fn post(
        &self,
        notification: &Notification,
        now: Timestamp,
    ) -> Result<Posted, PostError> {
        let unsure = match self.log.claim(notification, now).await? {
            Claim::Posted => return Ok(Posted::Again),
            Claim::InHand => return Err(PostError::InHand { id: notification.id.clone() }),
            Claim::First => false,
            Claim::Unsure => true,
        };
        match self.chat.post(notification, unsure).await {
            Ok(answer) => {
                self.log.posted(notification, &answer, now).await?;
                let channel = &notification.channel;
                info!(channel = %channel, repeat = unsure, "told channel `{channel}`");
                Ok(Posted::New)
            }
            Err(source) => {
                let surely_not = match &source {
                    DeliveryError::Refused { .. } => true,
                    DeliveryError::Busy { retry_after, .. } => retry_after.is_some(),
                };
                if surely_not && !unsure {
                    self.log.not_posted(notification).await?;
                }
                warn!(channel = %notification.channel, "channel did not take it");
                Err(PostError::Chat { channel: notification.channel.clone(), source })
            }
        }
    }
}
