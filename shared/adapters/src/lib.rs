//! The ports, made of DynamoDB, SNS, Graph, Defender for Cloud Apps, Teams and Slack.

mod chain;
mod chat;
mod cloud_apps;
mod delivery;
mod dynamodb;
mod feed;
mod graph;
mod http;
#[cfg(test)]
mod scripted;
mod secret;
mod secrets;
mod signature;
mod sns;
mod source;

pub use chat::{ChannelKind, ChannelSettings, ChatChannels};
pub use cloud_apps::{CloudAppsFeed, CloudAppsSettings, CloudAppsSource};
pub use dynamodb::{
    DynamoDbStore, StoredAlertFacts, WORK_MAX, Work, WorkKind, create_table, work_of,
};
pub use feed::Feed;
pub use graph::{
    Graph, GraphFacts, GraphFeed, GraphSettings, GraphSource, read_automatic_replies,
    read_member_of, read_risky_user,
};
pub use http::{Answer, BaseUrl, Http, HttpError, Reach, UrlError};
pub use secret::Secret;
pub use secrets::{SecretError, SecretsManager};
pub use signature::{
    KEY_BYTES_MAX, KEY_BYTES_MIN, SIGNATURES_MAX, SignatureError, SignatureHeaders, SigningKey,
    SigningKeyError, TOLERANCE_SECONDS, WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP, verify,
    verify_token,
};
pub use sns::{MESSAGE_BYTES_MAX, NotificationError, SnsNotifier, read_notification};
pub use source::Sources;
