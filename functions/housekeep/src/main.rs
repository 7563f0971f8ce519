//! The Lambda binary: reads the clock, and does what is due.

use std::process::ExitCode;

use defuse_lambda::{Wiring, run_function};
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run_function(
        async |it: &Wiring| it.housekeep(),
        async |app| {
            run(service_fn(async |_: LambdaEvent<Value>| {
                Ok::<_, Error>(defuse_housekeep::handle(&app, Timestamp::now()).await?)
            }))
            .await
        },
    )
    .await
}
