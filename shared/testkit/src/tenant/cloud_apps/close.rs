//! Closing alerts as benign, false positive or true positive.

use axum::{Json, body::Bytes, extract::State};
use serde_json::{Value, json};

use super::{
    super::state::{Object, Shared},
    Answer, Refusal,
};

const PROPERTIES: [&str; 7] = [
    "allowContact",
    "comment",
    "contactEmail",
    "feedbackText",
    "filters",
    "reasonId",
    "sendFeedback",
];

/// One way to close an alert
#[derive(Debug)]
struct Closing {
    /// Name of the count in the answer
    name: &'static str,
    /// What `resolutionStatusValue` becomes
    resolution: u8,
    reasons: &'static [u64],
}

pub(super) async fn benign(State(shared): State<Shared>, body: Bytes) -> Answer {
    close(&shared, &body, &Closing { name: "closed_benign", resolution: 4, reasons: &[2, 4, 5, 6] })
}

pub(super) async fn false_positive(State(shared): State<Shared>, body: Bytes) -> Answer {
    close(
        &shared,
        &body,
        &Closing { name: "closed_false_positive", resolution: 3, reasons: &[0, 1, 3, 4] },
    )
}

pub(super) async fn true_positive(State(shared): State<Shared>, body: Bytes) -> Answer {
    close(&shared, &body, &Closing { name: "closed_true_positive", resolution: 5, reasons: &[] })
}

fn close(shared: &Shared, body: &[u8], closing: &Closing) -> Answer {
    let body: Object = serde_json::from_slice(body)
        .map_err(|error| Refusal::bad_request(format!("cannot read the body: {error}")))?;
    if let Some(name) = body.keys().find(|name| !PROPERTIES.contains(&name.as_str())) {
        return Err(Refusal::bad_request(format!("`{name}` is not known")));
    }
    if let Some(reason) = body.get("reasonId")
        && !reason.as_u64().is_some_and(|it| closing.reasons.contains(&it))
    {
        return Err(Refusal::bad_request(format!("reasonId {reason} is not allowed here")));
    }
    let ids = ids(&body)?;

    let mut state = shared.state();
    let now = state.now();
    let mut n_closed = 0_u64;
    let mut not_found = Vec::new();
    for id in ids {
        let Some(alert) = state.cloud_apps_alerts.get_mut(&id) else {
            not_found.push(id);
            continue;
        };
        n_closed += 1;
        alert.insert("resolutionStatusValue".to_owned(), closing.resolution.into());
        alert.insert("resolveTime".to_owned(), format!("{now:.3}").into());
        alert.insert("handledByUser".to_owned(), "API token".into());
        if let Some(comment) = body.get("comment") {
            alert.insert("comment".to_owned(), comment.clone());
        }
    }
    let mut answer = json!({ (closing.name): n_closed });
    if let Some(answer) = answer.as_object_mut().filter(|_| !not_found.is_empty()) {
        answer.insert("alertsNotFound".to_owned(), not_found.into());
    }
    Ok(Json(answer))
}

/// `{"filters":{"id":{"eq":["…"]}}}`
fn ids(body: &Object) -> Result<Vec<String>, Refusal> {
    let given = body.get("filters").and_then(|it| it.pointer("/id/eq")).and_then(Value::as_array);
    let ids = given.map(|given| given.iter().map(|id| id.as_str().map(str::to_owned)).collect());
    ids.flatten()
        .filter(|ids: &Vec<String>| !ids.is_empty())
        .ok_or_else(|| Refusal::bad_request("filters.id.eq must be a list of alert ids"))
}
