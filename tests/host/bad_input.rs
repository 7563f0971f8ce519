//! What must not get in does not: over real HTTP, with the right answer, and the state stays.

use std::{net::SocketAddr, slice::from_ref};

use defuse_adapters::{WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP};
use jiff::{Timestamp, ToSpan};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::{
    dev::{Dev, signed},
    state::State,
    world::{LIMIT, World, eventually, id},
};

#[tokio::test]
async fn bad_input_is_refused_and_changes_nothing() {
    let world = World::new();
    let alert = world.travel(1);
    let host = Dev::start(&world).await;
    assert_eq!(host.push("good", from_ref(&alert)).await.0, 202);
    let state = State::open(&world.data()).await;
    eventually("all done", async || {
        state.work().await.is_empty() && !world.cards(&id(&alert)).is_empty()
    })
    .await;
    let (alerts, requests) = (state.alerts().await, world.tenant.requests());

    let other = world.travel(2).to_string();
    let other = other.as_bytes();
    let long_ago = Timestamp::now() - 6.minutes();
    let post = || host.request("POST", "/receive");
    check(post().body(other.to_vec()), 401, "unsigned").await;
    check(host.signed("a", other).body("{\"id\":\"x\"}"), 401, "wrongSignature").await;
    check(host.signed("b", other).header(WEBHOOK_ID, "again"), 401, "signatureIncomplete").await;
    let malformed = post().header(WEBHOOK_ID, "c").header(WEBHOOK_TIMESTAMP, "soon");
    let malformed = malformed.header(WEBHOOK_SIGNATURE, "v1,AAAA").body(other.to_vec());
    check(malformed, 401, "signatureMalformed").await;
    check(signed(post(), "d", long_ago, other), 401, "staleTimestamp").await;
    check(signed(post(), "e", Timestamp::now() + 6.minutes(), other), 401, "staleTimestamp").await;
    check(post().header("authorization", "Bearer nobody").body(other.to_vec()), 401, "wrongToken")
        .await;
    check(host.signed("good", other), 409, "replayed").await;
    check(host.signed("f", b"hello"), 400, "unreadable").await;
    check(host.signed("g", b""), 400, "unreadable").await;
    check(host.signed("h", &[0xFF, 0xFE, b'{']), 400, "unreadable").await;
    check(host.signed("i", b"{\"title\":\"no id\"}"), 400, "unreadable").await;
    let deep = format!("{{\"id\":\"deep\",\"x\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    check(host.signed("j", deep.as_bytes()), 400, "unreadable").await;
    let many = vec![json!({ "id": "a" }); 1_001];
    check(host.signed("k", Value::from(many).to_string().as_bytes()), 413, "unreadable").await;
    for method in ["GET", "PUT", "DELETE", "PATCH"] {
        check(host.request(method, "/receive"), 405, "methodNotAllowed").await;
    }
    check(host.request("POST", "/elsewhere"), 404, "notFound").await;
    check(host.request("GET", "/"), 404, "notFound").await;
    check(host.request("POST", "/runs/x"), 405, "methodNotAllowed").await;
    check(host.request("GET", "/runs/x"), 404, "notFound").await;
    check(host.request("GET", "/runs/a%20b"), 400, "badAlertId").await;
    too_large(&host).await;

    assert_eq!(state.alerts().await, alerts);
    assert_eq!(world.tenant.requests(), requests);
}

/// Sends it, and looks at the answer
async fn check(request: RequestBuilder, status: u16, code: &str) {
    let answer = request.send().await.unwrap();
    let (given, content_type) =
        (answer.status().as_u16(), answer.headers()["content-type"].clone());
    let problem: Value = answer.json().await.unwrap_or_default();
    assert_eq!((given, &problem["code"]), (status, &json!(code)), "{problem}");
    assert_eq!(content_type, "application/problem+json");
    assert_eq!(problem["status"], status);
    for part in ["title", "detail", "help"] {
        assert!(problem[part].as_str().is_some_and(|it| !it.is_empty()), "{problem}");
    }
}

/// Ten megabytes in pieces, whose length nobody says before
async fn too_large(host: &Dev) {
    let address: SocketAddr = host.base_url.strip_prefix("http://").unwrap().parse().unwrap();
    let (mut read, mut write) = TcpStream::connect(address).await.unwrap().into_split();
    let send = async {
        let head = format!(
            "POST /receive HTTP/1.1\r\nhost: {address}\r\ntransfer-encoding: chunked\r\n\r\n"
        );
        write.write_all(head.as_bytes()).await?;
        let piece = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
        for _ in 0..160 {
            write.write_all(piece.as_bytes()).await?;
        }
        write.write_all(b"0\r\n\r\n").await
    };
    let receive = async {
        let mut answer = Vec::new();
        let mut piece = [0; 4096];
        // The body ends with the brace of the problem, whether or not the connection closes then.
        while !answer.ends_with(b"}") {
            match read.read(&mut piece).await {
                Ok(0) | Err(_) => break,
                Ok(n_bytes) => answer.extend_from_slice(&piece[..n_bytes]),
            }
        }
        String::from_utf8(answer).unwrap()
    };
    let (outcome, answer) = timeout(LIMIT, async { tokio::join!(send, receive) }).await.unwrap();
    // Why: the host may hang up before it has read what it will not take.
    drop(outcome);
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("application/problem+json") && answer.contains("tooLarge"), "{answer}");
}
