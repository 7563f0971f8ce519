//! The open alerts of a user, and the question about them answered.
//!
//! A user is found under the id and under the principal name that an alert gave; an alert that
//! gives only the one is not found by the other.
//!
//! DynamoDB actions: `dynamodb:Query`, `dynamodb:BatchGetItem`.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use defuse_domain::{
    AlertId, Answer, Fact, Facts, Indicator, Need, OPEN_ALERTS_DAYS, OPEN_ALERTS_MAX, OpenAlert,
    Question, Unknown, UnknownReason, User,
};
use defuse_flow::{AlertState, FactSource, StoreError, StoredEntry};
use jiff::{SignedDuration, Timestamp};
use tracing::warn;

use super::{
    DynamoDbStore,
    batches::READS_MAX,
    errors::{StateError, refused, with_causes},
    first,
    items::{self, OpenHead},
    keys::{ALERT, Key, PK, SK, links, sortable},
};

/// How many links of one user are followed; with more, nobody can say what is open
const LINKS_MAX: usize = 2_000;
/// What an open alert is read from
const OPEN_ATTRIBUTES: [&str; 4] = ["pk", "state", "severity", "created"];

impl DynamoDbStore {
    /// The user's alerts of the last [`OPEN_ALERTS_DAYS`] days that are pending or open, newest
    /// first, at most [`OPEN_ALERTS_MAX`]
    pub async fn open_alerts_of(
        &self,
        user: &User,
        now: Timestamp,
    ) -> Result<Vec<OpenAlert>, StoreError> {
        let what = "to find the open alerts of a user";
        let mut open = Vec::new();
        for ids in self.linked(what, user, now).await?.chunks(READS_MAX) {
            let keys = ids.iter().map(Key::head).collect();
            for item in self.get_all(what, keys, &OPEN_ATTRIBUTES).await? {
                open.extend(open_alert(what, items::read(what, item)?)?);
            }
            if open.len() >= OPEN_ALERTS_MAX {
                break;
            }
        }
        open.sort_by(|left, right| (right.created, &right.id).cmp(&(left.created, &left.id)));
        open.truncate(OPEN_ALERTS_MAX);
        Ok(open)
    }

    /// Every alert that names the user, newest first
    async fn linked(
        &self,
        what: &str,
        user: &User,
        now: Timestamp,
    ) -> Result<Vec<AlertId>, StoreError> {
        let names: BTreeSet<&String> = user.id.iter().chain(&user.principal_name).collect();
        if names.is_empty() {
            return Err(refused(what, StateError::NamelessUser));
        }
        let window = SignedDuration::from_hours(24 * OPEN_ALERTS_DAYS);
        let since = now.checked_sub(window).unwrap_or(Timestamp::MIN);

        let mut found = BTreeSet::new();
        for name in names {
            let query = self
                .client
                .query()
                .table_name(&self.table)
                .consistent_read(true)
                .key_condition_expression("#pk = :pk AND #sk >= :since")
                .expression_attribute_names("#pk", PK)
                .expression_attribute_names("#sk", SK)
                .expression_attribute_values(":pk", AttributeValue::S(links(name)))
                .expression_attribute_values(":since", AttributeValue::S(sortable(since)));
            let links = first(what, query, LINKS_MAX + 1).await?;
            if links.len() > LINKS_MAX {
                return Err(refused(what, StateError::TooManyLinks(LINKS_MAX)));
            }
            for link in links {
                let place = link.get(SK).and_then(|it| AttributeValue::as_s(it).ok()).cloned();
                let id = link.get("alert").and_then(|it| AttributeValue::as_s(it).ok());
                let id = AlertId::parse(id.map_or("", String::as_str));
                found.insert((place, id.map_err(|error| refused(what, error))?));
            }
        }
        let mut seen = BTreeSet::new();
        Ok(found.into_iter().rev().map(|it| it.1).filter(|it| seen.insert(it.clone())).collect())
    }
}

/// The alert, if it is still to be decided or waits for a person
fn open_alert(what: &str, head: OpenHead) -> Result<Option<OpenAlert>, StoreError> {
    match head.state {
        AlertState::Hidden | AlertState::Resolved => return Ok(None),
        AlertState::Pending | AlertState::Open => {}
    }
    let id = AlertId::parse(head.pk.strip_prefix(ALERT).unwrap_or_default());
    let id = id.map_err(|error| refused(what, error))?;
    Ok(Some(OpenAlert { id, severity: head.severity, created: head.created }))
}

/// Answers [`Question::OpenAlerts`] and [`Question::AllowListed`] from what is stored, and no other
/// question
#[derive(Clone, Debug)]
pub struct StoredAlertFacts {
    store: DynamoDbStore,
}

impl StoredAlertFacts {
    /// Answers from that store
    pub const fn new(store: DynamoDbStore) -> Self {
        Self { store }
    }

    async fn open_alerts(&self, user: &User, now: Timestamp) -> Result<Answer, Unknown> {
        if user.directory_key().is_none() {
            return Err(Unknown::because(UnknownReason::UserNotNamed));
        }
        match self.store.open_alerts_of(user, now).await {
            Ok(open) => Ok(Answer::OpenAlerts(open)),
            Err(error) => {
                warn!(error = with_causes(&error), "open alerts of a user are unknown");
                Err(Unknown::with_detail(UnknownReason::Unavailable, error.to_string()))
            }
        }
    }
}

/// Who is named for answers of the allow list
const ALLOW_LIST: &str = "own allow list";

impl StoredAlertFacts {
    /// What the allow list says of each indicator that is asked about, looked up together
    async fn allow_listed(&self, needs: &[Need]) -> BTreeMap<Indicator, Result<Answer, Unknown>> {
        let asked = needs.iter().filter_map(|it| match &it.question {
            Question::AllowListed(indicator) => Some(indicator),
            Question::AutomaticReplies(_)
            | Question::Risk(_)
            | Question::Groups(_)
            | Question::Tags(_)
            | Question::OpenAlerts(_) => None,
        });
        // Why a set: no key may stand in a batch twice.
        let asked: Vec<&Indicator> = asked.collect::<BTreeSet<_>>().into_iter().collect();
        if asked.is_empty() {
            return BTreeMap::new();
        }
        let absent = |it: &&Indicator| ((*it).clone(), Ok(Answer::AllowListed(None)));
        match self.store.all_allowed(&asked).await {
            Ok(found) => {
                let mut answers: BTreeMap<_, _> = asked.iter().map(absent).collect();
                answers.extend(found.into_iter().map(|StoredEntry { entry, .. }| {
                    let listed = Answer::AllowListed(Some(entry.listed()));
                    (entry.indicator().clone(), Ok(listed))
                }));
                answers
            }
            Err(error) => {
                warn!(error = with_causes(&error), "the allow list is unknown");
                let why = Unknown::with_detail(UnknownReason::Unavailable, error.to_string());
                asked.iter().map(|it| ((*it).clone(), Err(why.clone()))).collect()
            }
        }
    }
}

impl FactSource for StoredAlertFacts {
    async fn answer(&self, needs: &[Need], now: Timestamp) -> Facts {
        let allowed = self.allow_listed(needs).await;
        let mut facts = Vec::new();
        for Need { question, .. } in needs {
            let mut source = "stored alerts";
            let answer = match question {
                Question::OpenAlerts(user) => self.open_alerts(user, now).await,
                Question::AllowListed(indicator) => {
                    source = ALLOW_LIST;
                    let not_asked = || Err(Unknown::because(UnknownReason::NotAsked));
                    allowed.get(indicator).cloned().unwrap_or_else(not_asked)
                }
                Question::AutomaticReplies(_)
                | Question::Risk(_)
                | Question::Groups(_)
                | Question::Tags(_) => Err(Unknown::because(UnknownReason::NotAsked)),
            };
            let source = source.to_owned();
            let question = question.clone();
            facts.push(Fact { question, answer, source, read: now, history: None });
        }
        Facts::new(facts)
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::query::QueryOutput;
    use aws_smithy_mocks::mock;

    use super::{
        super::{items::text, tests::store_that},
        *,
    };

    #[tokio::test]
    async fn with_too_many_links_nobody_can_say_what_is_open() {
        let query = mock!(aws_sdk_dynamodb::Client::query).then_output(|| {
            let link = |index: usize| {
                let id = format!("ad{index}");
                items::Item::from([("sk".to_owned(), text(&id)), ("alert".to_owned(), text(id))])
            };
            QueryOutput::builder().set_items(Some((0..=LINKS_MAX).map(link).collect())).build()
        });
        let kim = User { id: Some("1".to_owned()), ..User::default() };
        let question = Question::OpenAlerts(kim);
        let need = Need { question: question.clone(), max_age: SignedDuration::ZERO };

        let facts = StoredAlertFacts::new(store_that([&query]))
            .answer(&[need], Timestamp::UNIX_EPOCH)
            .await;

        let unknown = facts.get(&question).unwrap().answer.as_ref().unwrap_err();
        assert_eq!(unknown.reason, UnknownReason::Unavailable.name());
    }
}
