//! Microsoft Defender for Cloud Apps: reads alerts, and closes them.
//!
//! An alert is closed as benign, as a false or as a true positive, each by a call of its own; the
//! older `resolve` is never used, for today it means a true positive. Comments are taken only
//! together with closing.
//!
//! Permissions: the application's `Investigation.manage` of *Microsoft Cloud App Security*; or an API
//! token (*Settings > Security extensions > API tokens*) made by somebody who may manage alerts, such
//! as a Security Operator, which dies with that person's role. None at AWS.

mod access;
mod closing;
mod feed;
#[cfg(test)]
mod tests;

use std::time::Duration;

use defuse_domain::{Alert, AsRead, Classification, Revision, Status, Step};
use defuse_flow::{AtSource, DeliveryError, SourceClient};
use serde_json::Value;
use url::Url;

use self::{
    access::Access,
    closing::{CloseError, Closing},
};
pub use self::{access::CloudAppsSignIn, feed::CloudAppsFeed};
use crate::{
    deadline::Deadline,
    delivery,
    http::{Answer, BaseUrl, Http, UrlError},
};

/// What people call it
const NAME: &str = "Defender for Cloud Apps";

/// Where Cloud Apps is, and how it knows us
#[derive(Clone, Debug)]
pub struct CloudAppsSettings {
    /// `https://<tenant>.<region>.portal.cloudappsecurity.com/api/v1`
    pub base_url: String,
    /// How it knows us
    pub sign_in: CloudAppsSignIn,
    /// How long one call may take, with all tries
    pub change_within: Duration,
}

/// Alerts where they came from, by way of Cloud Apps' own API
#[derive(Clone, Debug)]
pub struct CloudAppsSource {
    access: Access,
    base: BaseUrl,
    change_within: Duration,
}

/// Cloud Apps cannot do that
#[derive(Debug, thiserror::Error)]
enum CannotError {
    #[error("the alert has no id of Cloud Apps' own")]
    NoId,
    #[error("the API has no call to assign an alert")]
    NoAssignee,
    #[error("the API has no call for that change")]
    NoChange,
    #[error("the API has no call to comment on an alert")]
    NoComments,
    #[error("resolutionStatusValue {0} is not known")]
    UnknownStatus(String),
}

impl CloudAppsSource {
    /// Takes the settings, or says which address in them is none
    pub fn new(settings: &CloudAppsSettings, http: Http) -> Result<Self, UrlError> {
        let base = BaseUrl::parse(&settings.base_url)?;
        let access = Access::new(&settings.sign_in, http)?;
        Ok(Self { access, base, change_within: settings.change_within })
    }

    async fn look(&self, pk: &str, deadline: Deadline) -> Result<Alert, DeliveryError> {
        let answer = self.access.get(&self.url(&["alerts", pk])?, deadline).await;
        let answer = self.expect_success(pk, answer?)?;
        let text = String::from_utf8_lossy(&answer.body);
        Alert::read(&text).map_err(|error| delivery::unreadable(NAME, error))
    }

    /// Closes it, once: whether a lost call arrived shows at the next look
    async fn close(
        &self,
        pk: &str,
        closing: Closing,
        comment: Option<&str>,
        deadline: Deadline,
    ) -> Result<AtSource, DeliveryError> {
        let url = self.url(&["alerts", closing.call])?;
        let answer = self.access.post_once(&url, &closing.body(pk, comment), deadline).await;
        let answer = self.expect_success(pk, answer?)?;
        match closing.read(&answer.body) {
            Ok(()) => Ok(AtSource::Changed(format!(
                "closed by `{}` (status {})",
                closing.call, answer.status
            ))),
            // Why: no word of Cloud Apps. The next look tells whether it was closed.
            Err(error @ CloseError::NotReadable(_)) => Err(delivery::busy(NAME, None, error)),
            Err(error @ (CloseError::NotFound | CloseError::NotCounted)) => {
                let for_people = format!("{NAME} did not close alert `{pk}`: {error}");
                Err(delivery::refused(NAME, for_people, error))
            }
        }
    }

    /// The answer, if Cloud Apps did what it was asked
    fn expect_success(&self, pk: &str, answer: Answer) -> Result<Answer, DeliveryError> {
        if answer.is_success() {
            return Ok(answer);
        }
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let said = ["detail", "error"].into_iter().find_map(|name| body.get(name)?.as_str());
        let said = said.map_or_else(|| "no reason given".to_owned(), delivery::one_line);
        let for_people = match answer.status {
            401 | 403 => self.access.refusal(answer.status, &said),
            404 => format!("{NAME} has no alert `{pk}`"),
            status => format!("{NAME} answered {status} ({said})"),
        };
        Err(delivery::unsuccessful(NAME, &answer, said, for_people))
    }

    fn url(&self, parts: &[&str]) -> Result<Url, DeliveryError> {
        self.base.folder_at(parts).map_err(|error| {
            delivery::refused(NAME, "the alert's id cannot stand in a request", error)
        })
    }
}

impl SourceClient for CloudAppsSource {
    /// Cloud Apps does not say when an alert was last changed, so `_decided` plays no part: an
    /// alert that is still open is closed, one that was closed in another way is left.
    async fn resolve(
        &self,
        alert: &Alert,
        classification: Classification,
        comment: Option<&str>,
        _decided: Revision,
    ) -> Result<AtSource, DeliveryError> {
        let pk = alert.provider_alert_id.as_deref().ok_or_else(|| {
            let for_people = format!("alert `{}` has no id of {NAME}'s own", alert.id);
            delivery::refused(NAME, for_people, CannotError::NoId)
        })?;
        let deadline = Deadline::within(self.change_within);
        let found = self.look(pk, deadline).await?;

        if found.is_resolved_at_source() {
            let is_as_wanted = found.classification.as_deref() == Some(classification.name());
            return Ok(if is_as_wanted {
                AtSource::Already
            } else {
                AtSource::Overtaken(Some(Box::new(found)))
            });
        }
        if let Some(AsRead::Other(status)) = found.status {
            let for_people = format!("{NAME} shows the alert in a state that is not known");
            return Err(delivery::refused(NAME, for_people, CannotError::UnknownStatus(status)));
        }
        self.close(pk, Closing::of(classification), comment, deadline).await
    }

    /// Refused always: Cloud Apps has no call for it
    async fn assign(&self, _alert: &Alert, _to: &str) -> Result<AtSource, DeliveryError> {
        let for_people = format!("{NAME} has no call to assign an alert");
        Err(delivery::refused(NAME, for_people, CannotError::NoAssignee))
    }

    /// Cloud Apps has calls to close an alert as something, and for nothing else that a person does
    async fn change(&self, alert: &Alert, steps: &[Step]) -> Result<AtSource, DeliveryError> {
        let mut closes = false;
        let mut classification = alert.classified();
        for step in steps {
            match step {
                Step::Status { to: Status::Resolved, .. } => closes = true,
                Step::Classification { to, .. } => classification = *to,
                Step::Status { to: Status::New | Status::InProgress, .. }
                | Step::AssignedTo { .. } => {
                    let for_people = format!("{NAME} has calls to close an alert, and no other");
                    return Err(delivery::refused(NAME, for_people, CannotError::NoChange));
                }
                Step::Tags { .. } | Step::Comment { .. } => {}
            }
        }
        let Some(classification) = classification.filter(|_| closes) else {
            let for_people = format!("{NAME} closes an alert only with its classification");
            return Err(delivery::refused(NAME, for_people, CannotError::NoChange));
        };
        self.resolve(alert, classification, None, alert.revision()).await
    }

    /// Refused always: Cloud Apps takes a comment only when it closes an alert
    async fn comment(&self, _alert: &Alert, _text: &str) -> Result<AtSource, DeliveryError> {
        let for_people = format!("{NAME} takes a comment only when it closes an alert");
        Err(delivery::refused(NAME, for_people, CannotError::NoComments))
    }
}
