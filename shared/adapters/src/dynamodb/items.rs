//! Items as they stand in the table: their attributes, and the head of an alert read back.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io,
};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use defuse_domain::{
    AlertId, EffectId, EffectState, Managed, Outcome, Release, Revision, RunKey, Severity,
};
use defuse_flow::{AlertState, StoreError};
use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};

use super::errors::refused;

/// Attributes by name
pub(super) type Item = HashMap<String, AttributeValue>;

/// How hard to compress: the step where denser begins to cost more than it saves
const COMPRESSION_LEVEL: i32 = 3;
/// Seconds of a day
const DAY_SECONDS: i64 = 86_400;

/// The small mutable part of an alert
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Head {
    pub(super) revision: Revision,
    #[serde(with = "StateItem")]
    pub(super) state: AlertState,
    pub(super) version: u64,
    pub(super) looks: u32,
    /// When the alert first came to us
    #[serde(default)]
    pub(super) received: Option<Timestamp>,
    /// When it came to be at its source
    #[serde(default)]
    pub(super) created: Option<Timestamp>,
    /// Names the pieces of the revision's body
    pub(super) body: String,
    pub(super) pieces: usize,
    /// Digest of the run that decided the alert last, of which revision, and which look it was
    #[serde(default)]
    pub(super) run: Option<String>,
    #[serde(default)]
    pub(super) run_revision: Option<Revision>,
    #[serde(default)]
    pub(super) run_look: Option<u32>,
    /// Digests of every run that ever was recorded
    #[serde(default)]
    pub(super) runs: BTreeSet<String>,
    #[serde(default)]
    pub(super) tags: BTreeSet<String>,
    /// What became of the last run's effects
    #[serde(default)]
    pub(super) effects: BTreeMap<EffectId, EffectState>,
    /// Whether the source refused to resolve the alert, so that `if_refused` is being done
    #[serde(default)]
    pub(super) refused: bool,
    /// How many acts of persons there were, and the digest of the last
    #[serde(default)]
    pub(super) acts: u64,
    #[serde(default)]
    pub(super) last_act: String,
    /// What they made of the alert
    #[serde(default)]
    pub(super) managed: Managed,
    /// What became of telling the source of the newest of them
    #[serde(default)]
    pub(super) asked: BTreeMap<EffectId, EffectState>,
    /// When a person released it from among the hidden, and who
    #[serde(default)]
    pub(super) released_at: Option<Timestamp>,
    #[serde(default)]
    pub(super) released_by: Option<String>,
}

/// What the list of a user's open alerts needs of a head
#[derive(Clone, Debug, Deserialize)]
pub(super) struct OpenHead {
    pub(super) pk: String,
    #[serde(with = "StateItem")]
    pub(super) state: AlertState,
    #[serde(default)]
    pub(super) severity: Option<Severity>,
    pub(super) created: Timestamp,
}

/// How a state is written
#[derive(Deserialize)]
#[serde(remote = "AlertState", rename_all = "camelCase")]
enum StateItem {
    Pending,
    Open,
    Hidden,
    Resolved,
}

impl Head {
    /// The digest of the last run, if that is `key`
    pub(super) fn last_run_of(&self, key: &RunKey) -> Option<&str> {
        let is_last = self.run_revision == Some(key.revision) && self.run_look == Some(key.look);
        self.run.as_deref().filter(|_| is_last)
    }

    /// The key of the run that decided the alert last, be it an older revision
    pub(super) fn last_run(&self, id: &AlertId) -> Option<RunKey> {
        let (revision, look) = self.run_revision.zip(self.run_look)?;
        Some(RunKey { alert_id: id.clone(), revision, look })
    }

    /// Whether anything that a person asked for is still to be done
    pub(super) fn is_asking(&self) -> bool {
        self.asked.values().any(|it| *it == EffectState::Outstanding)
    }

    /// Whether anything that the last run calls for is still to be done
    pub(super) fn is_outstanding_at_all(&self) -> bool {
        self.effects.values().any(|it| *it == EffectState::Outstanding)
    }

    /// When the alert first came to us. One that came before that was kept came after it was created
    /// at the least: in doubt it was there before a tuning rule, and the rule leaves it alone.
    pub(super) fn came(&self) -> Option<Timestamp> {
        self.received.or(self.created)
    }

    /// The release by a person, if there was one
    pub(super) fn released(&self) -> Option<Release> {
        let (at, by) = (self.released_at?, self.released_by.clone().unwrap_or_default());
        Some(Release { at, by })
    }

    /// Whether that effect is still to be done
    pub(super) fn is_outstanding(&self, effect: &EffectId) -> bool {
        self.effects.get(effect) == Some(&EffectState::Outstanding)
    }
}

/// The text that stands for a state
pub(super) const fn state_name(state: AlertState) -> &'static str {
    match state {
        AlertState::Pending => "pending",
        AlertState::Open => "open",
        AlertState::Hidden => "hidden",
        AlertState::Resolved => "resolved",
    }
}

/// Where an alert stands once it is decided
pub(super) const fn state_after(outcome: Outcome) -> AlertState {
    match outcome {
        Outcome::Open => AlertState::Open,
        Outcome::Hidden => AlertState::Hidden,
        Outcome::Resolved(_) | Outcome::ResolvedAtSource => AlertState::Resolved,
    }
}

/// Reads an item of ours
pub(super) fn read<T: DeserializeOwned>(what: &str, item: Item) -> Result<T, StoreError> {
    serde_dynamo::from_item(item).map_err(|error| refused(what, error))
}

/// Compresses what is kept whole
pub(super) fn compress(what: &str, content: &[u8]) -> Result<Vec<u8>, StoreError> {
    zstd::encode_all(content, COMPRESSION_LEVEL).map_err(|error| refused(what, error))
}

/// Undoes [`compress`]
pub(super) fn decompress(compressed: &[u8]) -> io::Result<Vec<u8>> {
    zstd::decode_all(compressed)
}

/// As much of the text as fits, in bytes
pub(super) fn cut(text: &str, bytes_max: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes_max)).unwrap_or_default()
}

/// When an item may go, so many days from now
pub(super) fn expires(now: Timestamp, days: i64) -> AttributeValue {
    number(now.as_second().saturating_add(days.saturating_mul(DAY_SECONDS)))
}

pub(super) fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(super) fn number(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

pub(super) fn bytes(bytes: impl Into<Vec<u8>>) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

/// A set of texts; there is no empty set
pub(super) fn texts<'a>(texts: impl IntoIterator<Item = &'a String>) -> Option<AttributeValue> {
    let texts: Vec<String> = texts.into_iter().cloned().collect();
    (!texts.is_empty()).then_some(AttributeValue::Ss(texts))
}
