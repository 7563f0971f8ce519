//! The Lambda binary: reads the clock, and hands each request on.

use std::process::ExitCode;

use defuse_api::handle;
use defuse_lambda::{Wiring, run_function};
use jiff::Timestamp;
use lambda_http::{Error, Request, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run_function(
        async |wiring: &Wiring| wiring.api(),
        async |app| {
            run(service_fn(async |request: Request| {
                Ok::<_, Error>(handle(&app, request, Timestamp::now()).await)
            }))
            .await
        },
    )
    .await
}
