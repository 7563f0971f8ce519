//! How CloudFormation is answered: always, in its shape, and within its bounds.

use axum::http::{Method, StatusCode};
use defuse_testkit::Invocation;
use serde_json::{Value, json};

use crate::{
    events::{event, files},
    gate::{at_the_gate, reason, succeeded},
    layer::PLAYBOOK,
    world::LIMIT,
};

/// The longest answer that CloudFormation takes
const BYTES_MAX: usize = 4096;

#[tokio::test]
async fn an_answer_has_what_cloud_formation_wants_of_it() {
    at_the_gate(async |gate| {
        let layer = gate.layer();
        let function = gate.provision(&layer, &[]);
        let request = gate.cloud_formation.request_for("create", &layer.digest);
        let put = gate.put_of(LIMIT, &function, request.clone()).await;

        assert_eq!(put.method, Method::PUT);
        assert!(gate.cloud_formation.response_url.ends_with(&put.uri.to_string()), "{}", put.uri);
        // The address is signed without a content type.
        assert_eq!(put.headers["content-type"], "");
        let answer: Value = serde_json::from_slice(&put.body).unwrap();
        assert_eq!(
            answer,
            json!({
                "Status": "SUCCESS",
                "Reason": "",
                "PhysicalResourceId": "defuse-bundle",
                "StackId": request["StackId"],
                "RequestId": request["RequestId"],
                "LogicalResourceId": "Gate",
                "Data": { "Bundle": layer.digest },
            })
        );
    })
    .await;
}

#[tokio::test]
async fn every_sample_request_is_answered_as_far_as_it_can_be() {
    at_the_gate(async |gate| {
        let layer = gate.layer();
        let function = gate.provision(&layer, &[]);
        for file in files("events/provision") {
            let name = file.file_stem().unwrap().to_str().unwrap();
            if name == "no-response-url" {
                continue;
            }
            let request = gate.cloud_formation.request(name);
            let answer = gate.ask(&function, request.clone()).await;
            match name {
                "create" | "update" | "update-back" => {
                    assert!(reason(&answer).contains("the template says sha256:"), "{answer:#}");
                }
                "delete" => succeeded(&answer, ""),
                "unknown-type" => {
                    assert!(reason(&answer).starts_with("RequestType is `Replace`"), "{answer:#}");
                }
                "bare" => {
                    assert!(reason(&answer).starts_with("RequestType is ``"), "{answer:#}");
                    assert_eq!(answer["RequestId"], "17");
                }
                other => panic!("what becomes of {other}?"),
            }
            assert_eq!(answer["PhysicalResourceId"], "defuse-bundle");
            let stack = request["StackId"].as_str().unwrap_or_default();
            assert_eq!(answer["StackId"], stack);
        }
        assert_eq!(gate.in_force().await, None);
    })
    .await;
}

#[tokio::test]
async fn odd_events_are_answered_where_they_say_where() {
    at_the_gate(async |gate| {
        let layer = gate.layer();
        let function = gate.provision(&layer, &[]);
        let url = &gate.cloud_formation.response_url;
        let oddities = [
            ("RequestType", json!(1)),
            ("RequestType", json!("create")),
            ("ResourceProperties", json!("none")),
            ("ResourceProperties", json!({ "Bundle": ["a", 1] })),
            ("StackId", json!({})),
            ("PhysicalResourceId", json!(7)),
        ];
        for (name, odd) in oddities {
            let mut request = gate.cloud_formation.request("create");
            request[name] = odd.clone();
            let answer = gate.ask(&function, request).await;
            let fails = name != "ResourceProperties" || odd.is_object();
            assert_eq!(answer["Status"] == "FAILED", fails, "{name}: {odd}: {answer:#}");
        }
        let answer = gate.ask(&function, json!({ "ResponseURL": url })).await;
        assert!(reason(&answer).starts_with("RequestType is ``"), "{answer:#}");
    })
    .await;
}

#[tokio::test]
async fn without_an_address_nothing_is_done_and_the_invocation_fails() {
    at_the_gate(async |gate| {
        let layer = gate.layer();
        let function = gate.provision(&layer, &[]);
        let mut nowhere = event("events/provision/no-response-url.json");
        nowhere["ResourceProperties"]["Bundle"] = json!(layer.digest);
        for request in [nowhere, json!({}), json!(null), json!("Create"), json!([1])] {
            let ended = function.invoke(request.clone()).await.unwrap();
            assert!(matches!(ended, Invocation::Failed(_)), "{request}: {ended:?}");
        }
        function.logged("does not say where to answer").await;
        assert_eq!(gate.in_force().await, None);
        assert!(gate.cloud_formation.puts().is_empty());

        // It works on as if nothing had been.
        let request = gate.cloud_formation.request_for("create", &layer.digest);
        succeeded(&gate.ask(&function, request).await, &layer.digest);
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_is_not_taken_is_sent_again() {
    at_the_gate(async |gate| {
        let layer = gate.layer();
        let function = gate.provision(&layer, &[]);
        gate.cloud_formation.answer_first(StatusCode::SERVICE_UNAVAILABLE);
        let request = gate.cloud_formation.request_for("create", &layer.digest);
        function.invoke(request.clone()).await.unwrap();
        let puts = gate.cloud_formation.puts();
        assert_eq!(puts.len(), 2);
        assert_eq!(puts[0].body, puts[1].body);

        // Refused for good, or nobody there: the invocation fails, and Lambda starts another.
        gate.cloud_formation.answer_first(StatusCode::FORBIDDEN);
        let ended = function.invoke(request.clone()).await.unwrap();
        assert!(matches!(ended, Invocation::Failed(_)), "{ended:?}");
        function.logged("cannot answer CloudFormation").await;
        for url in ["http://127.0.0.1:9/canary-signature-of-the-address", "no address at all", "/"]
        {
            let mut nobody = request.clone();
            nobody["ResponseURL"] = json!(url);
            let ended = function.invoke(nobody).await.unwrap();
            assert!(matches!(ended, Invocation::Failed(_)), "{url}: {ended:?}");
            let said = format!("{ended:?}");
            assert!(!said.contains("canary-signature") && !said.contains("no address"), "{said}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_reason_that_is_too_long_is_cut() {
    at_the_gate(async |gate| {
        for name in ["a", "é", "漢", "🐟", "\"\\"] {
            let layer = gate.layer();
            let keys: Vec<String> =
                (0..200).map(|it| format!("{}: {it}", json!(name.repeat(40 + it % 7)))).collect();
            let keys = keys.join("\n");
            let text = layer.path(PLAYBOOK);
            let shipped = std::fs::read_to_string(&text).unwrap();
            layer.write(PLAYBOOK, &format!("{keys}\n{shipped}"));

            let function = gate.provision(&layer, &[]);
            let request = gate.cloud_formation.request_for("create", "sha256:1");
            let put = gate.put_of(LIMIT, &function, request).await;
            let length = put.body.len();
            assert!((BYTES_MAX - 6..=BYTES_MAX).contains(&length), "{length} bytes of {name:?}");
            let reason = reason(&serde_json::from_slice(&put.body).unwrap());
            assert!(reason.contains(" mistakes in the configuration: "), "{reason}");
            assert!(reason.ends_with(" … (the rest is in the log)"), "{reason}");
        }
    })
    .await;
}
