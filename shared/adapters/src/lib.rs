//! The ports, made of DynamoDB, SNS, Graph, Defender for Cloud Apps, Teams and Slack.

mod chain;
mod http;
#[cfg(test)]
mod scripted;
mod secret;

pub use http::{Answer, BaseUrl, Http, HttpError, Reach, UrlError};
pub use secret::Secret;
