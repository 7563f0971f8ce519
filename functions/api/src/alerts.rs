//! One alert: shown, told of, changed. What is out of scope is not there.

use defuse_domain::{AlertId, Permission, Wish};
use defuse_flow::{ManageOutcome, ManagedAlert};
use defuse_lambda::ApiApp;
use lambda_http::http::header::IF_MATCH;
use serde_json::Value;

use crate::{Answer, Asked, Operation, header_once, problem::Problem, show};

pub(crate) async fn show(app: &ApiApp, asked: &Asked<'_>) -> Result<Answer, Problem> {
    Ok(shown(&find(app, asked).await?))
}

pub(crate) async fn history(app: &ApiApp, asked: &Asked<'_>) -> Result<Answer, Problem> {
    let found = find(app, asked).await?;
    let told = app.manage.told(&found.alert.id).await?.ok_or(Problem::NotFound)?;
    Ok(Answer::of(200, show::history(&told)))
}

/// Changes the alert that was read, or says that it is another by now
pub(crate) async fn change(
    app: &ApiApp,
    asked: &Asked<'_>,
    request: Option<String>,
) -> Result<Answer, Problem> {
    let found = find(app, asked).await?;
    let wanted = header_once(asked.headers, IF_MATCH.as_str()).ok_or(Problem::VersionMissing)?;
    // Why: a text that is no text of JSON may be one of YAML, which reads more.
    serde_json::from_str::<Value>(asked.body)
        .map_err(|error| Problem::NotJson(error.to_string()))?;
    let wish = match asked.route.operation {
        Operation::CommentOnAlert => Wish::parse_comment(asked.body),
        Operation::ChangeAlert
        | Operation::ShowDocument
        | Operation::ShowMe
        | Operation::ShowAlert
        | Operation::ShowHistory
        | Operation::ListTokens
        | Operation::CreateToken
        | Operation::RevokeToken => Wish::parse(asked.body),
    };
    let wish = wish.map_err(Problem::Invalid)?;
    if wanted.trim() != format!("\"{}\"", found.version) {
        return moved(app, &found, request.as_deref()).await;
    }
    let (by, version) = (asked.principal.actor.clone(), found.version);
    match app.manage.act(found, &wish, (by, request.clone()), asked.now).await? {
        ManageOutcome::Done(stands) => Ok(shown(&stands)),
        ManageOutcome::Refused(error) => Err(Problem::Unfit(error.to_string())),
        ManageOutcome::Overtaken => {
            let stands = find(app, asked).await?;
            let version = stands.version.max(version);
            moved(app, &ManagedAlert { version, ..stands }, request.as_deref()).await
        }
    }
}

/// What is answered where the alert is at another version: that of our own change, if this is a
/// repeat whose answer was lost
async fn moved(
    app: &ApiApp,
    stands: &ManagedAlert,
    request: Option<&str>,
) -> Result<Answer, Problem> {
    if let Some(request) = request
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
    Answer { status: 200, body: show::alert(alert), version: Some(alert.version) }
}
