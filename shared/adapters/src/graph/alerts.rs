//! Resolves alerts at Microsoft Graph, assigns them, and comments on them.
//!
//! Every call begins with a look at how the alert stands, so that it may be repeated after a crash
//! at any point: what already is so is left, and nobody's later change is fought. A comment is ours
//! if its text is the same but for white space, so texts must be unique per run; that is the caller's part.
//!
//! Permissions: `SecurityAlert.ReadWrite.All`.

use std::collections::BTreeSet;

use defuse_domain::{Alert, AsRead, Classification, Revision, Shape, Standing, Status, Step};
use defuse_flow::{AtSource, DeliveryError, SourceClient};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{
    NAME,
    client::{Call, CallError, Deadline, Graph, Tries},
    problem::Problem,
};
use crate::{delivery, http::Answer};

const PERMISSION: &str = "SecurityAlert.ReadWrite.All";

/// Alerts where they came from, by way of Microsoft Graph
#[derive(Clone, Debug)]
pub struct GraphSource {
    graph: Graph,
}

/// Somebody was there before us
#[derive(Debug, thiserror::Error)]
#[error("the alert is assigned to another user")]
struct TakenError;

impl GraphSource {
    /// Changes by way of `graph`
    pub const fn new(graph: Graph) -> Self {
        Self { graph }
    }

    async fn look(&self, alert: &Alert, deadline: Deadline) -> Result<Alert, DeliveryError> {
        let answer = self.graph.get(&self.url(alert, &[])?, deadline).await;
        let answer = expect_success(alert, answer)?;
        // Why lossy: a sign that is no UTF-8 is no reason to leave the alert as it is.
        let text = String::from_utf8_lossy(&answer.body);
        Alert::read(&text).map_err(|error| delivery::unreadable(NAME, error))
    }

    async fn patch(
        &self,
        alert: &Alert,
        body: &Value,
        deadline: Deadline,
    ) -> Result<u16, DeliveryError> {
        let url = self.url(alert, &[])?;
        let call =
            Call { method: Method::PATCH, url: &url, body: Some(body), tries: Tries::Several };
        let answer = self.graph.call(call, deadline).await;
        let answer = expect_success(alert, answer)?;
        // Why: whatever stands before Graph may answer 200 too. Graph answers with the alert, in
        // JSON; anything else is no word of Graph's, and the next look tells.
        serde_json::from_slice::<Value>(&answer.body)
            .map_err(|error| delivery::busy(NAME, None, error))?;
        Ok(answer.status)
    }

    /// Adds the comment unless it is there; gives the status if it was added.
    ///
    /// It is sent once only: whether a lost one arrived shows at the next look.
    async fn add_comment(
        &self,
        found: &Alert,
        text: &str,
        deadline: Deadline,
    ) -> Result<Option<u16>, DeliveryError> {
        if found.says(text) {
            return Ok(None);
        }
        let body: Value = json!({
            "@odata.type": "microsoft.graph.security.alertComment",
            "comment": text,
        });
        let url = self.url(found, &["comments"])?;
        let call = Call { method: Method::POST, url: &url, body: Some(&body), tries: Tries::One };
        let answer = self.graph.call(call, deadline).await;
        let answer = expect_success(found, answer)?;
        if !has_comment(&answer.body, text) {
            // Why: whatever stands before Graph may answer 200 too. Graph answers with every
            // comment of the alert; the next look tells whether ours is among them.
            return Err(delivery::busy(NAME, None, NotShown));
        }
        Ok(Some(answer.status))
    }

    fn url(&self, alert: &Alert, below: &[&str]) -> Result<Url, DeliveryError> {
        let parts = [&["security", "alerts_v2", alert.id.as_str()], below].concat();
        self.graph.base().at(&parts).map_err(|error| CallError::Url(error).into_delivery_error())
    }
}

impl SourceClient for GraphSource {
    async fn resolve(
        &self,
        alert: &Alert,
        classification: Classification,
        comment: Option<&str>,
        decided: Revision,
    ) -> Result<AtSource, DeliveryError> {
        let deadline = self.graph.change_deadline();
        let found = self.look(alert, deadline).await?;

        let is_as_wanted =
            found.is_resolved_at_source() && found.classified() == Some(classification);
        if !is_as_wanted && is_overtaken(&found, alert.shape, decided) {
            return Ok(AtSource::Overtaken(Some(Box::new(found))));
        }
        let patched = if is_as_wanted {
            None
        } else {
            let body = json!({
                "status": Status::Resolved.name(),
                "classification": classification.name(),
                "determination": classification.determination(),
            });
            Some(self.patch(alert, &body, deadline).await?)
        };
        let commented = match comment {
            None => None,
            Some(text) => self.add_comment(&found, text, deadline).await?,
        };
        Ok(match (patched, commented) {
            (Some(patched), Some(commented)) => AtSource::Changed(format!(
                "resolved (status {patched}), commented (status {commented})"
            )),
            (Some(status), None) => AtSource::Changed(format!("resolved (status {status})")),
            (None, Some(status)) => AtSource::Changed(format!("commented (status {status})")),
            (None, None) => AtSource::Already,
        })
    }

    /// Whoever has the alert keeps it, since when ever; what no person has is assigned
    async fn assign(&self, alert: &Alert, to: &str) -> Result<AtSource, DeliveryError> {
        let deadline = self.graph.change_deadline();
        let found = self.look(alert, deadline).await?;
        match found.assigned_person() {
            Some(person) if person.eq_ignore_ascii_case(to) => return Ok(AtSource::Already),
            Some(_) => {
                let for_people = "somebody else has the alert, and keeps it";
                return Err(delivery::refused(NAME, for_people, TakenError));
            }
            None => {}
        }
        let status = self.patch(alert, &json!({ "assignedTo": to }), deadline).await?;
        Ok(AtSource::Changed(format!("assigned (status {status})")))
    }

    async fn change(&self, alert: &Alert, steps: &[Step]) -> Result<AtSource, DeliveryError> {
        let deadline = self.graph.change_deadline();
        let found = self.look(alert, deadline).await?;
        let Some(body) = to_change(&found, steps) else {
            return Ok(AtSource::Overtaken(Some(Box::new(found))));
        };
        if body.as_object().is_some_and(serde_json::Map::is_empty) {
            return Ok(AtSource::Already);
        }
        let status = self.patch(alert, &body, deadline).await?;
        Ok(AtSource::Changed(format!("changed (status {status})")))
    }

    async fn comment(&self, alert: &Alert, text: &str) -> Result<AtSource, DeliveryError> {
        let deadline = self.graph.change_deadline();
        let found = self.look(alert, deadline).await?;
        Ok(match self.add_comment(&found, text, deadline).await? {
            Some(status) => AtSource::Changed(format!("commented (status {status})")),
            None => AtSource::Already,
        })
    }
}

/// What of the steps is still to be done; nothing at all where somebody changed at Graph what the
/// person wanted to change
fn to_change(found: &Alert, steps: &[Step]) -> Option<Value> {
    let stands = Standing::at_source(found, BTreeSet::new());
    let mut body = serde_json::Map::new();
    for step in steps {
        match step {
            Step::Status { from, to } => {
                // Why: what is nowhere said is new.
                let or_new = |it: Option<Status>| it.unwrap_or(Status::New);
                match or_new(stands.status) {
                    is if is == *to => {}
                    is if is == or_new(*from) => {
                        body.insert("status".to_owned(), json!(to.name()));
                    }
                    Status::New | Status::InProgress | Status::Resolved => return None,
                }
            }
            Step::AssignedTo { from, to } => {
                let is = stands.assigned_to.as_deref().map(str::to_lowercase);
                let [from, to_lower] = [from, to].map(|it| it.as_deref().map(str::to_lowercase));
                if is == to_lower {
                    continue;
                }
                if is != from {
                    return None;
                }
                body.insert("assignedTo".to_owned(), json!(to));
            }
            Step::Classification { from, to } => {
                if stands.classification == *to {
                    continue;
                }
                if stands.classification != *from {
                    return None;
                }
                let (name, determination) =
                    to.map_or(("unknown", "unknown"), |it| (it.name(), it.determination()));
                body.insert("classification".to_owned(), json!(name));
                body.insert("determination".to_owned(), json!(determination));
            }
            Step::Tags { .. } | Step::Comment { .. } => {}
        }
    }
    Some(Value::Object(body))
}

/// An answer to a comment has no such comment in it
#[derive(Debug, thiserror::Error)]
#[error("the answer does not show the comment that was made")]
struct NotShown;

/// The comments that Graph answers with
#[derive(Deserialize)]
struct Comments {
    value: Vec<Value>,
}

/// Whether the comment is in the answer
fn has_comment(body: &[u8], text: &str) -> bool {
    let Ok(Comments { value }) = serde_json::from_slice(body) else { return false };
    let comments = value.iter().filter_map(|it| it.get("comment")?.as_str());
    comments.into_iter().any(|it| it.split_whitespace().eq(text.split_whitespace()))
}

/// Whether somebody changed the alert since it was decided, where it is not as we want it.
///
/// Our own change is no such case: after it the alert is as we want it. An alert resolved in
/// another way is never resolved again, whenever that was.
fn is_overtaken(found: &Alert, shape: Shape, decided: Revision) -> bool {
    if found.is_resolved_at_source() {
        return true;
    }
    match shape {
        Shape::Graph | Shape::Incident => found.revision() > decided,
        // Why: their revisions are times at Cloud Apps or Sentinel, which Graph's do not compare
        // with. So it counts whether anybody laid hands on the alert.
        Shape::CloudApps | Shape::CloudAppsFlow | Shape::Sentinel => {
            let is_new = found.status.is_none() || found.status == Some(AsRead::Known(Status::New));
            !is_new || found.classification.is_some() || found.assigned_to.is_some()
        }
        // Why: more of its records may be on their way, and Graph has the alert whole. So what it
        // has is decided on in their place, always.
        // Findings of AWS are not looked for here.
        Shape::Streaming | Shape::GuardDuty | Shape::SecurityHub => true,
    }
}

/// The answer, if Graph did what it was asked
fn expect_success(
    alert: &Alert,
    answer: Result<Answer, CallError>,
) -> Result<Answer, DeliveryError> {
    let answer = answer.map_err(CallError::into_delivery_error)?;
    if answer.is_success() {
        return Ok(answer);
    }
    let problem = Problem::read(&answer);
    let said = problem.said();
    let for_people = match answer.status {
        401 => format!("{NAME} does not accept our sign-in ({said})"),
        403 => format!("{NAME} refused ({said}): grant `{PERMISSION}`"),
        404 => format!("{NAME} has no alert `{}`", alert.id),
        status => format!("{NAME} answered {status} ({said})"),
    };
    Err(delivery::unsuccessful(NAME, &answer, said, for_people))
}

#[cfg(test)]
mod tests;
