//! Logs: JSON in the cloud, plain text elsewhere.

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// What is logged where nobody says otherwise
const LEVEL_DEFAULT: &str = "info";

/// Sends logs to standard error from here on; a second call changes nothing.
///
/// `level` is a filter such as `info` or `defuse_flow=debug`.
pub fn start_logs(json: bool, level: Option<&str>) {
    let filter = level
        .and_then(|it| EnvFilter::try_new(it).ok())
        .unwrap_or_else(|| EnvFilter::new(LEVEL_DEFAULT));
    let registry = tracing_subscriber::registry().with(filter);
    let layer = fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    // Why: an earlier subscriber is as good as ours, and tests start many.
    let started = if json {
        registry.with(layer.json().flatten_event(true)).try_init()
    } else {
        registry.with(layer.with_target(false)).try_init()
    };
    drop(started);
}
