//! Reads lists that come in pages.
//!
//! A link to the next page is followed only to where the first page was: it comes from outside, and
//! our token would go with it.
//!
//! Permissions: those of the caller.

use defuse_domain::Unknown;
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use super::{
    client::{Deadline, Graph},
    directory::ask,
    problem::unreadable,
};

/// How many pages a list may have
pub(super) const PAGES_MAX: usize = 50;

/// One item as it came
pub(super) type Item = Box<RawValue>;

#[derive(Debug, Deserialize)]
struct Page {
    value: Vec<Item>,
    #[serde(rename = "@odata.nextLink", default)]
    next_link: Option<String>,
}

/// A list, page by page
#[derive(Debug)]
pub(super) struct Pages<'a> {
    graph: &'a Graph,
    permission: &'static str,
    deadline: Deadline,
    next: Option<Url>,
    n_read: usize,
}

impl<'a> Pages<'a> {
    pub(super) const fn new(
        graph: &'a Graph,
        first: Url,
        permission: &'static str,
        deadline: Deadline,
    ) -> Self {
        Self { graph, permission, deadline, next: Some(first), n_read: 0 }
    }

    /// The items of the next page; `None` after the last.
    ///
    /// A list that cannot be read to its end is unknown: what is missing might matter.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Item>>, Unknown> {
        let Some(url) = self.next.take() else {
            return Ok(None);
        };
        if self.n_read >= PAGES_MAX {
            return Err(unreadable(format!("the list has more than {PAGES_MAX} pages")));
        }
        self.n_read += 1;

        let answer = ask(self.graph, &url, self.deadline).await?;
        if !answer.is_success() {
            return Err(super::problem::Problem::read(&answer).unknown(self.permission));
        }
        let page: Page = serde_json::from_slice(&answer.body)
            .map_err(|error| unreadable(format!("a page of the list is not readable: {error}")))?;
        self.next = page.next_link.map(|link| self.follow(&link)).transpose()?;
        Ok(Some(page.value))
    }

    fn follow(&self, link: &str) -> Result<Url, Unknown> {
        let link: Url = link
            .parse()
            .map_err(|error| unreadable(format!("the link to the next page is none: {error}")))?;
        if self.graph.base().has_origin_of(&link) {
            Ok(link)
        } else {
            Err(unreadable("the link to the next page leads elsewhere"))
        }
    }
}
