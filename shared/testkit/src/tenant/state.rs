//! What the tenant holds, and the one lock around it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use tokio::sync::watch;

use super::{
    endpoint::INDICATORS_MAX,
    faults::{self, Fault, FaultKind},
    graph::Rate,
    limits::{Limits, Unreliable},
    record::{Record, RecordedRequest},
    sign_in::{Resource, assertion::federated},
    user::UserRecord,
};

/// A JSON object
pub(super) type Object = Map<String, Value>;

/// How long a bearer token holds
pub(super) const TOKEN_SECONDS: i64 = 3599;

/// Items on a page unless told otherwise, as in the directory
const PAGE_SIZE: usize = 100;

/// Tells the tenant's time
#[derive(Clone)]
pub(super) struct Clock(pub(super) Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

/// The tenant as its handlers and its owner see it
#[derive(Clone, Debug)]
pub(super) struct Shared(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    base_url: String,
    state: Mutex<State>,
    n_answered: watch::Sender<u64>,
}

/// What the tenant holds
#[derive(Debug)]
pub(super) struct State {
    pub(super) alerts: BTreeMap<String, Object>,
    pub(super) cloud_apps_alerts: BTreeMap<String, Object>,
    /// By type and value
    pub(super) indicators: BTreeMap<(String, String), Object>,
    pub(super) indicators_max: usize,
    /// Whether the application has the permission
    pub(super) may_write_indicators: bool,
    pub(super) users: Vec<UserRecord>,
    pub(super) faults: Vec<Fault>,
    pub(super) record: Record,
    pub(super) page_size: usize,
    /// How often anybody may ask for risky users; none is as often as they like
    pub(super) risk_rate: Option<Rate>,
    pub(super) limits: Limits,
    pub(super) unreliable: Option<Unreliable>,
    /// Whether lists say where their next page is
    pub(super) has_links: bool,
    /// How far a list may be skipped into
    pub(super) skip_max: Option<usize>,
    pub(super) clock: Clock,
    tokens: BTreeMap<String, (Resource, Timestamp)>,
    n_tokens: u64,
    trusted: BTreeMap<String, Timestamp>,
    assertions: BTreeSet<String>,
}

impl Shared {
    pub(super) fn new(base_url: String) -> Self {
        let state = State {
            alerts: BTreeMap::new(),
            cloud_apps_alerts: BTreeMap::new(),
            indicators: BTreeMap::new(),
            indicators_max: INDICATORS_MAX,
            may_write_indicators: true,
            users: Vec::new(),
            faults: Vec::new(),
            record: Record::default(),
            page_size: PAGE_SIZE,
            risk_rate: None,
            limits: Limits::default(),
            unreliable: None,
            has_links: true,
            skip_max: None,
            clock: Clock(Arc::new(Timestamp::now)),
            tokens: BTreeMap::new(),
            n_tokens: 0,
            trusted: BTreeMap::new(),
            assertions: BTreeSet::new(),
        };
        let (n_answered, _) = watch::channel(0);
        Self(Arc::new(Inner { base_url, state: Mutex::new(state), n_answered }))
    }

    /// `http://127.0.0.1:port`
    pub(super) fn base_url(&self) -> &str {
        &self.0.base_url
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // Why: every change is whole before the lock is let go, even on a panic elsewhere.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a request, and says what is to go wrong with it
    pub(super) fn open(&self, request: RecordedRequest) -> (u64, Option<FaultKind>) {
        let mut state = self.state();
        let now = state.now();
        let (method, path) = (&request.method, request.path_only());
        let fault = state
            .limits
            .count(path, now)
            .or_else(|| faults::take(&mut state.faults, method, path))
            .or_else(|| state.unreliable.as_mut().and_then(|it| it.next(path)));
        (state.record.open(request), fault)
    }

    /// Notes the answer to request `number`
    pub(super) fn close(&self, number: u64, status: StatusCode) {
        self.state().record.close(number, status.as_u16());
        self.0.n_answered.send_modify(|n| *n += 1);
    }

    /// Tells of each request that is answered from now on
    pub(super) fn answered(&self) -> watch::Receiver<u64> {
        self.0.n_answered.subscribe()
    }
}

impl State {
    /// The present time, by the tenant's own clock
    pub(super) fn now(&self) -> Timestamp {
        self.clock.0()
    }

    /// The user with this id or sign-in name
    pub(super) fn user(&self, id_or_name: &str) -> Option<&UserRecord> {
        self.users.iter().find(|user| user.answers_to(id_or_name))
    }

    /// Issues a bearer token
    pub(super) fn issue_token(&mut self, resource: Resource, now: Timestamp) -> String {
        self.tokens.retain(|_, (_, expires_at)| *expires_at > now);
        self.n_tokens += 1;
        let token = format!("stand-in-token-{}", self.n_tokens);
        let expires_at = now.saturating_add(SignedDuration::from_secs(TOKEN_SECONDS));
        self.tokens.insert(token.clone(), (resource, expires_at.unwrap_or(Timestamp::MAX)));
        token
    }

    /// Whether `token` was issued for that resource, has not expired and was not revoked
    pub(super) fn accepts_token(&self, resource: Resource, token: &str, now: Timestamp) -> bool {
        let known = self.tokens.get(token);
        known.is_some_and(|(it, expires_at)| *it == resource && *expires_at > now)
    }

    /// From now on a token of another issuer may stand for the application
    pub(super) fn trust(&mut self, until: Timestamp) -> String {
        self.n_tokens += 1;
        let token = federated(self.n_tokens, until);
        self.trusted.insert(token.clone(), until);
        token
    }

    /// Whether a token of another issuer stands for the application
    pub(super) fn trusts(&self, token: &str, now: Timestamp) -> bool {
        self.trusted.get(token).is_some_and(|until| *until > now)
    }

    /// Whether an assertion with that id was never used; from now on it was
    pub(super) fn takes_assertion(&mut self, id: &str) -> bool {
        self.assertions.insert(id.to_owned())
    }

    pub(super) fn revoke_tokens(&mut self) {
        self.tokens.clear();
    }
}

/// A time as Graph writes it: UTC, in ticks of 100 nanoseconds
pub(super) fn ticks(time: Timestamp) -> String {
    format!("{time:.7}")
}
