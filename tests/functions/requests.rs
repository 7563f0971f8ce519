//! HTTP requests as Lambda hands them on, from a Function URL or an HTTP API (payload 2.0).

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use defuse_adapters::{SigningKey, WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::world::{Function, SIGNING_KEY};

/// A request to the function `receive`
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What a sender is answered
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u64,
    pub(crate) headers: Value,
    pub(crate) body: Value,
}

impl Request {
    /// A `POST` by nobody
    pub(crate) fn unsigned(body: impl Into<Vec<u8>>) -> Self {
        Self { method: "POST", headers: Vec::new(), body: body.into() }
    }

    /// The same, signed now
    pub(crate) fn signed(id: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::signed_at(id, Timestamp::now(), body)
    }

    /// The same, signed at that time
    pub(crate) fn signed_at(id: &str, at: Timestamp, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let key = SigningKey::parse(SIGNING_KEY).unwrap();
        let signature = key.sign(id, at, &body);
        Self::unsigned(body)
            .with(WEBHOOK_ID, id)
            .with(WEBHOOK_TIMESTAMP, &at.as_second().to_string())
            .with(WEBHOOK_SIGNATURE, &signature)
    }

    /// With that header, in place of another of its name
    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        let mut it = self.without(name);
        it.headers.push((name.to_owned(), value.to_owned()));
        it
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(it, _)| it != name);
        self
    }

    /// As a Function URL hands it on
    pub(crate) fn function_url_event(&self) -> Value {
        self.event("$default", "/", "abcdefghijklmnop.lambda-url.eu-west-1.on.aws", false)
    }

    /// As an HTTP API hands it on, with the body in base64
    pub(crate) fn http_api_event(&self) -> Value {
        let route = format!("{} /receive", self.method);
        self.event(&route, "/receive", "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com", true)
    }

    fn event(&self, route: &str, path: &str, domain: &str, in_base64: bool) -> Value {
        let mut headers = Map::new();
        for (name, value) in [("content-type", "application/json"), ("host", domain)] {
            headers.insert(name.to_owned(), value.into());
        }
        for (name, value) in &self.headers {
            headers.insert(name.clone(), value.clone().into());
        }
        // Why: Lambda hands on what is no text in base64 whatever its type.
        let text = std::str::from_utf8(&self.body).ok().filter(|_| !in_base64);
        let body = text.map_or_else(|| BASE64.encode(&self.body), str::to_owned);
        let mut event = json!({
            "version": "2.0",
            "routeKey": route,
            "rawPath": path,
            "rawQueryString": "",
            "headers": headers,
            "requestContext": {
                "accountId": "anonymous",
                "apiId": domain.split('.').next(),
                "domainName": domain,
                "domainPrefix": domain.split('.').next(),
                "http": {
                    "method": self.method,
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "203.0.113.9",
                    "userAgent": "sender/1.0",
                },
                "requestId": "d3b07384-d9a0-4c9b-8a3e-5f1f0c6f2a11",
                "routeKey": route,
                "stage": "$default",
                "time": "23/Nov/2026:12:00:00 +0000",
                "timeEpoch": 1_795_435_200_000_u64,
            },
            "isBase64Encoded": text.is_none(),
        });
        if !self.body.is_empty() {
            event["body"] = body.into();
        }
        event
    }
}

impl Function {
    /// Hands it a request as a Function URL does
    pub(crate) async fn request(&self, request: &Request) -> Answer {
        self.http(request.function_url_event()).await
    }

    /// Hands it an event that is a request
    pub(crate) async fn http(&self, event: Value) -> Answer {
        let answer = self.answer(event).await;
        let text = answer["body"].as_str().unwrap();
        Answer {
            status: answer["statusCode"].as_u64().unwrap(),
            headers: answer["headers"].clone(),
            body: serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}")),
        }
    }
}
