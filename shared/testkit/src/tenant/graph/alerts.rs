//! Security alerts: list, get, change, comment.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::HeaderMap,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    super::state::{Object, Shared, ticks},
    Answer, GraphError, METADATA,
    evolvable::as_seen_by,
    filter::Filter,
    query::Query,
};

const STATUSES: [&str; 3] = ["new", "inProgress", "resolved"];
const CLASSIFICATIONS: [&str; 4] =
    ["unknown", "falsePositive", "truePositive", "informationalExpectedActivity"];
/// Those that may be written: `apt` and `securityPersonnel` are retired
const DETERMINATIONS: [&str; 13] = [
    "unknown",
    "malware",
    "securityTesting",
    "unwantedSoftware",
    "other",
    "multiStagedAttack",
    "compromisedAccount",
    "phishing",
    "maliciousUserActivity",
    "notMalicious",
    "notEnoughDataToValidate",
    "confirmedActivity",
    "lineOfBusinessApplication",
];

/// Alerts that match, newest first
pub(super) async fn list(
    State(shared): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let query = Query::parse(query.as_deref(), &["$count", "$filter", "$skip", "$top"])?;
    let filter = Filter::parse(query.get("$filter"))?;

    let state = shared.state();
    let mut alerts: Vec<&Object> = state.alerts.values().filter(|it| filter.matches(it)).collect();
    alerts.sort_by_cached_key(|alert| std::cmp::Reverse(created_at(alert)));
    let skip = query.number("$skip")?.unwrap_or_default();
    if state.skip_max.is_some_and(|max| skip > max) {
        return Err(GraphError::bad_request("The limit of '$skip' was exceeded."));
    }
    // What is on other pages is counted, and not made.
    let shown = skip..skip.saturating_add(state.page_size);
    let seen = alerts.into_iter().enumerate().map(|(index, alert)| {
        let is_shown = shown.contains(&index);
        if is_shown { as_seen_by(&headers, alert.clone()).into() } else { Value::Null }
    });
    let place = (shared.base_url(), "/v1.0/security/alerts_v2");
    let mut page = query.page(seen.collect(), state.page_size, "$skip", place)?;
    if let Some(page) = page.as_object_mut().filter(|_| !state.has_links) {
        page.remove("@odata.nextLink");
    }
    Ok(Json(page))
}

/// One alert
pub(super) async fn get(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let state = shared.state();
    let alert = state.alerts.get(&id).ok_or_else(|| no_such_alert(&id))?;
    Ok(entity(as_seen_by(&headers, alert.clone())))
}

/// Changes the few properties of an alert that a client may change
pub(super) async fn update(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let mut state = shared.state();
    let now = ticks(state.now());
    let alert = state.alerts.get_mut(&id).ok_or_else(|| no_such_alert(&id))?;
    let changes = object(&body)?;
    if changes.is_empty() {
        return Err(GraphError::bad_request("Empty Payload. JSON content expected."));
    }
    for (property, value) in &changes {
        check(property, value)?;
    }

    let status_is = |alert: &Object| alert.get("status").is_some_and(|it| it == "resolved");
    let was_resolved = status_is(alert);
    alert.extend(changes);
    match (was_resolved, status_is(alert)) {
        (false, true) => alert.insert("resolvedDateTime".to_owned(), now.clone().into()),
        (true, false) => alert.insert("resolvedDateTime".to_owned(), Value::Null),
        (true, true) | (false, false) => None,
    };
    alert.insert("lastUpdateDateTime".to_owned(), now.into());
    Ok(entity(as_seen_by(&headers, alert.clone())))
}

/// Adds a comment to an alert; answers with all of them
pub(super) async fn comment(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let mut state = shared.state();
    let now = ticks(state.now());
    let alert = state.alerts.get_mut(&id).ok_or_else(|| no_such_alert(&id))?;
    let body = object(&body)?;
    let kind = body.get("@odata.type").and_then(Value::as_str);
    let text = body.get("comment").and_then(Value::as_str).unwrap_or_default();
    if text.is_empty() {
        return Err(GraphError::bad_request("Property 'comment' is required."));
    }
    if kind.is_some_and(|it| it.trim_start_matches('#') != "microsoft.graph.security.alertComment")
    {
        return Err(GraphError::bad_request("The body is not an alertComment."));
    }

    let comment =
        json!({ "comment": text, "createdByDisplayName": "API Action", "createdDateTime": now });
    let mut comments = alert.get("comments").and_then(Value::as_array).cloned().unwrap_or_default();
    comments.push(comment);
    alert.insert("comments".to_owned(), comments.clone().into());
    alert.insert("lastUpdateDateTime".to_owned(), now.into());
    let context = format!("{METADATA}#security/alerts_v2('{id}')/comments");
    Ok(Json(json!({ "@odata.context": context, "value": comments })))
}

fn check(property: &str, value: &Value) -> Result<(), GraphError> {
    let is_one_of = |members: &[&str]| value.as_str().is_some_and(|it| members.contains(&it));
    let is_good = match property {
        "status" => is_one_of(&STATUSES),
        "classification" => value.is_null() || is_one_of(&CLASSIFICATIONS),
        "determination" => value.is_null() || is_one_of(&DETERMINATIONS),
        "assignedTo" => value.is_null() || value.is_string(),
        _ => {
            let message = format!("Property '{property}' of an alert cannot be changed.");
            return Err(GraphError::bad_request(message));
        }
    };
    if is_good {
        return Ok(());
    }
    Err(GraphError::bad_request(format!("Invalid value {value} for property '{property}'.")))
}

fn object(body: &[u8]) -> Result<Object, GraphError> {
    serde_json::from_slice(body)
        .map_err(|error| GraphError::bad_request(format!("Unable to read JSON payload: {error}.")))
}

fn entity(mut alert: Object) -> Json<Value> {
    let context = format!("{METADATA}#security/alerts_v2/$entity");
    alert.insert("@odata.context".to_owned(), context.into());
    Json(alert.into())
}

fn created_at(alert: &Object) -> Option<Timestamp> {
    alert.get("createdDateTime")?.as_str()?.parse().ok()
}

fn no_such_alert(id: &str) -> GraphError {
    GraphError::not_found("NotFound", format!("Alert '{id}' was not found."))
}
