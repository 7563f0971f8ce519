//! The Lambda binary: reads the clock, and hands each event on.

use std::process::ExitCode;

use aws_lambda_events::dynamodb::Event;
use defuse_lambda::{Wiring, run_function};
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run_function(Wiring::triage, async |app| {
        run(service_fn(async |event: LambdaEvent<Event>| {
            Ok::<_, Error>(defuse_triage::handle(&app, event.payload, Timestamp::now()).await)
        }))
        .await
    })
    .await
}
