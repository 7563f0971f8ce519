//! What the tenant holds, and the one lock around it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use tokio::sync::watch;

use super::{
    faults::{self, Fault, FaultKind},
    limits::{Limits, Unreliable},
    record::{Record, RecordedRequest},
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
    pub(super) users: Vec<UserRecord>,
    pub(super) faults: Vec<Fault>,
    pub(super) record: Record,
    pub(super) page_size: usize,
    pub(super) limits: Limits,
    pub(super) unreliable: Option<Unreliable>,
    /// Whether lists say where their next page is
    pub(super) has_links: bool,
    /// How far a list may be skipped into
    pub(super) skip_max: Option<usize>,
    pub(super) clock: Clock,
    tokens: BTreeMap<String, Timestamp>,
    n_tokens: u64,
}

impl Shared {
    pub(super) fn new(base_url: String) -> Self {
        let state = State {
            alerts: BTreeMap::new(),
            cloud_apps_alerts: BTreeMap::new(),
            users: Vec::new(),
            faults: Vec::new(),
            record: Record::default(),
            page_size: PAGE_SIZE,
            limits: Limits::default(),
            unreliable: None,
            has_links: true,
            skip_max: None,
            clock: Clock(Arc::new(Timestamp::now)),
            tokens: BTreeMap::new(),
            n_tokens: 0,
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
    pub(super) fn issue_token(&mut self, now: Timestamp) -> String {
        self.tokens.retain(|_, expires_at| *expires_at > now);
        self.n_tokens += 1;
        let token = format!("stand-in-token-{}", self.n_tokens);
        let expires_at = now.saturating_add(SignedDuration::from_secs(TOKEN_SECONDS));
        self.tokens.insert(token.clone(), expires_at.unwrap_or(Timestamp::MAX));
        token
    }

    /// Whether `token` was issued, has not expired and was not revoked
    pub(super) fn accepts_token(&self, token: &str, now: Timestamp) -> bool {
        self.tokens.get(token).is_some_and(|expires_at| *expires_at > now)
    }

    pub(super) fn revoke_tokens(&mut self) {
        self.tokens.clear();
    }
}

/// A time as Graph writes it: UTC, in ticks of 100 nanoseconds
pub(super) fn ticks(time: Timestamp) -> String {
    format!("{time:.7}")
}
