//! Runs the functions `poll` and `housekeep` for as long as the host runs, in the place of their
//! schedules.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tracing::warn;

use super::{Apps, Clock};
use defuse_lambda::Chain;

/// How often there is housekeeping
const HOUSEKEEPING: Duration = Duration::from_hours(1);

/// Polls, each source when it is ready, and looks at mailboxes; housekeeping goes on beside
pub(crate) async fn run(apps: Arc<Apps>, clock: Clock) {
    let polled = async {
        if let Err(error) = defuse_poll::handle(&apps.poll, &*clock, Timestamp::MAX).await {
            warn!(error = %Chain(&error), "sources are asked no longer");
        }
    };
    // Why: a task that ends is taken for a part of the host that failed; this one never does.
    tokio::join!(polled, keep_house(&apps, &clock));
}

async fn keep_house(apps: &Apps, clock: &Clock) {
    loop {
        if let Err(error) = defuse_housekeep::handle(&apps.housekeep, clock()).await {
            warn!(error = %Chain(&error), "housekeeping failed; it is tried again in an hour");
        }
        tokio::time::sleep(HOUSEKEEPING).await;
    }
}
