//! The same change of many alerts, with a result for each; what is out of scope is not there.

mod shape;

use std::collections::BTreeSet;

use defuse_domain::{Alert, AlertId, Permission, Wish};
use defuse_flow::{Access, BULK_MAX, Bulk, BulkResult, BulkResults, BulkUndone};
use defuse_lambda::ApiApp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Answer, Asked, problem::Problem, route::Route};

/// The routes of this room
pub(crate) const ROUTES: &[Route] = &[
    Route {
        operation: "changeAlerts",
        method: "POST",
        path: "/v1/alerts/bulk",
        permission: Permission::ManageAlerts,
        summary: "Make the same change to many alerts, with a result for each",
        query: &[],
        is_conditional: false,
        request: Some(shape::CHANGE),
        answer: (200, shape::CHANGED),
        handler: |app, asked| Box::pin(change(app, asked)),
    },
    Route {
        operation: "undoBulk",
        method: "POST",
        path: "/v1/bulk/{id}/undo",
        permission: Permission::ManageAlerts,
        summary: "Undo such a change within 15 minutes, with a result for each alert",
        query: &[],
        is_conditional: false,
        request: None,
        answer: (200, shape::UNDONE),
        handler: |app, asked| Box::pin(undo(app, asked)),
    },
];

/// How long the id of a change is
const ID_LENGTH: usize = 32;

/// What is to be done, and to what
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    alerts: Vec<WantedAlert>,
    #[serde(default)]
    change: Option<Value>,
    #[serde(default)]
    comment: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WantedAlert {
    id: String,
    version: u64,
}

async fn change(app: &ApiApp, asked: &Asked<'_>) -> Result<Answer, Problem> {
    let wanted: Wanted =
        serde_json::from_str(asked.body).map_err(|error| Problem::NotJson(error.to_string()))?;
    let wish = wish(&wanted)?;
    let (alerts, versions) = alerts(&wanted)?;
    let (by, at) = (asked.principal.actor.clone(), asked.now);
    // Why from the request: a repeat after a crash in the middle is the same change.
    let id = asked.request.as_deref().and_then(|it| it.get(..ID_LENGTH)).map(str::to_owned);
    let id = id.unwrap_or_else(|| format!("{:032x}", fastrand::u128(..)));
    let bulk = Bulk { id, by, at, alerts };
    let access = |alert: &Alert| access(app, asked, alert);
    let request = (asked.request.clone(), asked.now);
    let changed = app.bulks.change((bulk, &versions), &wish, request, access).await?;
    let (bulk, results) = changed;
    if is_forbidden(&results) {
        return Err(Problem::Forbidden);
    }
    Ok(Answer::of(
        200,
        json!({
            "bulkId": bulk.id,
            "undoUntil": bulk.undo_until(),
            "results": listed(&results),
        }),
    ))
}

/// What is to become of each alert
fn wish(wanted: &Wanted) -> Result<Wish, Problem> {
    let change = wanted.change.as_ref().map(|it| Wish::parse(&it.to_string()));
    let comment = wanted.comment.as_ref();
    let comment = comment.map(|it| Wish::parse_comment(&json!({ "comment": it }).to_string()));
    if change.is_none() && comment.is_none() {
        return Err(Problem::Unfit("there is neither `change` nor `comment`".to_owned()));
    }
    let change = change.transpose().map_err(Problem::Invalid)?.unwrap_or_default();
    let comment = comment.transpose().map_err(Problem::Invalid)?.unwrap_or_default();
    Ok(Wish { comment: comment.comment, ..change })
}

fn alerts(wanted: &Wanted) -> Result<(Vec<AlertId>, Vec<u64>), Problem> {
    let n = wanted.alerts.len();
    if n == 0 || n > BULK_MAX {
        return Err(Problem::Unfit(format!("one change is of 1 to {BULK_MAX} alerts, not of {n}")));
    }
    let mut ids = Vec::new();
    for (index, alert) in wanted.alerts.iter().enumerate() {
        let id = AlertId::parse(&alert.id)
            .map_err(|error| Problem::Unfit(format!("alerts[{index}].id: {error}")))?;
        ids.push(id);
    }
    let distinct: BTreeSet<&AlertId> = ids.iter().collect();
    if distinct.len() < ids.len() {
        return Err(Problem::Unfit("an alert is named twice".to_owned()));
    }
    Ok((ids, wanted.alerts.iter().map(|it| it.version).collect()))
}

async fn undo(app: &ApiApp, asked: &Asked<'_>) -> Result<Answer, Problem> {
    let by = (asked.principal.actor.clone(), asked.request.clone());
    let access = |alert: &Alert| access(app, asked, alert);
    match app.bulks.undo(&asked.id, by, access, asked.now).await? {
        BulkUndone::NotThere => Err(Problem::NotFound),
        BulkUndone::TooLate(until) => Err(Problem::TooLate(until)),
        BulkUndone::Done(results) => {
            if is_forbidden(&results) {
                return Err(Problem::Forbidden);
            }
            Ok(Answer::of(200, json!({ "results": listed(&results) })))
        }
    }
}

fn access(app: &ApiApp, asked: &Asked<'_>, alert: &Alert) -> Access {
    let may = |permission| app.roles.may_to(&asked.principal, permission, alert);
    if !may(Permission::ReadAlerts) {
        Access::None
    } else if may(Permission::ManageAlerts) {
        Access::Change
    } else {
        Access::See
    }
}

/// Whether whoever asks may change none of them
fn is_forbidden(results: &BulkResults) -> bool {
    let mut others = results.iter().filter(|(_, it)| *it != BulkResult::Forbidden);
    others.next().is_none()
}

fn listed(results: &BulkResults) -> Value {
    let listed = results.iter().map(|(id, result)| {
        let (name, version, detail) = match result {
            BulkResult::Done(version) => ("done", Some(version), None),
            BulkResult::Moved(version) => ("versionMoved", Some(version), None),
            BulkResult::NotFound => ("notFound", None, None),
            BulkResult::Forbidden => ("forbidden", None, None),
            BulkResult::Unfit(why) => ("unfit", None, Some(why)),
            BulkResult::Nothing => ("nothing", None, None),
        };
        json!({ "id": id, "result": name, "version": version, "detail": detail })
    });
    listed.collect()
}
