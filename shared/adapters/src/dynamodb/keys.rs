//! The keys of every item in the table: which partition, which place in it.
//!
//! What comes from outside and may be long stands as its digest, since a key has a limit.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use defuse_domain::{AlertId, Indicator, IndicatorKind, Revision, RunKey, TuningRuleName};
use jiff::{Timestamp, civil::Date};
use sha2::{Digest, Sha256};

/// Name of the partition key
pub(super) const PK: &str = "pk";
/// Name of the sort key
pub(super) const SK: &str = "sk";
/// What stands before an alert's id in its partition key
pub(super) const ALERT: &str = "A#";
/// What the sort keys of all bodies begin with
pub(super) const BODY: &str = "B#";
/// What the sort keys of all runs begin with
pub(super) const RUN: &str = "R#";
/// Sort key of what is left out
const LEFT_OUT: &str = "O";
/// Sort key of an alert's head
pub(super) const HEAD: &str = "H";

/// What the sort keys of an alert's acts begin with
pub(super) const ACT: &str = "M#";
/// What the sort keys of tokens begin with
pub(super) const TOKEN: &str = "T#";
/// What the sort keys of an alert's parts begin with
pub(super) const PART: &str = "P#";
/// What the sort key of a user begins with whose mailbox is looked at
pub(super) const WATCHED: &str = "M#";

/// Partition key of the tuning rules that people saved
pub(super) const TUNING: &str = "C#tuning";
/// What the sort keys of tuning rules begin with
pub(super) const TUNING_RULE: &str = "R#";
/// What the sort keys of the changes of a tuning rule begin with
pub(super) const TUNING_CHANGE: &str = "C#";
/// What the sort keys of the alerts that a tuning rule hid or resolved begin with
pub(super) const TUNING_MATCH: &str = "M#";
/// What the sort keys of the days of a tuning rule begin with
pub(super) const TUNING_DAY: &str = "D#";

/// The longest text from outside that stands in a key as it is, in bytes
const TEXT_BYTES_MAX: usize = 512;
/// The partition with our own allow list
pub(super) const ALLOW_LIST: &str = "I#allowed";

/// How much of a content's digest names it, in characters: enough among the items of one alert
const DIGEST_LENGTH: usize = 16;

/// Where one item stands in the table
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) pk: String,
    pub(super) sk: String,
}

impl Key {
    pub(super) fn head(id: &AlertId) -> Self {
        Self { pk: alert(id), sk: HEAD.to_owned() }
    }

    /// One piece of a body; the pieces sort as they are numbered
    pub(super) fn body(id: &AlertId, prefix: &str, index: usize) -> Self {
        Self { pk: alert(id), sk: format!("{prefix}{index:04}") }
    }

    /// The note that an alert is left out
    pub(super) fn left_out(id: &AlertId) -> Self {
        Self { pk: alert(id), sk: LEFT_OUT.to_owned() }
    }

    /// How many were left out on a day
    pub(super) fn left_out_on(day: Date) -> Self {
        Self { pk: format!("{LEFT_OUT}#{day}"), sk: LEFT_OUT.to_owned() }
    }

    /// One of the parts that an alert arrives in
    pub(super) fn part(id: &AlertId, digest: &str) -> Self {
        Self { pk: alert(id), sk: format!("{PART}{digest}") }
    }

    pub(super) fn run(key: &RunKey, digest: &str) -> Self {
        Self { pk: alert(&key.alert_id), sk: format!("{}{digest}", run_prefix(key)) }
    }

    /// The link from a user to an alert; links sort as the alerts were created
    pub(super) fn link(user: &str, created: Timestamp, id: &AlertId) -> Self {
        Self { pk: links(user), sk: format!("{}#{}", sortable(created), bounded(id.as_str())) }
    }

    pub(super) fn rejected(now: Timestamp, digest: &str) -> Self {
        Self { pk: format!("J#{}", now.strftime("%Y-%m-%d")), sk: digest.to_owned() }
    }

    /// Where a feed stands
    pub(super) fn feed(name: &str) -> Self {
        Self { pk: format!("S#{}", bounded(name)), sk: "S".to_owned() }
    }

    pub(super) fn webhook(id: &str) -> Self {
        Self { pk: format!("W#{}", bounded(id)), sk: "W".to_owned() }
    }

    pub(super) fn limit(counter: &str) -> Self {
        Self { pk: format!("L#{}", bounded(counter)), sk: "L".to_owned() }
    }

    /// What is kept of a question about a user
    pub(super) fn fact(user: &str, kind: &str) -> Self {
        Self { pk: format!("F#{}", bounded(&user.to_lowercase())), sk: kind.to_owned() }
    }

    /// A user whose mailbox is looked at
    pub(super) fn watched(name: &str) -> Self {
        Self { pk: watch_list(), sk: format!("{WATCHED}{}", bounded(&name.to_lowercase())) }
    }

    pub(super) fn notification(id: &str) -> Self {
        Self { pk: format!("N#{}", bounded(id)), sk: "N".to_owned() }
    }

    /// The next free turn of a rate
    pub(super) fn pace(rate: &str) -> Self {
        Self { pk: format!("P#{}", bounded(rate)), sk: "P".to_owned() }
    }

    /// Something that a person did to an alert; acts sort as they are numbered
    pub(super) fn act(id: &AlertId, number: u64, digest: &str) -> Self {
        let digest = digest.get(..DIGEST_LENGTH).unwrap_or(digest);
        Self { pk: alert(id), sk: format!("{ACT}{number:010}#{digest}") }
    }

    /// A token of the API
    pub(super) fn token(id: &str) -> Self {
        Self { pk: tokens(), sk: format!("{TOKEN}{}", bounded(id)) }
    }

    /// A write that came with an idempotency key
    pub(super) fn request(name: &str) -> Self {
        Self { pk: format!("Z#{}", bounded(name)), sk: "Z".to_owned() }
    }

    /// How often somebody asked in a minute
    pub(super) fn throttle(who: &str, minute: i64) -> Self {
        Self { pk: format!("Q#{}", bounded(who)), sk: format!("{minute}") }
    }

    /// A bundle of configuration that was proven
    pub(super) fn bundle(digest: &str) -> Self {
        Self { pk: "C#bundles".to_owned(), sk: format!("B#{}", bounded(digest)) }
    }

    /// Which bundle is in force
    pub(super) fn bundle_in_force() -> Self {
        Self { pk: "C#bundles".to_owned(), sk: "IN_FORCE".to_owned() }
    }

    /// Since when the tuning rules of the bundle in force are
    pub(super) fn tuning_deployed() -> Self {
        Self { pk: "C#bundles".to_owned(), sk: "TUNING".to_owned() }
    }

    /// A tuning rule that people saved
    pub(super) fn tuning_rule(name: &TuningRuleName) -> Self {
        Self { pk: TUNING.to_owned(), sk: format!("{TUNING_RULE}{name}") }
    }

    /// How often any of those was changed
    pub(super) fn tuning_generation() -> Self {
        Self { pk: TUNING.to_owned(), sk: "G".to_owned() }
    }

    /// What people were told of tuning rules
    pub(super) fn notices() -> Self {
        Self { pk: TUNING.to_owned(), sk: "N".to_owned() }
    }

    /// One change of a tuning rule; changes sort as they were made
    pub(super) fn tuning_change(name: &TuningRuleName, version: u64, digest: &str) -> Self {
        Self { pk: tuning(name), sk: format!("{TUNING_CHANGE}{version:010}#{digest}") }
    }

    /// The link from a tuning rule to an alert that it hid or resolved
    pub(super) fn tuning_match(name: &TuningRuleName, id: &AlertId) -> Self {
        Self { pk: tuning(name), sk: format!("{TUNING_MATCH}{}", bounded(id.as_str())) }
    }

    /// What a tuning rule did on a day
    pub(super) fn tuning_day(name: &TuningRuleName, day: Date) -> Self {
        Self { pk: tuning(name), sk: format!("{TUNING_DAY}{day}") }
    }

    /// An entry of the allow list
    pub(super) fn allowed(indicator: &Indicator) -> Self {
        let sk = format!("{}#{}", indicator.kind(), indicator.value());
        Self { pk: ALLOW_LIST.to_owned(), sk }
    }

    /// As the SDK wants it
    pub(super) fn attributes(self) -> HashMap<String, AttributeValue> {
        HashMap::from([
            (PK.to_owned(), AttributeValue::S(self.pk)),
            (SK.to_owned(), AttributeValue::S(self.sk)),
        ])
    }
}

/// Partition key of the list of mailboxes that are looked at
pub(super) fn watch_list() -> String {
    "U#mailboxes".to_owned()
}

/// Partition key of the tokens of the API
pub(super) fn tokens() -> String {
    "K#tokens".to_owned()
}

/// Partition key of what a tuning rule did, and of its changes
pub(super) fn tuning(name: &TuningRuleName) -> String {
    format!("T#{name}")
}

/// The indicator whose entry stands there
pub(super) fn indicator_at(pk: &str, sk: &str) -> Option<Indicator> {
    let (kind, value) = sk.split_once('#').filter(|_| pk == ALLOW_LIST)?;
    Indicator::parse(IndicatorKind::from_name(kind)?, value).ok()
}

/// Partition key of an alert
pub(super) fn alert(id: &AlertId) -> String {
    format!("{ALERT}{id}")
}

/// What the sort keys of a body's pieces begin with
pub(super) fn body_prefix(revision: Revision, digest: &str) -> String {
    format!("{BODY}{revision}#{digest}#")
}

/// What the sort keys of a run begin with, whoever wrote it
pub(super) fn run_prefix(key: &RunKey) -> String {
    format!("{RUN}{}#{}#", key.revision, key.look)
}

/// Partition key of a user's links
pub(super) fn links(user: &str) -> String {
    format!("E#{}", bounded(&user.to_lowercase()))
}

/// A time as text that sorts as the time does
pub(super) fn sortable(time: Timestamp) -> String {
    format!("{time:.9}")
}

/// Names a content by what is in it
pub(super) fn digest(content: &[u8]) -> String {
    format!("{:.DIGEST_LENGTH$x}", Sha256::digest(content))
}

/// The text itself, or its whole digest where it is long
fn bounded(text: &str) -> String {
    if text.len() <= TEXT_BYTES_MAX {
        return text.to_owned();
    }
    format!("sha256:{:x}", Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use defuse_domain::INDICATOR_LENGTH_MAX;

    use super::*;

    #[test]
    fn no_key_is_over_dynamodb_s_limits() {
        let id = AlertId::parse(&"𐀀".repeat(256)).unwrap();
        let link = Key::link(&"x".repeat(5_000), Timestamp::MAX, &id);
        let head = Key::head(&id);

        assert!(link.pk.len() <= 2_048 && link.sk.len() <= 1_024, "{link:?}");
        assert!(head.pk.len() <= 2_048, "{head:?}");
    }

    #[test]
    fn an_indicator_is_read_back_from_its_key() {
        let longest = format!("https://a.example/{}", "x".repeat(INDICATOR_LENGTH_MAX - 18));
        for text in ["203.0.113.9", "2001:db8::1", longest.as_str(), "https://a.example/b#c"] {
            let indicator = Indicator::guess(text).unwrap();
            let key = Key::allowed(&indicator);
            assert!(key.sk.len() <= 1_024, "{key:?}");
            assert_eq!(indicator_at(&key.pk, &key.sk), Some(indicator));
        }
        assert_eq!(indicator_at("A#1", "ipAddress#203.0.113.9"), None);
        assert_eq!(indicator_at(ALLOW_LIST, "ipAddress"), None);
    }

    #[test]
    fn long_texts_stay_apart() {
        let [left, right] = ["a", "b"].map(|it| Key::webhook(&format!("{}{it}", "x".repeat(600))));
        assert_ne!(left, right);
        assert_eq!(left.pk.len(), "W#sha256:".len() + 64);
        assert_eq!(Key::webhook("msg_1").pk, "W#msg_1");
        assert_eq!(digest(b""), "e3b0c44298fc1c14");
    }
}
