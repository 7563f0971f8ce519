//! A source of alerts in memory: what is there, and every change that was really made.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use defuse_domain::{Alert, AlertError, AlertId, Classification, Revision, Standing, Status, Step};
use defuse_flow::{AtSource, DeliveryError, SourceClient};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::locked;

/// How an alert stands at its source
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceView {
    /// Whether it is resolved there
    pub resolved: bool,
    /// As what
    pub classification: Option<Classification>,
    /// Who has it
    pub assigned_to: Option<String>,
    /// Every comment, in order
    pub comments: Vec<String>,
    /// How often a call of ours resolved it: a call that found it so counts nothing
    pub n_resolved: usize,
}

/// Holds alerts as a source does, and changes them when asked
#[derive(Clone, Debug, Default)]
pub struct MemorySource {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    alerts: BTreeMap<AlertId, Held>,
    refuses_to_resolve: bool,
}

#[derive(Debug)]
struct Held {
    alert: Alert,
    n_resolved: usize,
}

impl MemorySource {
    /// Puts an alert there, or changes the one that is there, as somebody else would
    pub fn put(&self, text: &str) -> Result<(), AlertError> {
        let alert = Alert::read(text)?;
        let mut state = locked(&self.state);
        let n_resolved = state.alerts.get(&alert.id).map_or(0, |it| it.n_resolved);
        state.alerts.insert(alert.id.clone(), Held { alert, n_resolved });
        Ok(())
    }

    /// From now on, it refuses to resolve anything
    pub fn refuse_to_resolve(&self) {
        locked(&self.state).refuses_to_resolve = true;
    }

    /// How an alert stands there
    pub fn view(&self, id: &AlertId) -> Option<SourceView> {
        let state = locked(&self.state);
        let held = state.alerts.get(id)?;
        Some(SourceView {
            resolved: held.alert.is_resolved_at_source(),
            classification: held.alert.classified(),
            assigned_to: held.alert.assigned_to.clone(),
            comments: held.alert.comments.iter().filter_map(|it| it.text.clone()).collect(),
            n_resolved: held.n_resolved,
        })
    }

    /// What the source would send of an alert now
    pub fn text(&self, id: &AlertId) -> Option<String> {
        locked(&self.state).alerts.get(id).map(|it| it.alert.raw.clone())
    }
}

impl SourceClient for MemorySource {
    async fn resolve(
        &self,
        alert: &Alert,
        classification: Classification,
        comment: Option<&str>,
        decided: Revision,
    ) -> Result<AtSource, DeliveryError> {
        let mut state = locked(&self.state);
        if state.refuses_to_resolve {
            return Err(refused("409: this alert cannot be resolved"));
        }
        let Some(held) = state.alerts.get_mut(&alert.id) else {
            return Err(refused("404: no such alert"));
        };
        let is_so = held.alert.is_resolved_at_source()
            && held.alert.classified() == Some(classification)
            && comment.is_none_or(|it| held.says(it));
        if is_so {
            return Ok(AtSource::Already);
        }
        if held.alert.is_resolved_at_source() || held.alert.revision() != decided {
            return Ok(AtSource::Overtaken(Some(Box::new(held.alert.clone()))));
        }
        held.change(comment, |object| {
            object.insert("status".to_owned(), json!(Status::Resolved.name()));
            object.insert("classification".to_owned(), json!(classification.name()));
            object.insert("determination".to_owned(), json!(classification.determination()));
        })?;
        held.n_resolved += 1;
        Ok(AtSource::Changed("200".to_owned()))
    }

    async fn assign(&self, alert: &Alert, to: &str) -> Result<AtSource, DeliveryError> {
        let mut state = locked(&self.state);
        let Some(held) = state.alerts.get_mut(&alert.id) else {
            return Err(refused("404: no such alert"));
        };
        match held.alert.assigned_person() {
            Some(person) if person.eq_ignore_ascii_case(to) => return Ok(AtSource::Already),
            Some(_) => return Err(refused("somebody else has the alert")),
            None => {}
        }
        held.change(None, |object| {
            object.insert("assignedTo".to_owned(), json!(to));
        })?;
        Ok(AtSource::Changed("200".to_owned()))
    }

    async fn change(&self, alert: &Alert, steps: &[Step]) -> Result<AtSource, DeliveryError> {
        let mut state = locked(&self.state);
        if state.refuses_to_resolve {
            return Err(refused("409: this alert cannot be resolved"));
        }
        let Some(held) = state.alerts.get_mut(&alert.id) else {
            return Err(refused("404: no such alert"));
        };
        let stands = Standing::at_source(&held.alert, BTreeSet::new());
        let mut wanted = Vec::new();
        for step in steps {
            let (is_so, is_as_seen, fields) = match step {
                Step::Status { from, to } => (
                    stands.status == Some(*to),
                    stands.status == *from,
                    vec![("status", json!(to.name()))],
                ),
                Step::AssignedTo { from, to } => (
                    stands.assigned_to == *to,
                    stands.assigned_to == *from,
                    vec![("assignedTo", json!(to))],
                ),
                Step::Classification { from, to } => (
                    stands.classification == *to,
                    stands.classification == *from,
                    vec![
                        ("classification", json!(to.map(Classification::name))),
                        ("determination", json!(to.map(Classification::determination))),
                    ],
                ),
                Step::Tags { .. } | Step::Comment { .. } => continue,
            };
            if !is_so && !is_as_seen {
                return Ok(AtSource::Overtaken(Some(Box::new(held.alert.clone()))));
            }
            if !is_so {
                wanted.extend(fields);
            }
        }
        if wanted.is_empty() {
            return Ok(AtSource::Already);
        }
        held.change(None, |object| {
            object.extend(wanted.into_iter().map(|(name, value)| (name.to_owned(), value)));
        })?;
        Ok(AtSource::Changed("200".to_owned()))
    }

    async fn comment(&self, alert: &Alert, text: &str) -> Result<AtSource, DeliveryError> {
        let mut state = locked(&self.state);
        let Some(held) = state.alerts.get_mut(&alert.id) else {
            return Err(refused("404: no such alert"));
        };
        if held.says(text) {
            return Ok(AtSource::Already);
        }
        held.change(Some(text), |_| {})?;
        Ok(AtSource::Changed("201".to_owned()))
    }
}

impl Held {
    fn says(&self, comment: &str) -> bool {
        self.alert.comments.iter().any(|it| it.text.as_deref() == Some(comment))
    }

    /// Changes what the source would send, and when it was last changed
    fn change(
        &mut self,
        comment: Option<&str>,
        change: impl FnOnce(&mut serde_json::Map<String, Value>),
    ) -> Result<(), DeliveryError> {
        let unreadable = |error: &dyn std::fmt::Display| refused(&format!("500: {error}"));
        let mut object: serde_json::Map<String, Value> =
            serde_json::from_str(&self.alert.raw).map_err(|error| unreadable(&error))?;
        change(&mut object);
        if let Some(text) = comment {
            let said = json!({ "comment": text, "createdByDisplayName": "API Action" });
            let comments = object.entry("comments").or_insert_with(|| json!([]));
            if let Some(comments) = comments.as_array_mut() {
                comments.push(said);
            }
        }
        let updated = self.alert.revision().updated().saturating_add(SignedDuration::from_secs(1));
        let updated = updated.unwrap_or(Timestamp::MAX).to_string();
        object.insert("lastUpdateDateTime".to_owned(), json!(updated));
        let text = Value::Object(object).to_string();
        self.alert = Alert::read(&text).map_err(|error| unreadable(&error))?;
        Ok(())
    }
}

fn refused(answer: &str) -> DeliveryError {
    DeliveryError::Refused {
        target: "the source".to_owned(),
        answer: answer.to_owned(),
        source: answer.into(),
    }
}
