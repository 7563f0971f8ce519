//! A source as small as can be: a list with the newest first, in pages that are told by counting.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use defuse_domain::Alert;
use defuse_flow::{AlertFeed, FeedError, FeedInfo, FeedPage, Rate, Window};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::world::Clock;

/// By what a list has the newest first
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Created,
    Changed,
}

/// A source, and how it is
#[derive(Clone)]
pub(crate) struct Model {
    pub(crate) clock: Clock,
    /// How far its clock is off
    pub(crate) skew: SignedDuration,
    pub(crate) order: Order,
    pub(crate) page_size: usize,
    /// How long a change takes to show
    pub(crate) lag: SignedDuration,
    alerts: Arc<Mutex<BTreeMap<u32, Versions>>>,
}

/// An alert's states, each with the time that stands on it, and when it shows
#[derive(Clone, Debug)]
struct Versions {
    created: Timestamp,
    states: Vec<(Timestamp, Timestamp)>,
}

impl Model {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            skew: SignedDuration::ZERO,
            order: Order::Created,
            page_size: 3,
            lag: SignedDuration::ZERO,
            alerts: Arc::default(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now() + self.skew
    }

    /// Adds an alert that was created so long ago, and not changed since
    pub(crate) fn add(&self, age: SignedDuration) {
        let created = self.now() - age;
        let shows = if age.is_zero() { created + self.lag } else { created };
        let mut alerts = self.alerts.lock().unwrap();
        let id = u32::try_from(alerts.len()).unwrap();
        alerts.insert(id, Versions { created, states: vec![(created, shows)] });
    }

    /// Changes an alert now
    pub(crate) fn change(&self, index: usize) {
        let now = self.now();
        let mut alerts = self.alerts.lock().unwrap();
        if !alerts.is_empty() {
            let id = u32::try_from(index % alerts.len()).unwrap();
            alerts.get_mut(&id).unwrap().states.push((now, now + self.lag));
        }
    }

    /// Every alert as it is now, shown or not
    pub(crate) fn newest(&self) -> Vec<Alert> {
        let alerts = self.alerts.lock().unwrap();
        let newest =
            alerts.iter().map(|(id, it)| alert(*id, it.created, it.states.last().unwrap().0));
        newest.collect()
    }

    fn shown(&self, window: Window) -> Vec<(Timestamp, Timestamp, u32)> {
        let now = self.now();
        let alerts = self.alerts.lock().unwrap();
        let mut shown = Vec::new();
        for (id, it) in &*alerts {
            let state = it.states.iter().rev().find(|(_, shows)| *shows <= now);
            let Some((changed, _)) = state.copied() else { continue };
            let is_wanted = match window {
                Window::Created { from, until } => (from..until).contains(&it.created),
                Window::ChangedSince(since) => changed >= since,
            };
            if is_wanted {
                let by = if self.order == Order::Created { it.created } else { changed };
                shown.push((by, changed, *id));
            }
        }
        shown.sort_by_key(|(by, _, id)| (std::cmp::Reverse(*by), *id));
        shown.iter().map(|(_, changed, id)| (alerts[id].created, *changed, *id)).collect()
    }
}

fn alert(id: u32, created: Timestamp, changed: Timestamp) -> Alert {
    let id = format!("a{id}");
    let text = json!({ "id": id, "createdDateTime": created, "lastUpdateDateTime": changed });
    Alert::read(&text.to_string()).unwrap()
}

impl AlertFeed for Model {
    fn info(&self) -> FeedInfo {
        let rate = Rate { name: "model", every: Duration::from_secs(1) };
        FeedInfo { name: "model", title: "the model", rate }
    }

    async fn read(&self, window: Window, next: Option<&str>) -> Result<FeedPage, FeedError> {
        let skip: usize = next.map_or(0, |it| it.parse().unwrap());
        let shown = self.shown(window);
        let end = skip.saturating_add(self.page_size);
        let page = shown.iter().skip(skip).take(self.page_size);
        let items = page.map(|(created, changed, id)| Ok(alert(*id, *created, *changed)));
        Ok(FeedPage {
            items: items.collect(),
            next: (end < shown.len()).then(|| end.to_string()),
            clock: Some(self.now()),
        })
    }
}
