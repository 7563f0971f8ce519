//! Posts notifications to chat: Teams, Slack, or anybody's webhook.
//!
//! Needs no AWS permission of its own. One post is one request: whether to try again, and whether
//! it was posted before, is the flow's to know. What came from outside is text in every channel,
//! never mark-up (see `text`), and a channel's URL is a secret that no error shows (see `outcome`).

mod content;
mod outcome;
mod slack;
mod teams;
#[cfg(test)]
mod tests;
mod text;
mod webhook;

use defuse_domain::Notification;
use defuse_flow::{Cause, Chat, DeliveryError};
use http::{Request, header::CONTENT_TYPE};
use jiff::Timestamp;
use serde::Deserialize;

use crate::{Http, Secret};
use outcome::{PostError, outcome};

/// What a channel is made of
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ChannelKind {
    /// A Teams workflow that starts when a webhook request is received
    Teams,
    /// A Slack incoming webhook
    Slack,
    /// Whatever takes the notification as JSON, signed as Standard Webhooks where there is a key
    Webhook,
}

/// One channel
#[derive(Clone, Debug)]
pub struct ChannelSettings {
    /// Its name in playbooks
    pub name: String,
    /// What it is made of
    pub kind: ChannelKind,
    /// Where to post; whoever knows it may post, so it is a secret
    pub url: Secret,
    /// What to sign with, `whsec_…`; webhooks only
    pub signing_key: Option<Secret>,
}

/// Every channel, by name
#[derive(Clone, Debug)]
pub struct ChatChannels {
    http: Http,
    channels: Vec<ChannelSettings>,
}

impl ChatChannels {
    /// Posts to these channels.
    ///
    /// What is wrong with one of them shows when it is posted to, so that it does not silence the
    /// others.
    pub fn new(http: Http, channels: Vec<ChannelSettings>) -> Self {
        Self { http, channels }
    }
}

impl Chat for ChatChannels {
    async fn post(
        &self,
        notification: &Notification,
        unsure: bool,
    ) -> Result<String, DeliveryError> {
        let name = &notification.channel;
        let channel = self
            .channels
            .iter()
            .find(|it| it.name == *name)
            .ok_or_else(|| PostError::NoChannel.refused(name))?;
        let request = channel
            .request(notification, unsure, Timestamp::now())
            .map_err(|error| PostError::Unbuilt(error).refused(name))?;
        outcome(channel, self.http.send(request).await)
    }
}

impl ChannelSettings {
    fn request(
        &self,
        notification: &Notification,
        unsure: bool,
        now: Timestamp,
    ) -> Result<Request<Vec<u8>>, Cause> {
        let mut request = Request::post(self.url.expose()).header(CONTENT_TYPE, "application/json");
        let body = match self.kind {
            ChannelKind::Teams => serde_json::to_vec(&teams::card(notification, unsure))?,
            ChannelKind::Slack => serde_json::to_vec(&slack::message(notification, unsure))?,
            ChannelKind::Webhook => webhook::body(notification, now)?,
        };
        if self.kind == ChannelKind::Webhook {
            let key = self.signing_key.as_ref();
            for (name, value) in webhook::headers(notification, key, now, &body)? {
                request = request.header(name, value);
            }
        }
        Ok(request.body(body)?)
    }
}
