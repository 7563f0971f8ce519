//! Settings that people may see, and those that they may change at run time; and channels, tried.

mod shape;

use std::collections::BTreeSet;

use defuse_domain::{
    About, ChannelTemplate, EntraIdProtection, Notification, Permission, ServiceSource,
};
use defuse_flow::{LevelChange, Notifier as _, ServiceError, ServicesNow};
use defuse_lambda::{ApiApp, Chain};
use lambda_http::http::header::IF_MATCH;
use serde::Deserialize;
use serde_json::{Value, json};
use tracing::{error, info};

use crate::{Answer, Asked, header_once, problem::Problem, route::Route};

/// The routes of this room
pub(crate) const ROUTES: &[Route] = &[
    Route {
        operation: "showSettings",
        method: "GET",
        path: "/v1/settings",
        permission: Permission::ReadSettings,
        summary: "Settings, as they count now, and who changed them",
        query: &[],
        is_conditional: false,
        request: None,
        answer: (200, shape::SETTINGS),
        handler: |app, asked| Box::pin(show(app, asked)),
    },
    Route {
        operation: "changeSettings",
        method: "PUT",
        path: "/v1/settings",
        permission: Permission::ManageSettings,
        summary: "Say which alerts of Microsoft Entra ID Protection are taken",
        query: &[],
        is_conditional: true,
        request: Some(shape::CHANGE),
        answer: (200, shape::SETTINGS),
        handler: |app, asked| Box::pin(change(app, asked)),
    },
    Route {
        operation: "listChannels",
        method: "GET",
        path: "/v1/channels",
        permission: Permission::ReadSettings,
        summary: "Where people are told, without the addresses",
        query: &[],
        is_conditional: false,
        request: None,
        answer: (200, shape::CHANNELS),
        handler: |app, _| Box::pin(async { Ok(channels(app)) }),
    },
    Route {
        operation: "testChannel",
        method: "POST",
        path: "/v1/channels/{id}/test",
        permission: Permission::ManageSettings,
        summary: "Send a test message to a channel, by the way of every notification",
        query: &[],
        is_conditional: false,
        request: None,
        answer: (202, shape::SENT),
        handler: |app, asked| Box::pin(test(app, asked)),
    },
];

/// What is to change
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wanted {
    #[serde(deserialize_with = "there")]
    entra_id_protection: Option<EntraIdProtection>,
}

/// Why: nothing said is a mistake, and `null` is the default
fn there<'de, D: serde::Deserializer<'de>>(
    given: D,
) -> Result<Option<EntraIdProtection>, D::Error> {
    Option::deserialize(given)
}

async fn show(app: &ApiApp, _asked: &Asked<'_>) -> Result<Answer, Problem> {
    Ok(shown(&app.services.now().await?))
}

async fn change(app: &ApiApp, asked: &Asked<'_>) -> Result<Answer, Problem> {
    // The level is about alerts, so whoever changes it must have those in scope.
    let about = BTreeSet::from([ServiceSource::IdentityProtection]);
    if !app.roles.may_to_all(&asked.principal, Permission::ManageAlerts, &about, None) {
        let why = "the level decides which alerts of `azureAdIdentityProtection` there are, and \
            not all of those are in your scope";
        return Err(Problem::Denied(why.to_owned()));
    }
    let wanted = header_once(asked.headers, IF_MATCH.as_str()).ok_or(Problem::VersionMissing)?;
    let version = wanted.trim().strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    let version = version.and_then(|it| it.parse().ok());
    let Wanted { entra_id_protection } =
        serde_json::from_str(asked.body).map_err(|error| Problem::NotJson(error.to_string()))?;
    let Some(version) = version else {
        return Err(Problem::VersionMoved(app.services.now().await?.version()));
    };
    let by = asked.who();
    let now = app.services.set(entra_id_protection, version, (&by, asked.now)).await;
    match now {
        Ok(now) => {
            let level = now.level.name();
            info!(level, "a person changed what is taken of Entra ID Protection");
            Ok(shown(&now))
        }
        Err(error @ ServiceError::IsDeployed(_)) => Err(Problem::Unfit(error.to_string())),
        Err(ServiceError::Overtaken(version)) => Err(Problem::VersionMoved(version)),
        Err(ServiceError::Store(error)) => Err(error.into()),
    }
}

fn shown(now: &ServicesNow) -> Answer {
    let last = now.changes.last();
    let history: Vec<Value> = now
        .changes
        .iter()
        .map(|LevelChange { version, level, by, at }| {
            json!({ "version": version, "level": level, "by": by, "at": at })
        })
        .collect();
    let body = json!({ "entraIdProtection": {
        "level": now.level,
        "deployed": now.deployed,
        "set": last.and_then(|it| it.level),
        "mayBeSet": now.deployed.is_none(),
        "history": history,
    }});
    Answer { version: Some(now.version()), ..Answer::of(200, body) }
}

fn channels(app: &ApiApp) -> Answer {
    let channels = app.channels.iter();
    let channels: Vec<Value> =
        channels.map(|(name, kind)| json!({ "name": name, "kind": kind })).collect();
    Answer::of(200, json!({ "channels": channels }))
}

async fn test(app: &ApiApp, asked: &Asked<'_>) -> Result<Answer, Problem> {
    let (name, _) = app.channels.get_key_value(&asked.id).ok_or(Problem::NotFound)?;
    // A repeat under the same key is the same message, which is posted once.
    let which = asked.request.clone().unwrap_or_else(|| format!("{:016x}", fastrand::u64(..)));
    let id = format!("test/{name}/{which:.32}");
    let notification = Notification {
        id: id.clone(),
        channel: name.clone(),
        about: About::Channel { template: ChannelTemplate::Test, tried_by: asked.who() },
        title: format!("Channel {name}"),
        facts: vec![("Sent".to_owned(), asked.now.to_string())],
        reasons: vec![
            "Somebody tries whether this channel works. There is nothing to do.".to_owned(),
        ],
        url: None,
    };
    match app.notifier.publish(&notification).await {
        Ok(_) => Ok(Answer::of(202, json!({ "id": id, "channel": name }))),
        Err(failure) => {
            error!(error = %Chain(&failure), "cannot publish a test message");
            Err(Problem::Busy)
        }
    }
}
