//! One alert: shown, told of, changed. What is out of scope is not there.

mod shape;
mod show;

use defuse_domain::{AlertId, Diagnostic, Permission, Wish};
use defuse_flow::{HistoryAudit as _, ManageOutcome, ManagedAlert};
use defuse_lambda::ApiApp;
use lambda_http::http::header::IF_MATCH;
use serde_json::{Value, json};

pub(crate) use self::shape::ALERT;
use crate::{
    Answer, Asked,
    audit::{self, AUDIT},
    header_once,
    problem::Problem,
    query::{PAGE_AFTER, PAGE_LIMIT},
    route::Route,
};

/// The routes of this room
pub(crate) const ROUTES: &[Route] = &[
    Route {
        operation: "showAlert",
        method: "GET",
        path: "/v1/alerts/{id}",
        permission: Permission::ReadAlerts,
        summary: "One alert, as it stands",
        query: &[],
        is_conditional: false,
        request: None,
        answer: (200, ALERT),
        handler: |app, asked| Box::pin(show(app, asked)),
    },
    Route {
        operation: "changeAlert",
        method: "PATCH",
        path: "/v1/alerts/{id}",
        permission: Permission::ManageAlerts,
        summary: "Change status, assignee, classification or tags",
        query: &[],
        is_conditional: true,
        request: Some(shape::CHANGE),
        answer: (200, ALERT),
        handler: |app, asked| Box::pin(change(app, asked, Wish::parse)),
    },
    Route {
        operation: "showHistory",
        method: "GET",
        path: "/v1/alerts/{id}/history",
        permission: Permission::ReadAlerts,
        summary: "Everything that happened to an alert, the oldest first",
        query: &[PAGE_LIMIT, PAGE_AFTER],
        is_conditional: false,
        request: None,
        answer: (200, shape::HISTORY),
        handler: |app, asked| Box::pin(history(app, asked)),
    },
    Route {
        operation: "checkHistory",
        method: "GET",
        path: "/v1/alerts/{id}/history/check",
        permission: Permission::ReadAlerts,
        summary: "Whether every entry in the history of an alert is there and unchanged",
        query: &[],
        is_conditional: false,
        request: None,
        answer: (200, AUDIT),
        handler: |app, asked| Box::pin(check_history(app, asked)),
    },
    Route {
        operation: "commentOnAlert",
        method: "POST",
        path: "/v1/alerts/{id}/comments",
        permission: Permission::ManageAlerts,
        summary: "Comment on an alert, here and at its source",
        query: &[],
        is_conditional: true,
        request: Some(shape::COMMENT),
        answer: (200, ALERT),
        handler: |app, asked| Box::pin(change(app, asked, Wish::parse_comment)),
    },
];

async fn show(app: &ApiApp, asked: &Asked<'_>) -> Result<Answer, Problem> {
    Ok(shown(&find(app, asked).await?))
}

async fn history(app: &ApiApp, asked: &Asked<'_>) -> Result<Answer, Problem> {
    let found = find(app, asked).await?;
    let told = app.manage.told(&found.alert.id).await?.ok_or(Problem::NotFound)?;
    let (page, next) = asked.query.page(show::entries(&told), |(key, _)| key)?;
    let entries: Vec<Value> = page.into_iter().map(|(_, it)| it).collect();
    Ok(Answer::page(json!({ "entries": entries }), next))
}

async fn check_history(app: &ApiApp, asked: &Asked<'_>) -> Result<Answer, Problem> {
    let found = find(app, asked).await?;
    let audit = app.store.audit(&found.alert.id).await?.ok_or(Problem::NotFound)?;
    Ok(Answer::of(200, audit::shown(&audit)))
}

/// Changes the alert that was read, or says that it is another by now
async fn change(
    app: &ApiApp,
    asked: &Asked<'_>,
    parse: fn(&str) -> Result<Wish, Vec<Diagnostic>>,
) -> Result<Answer, Problem> {
    let found = find(app, asked).await?;
    let wanted = wanted_version(asked)?;
    // Why: a text that is no text of JSON may be one of YAML, which reads more.
    serde_json::from_str::<Value>(asked.body)
        .map_err(|error| Problem::NotJson(error.to_string()))?;
    let wish = parse(asked.body).map_err(Problem::Invalid)?;
    if wanted != found.version {
        return moved(app, &found, asked).await;
    }
    let (by, version) = (asked.principal.actor.clone(), found.version);
    match app.manage.act(found, &wish, (by, asked.request.clone()), asked.now).await? {
        ManageOutcome::Done(stands) => Ok(shown(&stands)),
        ManageOutcome::Refused(error) => Err(Problem::Unfit(error.to_string())),
        ManageOutcome::Overtaken => {
            let stands = find(app, asked).await?;
            let version = stands.version.max(version);
            moved(app, &ManagedAlert { version, ..stands }, asked).await
        }
    }
}

/// The version that a change is meant for
fn wanted_version(asked: &Asked<'_>) -> Result<u64, Problem> {
    let header = header_once(asked.headers, IF_MATCH.as_str()).ok_or(Problem::VersionMissing)?;
    let digits = header.trim().strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    let digits = digits.filter(|it| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit()));
    // No alert was changed so often that a longer number is its version.
    Ok(digits.ok_or(Problem::BadVersion)?.parse().unwrap_or(u64::MAX))
}

/// What is answered where the alert is at another version: that of our own change, if this is a
/// repeat whose answer was lost
async fn moved(app: &ApiApp, stands: &ManagedAlert, asked: &Asked<'_>) -> Result<Answer, Problem> {
    if let Some(request) = asked.request.as_deref()
        && let Some(told) = app.manage.told(&stands.alert.id).await?
        && told.acts.acts.iter().any(|(act, _)| act.request.as_deref() == Some(request))
    {
        return Ok(shown(stands));
    }
    Err(Problem::VersionMoved(stands.version))
}

/// The alert, if whoever asks may see it; then, whether they may do what they ask for
async fn find(app: &ApiApp, asked: &Asked<'_>) -> Result<ManagedAlert, Problem> {
    let id = AlertId::parse(&asked.id).map_err(|_none| Problem::NotFound)?;
    let found = app.manage.show(&id).await?.ok_or(Problem::NotFound)?;
    if !app.roles.may_to(&asked.principal, Permission::ReadAlerts, &found.alert) {
        return Err(Problem::NotFound);
    }
    if !app.roles.may_to(&asked.principal, asked.route.permission, &found.alert) {
        return Err(Problem::Forbidden);
    }
    Ok(found)
}

fn shown(alert: &ManagedAlert) -> Answer {
    Answer { version: Some(alert.version), ..Answer::of(200, show::alert(alert)) }
}
