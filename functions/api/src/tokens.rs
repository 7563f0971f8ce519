//! Tokens of the API: made, listed, revoked. Nobody gives away more than they have.

mod shape;

use defuse_adapters::{NewToken, TOKEN_DAYS_MAX};
use defuse_domain::{Grant, Permission, Principal};
use defuse_flow::{StoredToken, TokenStore as _};
use defuse_lambda::ApiApp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    Answer, Asked,
    problem::Problem,
    query::{PAGE_AFTER, PAGE_LIMIT},
    route::Route,
};

/// The routes of this room
pub(crate) const ROUTES: &[Route] = &[
    Route {
        operation: "listTokens",
        method: "GET",
        path: "/v1/tokens",
        permission: Permission::ManageTokens,
        summary: "Every token, without its secret",
        query: &[PAGE_LIMIT, PAGE_AFTER],
        is_conditional: false,
        request: None,
        answer: (200, shape::TOKENS),
        handler: |app, asked| Box::pin(list(app, asked)),
    },
    Route {
        operation: "createToken",
        method: "POST",
        path: "/v1/tokens",
        permission: Permission::ManageTokens,
        summary: "Make a token; it is shown this once",
        query: &[],
        is_conditional: false,
        request: Some(shape::NEW),
        answer: (201, shape::CREATED),
        handler: |app, asked| Box::pin(create(app, asked)),
    },
    Route {
        operation: "revokeToken",
        method: "DELETE",
        path: "/v1/tokens/{id}",
        permission: Permission::ManageTokens,
        summary: "Revoke a token, from now on",
        query: &[],
        is_conditional: false,
        request: None,
        answer: (200, shape::REVOKED),
        handler: |app, asked| Box::pin(revoke(app, asked)),
    },
];

/// For how many days a token is good, if nobody says
const DAYS: i64 = 90;
/// How many characters a token's name has at the most
const NAME_LENGTH_MAX: usize = 64;
/// How many grants a token has at the most
const GRANTS_MAX: usize = 16;

/// What a token is to be
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    name: String,
    grants: Vec<Grant>,
    #[serde(default)]
    days: Option<i64>,
}

async fn list(app: &ApiApp, asked: &Asked<'_>) -> Result<Answer, Problem> {
    let (page, next) = asked.query.page(seen(app, asked).await?, |it| &it.id)?;
    let tokens: Vec<Value> = page.iter().map(shape::token).collect();
    Ok(Answer::page(json!({ "tokens": tokens }), next))
}

/// The tokens that whoever asks could have made: others are out of scope, and not there
async fn seen(app: &ApiApp, asked: &Asked<'_>) -> Result<Vec<StoredToken>, Problem> {
    let mut tokens = app.store.every_token().await?;
    tokens.retain(|it| !it.grants.iter().any(|grant| !may_give(app, &asked.principal, grant)));
    Ok(tokens)
}

async fn create(app: &ApiApp, asked: &Asked<'_>) -> Result<Answer, Problem> {
    let wanted: Wanted =
        serde_json::from_str(asked.body).map_err(|error| Problem::NotJson(error.to_string()))?;
    let n_characters = wanted.name.chars().count();
    if wanted.name.trim().is_empty() || n_characters > NAME_LENGTH_MAX {
        return Err(Problem::Unfit(format!("a name has 1 to {NAME_LENGTH_MAX} characters")));
    }
    if wanted.grants.is_empty() || wanted.grants.len() > GRANTS_MAX {
        return Err(Problem::Unfit(format!("a token has 1 to {GRANTS_MAX} grants")));
    }
    let days = wanted.days.unwrap_or(DAYS);
    if !(1..=TOKEN_DAYS_MAX).contains(&days) {
        return Err(Problem::Unfit(format!("a token lasts 1 to {TOKEN_DAYS_MAX} days")));
    }
    for grant in &wanted.grants {
        if !app.roles.names().contains(&grant.role) {
            return Err(Problem::Unfit(format!("no policy speaks of the role `{}`", grant.role)));
        }
        if !may_give(app, &asked.principal, grant) {
            return Err(Problem::Forbidden);
        }
    }
    let by = asked.principal.actor.name.clone();
    let new = NewToken::make(wanted.name, wanted.grants, by, days, asked.now)
        .map_err(|_none| Problem::Busy)?;
    app.store.create(&new.stored).await?;
    Ok(Answer { once: Some("token"), ..Answer::of(201, shape::created(&new)) })
}

async fn revoke(app: &ApiApp, asked: &Asked<'_>) -> Result<Answer, Problem> {
    let is_seen = seen(app, asked).await?.iter().any(|it| it.id == asked.id);
    if !is_seen || !app.store.revoke(&asked.id, asked.now).await? {
        return Err(Problem::NotFound);
    }
    Ok(Answer::of(200, json!({ "id": asked.id })))
}

/// Whether the grant by which somebody makes tokens is for all the alerts that the new one is for
fn may_give(app: &ApiApp, principal: &Principal, wanted: &Grant) -> bool {
    principal.grants.iter().any(|own| {
        let alone = Principal { actor: principal.actor.clone(), grants: vec![own.clone()] };
        app.roles.may(&alone, Permission::ManageTokens) && own.scope.covers(&wanted.scope)
    })
}
