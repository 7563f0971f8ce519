//! What a channel's answer means: posted, try again later, or never.
//!
//! Whoever answers may repeat the URL that was asked, and the URL is a secret: what is shown of an
//! answer, or of why there is none, goes through [`without_url`].

use std::{error::Error, fmt::Write, iter, time::Duration};

use defuse_flow::DeliveryError;
use url::Url;

use super::{ChannelKind, ChannelSettings, text::line};
use crate::{Answer, HttpError};

/// How much of an answer is kept, in characters
pub(super) const ANSWER_LENGTH_MAX: usize = 200;

/// The shortest part of a URL that is left out of an answer, in bytes
const SECRET_BYTES_MIN: usize = 8;
/// How Teams says in a 200 that it did not post; the status follows
const TEAMS_FAILURE: &str = "Microsoft Teams endpoint returned HTTP error";

/// Why nothing was posted, as far as we know
#[derive(Debug, thiserror::Error)]
pub(super) enum PostError {
    /// The settings know no such channel
    #[error("there is no channel of that name")]
    NoChannel,
    /// The settings or the notification do not make a request
    #[error("request cannot be made")]
    Unbuilt(#[source] defuse_flow::Cause),
    /// No answer; the text is the chain of causes, without the URL
    #[error("{0}")]
    Unanswered(String),
    /// Answered that it did not
    #[error("channel answered {status}: `{answer}`")]
    Answered { status: u16, answer: String },
}

impl PostError {
    pub(super) fn refused(self, channel: &str) -> DeliveryError {
        let answer = match &self {
            Self::Answered { answer, .. } => answer.clone(),
            Self::NoChannel | Self::Unbuilt(_) | Self::Unanswered(_) => self.to_string(),
        };
        DeliveryError::Refused { target: target(channel), answer, source: self.into() }
    }

    fn busy(self, channel: &str, retry_after: Option<Duration>) -> DeliveryError {
        DeliveryError::Busy { target: target(channel), retry_after, source: self.into() }
    }
}

fn target(channel: &str) -> String {
    format!("channel `{channel}`")
}

/// Reads what came of one request; the text is the answer
pub(super) fn outcome(
    channel: &ChannelSettings,
    sent: Result<Answer, HttpError>,
) -> Result<String, DeliveryError> {
    let name = &channel.name;
    let answer = sent.map_err(|error| {
        let unanswered = PostError::Unanswered(shown(channel, &chain(&error)));
        match error {
            HttpError::Forbidden { .. } => unanswered.refused(name),
            HttpError::TimedOut | HttpError::Unreachable { .. } | HttpError::Unreadable { .. } => {
                unanswered.busy(name, None)
            }
        }
    })?;
    let text = String::from_utf8_lossy(&answer.body);
    let status = real_status(channel.kind, answer.status, &text);
    let text = shown(channel, &text);
    match status {
        200..=299 => Ok(format!("{} {text}", answer.status).trim_end().to_owned()),
        408 | 429 | 500..=599 => {
            Err(PostError::Answered { status, answer: text }.busy(name, answer.retry_after))
        }
        _ => Err(PostError::Answered { status, answer: text }.refused(name)),
    }
}

/// The status, or what it should have been where a channel says 200 and did not post
fn real_status(kind: ChannelKind, status: u16, text: &str) -> u16 {
    match kind {
        // A page is not from Teams: something before it answered, and that may pass.
        ChannelKind::Teams if (200..=299).contains(&status) && text.trim().starts_with('<') => 502,
        ChannelKind::Teams if (200..=299).contains(&status) => {
            text.split_once(TEAMS_FAILURE).map_or(status, |(_, rest)| {
                let digits = rest.trim_start_matches(|it: char| !it.is_ascii_digit());
                let status = digits.split(|it: char| !it.is_ascii_digit()).next();
                // A failure that names no status may well pass.
                status.and_then(|it| it.parse().ok()).filter(|it| *it >= 400).unwrap_or(502)
            })
        }
        // A 200 that is not from Slack: a captive page, a wrong URL.
        ChannelKind::Slack if (200..=299).contains(&status) && text.trim() != "ok" => 400,
        ChannelKind::Teams | ChannelKind::Slack | ChannelKind::Webhook => status,
    }
}

/// The error with each of its causes
fn chain(error: &HttpError) -> String {
    let mut chain = error.to_string();
    for cause in iter::successors(error.source(), |&it| it.source()) {
        // Writing to a string cannot fail.
        let _ = write!(chain, ": {cause}");
    }
    chain
}

fn shown(channel: &ChannelSettings, text: &str) -> String {
    let text = line(text, usize::MAX);
    line(&without_url(channel.url.expose(), &text), ANSWER_LENGTH_MAX)
}

/// `text` without the URL, and without each part of it that is long enough to be the secret
fn without_url(url: &str, text: &str) -> String {
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    let separators = ['/', '?', '&', '=', '#', ';'];
    let mut parts: Vec<String> =
        [url, path, user].into_iter().chain(path.split(separators)).map(str::to_owned).collect();
    if let Ok(url) = Url::parse(url) {
        parts.push(url.to_string());
        parts.extend(url.query_pairs().map(|(_, value)| value.into_owned()));
    }
    parts.retain(|it| it.len() >= SECRET_BYTES_MIN);
    // The longest first, so that no part of one is left over.
    parts.sort_by_key(|it| std::cmp::Reverse(it.len()));
    parts.iter().fold(text.to_owned(), |text, part| text.replace(part.as_str(), "<secret>"))
}
