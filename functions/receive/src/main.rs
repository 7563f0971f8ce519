//! The Lambda binary: reads the clock, and hands each request on.

use jiff::Timestamp;
use lambda_http::{Error, Request, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = defuse_lambda::start()?.receive().await?;
    run(service_fn(async |request: Request| {
        Ok::<_, Error>(defuse_receive::handle(&app, request, Timestamp::now()).await)
    }))
    .await
}
