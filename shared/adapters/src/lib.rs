//! The ports, made of DynamoDB, SNS, Graph, Defender for Cloud Apps, Teams and Slack.

mod chain;
mod cloud_apps;
mod delivery;
mod graph;
mod http;
#[cfg(test)]
mod scripted;
mod secret;
mod source;

pub use cloud_apps::{CloudAppsSettings, CloudAppsSource};
pub use graph::{
    Graph, GraphFacts, GraphSettings, GraphSource, read_automatic_replies, read_member_of,
    read_risky_user,
};
pub use http::{Answer, BaseUrl, Http, HttpError, Reach, UrlError};
pub use secret::Secret;
pub use source::Sources;
