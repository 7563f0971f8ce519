//! Beside the feeds: mailboxes are looked at when it is time, which is once an hour for all of us.

use std::time::Duration;

use defuse_flow::Watched;
use defuse_lambda::{Chain, PollApp};
use jiff::Timestamp;
use tokio::time::{sleep, timeout};
use tracing::{error, warn};

/// What one look may take; a run keeps more than that for what it began last
const LOOK: Duration = Duration::from_secs(30);

/// How long after a look it is seen whether it is time again
const REST: Duration = Duration::from_mins(1);

/// Looks at mailboxes whenever it is time, and begins no look after `until`.
///
/// A failure is no error to anybody: the next look is an hour later, and feeds have nothing to do
/// with it.
pub(crate) async fn look(
    app: &PollApp,
    clock: &(dyn Fn() -> Timestamp + Send + Sync),
    until: Timestamp,
) {
    let Some(watch) = &app.watch else { return };
    let mut next = clock();
    while next < until {
        sleep(Duration::try_from(next.duration_since(clock())).unwrap_or_default()).await;
        let now = clock();
        let soon = now.checked_add(REST).unwrap_or(until);
        next = match timeout(LOOK, Box::pin(watch.watch(now))).await {
            Ok(Ok(Watched::Looked { .. })) => soon,
            Ok(Ok(Watched::TooSoon { free })) => free.max(soon),
            Ok(Err(failure)) => {
                error!(error = %Chain(&failure), "cannot keep what was seen of mailboxes");
                soon
            }
            Err(_) => {
                warn!("there was no time to look at all mailboxes");
                soon
            }
        };
    }
}
