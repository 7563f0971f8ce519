//! Runs the function `poll` for as long as the host runs, in the place of a schedule.

use std::sync::Arc;

use jiff::Timestamp;
use tracing::warn;

use super::{Apps, Clock};
use defuse_lambda::Chain;

/// Polls, each source when it is ready, and looks at mailboxes; without either there is nothing to do
pub(crate) async fn run(apps: Arc<Apps>, clock: Clock) {
    if let Err(error) = defuse_poll::handle(&apps.poll, &*clock, Timestamp::MAX).await {
        warn!(error = %Chain(&error), "sources are asked no longer");
    }
    // Why: a task that ends is taken for a part of the host that failed.
    std::future::pending::<()>().await;
}
