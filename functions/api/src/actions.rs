//! The action center: what rules and persons did, listed and undone. What was done to an alert out of
//! scope is not there.

mod shape;
mod show;

use defuse_domain::{
    ActionId, ActionKind, ActionState, Alert, AlertId, Permission, ServiceSource, UndoError,
};
use defuse_flow::{ActionFilter, ActionOnAlert, ListedAction, Undone};
use defuse_lambda::ApiApp;
use jiff::{SignedDuration, Timestamp};
use lambda_http::http::header::ACCEPT;
use serde_json::{Value, json};

pub use self::show::actions_csv;
use crate::{
    Answer, Asked,
    csv::{Csv, FORMAT},
    header_once,
    problem::Problem,
    query::{PAGE_AFTER, PAGE_LIMIT},
    route::{Parameter, Route},
};

/// The routes of this room
pub(crate) const ROUTES: &[Route] = &[
    Route {
        operation: "listActions",
        method: "GET",
        path: "/v1/actions",
        permission: Permission::ReadAlerts,
        summary: "What rules and persons did, the newest first",
        query: &[
            shape::STATE,
            shape::KIND,
            shape::PERSON,
            shape::RULE,
            shape::ALERT,
            shape::SOURCE,
            shape::SINCE,
            shape::UNTIL,
            PAGE_LIMIT,
            PAGE_AFTER,
            FORMAT,
        ],
        is_conditional: false,
        request: None,
        answer: (200, shape::ACTIONS),
        handler: |app, asked| Box::pin(list(app, asked)),
    },
    Route {
        operation: "showAction",
        method: "GET",
        path: "/v1/actions/{id}",
        permission: Permission::ReadAlerts,
        summary: "One action, and whether it can be undone",
        query: &[],
        is_conditional: false,
        request: None,
        answer: (200, shape::ACTION),
        handler: |app, asked| Box::pin(show(app, asked)),
    },
    Route {
        operation: "undoAction",
        method: "POST",
        path: "/v1/actions/{id}/undo",
        permission: Permission::ManageAlerts,
        summary: "Undo what a rule or a person did, here and at its source",
        query: &[],
        is_conditional: false,
        request: None,
        answer: (200, shape::UNDONE),
        handler: |app, asked| Box::pin(undo(app, asked)),
    },
];

/// How far back a list goes, if nobody says
const BACK: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long a time may be that is asked for
const SPAN_MAX: SignedDuration = SignedDuration::from_hours(184 * 24);

async fn list(app: &ApiApp, asked: &Asked<'_>) -> Result<Answer, Problem> {
    let filter = filter(asked)?;
    let limit = asked.query.limit()?;
    let after = asked.query.get(PAGE_AFTER.name).map(|text| {
        let wrong = || Problem::BadQuery("`after` is the `next` of the page before".to_owned());
        ListedAction::parse(text).ok_or_else(wrong)
    });
    let after = after.transpose()?;
    let is_csv = match asked.query.get(FORMAT.name) {
        Some("csv") => true,
        Some("json") => false,
        Some(_) => return Err(Problem::BadQuery("`format` is json or csv".to_owned())),
        None => wants_csv(header_once(asked.headers, ACCEPT.as_str()).unwrap_or_default()),
    };
    let may_see = |alert: &Alert| may(app, asked, Permission::ReadAlerts, alert);
    let page = app.center.list(&filter, after.as_ref(), limit, may_see).await?;
    let next = page.next.map(|it| it.to_string());
    let actions: Vec<Value> = page.actions.iter().map(show::action).collect();
    if is_csv {
        let next = next.map(|it| asked.query.with(PAGE_AFTER.name, &it));
        let csv = Csv { text: actions_csv(&actions, true), next };
        return Ok(Answer { csv: Some(csv), ..Answer::of(200, Value::Null) });
    }
    Ok(Answer::page(json!({ "actions": actions }), next))
}

/// Whether CSV is asked for before JSON
fn wants_csv(accept: &str) -> bool {
    let mut kinds = accept.split(',').filter_map(|it| it.split(';').next()).map(str::trim);
    let first = kinds.find(|it| ["text/csv", "application/json", "*/*"].contains(it));
    first == Some("text/csv")
}

fn filter(asked: &Asked<'_>) -> Result<ActionFilter, Problem> {
    let alert = asked.query.get(shape::ALERT.name).map(|text| {
        AlertId::parse(text).map_err(|error| Problem::BadQuery(format!("`alert`: {error}")))
    });
    let alert = alert.transpose()?;
    let time = |parameter: Parameter| {
        let text = asked.query.get(parameter.name);
        text.map(str::parse::<Timestamp>)
            .transpose()
            .map_err(|error| Problem::BadQuery(format!("`{}` is no time: {error}", parameter.name)))
    };
    let until = time(shape::UNTIL)?.unwrap_or(asked.now);
    let back = until.saturating_sub(BACK).unwrap_or(Timestamp::MIN);
    let default = if alert.is_some() { Timestamp::MIN } else { back };
    let since = time(shape::SINCE)?.unwrap_or(default);
    if since > until {
        return Err(Problem::BadQuery("`since` is after `until`".to_owned()));
    }
    if alert.is_none() && until.duration_since(since) > SPAN_MAX {
        let days = SPAN_MAX.as_hours() / 24;
        let why = format!("`since` and `until` are {days} days apart at the most, or name `alert`");
        return Err(Problem::BadQuery(why));
    }
    let text = |parameter: Parameter| asked.query.get(parameter.name).map(str::to_owned);
    Ok(ActionFilter {
        since,
        until,
        state: member(asked, shape::STATE, ActionState::ALL, ActionState::name)?,
        kind: member(asked, shape::KIND, ActionKind::ALL, ActionKind::name)?,
        person: text(shape::PERSON),
        rule: text(shape::RULE),
        alert,
        source: member(asked, shape::SOURCE, ServiceSource::ALL, ServiceSource::name)?,
    })
}

/// The member of a closed set that was asked for, if any
fn member<T: Copy>(
    asked: &Asked<'_>,
    parameter: Parameter,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<Option<T>, Problem> {
    let Some(text) = asked.query.get(parameter.name) else { return Ok(None) };
    let found = all.iter().copied().find(|it| name(*it) == text);
    let known: Vec<&str> = all.iter().map(|it| name(*it)).collect();
    found.map(Some).ok_or_else(|| {
        Problem::BadQuery(format!("`{}` is one of {}", parameter.name, known.join(", ")))
    })
}

async fn show(app: &ApiApp, asked: &Asked<'_>) -> Result<Answer, Problem> {
    Ok(Answer::of(200, show::action(&find(app, asked).await?)))
}

async fn undo(app: &ApiApp, asked: &Asked<'_>) -> Result<Answer, Problem> {
    let found = find(app, asked).await?;
    if !may(app, asked, Permission::ManageAlerts, &found.alert) {
        return Err(Problem::Forbidden);
    }
    let by = (asked.principal.actor.clone(), asked.request.clone());
    match app.center.undo(&found.action.id, by, asked.now).await? {
        Undone::Done(stands, stays) => Ok(Answer::of(200, show::undone(&stands, &stays, false))),
        Undone::Already(stands) => Ok(Answer::of(200, show::undone(&stands, &[], true))),
        Undone::Refused(UndoError::NotThere) => Err(Problem::NotFound),
        Undone::Refused(error @ UndoError::Cannot(_)) => {
            Err(Problem::CannotUndo(error.to_string()))
        }
        Undone::Refused(error @ UndoError::Changed { .. }) => {
            Err(Problem::ChangedSince(error.to_string()))
        }
        Undone::Overtaken => Err(Problem::Busy),
    }
}

/// The action, if whoever asks may see its alert
async fn find(app: &ApiApp, asked: &Asked<'_>) -> Result<ActionOnAlert, Problem> {
    let id = ActionId::parse(&asked.id).ok_or(Problem::NotFound)?;
    let found = app.center.show(&id).await?;
    found.filter(|it| may(app, asked, Permission::ReadAlerts, &it.alert)).ok_or(Problem::NotFound)
}

fn may(app: &ApiApp, asked: &Asked<'_>, permission: Permission, alert: &Alert) -> bool {
    app.roles.may_to(&asked.principal, permission, alert)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_is_answered_to_whoever_prefers_it() {
        assert!(wants_csv("text/csv"));
        assert!(wants_csv("text/html, text/csv;q=0.9, */*;q=0.1"));
        assert!(!wants_csv("application/json, text/csv"));
        assert!(!wants_csv("*/*"));
        assert!(!wants_csv(""));
    }
}
