//! Tuning rules, listed and shown; what is told of the past is in the scope of whoever asks, too.

use defuse_domain::{Permission, Principal, ServiceSource, TuningRule};
use defuse_flow::{KnownRule, Matches, RuleChange};
use defuse_lambda::ApiApp;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{FROM, SOURCE, STATE, find, may, must_be_somewhere, sees_all, shape};
use crate::{Answer, Asked, problem::Problem};

pub(super) async fn list(app: &ApiApp, asked: &Asked<'_>) -> Result<Answer, Problem> {
    must_be_somewhere(app, asked)?;
    let who = &asked.principal;
    let state = one_of(asked, STATE.name, shape::STATES)?;
    let from = one_of(asked, FROM.name, shape::PLACES)?;
    let names: Vec<&str> = ServiceSource::ALL.iter().map(|it| it.name()).collect();
    let source = one_of(asked, SOURCE.name, names)?.and_then(ServiceSource::from_name);
    let mut rules = app.rules.every().await?;
    rules.retain(|it| {
        let sources = it.rule.as_ref().map(TuningRule::service_sources).unwrap_or_default();
        state.is_none_or(|state| it.state(asked.now) == state)
            && from.is_none_or(|from| it.place() == from)
            && source.is_none_or(|source| sources.contains(&source))
            && may(app, who, Permission::ReadTuning, &it.demands())
    });
    let (page, next) = asked.query.page(rules, |it| it.name.as_str())?;
    let sees_all = sees_all(app, who);
    let mut listed = Vec::new();
    for rule in &page {
        // Why not always: where everything is in scope, nobody need look at the past.
        let is_told = sees_all || is_told(rule, &past(app, who, rule).await?);
        let matches = matches(app, rule, is_told).await?;
        listed.push(json!(rule.summary(matches.as_ref(), asked.now)));
    }
    Ok(Answer::page(json!({ "rules": listed }), next))
}

pub(super) async fn one(app: &ApiApp, asked: &Asked<'_>) -> Result<Answer, Problem> {
    let rule = find(app, asked).await?;
    shown(app, &asked.principal, &rule, asked.now).await
}

/// A rule with everything that is told of it
pub(super) async fn shown(
    app: &ApiApp,
    who: &Principal,
    known: &KnownRule,
    now: Timestamp,
) -> Result<Answer, Problem> {
    let past = past(app, who, known).await?;
    let is_told = sees_all(app, who) || is_told(known, &past);
    let matches = matches(app, known, is_told).await?;
    let rule = known.rule.as_ref();
    let windows = rule.map(|it| it.outlook(now).next_windows).unwrap_or_default();
    let more = json!({
        "reason": rule.map(TuningRule::reason),
        "ticket": rule.and_then(TuningRule::ticket),
        "changedBy": known.stored.as_ref().map(|it| &it.by),
        "changed": known.stored.as_ref().map(|it| it.changed),
        "nextWindows": windows,
        "perDay": matches.as_ref().map(|it| &it.per_day),
        "history": past.iter().map(change).collect::<Vec<Value>>(),
        "text": known.text,
        "rule": TuningRule::text_as_json(&known.text),
    });
    let mut shown = json!(known.summary(matches.as_ref(), now));
    if let (Some(shown), Value::Object(more)) = (shown.as_object_mut(), more) {
        shown.extend(more);
    }
    let version = known.stored.as_ref().map(|it| it.version);
    Ok(Answer { version, ..Answer::of(200, shown) })
}

fn change((change, is_seen): &(RuleChange, bool)) -> Value {
    let RuleChange { version, what, by, at, text } = change;
    let text = is_seen.then_some(text);
    json!({ "version": version, "what": what, "by": by, "at": at, "text": text })
}

/// Each change of a rule, and whether its text is in scope: it may have been about other alerts
/// before
async fn past(
    app: &ApiApp,
    who: &Principal,
    rule: &KnownRule,
) -> Result<Vec<(RuleChange, bool)>, Problem> {
    let changes = app.rules.changes(&rule.name).await?;
    let sees_all = sees_all(app, who);
    let is_seen = |it: &RuleChange| {
        let read = TuningRule::parse(rule.name.as_str(), &it.text);
        read.is_ok_and(|it| may(app, who, Permission::ReadTuning, &it.demands()))
    };
    Ok(changes.into_iter().map(|it| (sees_all || is_seen(&it), it)).map(|(a, b)| (b, a)).collect())
}

/// Whether every alert that the rule ever took is in scope: what a deployed one said before is not
/// kept
fn is_told(rule: &KnownRule, past: &[(RuleChange, bool)]) -> bool {
    rule.stored.is_some() && !past.iter().any(|(_, is_seen)| !is_seen)
}

/// What a rule did, where that is told
async fn matches(
    app: &ApiApp,
    rule: &KnownRule,
    is_told: bool,
) -> Result<Option<Matches>, Problem> {
    if !is_told {
        return Ok(None);
    }
    Ok(Some(app.rules.matches(&rule.name).await?))
}

/// A word of the query, if it is one of those
fn one_of<'a>(
    asked: &'a Asked<'_>,
    name: &'static str,
    known: impl IntoIterator<Item = &'static str>,
) -> Result<Option<&'a str>, Problem> {
    let Some(word) = asked.query.get(name) else { return Ok(None) };
    let known: Vec<&str> = known.into_iter().collect();
    if known.contains(&word) {
        return Ok(Some(word));
    }
    Err(Problem::BadQuery(format!("`{name}` is one of {}", known.join(", "))))
}
