//! What the API tells of itself, and of whoever asks.

use defuse_domain::Permission;
use serde_json::json;

use crate::{
    Answer, Asked,
    openapi::document,
    route::Route,
    shape::{Shape, grants, object, text},
};

/// The routes of this room
pub(crate) const ROUTES: &[Route] = &[
    Route {
        operation: "showDocument",
        method: "GET",
        path: "/v1/openapi.json",
        permission: Permission::UseApi,
        summary: "This document",
        query: &[],
        is_conditional: false,
        request: None,
        answer: (200, DOCUMENT),
        handler: |_, _| Box::pin(async { Ok(Answer::of(200, document())) }),
    },
    Route {
        operation: "showMe",
        method: "GET",
        path: "/v1/me",
        permission: Permission::UseApi,
        summary: "Who asks, and what they may do",
        query: &[],
        is_conditional: false,
        request: None,
        answer: (200, ME),
        handler: |_, asked| Box::pin(async { Ok(me(asked)) }),
    },
];

const DOCUMENT: Shape = Shape { name: "Document", schema: || json!({ "type": "object" }) };
const ME: Shape = Shape {
    name: "Me",
    schema: || object(&[("id", text()), ("name", text()), ("grants", grants())], &[]),
};

fn me(asked: &Asked<'_>) -> Answer {
    let (actor, grants) = (&asked.principal.actor, &asked.principal.grants);
    Answer::of(200, json!({ "id": actor.id, "name": actor.name, "grants": grants }))
}
