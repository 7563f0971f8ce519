//! The Lambda binary: reads the clock, and reads pages until the run's time is nearly up.

use std::{process::ExitCode, time::Duration};

use defuse_lambda::{Wiring, run_function};
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

/// What one page may take, to be read and stored
const PAGE: Duration = Duration::from_secs(40);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run_function(Wiring::poll, async |app| {
        run(service_fn(async |event: LambdaEvent<Value>| {
            let ends = event.context.deadline().checked_sub(PAGE).unwrap_or(std::time::UNIX_EPOCH);
            let until = Timestamp::try_from(ends).unwrap_or(Timestamp::MIN);
            Ok::<_, Error>(defuse_poll::handle(&app, &Timestamp::now, until).await?)
        }))
        .await
    })
    .await
}
