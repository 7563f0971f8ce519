//! Reads alerts at Defender for Cloud Apps, page by page (`/alerts/`).
//!
//! Pages are asked for by time, the oldest first: the next one begins with the last alert of the
//! one before, and skips as many as it had of that very time. So nothing that happens to an alert
//! moves another over the border of a page. Where a page is not in that order, it is gone on by
//! counting alone.
//!
//! Following takes two lists: alerts by their date, and alerts by when they were closed. Cloud Apps
//! does not tell when anything else of an alert changed, so it is not known that one was opened
//! again, or that a person wrote a comment.
//!
//! Permissions: those of the client; to read, the application needs no more than
//! `Investigation.read`. None at AWS.

use std::time::Duration;

use defuse_domain::{Alert, Unreadable, read_body};
use defuse_flow::{AlertFeed, DeliveryError, FeedError, FeedInfo, FeedPage, Rate, Window};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};

use super::{CloudAppsSource, NAME};
use crate::{
    deadline::Deadline,
    delivery::{feed_error, refused},
};

/// How long a page may take, sign-in included
const READ_WITHIN: Duration = Duration::from_secs(20);
/// The most alerts of a page
const LIMIT: usize = 100;
/// Cloud Apps allows 30 requests a minute; these are 20, and leave room for those who close alerts
const RATE: Rate = Rate { name: "cloud-apps", every: Duration::from_secs(3) };

/// The alerts that Defender for Cloud Apps has
#[derive(Clone, Debug)]
pub struct CloudAppsFeed {
    source: CloudAppsSource,
}

impl CloudAppsFeed {
    /// Reads where `source` changes
    pub const fn new(source: CloudAppsSource) -> Self {
        Self { source }
    }
}

/// Which list is read
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
enum List {
    /// By the date of the alert
    Dated,
    /// By when it was closed
    Closed,
}

/// Where the next page begins
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Next {
    list: List,
    /// With alerts of that date, in milliseconds
    date: Option<i64>,
    /// Leaving out so many of them
    skip: usize,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    data: Vec<Box<RawValue>>,
    #[serde(default)]
    has_next: Option<bool>,
}

/// There is no list of alerts where we ask for one
#[derive(Debug, thiserror::Error)]
#[error("{NAME} has no alerts at this address: check `cloudApps.baseUrl`")]
struct NoList;

/// A page that says there is more, and has nothing
#[derive(Debug, thiserror::Error)]
#[error("it says that there is more, and gives nothing")]
struct Empty;

impl AlertFeed for CloudAppsFeed {
    fn info(&self) -> FeedInfo {
        FeedInfo { name: "cloud-apps", title: NAME, rate: RATE }
    }

    async fn read(&self, window: Window, next: Option<&str>) -> Result<FeedPage, FeedError> {
        let next = next.and_then(|it| serde_json::from_str(it).ok());
        let at = next.unwrap_or_else(|| Next::first(window));
        let url = self.source.url(&["alerts"]).map_err(feed_error)?;
        let (body, deadline) = (at.body(window), Deadline::within(READ_WITHIN));
        let answer = self.source.access.post_once(&url, &body, deadline).await;
        let answer = answer.map_err(feed_error)?;
        if answer.status == 404 {
            return Err(feed_error(refused(NAME, NoList.to_string(), NoList)));
        }
        let answer = self.source.expect_success("", answer).map_err(feed_error)?;

        let page: Page = serde_json::from_slice(&answer.body).map_err(unreadable)?;
        let items: Vec<_> =
            page.data.iter().flat_map(|it| read_body(it.get().as_bytes())).collect();
        let has_next = page.has_next.unwrap_or(page.data.len() >= LIMIT);
        let next = match (has_next, window, at.list) {
            (true, _, _) if page.data.is_empty() => return Err(unreadable(Empty)),
            (true, _, _) => Some(at.after(&items, page.data.len())),
            (false, Window::ChangedSince(_), List::Dated) => {
                Some(Next { list: List::Closed, date: None, skip: 0 })
            }
            (false, _, _) => None,
        };
        // Numbers and names always make JSON.
        let next = next.and_then(|it| serde_json::to_string(&it).ok());
        Ok(FeedPage { items, next, clock: answer.date })
    }
}

impl Next {
    fn first(window: Window) -> Self {
        let (Window::Created { from, .. } | Window::ChangedSince(from)) = window;
        Self { list: List::Dated, date: Some(from.as_millisecond()), skip: 0 }
    }

    /// The request for a page
    fn body(self, window: Window) -> Value {
        let mut date = serde_json::Map::new();
        date.extend(self.date.map(|it| ("gte".to_owned(), it.into())));
        if let Window::Created { until, .. } = window {
            let last = until.as_millisecond().saturating_sub(1);
            date.insert("lte".to_owned(), last.into());
        }
        let mut filters = serde_json::Map::new();
        if !date.is_empty() {
            filters.insert("date".to_owned(), date.into());
        }
        if let (List::Closed, Window::ChangedSince(since)) = (self.list, window) {
            let since = json!({ "gte": since.as_millisecond() });
            filters.insert("resolutionDate".to_owned(), since);
        }
        json!({
            "filters": filters,
            "sortField": "date",
            "sortDirection": "asc",
            "skip": self.skip,
            "limit": LIMIT,
        })
    }

    /// Where the page after this one begins
    fn after(self, items: &[Result<Alert, Unreadable>], n_items: usize) -> Self {
        let dates: Vec<i64> = items
            .iter()
            .flatten()
            .filter_map(|it| it.created)
            .map(jiff::Timestamp::as_millisecond)
            .collect();
        let last = dates.last().copied();
        let later = last.filter(|it| dates.is_sorted() && self.date.is_none_or(|from| *it > from));
        match later {
            Some(date) => {
                let skip = dates.iter().filter(|it| **it == date).count();
                Self { date: Some(date), skip, ..self }
            }
            None => Self { skip: self.skip.saturating_add(n_items), ..self },
        }
    }
}

fn unreadable(source: impl Into<defuse_flow::Cause>) -> FeedError {
    let source = source.into();
    let answer = format!("a page of alerts of {NAME} is not readable: {source}");
    feed_error(DeliveryError::Refused { target: NAME.to_owned(), answer, source })
}

#[cfg(test)]
mod tests;
