//! The Lambda binary: reads the clock, and answers each request of CloudFormation.

use defuse_lambda::Chain;
use defuse_provision::{Request, handle, send};
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
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
    run(service_fn(async |event: LambdaEvent<Value>| {
        let Some(request) = Request::read(&event.payload) else {
            error!("the request does not say where to answer");
            return Err(Error::from("the request has no ResponseURL"));
        };
        let now = Timestamp::now();
        let answer = handle(&app, &request, now, deadline(&event)).await;
        let sent = send(&request, &answer, reach).await;
        if let Err(failure) = &sent {
            error!(error = %Chain(failure), "cannot answer CloudFormation");
        }
        Ok(sent?)
    }))
    .await
}

/// When Lambda ends us
fn deadline(event: &LambdaEvent<Value>) -> Timestamp {
    let milliseconds = i64::try_from(event.context.deadline).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::MAX)
}
