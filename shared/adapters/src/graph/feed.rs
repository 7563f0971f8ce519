//! Reads alerts at Microsoft Graph, page by page (`alerts_v2`).
//!
//! Pages are told by links to the next, which are opaque, and are followed only to where Graph is,
//! since our token goes with them. Two things are seen that the documentation does not tell of, and
//! both would lose alerts without a word: a full page without a link, and a link that is refused
//! (Graph takes `$skip` only so far). In either case what was asked for is asked for again in
//! halves, by time, until each is one page. A change moves an alert from one half to a later one or
//! to the next pass, never to an earlier one, so the earlier half is read first.
//!
//! Permissions: `SecurityAlert.Read.All`. None at AWS.

use std::{collections::VecDeque, time::Duration};

use defuse_domain::read_body;
use defuse_flow::{AlertFeed, DeliveryError, FeedError, FeedInfo, FeedPage, Rate, Window};
use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tracing::warn;
use url::Url;

use super::{
    NAME,
    client::{Call, CallError, Deadline, Graph, Tries},
    problem::Problem,
};
use crate::{
    delivery::{self, feed_error},
    http::{Answer, with_query},
};

const PERMISSION: &str = "SecurityAlert.Read.All";
/// How many alerts a page may hold
const TOP: usize = 100;
/// How long one page may take
const READ_WITHIN: Duration = Duration::from_secs(20);
/// Graph allows 150 requests a minute; these are 100, and leave room for all who change alerts
const RATE: Rate = Rate { name: "graph-alerts", every: Duration::from_millis(600) };

/// The alerts that Microsoft Graph has
#[derive(Clone, Debug)]
pub struct GraphFeed {
    graph: Graph,
}

impl GraphFeed {
    /// Reads by way of `graph`
    pub const fn new(graph: Graph) -> Self {
        Self { graph }
    }
}

#[derive(Debug, Deserialize)]
struct Page {
    value: Vec<Box<RawValue>>,
    #[serde(rename = "@odata.nextLink", default)]
    next_link: Option<String>,
}

/// A part of a window, and so of what was asked for; without an end where the window has none
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Span {
    from: Timestamp,
    until: Option<Timestamp>,
}

/// What is still to be read of a window
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Left {
    /// The next page of the first span, where it has begun
    link: Option<String>,
    /// The spans, the earliest first
    spans: VecDeque<Span>,
}

/// The link to the next page cannot be followed
#[derive(Debug, thiserror::Error)]
enum LinkError {
    #[error("the link to the next page is none")]
    NoUrl(#[from] url::ParseError),
    #[error("the link to the next page leads elsewhere")]
    Elsewhere,
}

impl AlertFeed for GraphFeed {
    fn info(&self) -> FeedInfo {
        FeedInfo { name: "graph", title: NAME, rate: RATE }
    }

    async fn read(&self, window: Window, next: Option<&str>) -> Result<FeedPage, FeedError> {
        let (mut left, span) = Left::of(window, next);
        let link = left.link.take();
        let url = match &link {
            Some(link) => self.followed(link)?,
            None => self.first_page(window, span)?,
        };
        let call = Call { method: Method::GET, url: &url, body: None, tries: Tries::One };
        let answer = self.graph.call(call, Deadline::within(READ_WITHIN)).await;
        let answer = answer.map_err(|error| feed_error(error.into_delivery_error()))?;
        let clock = answer.date;
        if link.is_some() && matches!(answer.status, 400 | 404 | 410) {
            left.halve(span, clock, None);
            return Ok(FeedPage { items: Vec::new(), next: left.next(), clock });
        }

        let page = read_page(&answer)?;
        let items = page.value.iter().flat_map(|it| read_body(it.get().as_bytes()));
        let items: Vec<_> = items.collect();
        match page.next_link {
            Some(link) => {
                self.followed(&link)?;
                left.link = Some(link);
            }
            None if link.is_none() && page.value.len() >= TOP => {
                let times = items.iter().flatten().filter_map(|it| match window {
                    Window::Created { .. } => it.created,
                    Window::ChangedSince(_) => it.last_update,
                });
                left.halve(span, clock, times.max());
            }
            None => drop(left.spans.pop_front()),
        }
        Ok(FeedPage { items, next: left.next(), clock })
    }
}

impl GraphFeed {
    fn first_page(&self, window: Window, span: Span) -> Result<Url, FeedError> {
        let url = self.graph.base().at(&["security", "alerts_v2"]);
        let url = url.map_err(|error| feed_error(CallError::from(error).into_delivery_error()))?;
        let property = match window {
            Window::Created { .. } => "createdDateTime",
            Window::ChangedSince(_) => "lastUpdateDateTime",
        };
        let Span { from, until } = span;
        let mut filter = format!("{property} ge {from:.3}");
        if let Some(until) = until {
            filter = format!("{filter} and {property} lt {until:.3}");
        }
        Ok(with_query(url, &[("$filter", &filter), ("$top", &TOP.to_string())]))
    }

    /// The address of a link, if it leads to Graph
    fn followed(&self, link: &str) -> Result<Url, FeedError> {
        let url: Url = link.parse().map_err(|error| unreadable(LinkError::NoUrl(error)))?;
        let leads_to_graph = self.graph.base().has_origin_of(&url);
        leads_to_graph.then_some(url).ok_or_else(|| unreadable(LinkError::Elsewhere))
    }
}

impl Left {
    /// What is left of a window, and the span that is read now; the whole window where `next` is
    /// none that we know
    fn of(window: Window, next: Option<&str>) -> (Self, Span) {
        let known: Option<Self> = next.and_then(|it| serde_json::from_str(it).ok());
        if let Some(left) = known
            && let Some(span) = left.spans.front().copied()
        {
            return (left, span);
        }
        let span = match window {
            Window::Created { from, until } => {
                Span { from: coarse(from), until: Some(coarse(until)) }
            }
            Window::ChangedSince(from) => Span { from: coarse(from), until: None },
        };
        (Self { link: None, spans: VecDeque::from([span]) }, span)
    }

    /// What to ask with for the next page
    fn next(&self) -> Option<String> {
        // Times and texts always make JSON.
        self.spans.front().and_then(|_| serde_json::to_string(self).ok())
    }

    /// Puts two halves in the place of the first span. One without an end is parted before its
    /// newest alert, as far as that is known.
    fn halve(&mut self, span: Span, clock: Option<Timestamp>, newest: Option<Timestamp>) {
        self.spans.pop_front();
        let end = span.until.or_else(|| newest.max(clock)).unwrap_or(span.from);
        let length = end.as_millisecond().saturating_sub(span.from.as_millisecond());
        let middle = span.from.as_millisecond().saturating_add(length / 2);
        let Some(middle) = Timestamp::from_millisecond(middle).ok().filter(|_| length > 1) else {
            warn!("{NAME} has more alerts of {} than it shows", span.from);
            return;
        };
        self.spans.push_front(Span { from: middle, until: span.until });
        self.spans.push_front(Span { from: span.from, until: Some(middle) });
    }
}

/// A time in whole milliseconds, as filters have it, and not later
fn coarse(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

fn read_page(answer: &Answer) -> Result<Page, FeedError> {
    if answer.is_success() {
        return serde_json::from_slice(&answer.body).map_err(unreadable);
    }
    let problem = Problem::read(answer);
    let said = problem.said();
    let for_people = match answer.status {
        401 => format!("{NAME} does not accept our sign-in ({said})"),
        403 => format!("{NAME} refused ({said}): grant `{PERMISSION}`"),
        status => format!("{NAME} answered {status} ({said})"),
    };
    Err(feed_error(delivery::unsuccessful(NAME, answer, said, for_people)))
}

fn unreadable(source: impl Into<defuse_flow::Cause>) -> FeedError {
    let source = source.into();
    let answer = format!("a page of alerts of {NAME} is not readable: {source}");
    feed_error(DeliveryError::Refused { target: NAME.to_owned(), answer, source })
}

#[cfg(test)]
mod tests;
