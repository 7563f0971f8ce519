//! Whether the histories of all alerts are whole: for whoever may see every alert.

use defuse_domain::{Permission, Principal};
use defuse_flow::{Audit, HistoryAudit as _};
use defuse_lambda::ApiApp;
use serde_json::{Value, json};

use crate::{
    Answer, Asked,
    problem::Problem,
    query::PAGE_AFTER,
    route::Route,
    shape::{Shape, count, list, object, text},
};

/// The routes of this room
pub(crate) const ROUTES: &[Route] = &[Route {
    operation: "checkHistories",
    method: "GET",
    path: "/v1/history/check",
    permission: Permission::AuditHistory,
    summary: "Whether every entry in the history of every alert is there and unchanged, a page at a time",
    query: &[PAGE_AFTER],
    is_conditional: false,
    request: None,
    answer: (200, AUDIT),
    handler: |app, asked| Box::pin(check(app, asked)),
}];

/// What was found
pub(crate) const AUDIT: Shape = Shape {
    name: "HistoryCheck",
    schema: || {
        let broken = object(
            &[("alertId", text()), ("entry", text()), ("isChanged", json!({ "type": "boolean" }))],
            &[],
        );
        let fields = [
            ("alerts", count()),
            ("entries", count()),
            ("isWhole", json!({ "type": "boolean" })),
            ("broken", list(broken)),
        ];
        object(&fields, &[("next", text())])
    },
};

async fn check(app: &ApiApp, asked: &Asked<'_>) -> Result<Answer, Problem> {
    if !sees_all(app, &asked.principal) {
        return Err(Problem::Forbidden);
    }
    let page = app.store.audit_page(asked.query.get(PAGE_AFTER.name)).await?;
    Ok(Answer::page(shown(&page.audit), page.next))
}

/// Whether a grant lets them do that, and for all alerts
fn sees_all(app: &ApiApp, principal: &Principal) -> bool {
    principal.grants.iter().filter(|it| it.scope.is_for_all()).any(|grant| {
        let alone = Principal { actor: principal.actor.clone(), grants: vec![grant.clone()] };
        app.roles.may(&alone, Permission::AuditHistory)
    })
}

pub(crate) fn shown(audit: &Audit) -> Value {
    let broken = audit
        .broken
        .iter()
        .map(|it| json!({ "alertId": it.alert_id, "entry": it.entry, "isChanged": it.is_changed }));
    json!({
        "alerts": audit.alerts,
        "entries": audit.entries,
        "isWhole": audit.broken.is_empty(),
        "broken": broken.collect::<Vec<Value>>(),
    })
}
