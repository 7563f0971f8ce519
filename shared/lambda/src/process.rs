//! A function's process: it starts and serves, or says why not and ends.
//!
//! Nothing is printed by the standard library's own way of ending `main`: that is neither JSON nor
//! for people.

use std::{process::ExitCode, sync::Arc};

use defuse_domain::Diagnostic;
use defuse_flow::Cause;
use tracing::error;

use crate::{
    chain::Chain,
    environment::Environment,
    telemetry::start_logs,
    wiring::{SharedLookup, StartError, Wiring},
};

/// Starts a function and has it serve, for as long as it can.
///
/// Logs first, then surroundings and configuration, then what `make` makes of them. What is wrong
/// with any of it is logged, each mistake by itself, and ends the process.
pub async fn run_function<A>(
    make: impl AsyncFnOnce(&Wiring) -> Result<A, StartError>,
    serve: impl AsyncFnOnce(A) -> Result<(), Cause>,
) -> ExitCode {
    let lookup: SharedLookup = Arc::new(|name: &str| std::env::var(name).ok());
    let environment = Environment::read(&*lookup);
    start_logs(environment.json_logs, environment.log_level.as_deref());
    let app = match Wiring::start(lookup) {
        Ok(wiring) => make(&wiring).await,
        Err(error) => Err(error),
    };
    let app = match app {
        Ok(app) => app,
        Err(error) => {
            log_refusal(&error);
            return ExitCode::FAILURE;
        }
    };
    match serve(app).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error!(error = %Chain(&*error), "the function ended");
            ExitCode::FAILURE
        }
    }
}

fn log_refusal(error: &StartError) {
    match error {
        StartError::Config(mistakes) => {
            for it in &mistakes.problems {
                let Diagnostic { file, line, code, .. } = it;
                let shown = it.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
                error!(code = %code, file = %file, line, error = %shown, "cannot start");
            }
        }
        StartError::Missing(_)
        | StartError::SecretMissing(_)
        | StartError::Secret { .. }
        | StartError::Key(_)
        | StartError::Url(_)
        | StartError::Http(_) => error!(error = %Chain(error), "cannot start"),
    }
}
