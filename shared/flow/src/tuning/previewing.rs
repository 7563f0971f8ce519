//! What a tuning rule would have done with the alerts that are stored, as far as there is time.

use defuse_domain::{Alert, Preview, PreviewReport, Share};
use jiff::Timestamp;

use crate::ports::{AlertExport, StoreError};

/// Looks at stored alerts
#[derive(Clone, Debug)]
pub struct Previewing<S> {
    store: S,
}

/// What came of it
#[derive(Clone, Debug, PartialEq)]
pub struct Previewed {
    /// What the rule would have done
    pub report: PreviewReport,
    /// How many alerts could not be read
    pub unreadable: usize,
    /// Whether every alert was looked at; the table has no order, so else it was any of them
    pub is_whole: bool,
}

impl<S: AlertExport> Previewing<S> {
    /// The alerts there
    pub const fn new(store: S) -> Self {
        Self { store }
    }

    /// Shows the preview every alert since then that `sees` lets through, page by page while it
    /// `goes_on`
    pub async fn over(
        &self,
        mut preview: Preview<'_>,
        (since, share): (Timestamp, Share),
        sees: impl Fn(&Alert) -> bool,
        goes_on: impl Fn() -> bool,
    ) -> Result<Previewed, StoreError> {
        let (mut unreadable, mut next) = (0, None::<String>);
        let is_whole = loop {
            let page = self.store.export(since, next.as_deref()).await?;
            unreadable += page.unreadable;
            for alert in page.alerts.iter().filter(|it| sees(&it.came)) {
                preview.look(&alert.came, &alert.later);
            }
            next = page.next;
            if next.is_none() {
                break true;
            }
            if !goes_on() {
                break false;
            }
        };
        Ok(Previewed { report: preview.finish(share), unreadable, is_whole })
    }
}
