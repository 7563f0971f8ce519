use reqwest::{Client, Response as Reply};

use super::*;

const LONG: Duration = Duration::from_mins(1);

/// Stands in for a function: asks for events and answers them
struct Function {
    client: Client,
    url: String,
}

impl Function {
    fn of(stub: &RuntimeStub) -> Self {
        // Why: a client cannot be made without a provider, even for plain HTTP.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::builder().no_proxy().build().unwrap();
        Self { client, url: format!("http://{}/2018-06-01/runtime", stub.address()) }
    }

    async fn next(&self) -> Reply {
        self.client.get(format!("{}/invocation/next", self.url)).send().await.unwrap()
    }

    async fn post(&self, place: &str, body: &'static str) -> u16 {
        let request = self.client.post(format!("{}{place}", self.url)).body(body);
        request.send().await.unwrap().status().as_u16()
    }
}

fn id(reply: &Reply) -> String {
    reply.headers()["lambda-runtime-aws-request-id"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_event_goes_there_and_its_answer_comes_back() {
    let stub = RuntimeStub::start().unwrap();
    let function = Function::of(&stub);
    let serve = async {
        let reply = function.next().await;
        let id = id(&reply);
        assert!(reply.headers().contains_key("lambda-runtime-trace-id"));
        assert!(reply.headers().contains_key("lambda-runtime-invoked-function-arn"));
        let deadline = reply.headers()["lambda-runtime-deadline-ms"].to_str().unwrap();
        assert!(deadline.parse::<i64>().unwrap() > Timestamp::now().as_millisecond());
        assert_eq!(reply.json::<Value>().await.unwrap(), json!({ "n": 1 }));
        function.post(&format!("/invocation/{id}/response"), r#"{"n":2}"#).await
    };

    let (answer, status) = tokio::join!(stub.invoke(json!({ "n": 1 }), LONG), serve);

    assert_eq!(answer, Ok(Invocation::Response(json!({ "n": 2 }))));
    assert_eq!(status, 202);
}

#[tokio::test]
async fn whoever_polls_first_waits_for_the_event() {
    let stub = RuntimeStub::start().unwrap();
    let function = Function::of(&stub);
    let mut polling =
        tokio::spawn(function.client.get(format!("{}/invocation/next", function.url)).send());
    // Why: nothing is queued yet, so this ends by its own limit and never by an answer.
    tokio::time::timeout(Duration::from_millis(20), &mut polling).await.unwrap_err();

    let serve = async {
        let reply = polling.await.unwrap().unwrap();
        let error = r#"{"errorType":"Busy","errorMessage":"later"}"#;
        function.post(&format!("/invocation/{}/error", id(&reply)), error).await
    };
    let (answer, _) = tokio::join!(stub.invoke(json!({}), LONG), serve);

    assert_eq!(
        answer,
        Ok(Invocation::Failed(json!({ "errorType": "Busy", "errorMessage": "later" })))
    );
}

#[tokio::test]
async fn an_event_nobody_waits_for_any_more_is_not_handed_out() {
    let stub = RuntimeStub::start().unwrap();
    let function = Function::of(&stub);
    let limit = Duration::from_millis(10);
    assert_eq!(stub.invoke(json!("late"), limit).await, Err(InvokeError::TimedOut(limit)));

    let serve = async {
        let reply = function.next().await;
        let id = id(&reply);
        assert_eq!(reply.json::<Value>().await.unwrap(), "in time");
        let place = format!("/invocation/{id}/response");
        (function.post(&place, "plain").await, function.post(&place, "again").await)
    };
    let (answer, statuses) = tokio::join!(stub.invoke(json!("in time"), LONG), serve);

    assert_eq!(answer, Ok(Invocation::Response(json!("plain"))));
    assert_eq!(statuses, (202, 400));
}

#[tokio::test]
async fn a_function_that_cannot_start_says_so_to_all() {
    let stub = RuntimeStub::start().unwrap();
    let function = Function::of(&stub);
    let (answer, _) = tokio::join!(
        stub.invoke(json!({}), LONG),
        function.post("/init/error", r#"{"errorMessage":"no table"}"#),
    );

    let expected = Err(InvokeError::InitFailed(json!({ "errorMessage": "no table" })));
    assert_eq!(answer, expected);
    assert_eq!(stub.invoke(json!({}), LONG).await, expected);
}

#[tokio::test]
async fn a_binary_gets_lambdas_variables_and_nothing_of_ours() {
    let stub = RuntimeStub::start().unwrap();
    let process = stub
        .spawn(
            Path::new("/usr/bin/env"),
            &[("DEFUSE_TABLE", "alerts"), ("AWS_REGION", "eu-north-1")],
        )
        .unwrap();

    let answer = stub.invoke(json!({}), LONG).await;
    assert_eq!(answer, Err(InvokeError::Exited("exit status: 0".to_owned())));

    let lines = process.lines();
    let is_set = |line: &str| lines.iter().any(|it| it == line);
    assert!(
        lines.iter().any(|it| it.starts_with("AWS_LAMBDA_RUNTIME_API=127.0.0.1:")),
        "{lines:?}"
    );
    assert!(is_set("AWS_LAMBDA_FUNCTION_NAME=stand-in"), "{lines:?}");
    assert!(is_set("AWS_REGION=eu-north-1") && is_set("DEFUSE_TABLE=alerts"), "{lines:?}");
    assert!(!lines.iter().any(|line| line.starts_with("CARGO")), "{lines:?}");
    assert_eq!(
        process.wait_for_line("DEFUSE_TABLE", LONG).await.as_deref(),
        Some("DEFUSE_TABLE=alerts")
    );
}

#[tokio::test]
async fn a_binary_that_is_not_there_is_an_error() {
    let stub = RuntimeStub::start().unwrap();
    let error = stub.spawn(Path::new("/nowhere/bootstrap"), &[]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}
