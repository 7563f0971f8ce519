//! What is to be looked after by the clock: people are told of tuning rules that expire soon.

use defuse_domain::{About, Notification, TuningRule, TuningTemplate};
use jiff::{SignedDuration, Timestamp};
use tracing::warn;

use crate::ports::{NoticeLog, Notifier, StoreError, StoredTuning};

/// How many days ahead people are told that a rule expires, the last first
const DAYS_AHEAD: [i64; 2] = [1, 7];

/// Looks after what nobody asks about
#[derive(Clone, Debug)]
pub struct Housekeep<S, N> {
    deployed: Vec<TuningRule>,
    store: S,
    notifier: N,
    channel: Option<String>,
}

impl<S, N> Housekeep<S, N>
where
    S: StoredTuning + NoticeLog,
    N: Notifier,
{
    /// The step, for the rules of the deployment and those that people saved; they are told in
    /// `channel`
    pub const fn new(
        deployed: Vec<TuningRule>,
        store: S,
        notifier: N,
        channel: Option<String>,
    ) -> Self {
        Self { deployed, store, notifier, channel }
    }

    /// Tells people of every rule that expires within a week, and again within a day, once each.
    ///
    /// It is published first and noted after: a crash between the two publishes it twice under one
    /// id, by which the repeat is known.
    pub async fn tell_what_expires(&self, now: Timestamp) -> Result<(), StoreError> {
        let rules = self.rules().await?;
        let mut notices = self.store.notices().await?;
        let before = notices.clone();
        notices.told.retain(|_, until| *until > now);
        for (rule, place) in &rules {
            let Some(days) = days_ahead(rule, now) else { continue };
            let id = format!("tuning/{}/{}/{days}d", rule.name(), rule.expires());
            if notices.told.contains_key(&id) || !self.tell(rule, place, days, &id).await {
                continue;
            }
            // A day more, so that it is not told once more at the very end.
            let until = rule.expires().saturating_add(SignedDuration::from_hours(24));
            notices.told.insert(id, until.unwrap_or(Timestamp::MAX));
        }
        if notices != before {
            // Where somebody else noted something, they told the same, under the same ids.
            self.store.keep_notices(&notices).await?;
        }
        Ok(())
    }

    /// Every rule that is on, with where it is from
    async fn rules(&self) -> Result<Vec<(TuningRule, &'static str)>, StoreError> {
        let mut rules: Vec<(TuningRule, &str)> =
            self.deployed.iter().cloned().map(|it| (it, "a file of the deployment")).collect();
        for stored in self.store.stored_rules().await? {
            if !stored.is_on || stored.is_deleted {
                continue;
            }
            // What is no rule any more holds nothing, and whoever loads it says so.
            let parsed = TuningRule::parse(stored.name.as_str(), &stored.text).ok();
            rules.extend(parsed.map(|it| (it, "saved")));
        }
        rules.retain(|(rule, _)| rule.is_enabled());
        Ok(rules)
    }

    /// Whether people were told, or there is no channel to tell them in
    async fn tell(&self, rule: &TuningRule, place: &str, days: i64, id: &str) -> bool {
        let (name, expires) = (rule.name(), rule.expires());
        warn!(rule = %name, expires = %expires, "tuning rule `{name}` expires soon");
        let Some(channel) = &self.channel else { return true };
        let within = if days == 1 { "a day".to_owned() } else { format!("{days} days") };
        let facts = [
            ("Expires", expires.to_string()),
            ("Action", rule.action().in_words()),
            ("Owner", rule.owner().to_owned()),
            ("From", place.to_owned()),
        ];
        let notification = Notification {
            id: id.to_owned(),
            channel: channel.clone(),
            about: About::TuningRule { template: TuningTemplate::Expires, rule: name.clone() },
            title: name.to_string(),
            facts: facts.map(|(name, value)| (name.to_owned(), value)).to_vec(),
            reasons: vec![
                format!("It expires within {within}. From then on its alerts stay in the queue."),
                format!("Why it is there: {}", rule.reason()),
            ],
            url: None,
        };
        match self.notifier.publish(&notification).await {
            Ok(_) => true,
            Err(failure) => {
                warn!(rule = %name, error = %failure, "cannot tell that; it is tried again");
                false
            }
        }
    }
}

/// Within how many days the rule expires, of those that people are told
fn days_ahead(rule: &TuningRule, now: Timestamp) -> Option<i64> {
    let left = rule.expires().duration_since(now);
    let is_within = |days: &&i64| left <= SignedDuration::from_hours(24 * **days);
    DAYS_AHEAD.iter().find(is_within).filter(|_| left > SignedDuration::ZERO).copied()
}
