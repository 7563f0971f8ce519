//! What is asked of a tuning rule before it is saved, and of one that is there.

use defuse_domain::{
    Alert, AlertId, Fill, Permission, Preview, Share, TuningBook, TuningDemands, TuningRule,
};
use defuse_lambda::ApiApp;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    ALERT, ANY_ALERT_TYPE, DAYS, NEWEST, SHARE, TRIGGER_ONLY, denied, find, flag, may,
    must_be_somewhere, sees_all, time_left,
    write::{BODY, read},
};
use crate::{Answer, Asked, problem::Problem};

/// How many days a preview looks back at the most
pub(super) const DAYS_MAX: u64 = 400;
/// How many alerts a preview names at the most
pub(super) const NEWEST_MAX: u64 = 200;

/// Whether a rule could be saved
pub(super) fn check(app: &ApiApp, asked: &Asked<'_>) -> Result<Answer, Problem> {
    must_be_somewhere(app, asked)?;
    let (rule, _) = read(app, asked)?;
    let demands = rule.demands();
    let denied = denied(app, &asked.principal, &demands);
    let TuningDemands { administrator, service_sources, device_groups } = demands;
    Ok(Answer::of(
        200,
        json!({
            "rule": rule.outlook(asked.now),
            "demands": {
                "administrator": administrator,
                "serviceSources": service_sources,
                "deviceGroups": device_groups,
            },
            "maySave": denied.is_none(),
            "denied": denied,
        }),
    ))
}

/// What a rule would have done with the alerts that whoever asks may see
pub(super) async fn preview(app: &ApiApp, asked: &Asked<'_>) -> Result<Answer, Problem> {
    must_be_somewhere(app, asked)?;
    let days = number(asked, DAYS.name, (30, DAYS_MAX))?;
    let newest = number(asked, NEWEST.name, (20, NEWEST_MAX))?;
    let share = number(asked, SHARE.name, (5, 100))?;
    let (rule, _) = read(app, asked)?;
    let who = &asked.principal;
    let back = SignedDuration::from_hours(i64::try_from(days).unwrap_or(1).saturating_mul(24));
    let since = asked.now.checked_sub(back).unwrap_or(Timestamp::MIN);
    let others = app.rules.every().await?.into_iter().filter(|it| it.is_on);
    let others = others.filter(|it| may(app, who, Permission::ReadTuning, &it.demands()));
    let book = TuningBook::new(others.filter_map(|it| it.rule));
    let newest = usize::try_from(newest).unwrap_or(1);
    let preview = Preview::new(&rule, &book, &app.organisation, asked.now, newest);
    #[expect(clippy::cast_precision_loss, reason = "it is 100 at the most")]
    let share = Share(share as f64 / 100.0);
    let sees = |alert: &Alert| app.roles.may_to(who, Permission::ReadAlerts, alert);
    let done = app.previewing.over(preview, (since, share), sees, time_left()).await?;
    let mut answer = json!(done.report);
    // What cannot be read is in nobody's scope but that of all.
    let unreadable = sees_all(app, who).then_some(done.unreadable);
    let more = json!({ "since": since, "unreadable": unreadable, "isWhole": done.is_whole });
    if let (Some(answer), Value::Object(more)) = (answer.as_object_mut(), more) {
        answer.extend(more);
    }
    Ok(Answer::of(200, answer))
}

/// Why a rule holds of an alert
pub(super) async fn why(app: &ApiApp, asked: &Asked<'_>) -> Result<Answer, Problem> {
    let id = asked.query.get(ALERT.name);
    let id = id.ok_or_else(|| Problem::BadQuery("`alert` is missing: the id of one".to_owned()))?;
    let found = find(app, asked).await?;
    let alert = alert(app, asked, id).await?;
    let Some(rule) = found.rule.as_ref() else {
        let name = &found.name;
        return Err(Problem::Unfit(format!("the text of `{name}` is no rule any more")));
    };
    let trace = rule.explain_by_itself(&alert, &app.organisation, asked.now);
    Ok(Answer::of(
        200,
        json!({
            "alert": alert.id,
            "answer": trace.answer(),
            "missing": trace.what_is_missing(),
            "trace": trace,
        }),
    ))
}

/// A rule for alerts like one that came
pub(super) async fn fill(app: &ApiApp, asked: &Asked<'_>) -> Result<Answer, Problem> {
    let (trigger_only, any_alert_type) =
        (flag(asked, TRIGGER_ONLY.name)?, flag(asked, ANY_ALERT_TYPE.name)?);
    let alert = alert(app, asked, &asked.id).await?;
    let text = Fill { trigger_only, any_alert_type }.rule(&alert, asked.now).map_err(|error| {
        let said = error.to_string().replace("--trigger-only", "`triggerOnly`");
        Problem::Unfit(said.replace("--any-alert-type", "`anyAlertType`"))
    })?;
    let problems = app.tuning.checked(BODY, &text, asked.now).err().unwrap_or_default();
    let left: Vec<&str> = problems.iter().map(|it| it.path.as_str()).collect();
    let rule = TuningRule::text_as_json(&text);
    Ok(Answer::of(200, json!({ "rule": rule, "text": text, "leftToWrite": left })))
}

/// The newest revision of an alert, if whoever asks may see it
async fn alert(app: &ApiApp, asked: &Asked<'_>, id: &str) -> Result<Alert, Problem> {
    let id = AlertId::parse(id).map_err(|_none| Problem::NotFound)?;
    let found = app.manage.show(&id).await?.ok_or(Problem::NotFound)?;
    let is_seen = app.roles.may_to(&asked.principal, Permission::ReadAlerts, &found.alert);
    if is_seen { Ok(found.alert) } else { Err(Problem::NotFound) }
}

/// A number of the query, from 1 on
fn number(
    asked: &Asked<'_>,
    name: &'static str,
    (default, max): (u64, u64),
) -> Result<u64, Problem> {
    let Some(text) = asked.query.get(name) else { return Ok(default) };
    let number = text.parse().ok().filter(|it| (1..=max).contains(it));
    number.ok_or_else(|| Problem::BadQuery(format!("`{name}` is from 1 to {max}")))
}
