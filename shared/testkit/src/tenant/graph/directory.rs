//! What Graph knows about a user: who they are, their automatic replies, risk and groups.

use std::time::Instant;

use axum::{
    Json,
    extract::{OriginalUri, Path, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    super::{
        state::{Object, Shared},
        user::{Override, UserEndpoint, UserRecord},
    },
    Answer, GraphError, METADATA,
    query::Query,
};

/// A user's own properties
pub(super) async fn user(
    State(shared): State<Shared>,
    Path(user): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    answer(&shared, &user, UserEndpoint::User, |record| {
        let query = Query::parse(query.as_deref(), &["$select"])?;
        let record = record.ok_or_else(|| no_such_user(&user))?;
        let mut properties = selected(
            &query,
            json!({
                "id": record.id,
                "userPrincipalName": record.user_principal_name,
                "displayName": record.display_name,
            }),
        );
        let context = format!("{METADATA}#users/$entity");
        properties.insert("@odata.context".to_owned(), context.into());
        Ok(Json(properties.into()))
    })
}

/// A user's automatic replies, as they are now
pub(super) async fn automatic_replies(
    State(shared): State<Shared>,
    Path(user): Path<String>,
) -> Response {
    answer(&shared, &user, UserEndpoint::AutomaticReplies, |record| {
        let message = format!("The requested user '{user}' is invalid.");
        let record = record.ok_or_else(|| GraphError::not_found("ErrorInvalidUser", message))?;
        let message = "The mailbox is either inactive, soft-deleted, or is hosted on-premise.";
        let setting = record.automatic_replies.as_ref().and_then(Value::as_object);
        let mut setting = setting
            .cloned()
            .ok_or_else(|| GraphError::not_found("MailboxNotEnabledForRESTAPI", message))?;
        let place = format!("users('{user}')/mailboxSettings/automaticRepliesSetting");
        setting.insert("@odata.context".to_owned(), format!("{METADATA}#{place}").into());
        Ok(Json(setting.into()))
    })
}

/// A user's risk, asked by object id
pub(super) async fn risk(State(shared): State<Shared>, Path(user): Path<String>) -> Response {
    // Why: these are counted for all applications together, and no time to come again is named.
    let rate = shared.state().risk_rate.as_mut().map(|it| it.takes(Instant::now()));
    if rate == Some(false) {
        let message = "Too many requests.";
        return GraphError::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", message)
            .into_response();
    }
    answer(&shared, &user, UserEndpoint::Risk, |record| {
        // Why: 404 means "never at risk" here, which must not be said for want of the id.
        if user.contains('@') {
            return Err(GraphError::bad_request("A risky user is asked for by object id."));
        }
        let risk = record.and_then(|record| record.risk.as_ref()).and_then(Value::as_object);
        let message = format!("Risky user '{user}' was not found.");
        let mut risk = risk.cloned().ok_or_else(|| GraphError::not_found("NotFound", message))?;
        let context = format!("{METADATA}#identityProtection/riskyUsers/$entity");
        risk.insert("@odata.context".to_owned(), context.into());
        Ok(Json(risk.into()))
    })
}

/// The groups a user is in, directly or through another group
pub(super) async fn groups(
    State(shared): State<Shared>,
    Path(user): Path<String>,
    OriginalUri(uri): OriginalUri,
) -> Response {
    let page_size = shared.state().page_size;
    answer(&shared, &user, UserEndpoint::Groups, |record| {
        let allowed = ["$count", "$select", "$skiptoken", "$top"];
        let query = Query::parse(uri.query(), &allowed)?;
        let record = record.ok_or_else(|| no_such_user(&user))?;
        let groups = record.groups.iter().map(|(id, display_name)| {
            selected(&query, json!({ "id": id, "displayName": display_name })).into()
        });
        let place = (shared.base_url(), uri.path());
        query.page(groups.collect(), page_size, "$skiptoken", place).map(Json)
    })
}

/// What `endpoint` says about `user`: its override when there is one, else the facts
fn answer(
    shared: &Shared,
    user: &str,
    endpoint: UserEndpoint,
    facts: impl FnOnce(Option<&UserRecord>) -> Answer,
) -> Response {
    let state = shared.state();
    let record = state.user(user);
    match record.and_then(|record| record.overrides.get(&endpoint)) {
        None => facts(record).into_response(),
        Some(Override::Forbidden) => forbidden(endpoint).into_response(),
        Some(Override::Answer { status, body }) => {
            let status = StatusCode::from_u16(*status);
            let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, Json(body.clone())).into_response()
        }
    }
}

fn forbidden(endpoint: UserEndpoint) -> GraphError {
    let (code, message) = match endpoint {
        UserEndpoint::AutomaticReplies => {
            ("ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        }
        UserEndpoint::User | UserEndpoint::Risk | UserEndpoint::Groups => {
            ("Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
        }
    };
    GraphError::new(StatusCode::FORBIDDEN, code, message)
}

fn no_such_user(user: &str) -> GraphError {
    let message = format!(
        "Resource '{user}' does not exist or one of its queried reference-property objects \
         are not present."
    );
    GraphError::not_found("Request_ResourceNotFound", message)
}

/// Those properties that `$select` names, or all when it names none
fn selected(query: &Query, properties: Value) -> Object {
    let mut properties = properties.as_object().cloned().unwrap_or_default();
    if let Some(select) = query.get("$select") {
        let names: Vec<&str> = select.split(',').map(str::trim).collect();
        properties.retain(|name, _| names.contains(&name.as_str()));
    }
    properties
}
