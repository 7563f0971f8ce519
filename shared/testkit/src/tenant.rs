//! The stand-in tenant: an HTTP server on loopback that speaks the documented shapes of Entra's
//! token endpoint, Microsoft Graph, Defender for Cloud Apps, Defender for Endpoint, Teams, Slack and a
//! plain webhook.
//!
//! It holds what it was given, does what it is asked as strictly as the documentation allows, and
//! keeps a record of every request. It decides nothing, throttles only when told to, and sends
//! nothing by itself.

mod chat;
mod cloud_apps;
mod endpoint;
mod faults;
mod front;
mod graph;
mod limits;
mod record;
mod sign_in;
mod state;
mod user;

use std::{io, sync::Arc, time::Duration};

use axum::{Router, http::StatusCode, middleware::from_fn_with_state, routing::post};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::server::{Bound, Server};
use limits::Unreliable;
use state::{Clock, Object, Shared, ticks};

pub use faults::{Fault, FaultKind};
pub use limits::LimitedService;
pub use record::RecordedRequest;
pub use user::{Override, UserEndpoint, UserRecord};

/// A running stand-in tenant; it stops when dropped
#[derive(Debug)]
pub struct Tenant {
    shared: Shared,
    // Held for its drop.
    _server: Server,
}

/// What was to be put in the tenant cannot be an alert, and was not put there
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeedError {
    /// It is no JSON object
    #[error("an alert is a JSON object")]
    NotAnObject,
    /// It has no id
    #[error("an alert has a text as its `{0}`")]
    NoId(&'static str),
}

impl Tenant {
    /// The only directory that gives tokens
    pub const TENANT_ID: &'static str = "11111111-2222-3333-4444-555555555555";
    /// The only application that gets them
    pub const CLIENT_ID: &'static str = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
    /// That application's secret, which protects nothing
    pub const CLIENT_SECRET: &'static str = "not-a-secret-stand-in-client";
    /// That application's certificate with its private key, which protects nothing
    pub const CERTIFICATE: &'static str = include_str!("tenant/sign_in/app.pem");
    /// The key that Defender for Cloud Apps takes, which protects nothing
    pub const CLOUD_APPS_KEY: &'static str = "not-a-secret-stand-in-cloud-apps-key";

    /// Starts an empty tenant on a free port of 127.0.0.1.
    ///
    /// It runs on a thread of its own, so it can be started and used with or without a runtime.
    pub fn start() -> Result<Self, io::Error> {
        let bound = Bound::new()?;
        let shared = Shared::new(format!("http://{}", bound.address()));
        let router = Router::new()
            .route("/{tenant}/oauth2/v2.0/token", post(sign_in::token))
            .nest("/v1.0", graph::routes(&shared))
            .nest("/cas/api/v1", cloud_apps::routes(&shared))
            .nest("/mde", endpoint::routes(&shared))
            .merge(chat::routes())
            .fallback(|| async { StatusCode::NOT_FOUND })
            .layer(from_fn_with_state(shared.clone(), front::attend))
            .with_state(shared.clone());
        Ok(Self { shared, _server: bound.serve(router)? })
    }

    /// `http://127.0.0.1:port`, where everything is
    pub fn base_url(&self) -> &str {
        self.shared.base_url()
    }

    /// Where the directory gives tokens
    pub fn token_url(&self) -> String {
        format!("{}/{}/oauth2/v2.0/token", self.base_url(), Self::TENANT_ID)
    }

    /// Root of Graph, with version and without a slash at the end
    pub fn graph_url(&self) -> String {
        format!("{}/v1.0", self.base_url())
    }

    /// Root of Defender for Cloud Apps, with version and without a slash at the end
    pub fn cloud_apps_url(&self) -> String {
        format!("{}/cas/api/v1", self.base_url())
    }

    /// Root of Defender for Endpoint, without a slash at the end
    pub fn endpoint_url(&self) -> String {
        format!("{}/mde", self.base_url())
    }

    /// Webhook of a Teams channel
    pub fn teams_url(&self, channel: &str) -> String {
        format!("{}/teams/{channel}", self.base_url())
    }

    /// Webhook of a Slack channel
    pub fn slack_url(&self, channel: &str) -> String {
        format!("{}/slack/{channel}", self.base_url())
    }

    /// A plain webhook
    pub fn webhook_url(&self, channel: &str) -> String {
        format!("{}/webhook/{channel}", self.base_url())
    }

    /// Puts a Graph alert there, in place of the one with the same `id`.
    ///
    /// Without `createdDateTime` or `lastUpdateDateTime` it gets the present time.
    pub fn put_alert(&self, alert: Value) -> Result<(), SeedError> {
        let (id, mut alert) = identified(alert, "id")?;
        let now = ticks(self.shared.state().now());
        for name in ["createdDateTime", "lastUpdateDateTime"] {
            alert.entry(name).or_insert_with(|| now.clone().into());
        }
        self.shared.state().alerts.insert(id, alert);
        Ok(())
    }

    /// Puts an alert of Defender for Cloud Apps there, in place of the one with the same `_id`.
    ///
    /// Without `timestamp` it gets the present time, without `resolutionStatusValue` it is open.
    pub fn put_cloud_apps_alert(&self, alert: Value) -> Result<(), SeedError> {
        let (id, mut alert) = identified(alert, "_id")?;
        let now = self.shared.state().now();
        alert.entry("timestamp").or_insert_with(|| now.as_millisecond().into());
        alert.entry("resolutionStatusValue").or_insert_with(|| 0.into());
        self.shared.state().cloud_apps_alerts.insert(id, alert);
        Ok(())
    }

    /// Every indicator at Defender for Endpoint, by type and value
    pub fn indicators(&self) -> Vec<Value> {
        self.shared.state().indicators.values().cloned().map(Value::Object).collect()
    }

    /// Sets how many indicators there may be, instead of 15,000
    pub fn set_indicators_max(&self, indicators_max: usize) {
        self.shared.state().indicators_max = indicators_max;
    }

    /// Takes back the permission to write indicators, or grants it again
    pub fn let_write_indicators(&self, may_write: bool) {
        self.shared.state().may_write_indicators = may_write;
    }

    /// Puts a user there, in place of the one with the same id
    pub fn put_user(&self, user: UserRecord) {
        let mut state = self.shared.state();
        state.users.retain(|it| !it.id.eq_ignore_ascii_case(&user.id));
        state.users.push(user);
    }

    /// A Graph alert as it is now
    pub fn alert(&self, id: &str) -> Option<Value> {
        self.shared.state().alerts.get(id).cloned().map(Value::Object)
    }

    /// An alert of Defender for Cloud Apps as it is now
    pub fn cloud_apps_alert(&self, id: &str) -> Option<Value> {
        self.shared.state().cloud_apps_alerts.get(id).cloned().map(Value::Object)
    }

    /// Orders a fault. Of several that match a request, the first one ordered hits it.
    pub fn fault(&self, fault: Fault) {
        self.shared.state().faults.push(fault);
    }

    /// Takes back all faults that were ordered
    pub fn clear_faults(&self) {
        self.shared.state().faults.clear();
    }

    /// A token of another issuer that stands for the application, as a cluster writes into a file
    pub fn federated_token(&self, lifetime: SignedDuration) -> String {
        let until = Timestamp::now().saturating_add(lifetime).unwrap_or(Timestamp::MAX);
        self.shared.state().trust(until)
    }

    /// Makes every token that was given out useless
    pub fn revoke_tokens(&self) {
        self.shared.state().revoke_tokens();
    }

    /// Sets how many items a page holds at most, instead of 100
    pub fn set_page_size(&self, page_size: usize) {
        self.shared.state().page_size = page_size.max(1);
    }

    /// Bears one request for a risky user in so much time, of all applications together
    pub fn limit_risky_users(&self, every: Duration) {
        self.shared.state().risk_rate = Some(graph::Rate::new(every));
    }

    /// How many requests for risky users came too early
    pub fn n_over_the_limit_of_risky_users(&self) -> usize {
        self.shared.state().risk_rate.as_ref().map_or(0, graph::Rate::n_refused)
    }

    /// Gives the tenant a clock of its own, by which it stamps, answers and counts requests
    pub fn set_clock(&self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) {
        self.shared.state().clock = Clock(Arc::new(clock));
    }

    /// The present time, by the tenant's own clock
    pub fn now(&self) -> Timestamp {
        self.shared.state().now()
    }

    /// Refuses, from now on, what is over the documented limits
    pub fn keep_limits(&self) {
        self.shared.state().limits.are_kept = true;
    }

    /// The most requests that a service ever had within a minute
    pub fn highest_rate(&self, service: LimitedService) -> usize {
        self.shared.state().limits.highest(service)
    }

    /// Answers so many of a hundred requests to alerts with 429 or 5xx, by a generator that begins
    /// with `seed`; 0 of a hundred is none
    pub fn set_unreliable(&self, percent: u64, seed: u64) {
        self.shared.state().unreliable = Some(Unreliable::new(percent, seed));
    }

    /// Has lists of alerts at Graph give no link to their next page, as has been seen
    pub fn give_no_links(&self) {
        self.shared.state().has_links = false;
    }

    /// Refuses to skip further into lists of alerts at Graph, as has been seen
    pub fn set_skip_max(&self, skip_max: usize) {
        self.shared.state().skip_max = Some(skip_max);
    }

    /// Every request so far, the oldest first; of very many, the last 10,000
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.state().record.to_vec()
    }

    /// The requests to this method and path, whatever their query
    pub fn requests_to(&self, method: &str, path: &str) -> Vec<RecordedRequest> {
        let mut requests = self.requests();
        requests.retain(|it| it.method.eq_ignore_ascii_case(method) && it.path_only() == path);
        requests
    }

    /// The `POST` requests to this path
    pub fn posts_to(&self, path: &str) -> Vec<RecordedRequest> {
        self.requests_to("POST", path)
    }

    /// Forgets the requests so far; numbers go on
    pub fn forget_requests(&self) {
        self.shared.state().record.clear();
    }

    /// Waits until `n` `POST` requests to this path were answered, but no longer than `limit`.
    ///
    /// Gives those there are, so that a test sees what came instead.
    pub async fn wait_for_posts(
        &self,
        path: &str,
        n: usize,
        limit: Duration,
    ) -> Vec<RecordedRequest> {
        let mut answered = self.shared.answered();
        let enough = answered.wait_for(|_| {
            self.posts_to(path).iter().filter(|request| request.status.is_some()).count() >= n
        });
        // Why: whether they came or the time passed, the caller looks at what there is.
        drop(tokio::time::timeout(limit, enough).await);
        self.posts_to(path)
    }
}

fn identified(alert: Value, id_name: &'static str) -> Result<(String, Object), SeedError> {
    let Value::Object(alert) = alert else {
        return Err(SeedError::NotAnObject);
    };
    let id = alert.get(id_name).and_then(Value::as_str).unwrap_or_default();
    if id.is_empty() {
        return Err(SeedError::NoId(id_name));
    }
    Ok((id.to_owned(), alert))
}

#[cfg(test)]
mod tests;
