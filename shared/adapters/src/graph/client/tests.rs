use defuse_flow::DeliveryError;
use serde_json::json;

use super::*;
use crate::{
    graph::testing::{LIMIT, graph, graph_at, problem, token},
    scripted::{Scripted, json},
    sign_in::{Application, Credential},
};

fn deadline() -> Deadline {
    Deadline::within(LIMIT)
}

fn ok() -> crate::scripted::Scene {
    json("GET /v1.0/x", 200, json!({}))
}

fn n_tokens(server: &Scripted) -> usize {
    server.seen().iter().filter(|it| it.line == "POST /token").count()
}

#[tokio::test]
async fn a_call_is_signed_in_with_the_applications_own_secret() {
    let (server, graph) = graph(vec![ok()]).await;
    let url = graph.base().at(&["x"]).unwrap();
    assert_eq!(graph.get(&url, deadline()).await.unwrap().status, 200);

    let seen = server.seen();
    assert_eq!(
        seen[0].body,
        "grant_type=client_credentials&client_id=app&client_secret=s3cret%26more\
         &scope=https%3A%2F%2Fgraph.example%2F.default"
    );
    assert_eq!(seen[1].headers["authorization"], "Bearer t1");
    assert_eq!(seen[1].headers["prefer"], "include-unknown-enum-members");
    assert_eq!(seen[1].headers["consistencylevel"], "eventual");
}

#[tokio::test]
async fn many_who_wait_fetch_one_token() {
    let (server, graph) = graph(vec![ok(), ok(), ok()]).await;
    let url = graph.base().at(&["x"]).unwrap();
    let (one, two) = tokio::join!(graph.get(&url, deadline()), graph.get(&url, deadline()));
    assert_eq!((one.unwrap().status, two.unwrap().status), (200, 200));
    assert_eq!(graph.clone().get(&url, deadline()).await.unwrap().status, 200);
    assert_eq!(n_tokens(&server), 1);
}

#[tokio::test]
async fn a_token_near_its_end_is_used_once() {
    let short = || json("POST /token", 200, json!({ "access_token": "t", "expires_in": 300 }));
    let server = Scripted::start(vec![short(), short(), ok(), ok()]).await;
    let graph = graph_at(&server, LIMIT);
    let url = graph.base().at(&["x"]).unwrap();
    for _ in 0..2 {
        assert_eq!(graph.get(&url, deadline()).await.unwrap().status, 200);
    }
    assert_eq!(n_tokens(&server), 2);
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_dropped_once() {
    let refused = || problem("GET /v1.0/x", 401, "InvalidAuthenticationToken");
    let (server, graph) = graph(vec![refused(), token("t2"), ok()]).await;
    let url = graph.base().at(&["x"]).unwrap();
    assert_eq!(graph.get(&url, deadline()).await.unwrap().status, 200);
    assert_eq!(server.seen().pop().unwrap().headers["authorization"], "Bearer t2");

    server.then(vec![refused(), token("t3"), refused()]);
    assert_eq!(graph.get(&url, deadline()).await.unwrap().status, 401);
    assert_eq!(n_tokens(&server), 3);
}

#[tokio::test]
async fn what_may_be_done_twice_is_tried_again_and_the_rest_is_not() {
    let busy = |request| problem(request, 503, "ServiceUnavailable");
    let (server, graph) = graph(vec![busy("GET /v1.0/x"), ok(), busy("POST /v1.0/x")]).await;
    let url = graph.base().at(&["x"]).unwrap();
    assert_eq!(graph.get(&url, deadline()).await.unwrap().status, 200);

    let call = Call { method: Method::POST, url: &url, body: None, tries: Tries::One };
    assert_eq!(graph.call(call, deadline()).await.unwrap().status, 503);
    assert_eq!(server.lines(), ["GET /v1.0/x", "GET /v1.0/x", "POST /v1.0/x"]);
}

#[tokio::test]
async fn a_refused_sign_in_says_so_without_the_secret() {
    let body = json!({
        "error": "invalid_client",
        "error_description": "AADSTS7000215: Invalid client secret provided for 's3cret&more'.",
        "error_codes": [7_000_215],
    });
    let server = Scripted::start(vec![json("POST /token", 401, body)]).await;
    let graph = graph_at(&server, LIMIT);
    let url = graph.base().at(&["x"]).unwrap();
    let error = graph.get(&url, deadline()).await.unwrap_err().into_delivery_error();
    assert!(!format!("{error:?} {graph:?}").contains("s3cret"));
    let DeliveryError::Refused { answer, .. } = error else { panic!("{error:?}") };
    assert_eq!(
        answer,
        "sign-in for Microsoft Graph gave no token: the client secret is wrong (AADSTS7000215); \
         store the secret's value, not its id, where `clientSecret` points"
    );
}

#[tokio::test]
async fn a_bad_address_in_the_settings_is_named() {
    let settings = GraphSettings {
        base_url: "graph.example".to_owned(),
        application: Application {
            token_url: "https://login.example/token".to_owned(),
            client_id: String::new(),
            credential: Credential::ClientSecret(Secret::default()),
        },
        scope: String::new(),
        answer_within: LIMIT,
        change_within: LIMIT,
    };
    let http = Http::new(crate::http::Reach::Public, LIMIT).unwrap();
    let error = Graph::new(&settings, http).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`graph.example` is not an address such as https://graph.microsoft.com/v1.0"
    );
}
