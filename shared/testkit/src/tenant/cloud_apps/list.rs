//! Listing alerts by filters, sorted and in pages.

use axum::{
    Json,
    body::Bytes,
    extract::{RawQuery, State},
};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{
    super::state::{Object, Shared},
    Answer, Refusal,
};

/// The most that one page holds
const LIMIT_MAX: usize = 100;

/// What a list request says
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Listing {
    filters: Object,
    sort_direction: SortDirection,
    sort_field: SortField,
    skip: usize,
    limit: Option<usize>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SortDirection {
    Asc,
    #[default]
    Desc,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SortField {
    #[default]
    Date,
    Severity,
}

/// `GET`: filters, order and page are in the query, each as JSON or plain text
pub(super) async fn by_query(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Answer {
    let query = query.unwrap_or_default();
    let options = form_urlencoded::parse(query.as_bytes()).map(|(name, value)| {
        let value = serde_json::from_str(&value).unwrap_or_else(|_| Value::from(value.as_ref()));
        (name.into_owned(), value)
    });
    list(&shared, Value::Object(options.collect()))
}

/// `POST`: the same in the body
pub(super) async fn by_body(State(shared): State<Shared>, body: Bytes) -> Answer {
    if body.is_empty() {
        return list(&shared, json!({}));
    }
    let listing = serde_json::from_slice(&body).map_err(unreadable)?;
    list(&shared, listing)
}

fn list(shared: &Shared, listing: Value) -> Answer {
    let listing: Listing = serde_json::from_value(listing).map_err(unreadable)?;
    let state = shared.state();
    let mut alerts = Vec::new();
    for alert in state.cloud_apps_alerts.values() {
        if matches(alert, &listing.filters)? {
            alerts.push(alert);
        }
    }
    alerts.sort_by_key(|alert| match listing.sort_field {
        SortField::Date => number(alert, "timestamp"),
        SortField::Severity => number(alert, "severityValue"),
    });
    if matches!(listing.sort_direction, SortDirection::Desc) {
        alerts.reverse();
    }

    let n_alerts = alerts.len();
    let limit = listing.limit.unwrap_or(LIMIT_MAX).min(LIMIT_MAX).min(state.page_size);
    let page: Vec<_> = alerts.into_iter().skip(listing.skip).take(limit).collect();
    Ok(Json(json!({
        "data": page,
        "hasNext": listing.skip.saturating_add(limit) < n_alerts,
        "max": n_alerts,
        "total": n_alerts,
        "moreThanTotal": false,
    })))
}

/// Whether every filter holds: `{field: {operator: value}}`
fn matches(alert: &Object, filters: &Object) -> Result<bool, Refusal> {
    let mut holds = true;
    for (field, tests) in filters {
        let tests = tests.as_object().ok_or_else(|| unknown(field))?;
        for (operator, wanted) in tests {
            holds &= test(alert, field, operator, wanted)?;
        }
    }
    Ok(holds)
}

fn test(alert: &Object, field: &str, operator: &str, wanted: &Value) -> Result<bool, Refusal> {
    let property = match field {
        "alertOpen" => {
            let is_open = number(alert, "resolutionStatusValue") == Some(0);
            return match (operator, wanted.as_bool()) {
                ("eq", Some(wanted)) => Ok(wanted == is_open),
                _ => Err(unknown(field)),
            };
        }
        "ID" | "id" => "_id",
        "date" => "timestamp",
        "resolutionDate" => "resolveTime",
        "resolutionStatus" => "resolutionStatusValue",
        "severity" => "severityValue",
        _ => return Err(unknown(field)),
    };
    let found = alert.get(property).unwrap_or(&Value::Null);
    let is_among = || wanted.as_array().map_or(found == wanted, |list| list.contains(found));
    let than = || wanted.as_i64().ok_or_else(|| unknown(field));
    match operator {
        "eq" => Ok(is_among()),
        "neq" => Ok(!is_among()),
        "gte" => Ok(number(alert, property) >= Some(than()?)),
        "lte" => Ok(number(alert, property) <= Some(than()?)),
        _ => Err(unknown(field)),
    }
}

/// A number, or a time in milliseconds
fn number(alert: &Object, property: &str) -> Option<i64> {
    let value = alert.get(property)?;
    let time = || value.as_str()?.parse::<Timestamp>().ok();
    value.as_i64().or_else(|| time().map(Timestamp::as_millisecond))
}

fn unknown(field: &str) -> Refusal {
    Refusal::bad_request(format!("the filter on `{field}` is not understood"))
}

fn unreadable(error: serde_json::Error) -> Refusal {
    Refusal::bad_request(format!("cannot read the request: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_holds_or_not() {
        check(json!({}), Some(true));
        check(json!({ "alertOpen": { "eq": true } }), Some(true));
        check(json!({ "alertOpen": { "eq": false } }), Some(false));
        check(json!({ "id": { "eq": ["a", "b"] } }), Some(true));
        check(json!({ "id": { "neq": ["a", "b"] } }), Some(false));
        check(json!({ "severity": { "eq": 2 } }), Some(true));
        check(json!({ "date": { "gte": 1000, "lte": 1000 } }), Some(true));
        check(json!({ "date": { "gte": 1001 } }), Some(false));
        check(json!({ "resolutionDate": { "gte": 2000 } }), Some(true));
        check(json!({ "resolutionDate": { "gte": 2001 } }), Some(false));
        check(json!({ "date": { "gte_ndays": 1 } }), None);
        check(json!({ "date": { "gte": "yesterday" } }), None);
        check(json!({ "entity.ip": { "eq": ["10.0.0.1"] } }), None);
        check(json!({ "date": 1000 }), None);
    }

    #[track_caller]
    fn check(filters: Value, expected: Option<bool>) {
        let alert = json!({
            "_id": "a", "timestamp": 1000, "severityValue": 2, "resolutionStatusValue": 0,
            "resolveTime": "1970-01-01T00:00:02Z",
        });
        let holds = matches(alert.as_object().unwrap(), filters.as_object().unwrap()).ok();
        assert_eq!(holds, expected, "for {filters}");
    }
}
