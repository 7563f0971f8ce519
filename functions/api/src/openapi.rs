//! The API as an `OpenAPI` 3.1 document, made of the table of routes.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    alerts::ALERT,
    problem::PROBLEM,
    route::{Route, routes},
    shape::Shape,
};

/// What a request may be refused with, whatever it asks for
const REFUSALS: [(u16, &str); 6] = [
    (400, "What was sent cannot be read"),
    (401, "No good token was sent"),
    (403, "None of the roles allows it"),
    (413, "The body is too large"),
    (429, "Too many requests; see Retry-After"),
    (503, "The state cannot be read or written now"),
];

/// The document, as it is checked in and served
pub fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in routes() {
        let path = paths.entry(route.path.to_owned()).or_insert_with(|| json!({}));
        if let Some(methods) = path.as_object_mut() {
            methods.insert(route.method.to_lowercase(), operation(route));
        }
    }
    let shapes = routes().flat_map(|it| it.request.into_iter().chain([it.answer.1]));
    let schemas: BTreeMap<&str, Value> =
        shapes.chain([PROBLEM]).map(|it| (it.name, (it.schema)())).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Defuse",
            "version": "1",
            "description": "What persons do to security alerts. Errors are problem+json (RFC 9457).",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "paths": paths,
        "security": [{ "token": [] }],
        "components": {
            "schemas": schemas,
            "securitySchemes": { "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "A token of your issuer (OpenID Connect), or one made here (`dfs_…`).",
            }},
        },
    })
}

/// The document as a file has it
pub fn document_text() -> String {
    format!("{:#}\n", document())
}

fn operation(route: &Route) -> Value {
    let mut responses: Map<String, Value> =
        REFUSALS.iter().map(|(status, about)| (status.to_string(), refusal(about))).collect();
    let mut refuse = |status: u16, about: &str| {
        responses.insert(status.to_string(), refusal(about));
    };
    if route.path.contains("{id}") {
        refuse(404, "There is nothing of that id, or it is out of scope");
    }
    if route.is_write() {
        refuse(409, "The same request is being carried out");
        refuse(422, "What was sent cannot be, or the key is that of another request");
    }
    if route.is_conditional {
        refuse(412, "Somebody changed the alert meanwhile");
        refuse(428, "No version was named");
    }
    let (status, shape) = route.answer;
    responses.insert(status.to_string(), answer(route, shape));
    let mut operation = json!({
        "operationId": route.operation,
        "summary": route.summary,
        "description": format!("Needs the permission `{}`.", route.permission),
        "parameters": parameters(route),
        "responses": responses,
    });
    if let (Some(shape), Some(object)) = (route.request, operation.as_object_mut()) {
        let content = json!({ "application/json": { "schema": reference(shape) } });
        object.insert("requestBody".to_owned(), json!({ "required": true, "content": content }));
    }
    operation
}

fn answer(route: &Route, shape: Shape) -> Value {
    let mut answer = json!({
        "description": route.summary,
        "content": { "application/json": { "schema": reference(shape) } },
    });
    if let (true, Some(object)) = (shape.name == ALERT.name, answer.as_object_mut()) {
        let etag =
            json!({ "ETag": { "description": "The version", "schema": { "type": "string" } } });
        object.insert("headers".to_owned(), etag);
    }
    answer
}

fn refusal(about: &str) -> Value {
    let content = json!({ "application/problem+json": { "schema": reference(PROBLEM) } });
    json!({ "description": about, "content": content })
}

fn parameters(route: &Route) -> Value {
    let text = json!({ "type": "string", "minLength": 1, "maxLength": 256 });
    let mut parameters = Vec::new();
    if route.path.contains("{id}") {
        parameters.push(json!({ "name": "id", "in": "path", "required": true, "schema": text }));
    }
    for it in route.query {
        parameters.push(json!({
            "name": it.name, "in": "query", "required": false,
            "description": it.about, "schema": (it.schema.schema)(),
        }));
    }
    if route.is_conditional {
        parameters.push(json!({
            "name": "If-Match", "in": "header", "required": true,
            "description": "The `ETag` that the alert was read with",
            "schema": { "type": "string", "pattern": "^\"[0-9]+\"$" },
        }));
    }
    if route.is_write() {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "Names the request; a repeat within a day is answered the same",
            "schema": { "type": "string", "pattern": "^[!-~]{1,128}$" },
        }));
    }
    Value::Array(parameters)
}

fn reference(shape: Shape) -> Value {
    json!({ "$ref": format!("#/components/schemas/{}", shape.name) })
}
