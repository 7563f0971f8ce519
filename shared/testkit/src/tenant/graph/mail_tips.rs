//! Mail tips: what a sender would see of somebody's automatic replies.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::{Value, json};

use super::{
    super::{state::Shared, user::UserRecord},
    Answer, GraphError, METADATA,
};

/// The mail tips of everybody in the body, as they are now
pub(super) async fn mail_tips(
    State(shared): State<Shared>,
    Path(asker): Path<String>,
    body: Bytes,
) -> Answer {
    let state = shared.state();
    if state.user(&asker).is_none_or(|it| it.automatic_replies.is_none()) {
        let message = format!("The requested user '{asker}' is invalid.");
        return Err(GraphError::not_found("ErrorInvalidUser", message));
    }
    let body: Value = serde_json::from_slice(&body)
        .map_err(|error| GraphError::bad_request(format!("The body is no JSON: {error}.")))?;
    let names = body.get("EmailAddresses").and_then(Value::as_array);
    let names = names.ok_or_else(|| GraphError::bad_request("EmailAddresses is required."))?;
    if body.get("MailTipsOptions").and_then(Value::as_str) != Some("automaticReplies") {
        return Err(GraphError::bad_request("MailTipsOptions is not known here."));
    }
    let tips = names.iter().filter_map(Value::as_str).map(|name| tip(name, state.user(name)));
    let context = format!("{METADATA}#Collection(microsoft.graph.mailTips)");
    Ok(Json(json!({ "@odata.context": context, "value": tips.collect::<Vec<Value>>() })))
}

fn tip(name: &str, user: Option<&UserRecord>) -> Value {
    let address = json!({ "name": "", "address": name });
    let Some(setting) = user.and_then(|it| it.automatic_replies.as_ref()) else {
        let error = json!({ "code": "ErrorInvalidRecipient", "message": "No such mailbox." });
        return json!({ "emailAddress": address, "error": error });
    };
    let is = |status: &str| {
        let given = setting.get("status").and_then(Value::as_str).unwrap_or_default();
        given.eq_ignore_ascii_case(status)
    };
    let window = ["scheduledStartDateTime", "scheduledEndDateTime"].map(|it| setting.get(it));
    let now = Timestamp::now();
    let is_on = is("alwaysEnabled")
        || (is("scheduled")
            && matches!(window.map(|it| it.and_then(utc)),
                [Some(start), Some(end)] if start <= now && now <= end));
    let mut replies = json!({ "message": if is_on { "I am away." } else { "" } });
    if let (true, [Some(start), Some(end)]) = (is_on && is("scheduled"), window)
        && let Some(replies) = replies.as_object_mut()
    {
        replies.insert("scheduledStartTime".to_owned(), start.clone());
        replies.insert("scheduledEndTime".to_owned(), end.clone());
    }
    json!({ "emailAddress": address, "automaticReplies": replies })
}

/// A time of the setting; this tenant's are in UTC
fn utc(time: &Value) -> Option<Timestamp> {
    let time: DateTime = time.get("dateTime")?.as_str()?.parse().ok()?;
    TimeZone::UTC.to_timestamp(time).ok()
}
