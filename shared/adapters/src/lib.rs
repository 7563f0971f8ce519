//! The ports, made of DynamoDB, SNS, Graph, Defender for Cloud Apps, Defender for Endpoint, Teams and
//! Slack.

mod chain;
mod chat;
mod cloud_apps;
mod deadline;
mod delivery;
mod dynamodb;
mod endpoint;
mod feed;
mod graph;
mod http;
mod identity;
mod pace;
mod roles;
#[cfg(test)]
mod scripted;
mod secret;
mod secrets;
mod sign_in;
mod signature;
mod sns;
mod source;

pub use chat::{ChannelKind, ChannelSettings, ChatChannels};
pub use cloud_apps::{CloudAppsFeed, CloudAppsSettings, CloudAppsSignIn, CloudAppsSource};
pub use dynamodb::{
    DynamoDbStore, StoredAlertFacts, WORK_MAX, Work, WorkKind, create_table, work_of,
};
pub use endpoint::{Endpoint, EndpointSettings};
pub use feed::Feed;
pub use graph::{
    Graph, GraphFacts, GraphFeed, GraphMailTips, GraphSettings, GraphSource,
    read_automatic_replies, read_mail_tip, read_member_of, read_risky_user,
};
pub use http::{Answer, BaseUrl, Http, HttpError, Reach, UrlError};
pub use identity::{
    Doorkeeper, NewToken, OidcIssuer, OidcSettings, TOKEN_DAYS_MAX, TokenError, development_token,
};
pub use pace::OwnPace;
pub use roles::{RoleMistake, Roles};
pub use secret::Secret;
pub use secrets::{SecretError, SecretsManager};
pub use sign_in::{Application, Certificate, CertificateError, Credential, WebIdentity};
pub use signature::{
    KEY_BYTES_MAX, KEY_BYTES_MIN, SIGNATURES_MAX, SignatureError, SignatureHeaders, SigningKey,
    SigningKeyError, TOLERANCE_SECONDS, WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP, verify,
    verify_token,
};
pub use sns::{MESSAGE_BYTES_MAX, NotificationError, SnsNotifier, read_notification};
pub use source::Sources;
