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
mod wiring;

pub use batch::each_record;
pub use chain::Chain;
pub use config::{BundleError, Config, ConfigError};
pub use environment::{AwsCredentials, Environment, Lookup};
pub use facts::{AllFacts, OpenAlertFacts};
pub use process::{has_variable, run_function, start_without_config};
pub use telemetry::start_logs;
pub use wiring::{DeliverApp, PostApp, ReceiveApp, SharedLookup, StartError, TriageApp, Wiring};
