//! Tuning rules, written: each change is conditional on what was read, and names who made it.

use std::borrow::Cow;

use defuse_domain::{Alert, AlertId, Permission, TuningRule, TuningRuleName};
use defuse_flow::{Draft, KnownRule, ReleasedAlerts, StoredRule, Tuned, TuningError};
use defuse_lambda::{ApiApp, Chain};
use lambda_http::http::header::IF_MATCH;
use serde_json::{Value, json};

use super::{
    AFTER_ALERT, RELEASE, find_to_write, flag, must_be_allowed, must_be_somewhere, show, time_left,
};
use crate::{Answer, Asked, header_once, problem::Problem};

/// What messages call the text of a request
pub(super) const BODY: &str = "body";

/// Saves a new rule
pub(super) async fn create(app: &ApiApp, asked: &Asked<'_>) -> Result<Answer, Problem> {
    must_be_somewhere(app, asked)?;
    let (rule, text) = read(app, asked)?;
    must_be_allowed(app, &asked.principal, &rule.demands())?;
    let by = asked.who();
    let draft = Draft { file: BODY, text: &text, read: None };
    let saved = match app.tuning.save(draft, &by, asked.now).await {
        Ok(Tuned::Changed(saved) | Tuned::Already(saved)) => saved,
        Err(TuningError::Overtaken { name, .. }) => {
            // Why: a repeat whose answer was lost finds its own rule.
            let stored = app.rules.one(&name).await?.and_then(|it| it.stored);
            let is_ours = |it: &StoredRule| it.text == *text && by.starts_with(&it.by);
            stored.filter(is_ours).ok_or_else(|| taken(&name))?
        }
        Err(TuningError::IsDeployed(name)) => return Err(taken(&name)),
        Err(error) => return Err(error.into()),
    };
    let shown = show::shown(app, &asked.principal, &KnownRule::of_stored(saved), asked.now).await?;
    Ok(Answer { status: 201, ..shown })
}

fn taken(name: &TuningRuleName) -> Problem {
    Problem::Unfit(format!(
        "the name `{name}` is taken: choose another, or change that rule with PUT"
    ))
}

/// Saves another text of a rule
pub(super) async fn change(app: &ApiApp, asked: &Asked<'_>) -> Result<Answer, Problem> {
    let found = find_to_write(app, asked).await?;
    let wanted = header_once(asked.headers, IF_MATCH.as_str()).ok_or(Problem::VersionMissing)?;
    let (rule, text) = read(app, asked)?;
    if *rule.name() != found.name {
        let (name, other) = (&found.name, rule.name());
        return Err(Problem::Unfit(format!(
            "this is `{name}` and the text says `{other}`: a rule keeps its name"
        )));
    }
    must_be_allowed(app, &asked.principal, &rule.demands())?;
    if found.is_deleted() {
        return Err(Problem::NotFound);
    }
    let Some(stored) = found.stored else {
        return Err(TuningError::IsDeployed(found.name).into());
    };
    let by = asked.who();
    let is_of = |version: u64| wanted.trim() == format!("\"{version}\"");
    // Why: a repeat whose answer was lost finds its own text.
    let is_done = is_of(stored.version.saturating_sub(1))
        && stored.text == *text
        && by.starts_with(&stored.by);
    if !is_of(stored.version) && !is_done {
        return Err(Problem::VersionMoved(stored.version));
    }
    let draft = Draft { file: BODY, text: &text, read: Some(stored.version) };
    let tuned = app.tuning.save(draft, &by, asked.now).await?;
    changed(app, asked, tuned).await
}

/// Turns a rule on or off
pub(super) async fn turn(app: &ApiApp, asked: &Asked<'_>, on: bool) -> Result<Answer, Problem> {
    let found = find_to_write(app, asked).await?;
    let by = asked.who();
    let tuned = if on {
        app.tuning.turn_on(&found.name, &by, asked.now).await?
    } else {
        app.tuning.turn_off(&found.name, &by, asked.now).await?
    };
    changed(app, asked, tuned).await
}

async fn changed(app: &ApiApp, asked: &Asked<'_>, tuned: Tuned) -> Result<Answer, Problem> {
    let (Tuned::Changed(rule) | Tuned::Already(rule)) = tuned;
    show::shown(app, &asked.principal, &KnownRule::of_stored(rule), asked.now).await
}

/// Deletes a rule, and takes out again what it keeps hidden if that is wanted
pub(super) async fn delete(app: &ApiApp, asked: &Asked<'_>) -> Result<Answer, Problem> {
    let releases = flag(asked, RELEASE.name)?;
    let found = find_to_write(app, asked).await?;
    if found.stored.is_none() {
        return Err(TuningError::IsDeployed(found.name).into());
    }
    if !found.is_deleted() {
        app.tuning.delete(&found.name, &asked.who(), asked.now).await?;
    }
    let taken_out = if releases { Some(take_out(app, asked, &found).await?) } else { None };
    Ok(Answer::of(200, json!({ "name": found.name, "released": taken_out })))
}

/// Takes out again what a rule keeps hidden
pub(super) async fn release(app: &ApiApp, asked: &Asked<'_>) -> Result<Answer, Problem> {
    let found = find_to_write(app, asked).await?;
    Ok(Answer::of(200, take_out(app, asked, &found).await?))
}

async fn take_out(app: &ApiApp, asked: &Asked<'_>, rule: &KnownRule) -> Result<Value, Problem> {
    if !super::may(app, &asked.principal, Permission::ManageAlerts, &rule.demands()) {
        let why = "none of your roles lets you change every alert that this rule may have hidden";
        return Err(Problem::Denied(why.to_owned()));
    }
    let after = asked.query.get(AFTER_ALERT.name).map(AlertId::parse).transpose();
    let after = after.map_err(|error| Problem::BadQuery(format!("`after` is none: {error}")))?;
    let may = |alert: &Alert| app.roles.may_to(&asked.principal, Permission::ManageAlerts, alert);
    let by = asked.who();
    let done =
        app.releasing.release_all((&rule.name, after.as_ref()), (&by, asked.now), may, time_left());
    let ReleasedAlerts { released, failed, next } = done.await?;
    let failed: Vec<String> = failed.iter().map(|it| Chain(it).to_string()).collect();
    let mut answer = json!({ "released": released, "failed": failed });
    if let (Some(next), Some(answer)) = (next, answer.as_object_mut()) {
        answer.insert("next".to_owned(), json!(next));
    }
    Ok(answer)
}

/// The rule of a body, with its text, by every check
pub(super) fn read<'a>(
    app: &ApiApp,
    asked: &'a Asked<'_>,
) -> Result<(TuningRule, Cow<'a, str>), Problem> {
    // Why: a text that is no text of JSON may be one of YAML, which reads more.
    let json: Value =
        serde_json::from_str(asked.body).map_err(|error| Problem::NotJson(error.to_string()))?;
    // Why: YAML knows no pairs of escapes for one character, which JSON may have.
    let text = if asked.body.contains("\\u") {
        Cow::Owned(format!("{json:#}"))
    } else {
        Cow::Borrowed(asked.body)
    };
    let rule = app.tuning.checked(BODY, &text, asked.now).map_err(Problem::Invalid)?;
    Ok((rule, text))
}
