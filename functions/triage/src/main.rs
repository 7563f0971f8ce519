//! The Lambda binary: reads the clock, and hands each event on.

use aws_lambda_events::dynamodb::Event;
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = defuse_lambda::start()?.triage().await?;
    run(service_fn(async |event: LambdaEvent<Event>| {
        Ok::<_, Error>(defuse_triage::handle(&app, event.payload, Timestamp::now()).await)
    }))
    .await
}
