//! The way to chat, and chat itself, in memory.

use std::sync::{Arc, Mutex};

use defuse_domain::Notification;
use defuse_flow::{Chat, DeliveryError, Notifier};

use super::locked;

/// Keeps what is published until a test hands it on
#[derive(Clone, Debug, Default)]
pub struct MemoryTopic {
    waiting: Arc<Mutex<Vec<Notification>>>,
}

impl MemoryTopic {
    /// Takes out everything published since it was asked last, in order
    pub fn take(&self) -> Vec<Notification> {
        std::mem::take(&mut *locked(&self.waiting))
    }
}

impl Notifier for MemoryTopic {
    async fn publish(&self, notification: &Notification) -> Result<String, DeliveryError> {
        locked(&self.waiting).push(notification.clone());
        Ok("published".to_owned())
    }
}

/// One post in chat
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatPost {
    /// What was posted
    pub notification: Notification,
    /// Whether it is marked as a possible repeat
    pub unsure: bool,
}

/// Keeps what is posted; like the channels, it does not tell a repeat from a first time
#[derive(Clone, Debug, Default)]
pub struct MemoryChat {
    posts: Arc<Mutex<Vec<ChatPost>>>,
}

impl MemoryChat {
    /// Everything posted, in order
    pub fn posts(&self) -> Vec<ChatPost> {
        locked(&self.posts).clone()
    }
}

impl Chat for MemoryChat {
    async fn post(
        &self,
        notification: &Notification,
        unsure: bool,
    ) -> Result<String, DeliveryError> {
        locked(&self.posts).push(ChatPost { notification: notification.clone(), unsure });
        Ok("ok".to_owned())
    }
}
