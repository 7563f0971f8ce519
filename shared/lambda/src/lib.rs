//! What every function does alike: settings, telemetry, wiring, batches.
//!
//! The only crate that reads the environment, and with `functions` the only one that knows Lambda.

mod batch;
mod chain;
mod config;
mod environment;
mod facts;
mod process;
mod telemetry;
mod tenant;
mod turns;
mod wiring;

pub use batch::each_record;
pub use chain::Chain;
pub use config::{BundleError, Config, ConfigError};
pub use environment::{AwsCredentials, Environment, Lookup};
pub use facts::{AllFacts, OpenAlertFacts};
pub use process::run_function;
pub use telemetry::start_logs;
pub use turns::Turns;
pub use wiring::{
    ApiApp, DeliverApp, HousekeepApp, PollApp, PostApp, ReceiveApp, SharedLookup, StartError,
    TriageApp, Wiring,
};

/// Whether an environment variable is set to anything
pub fn has_variable(name: &str) -> bool {
    std::env::var(name).is_ok_and(|it| !it.is_empty())
}

/// Starts the function that checks the configuration: without one
pub fn start_without_config() -> Wiring {
    let lookup: SharedLookup = std::sync::Arc::new(|name: &str| std::env::var(name).ok());
    let environment = Environment::read(&*lookup);
    start_logs(environment.json_logs, environment.log_level.as_deref());
    start_without_config_from(lookup)
}

/// The same, with surroundings handed in and logs as they are
pub fn start_without_config_from(lookup: SharedLookup) -> Wiring {
    Wiring::of(Environment::read(&*lookup), Config::default(), lookup)
}
