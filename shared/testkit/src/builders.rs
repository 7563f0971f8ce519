//! Builders: the smallest alert, rule book and facts that show a point.

use defuse_domain::{
    Activity, Alert, AlertError, Answer, AutomaticReplies, Classification, Diagnostic,
    Organisation, Playbook, Question, Revision, Risk, RiskLevel, RuleBook, Severity, Status,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// The playbook that we ship, as text
pub const LEGITIMATE_TRAVEL: &str = include_str!("../../../infra/playbooks/legitimate-travel.yaml");

/// What that playbook resolves alerts as
pub const TRAVEL: Classification =
    Classification::InformationalExpectedActivity(Activity::ConfirmedActivity);

/// An impossible travel of one user, in Graph's shape
#[derive(Clone, Debug)]
pub struct TravelAlert {
    id: String,
    users: Vec<String>,
    severity: Severity,
    status: Status,
    classified: Option<Classification>,
    assigned_to: Option<String>,
    first_activity: Timestamp,
    updated: Timestamp,
}

/// An impossible travel of kim@contoso.example, new, of medium severity
pub fn an_alert() -> TravelAlert {
    let first_activity = Timestamp::constant(1_795_254_110, 0); // 2026-11-21T09:41:50Z
    TravelAlert {
        id: "ca-travel".to_owned(),
        users: vec!["kim@contoso.example".to_owned()],
        severity: Severity::Medium,
        status: Status::New,
        classified: None,
        assigned_to: None,
        first_activity,
        updated: Timestamp::constant(1_795_254_720, 0), // 2026-11-21T09:52:00Z
    }
}

impl TravelAlert {
    /// Under that id
    #[must_use]
    pub fn id(self, id: &str) -> Self {
        Self { id: id.to_owned(), ..self }
    }

    /// With that user besides
    #[must_use]
    pub fn also_of(mut self, user: &str) -> Self {
        self.users.push(user.to_owned());
        self
    }

    /// As grave as that
    #[must_use]
    pub fn severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    /// Resolved at its source
    #[must_use]
    pub fn resolved_as(self, classification: Classification) -> Self {
        Self { status: Status::Resolved, classified: Some(classification), ..self }
    }

    /// In progress there, and assigned to somebody
    #[must_use]
    pub fn assigned_to(self, assignee: &str) -> Self {
        Self { status: Status::InProgress, assigned_to: Some(assignee.to_owned()), ..self }
    }

    /// As the source changed it so many minutes later
    #[must_use]
    pub fn later(self, minutes: i64) -> Self {
        let by = SignedDuration::from_mins(minutes);
        Self { updated: self.updated.saturating_add(by).unwrap_or(Timestamp::MAX), ..self }
    }

    /// When the source changed it last
    pub const fn updated(&self) -> Timestamp {
        self.updated
    }

    /// Its revision
    pub const fn revision(&self) -> Revision {
        Revision::at(self.updated)
    }

    /// What the source sends
    pub fn text(&self) -> String {
        let users: Vec<serde_json::Value> = self
            .users
            .iter()
            .map(|it| {
                json!({
                    "@odata.type": "#microsoft.graph.security.userEvidence",
                    "userAccount": { "userPrincipalName": it },
                })
            })
            .collect();
        json!({
            "id": self.id,
            "title": "Impossible travel activity",
            "status": self.status.name(),
            "severity": self.severity.name(),
            "classification": self.classified.map(Classification::name),
            "determination": self.classified.map(Classification::determination),
            "assignedTo": self.assigned_to,
            "serviceSource": "microsoftDefenderForCloudApps",
            "detectorId": "impossibleTravel",
            "createdDateTime": self.first_activity.to_string(),
            "firstActivityDateTime": self.first_activity.to_string(),
            "lastUpdateDateTime": self.updated.to_string(),
            "comments": [],
            "evidence": users,
        })
        .to_string()
    }

    /// The alert as it is read
    pub fn read(&self) -> Result<Alert, AlertError> {
        Alert::read(&self.text())
    }
}

/// The rules of those playbooks, in an organisation that says nothing of its own
pub fn rule_book(playbooks: &[&str]) -> Result<RuleBook, Vec<Diagnostic>> {
    let read: Result<Vec<Playbook>, Vec<Diagnostic>> =
        playbooks.iter().map(|text| Playbook::parse("playbook.yaml", text)).collect();
    Ok(RuleBook::new(read?, Organisation::default()))
}

/// The answer about a user who is away for a week, whom nothing speaks against
pub fn away(question: &Question, now: Timestamp) -> Answer {
    let days = |days: i64| SignedDuration::from_hours(24 * days);
    match question {
        Question::AutomaticReplies(_) => Answer::AutomaticReplies(AutomaticReplies::Scheduled {
            start: now.saturating_sub(days(3)).unwrap_or(Timestamp::MIN),
            end: now.saturating_add(days(4)).unwrap_or(Timestamp::MAX),
        }),
        Question::Risk(_) => {
            Answer::Risk(Risk { level: RiskLevel::None, confirmed_compromised: false })
        }
        Question::Groups(_) => Answer::Groups([].into()),
        Question::Tags(_) => Answer::Tags([].into()),
        Question::OpenAlerts(_) => Answer::OpenAlerts(Vec::new()),
        Question::AllowListed(_) => Answer::AllowListed(None),
    }
}

/// The text of a tuning rule that holds for every alert of [`an_alert`]'s kind; `action` is `hide` or
/// `{ resolve: … }`
pub fn a_tuning_rule(name: &str, action: &str) -> String {
    format!(
        "apiVersion: defuse/v1
kind: TuningRule
name: {name}
owner: secops@contoso.example
reason: the sales team is in Oslo this week
serviceSources: [microsoftDefenderForCloudApps]
alertTypes: any
scope: organisation
condition:
  all:
    - alert: {{ severity: {{ atMost: medium }} }}
    - evidence: any
action: {action}
expires: 2027-06-01T00:00:00Z
"
    )
}
