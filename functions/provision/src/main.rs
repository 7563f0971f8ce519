//! The Lambda binary: reads the clock, and answers each request of CloudFormation.

use defuse_lambda::Chain;
use defuse_provision::{Request, handle, send};
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use tracing::error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    // The configuration is what is to be checked, so the start does not read it.
    let wiring = defuse_lambda::start_without_config();
    let app = defuse_provision::ProvisionApp {
        store: wiring.store(),
        secrets: wiring.secrets(),
        environment: wiring.environment().clone(),
        has_variable: defuse_lambda::has_variable,
    };
    let reach = wiring.reach();
    run(service_fn(async |event: LambdaEvent<Request>| {
        let request = event.payload;
        let answer = handle(&app, &request, Timestamp::now()).await;
        let sent = send(&request, &answer, reach).await;
        if let Err(failure) = &sent {
            error!(error = %Chain(failure), "cannot answer CloudFormation");
        }
        Ok::<_, Error>(sent?)
    }))
    .await
}
