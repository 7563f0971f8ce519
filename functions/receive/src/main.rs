//! The Lambda binary: reads the clock, and hands each request or event on.

use std::process::ExitCode;

use defuse_lambda::{ReceiveApp, Wiring, run_function};
use defuse_receive::{handle, handle_event, is_event};
use jiff::Timestamp;
use lambda_http::{
    Adapter, Error, LambdaEvent, Request, Service, lambda_runtime::run, request::LambdaRequest,
    service_fn,
};
use serde_json::{Value, value::RawValue};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run_function(Wiring::receive, async |app| {
        run(service_fn(async |event| Box::pin(serve(&app, event)).await)).await
    })
    .await
}

/// An event of `EventBridge` is taken as it stands, and anything else is a request
async fn serve(app: &ReceiveApp, event: LambdaEvent<Box<RawValue>>) -> Result<Value, Error> {
    let payload = event.payload.get();
    if is_event(payload) {
        handle_event(app, payload, Timestamp::now()).await?;
        return Ok(Value::Null);
    }
    let mut request: LambdaRequest = serde_json::from_str(payload)?;
    if let LambdaRequest::ApiGatewayV2(it) = &mut request {
        it.raw_query_string = it.raw_query_string.take().map(|it| fit_for_an_address(&it));
    }
    let mut service = Adapter::from(service_fn(async |request: Request| {
        Ok::<_, Error>(handle(app, request, Timestamp::now()).await)
    }));
    let answer = service.call(LambdaEvent::new(request, event.context)).await?;
    Ok(serde_json::to_value(answer)?)
}

/// A query with what may stand in no address put as `%` and its number, which means the same.
///
/// Why: `lambda_http` panics where the address cannot be built.
fn fit_for_an_address(query: &str) -> String {
    let fit = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'#' | b'<' | b'>');
    let put = |byte| if fit(byte) { char::from(byte).into() } else { format!("%{byte:02X}") };
    query.bytes().map(put).collect()
}
