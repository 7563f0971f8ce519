//! A tuning rule: hides or resolves alerts that the organisation expects, before any playbook sees
//! them (the seed's "Tune an alert").
//!
//! [`TuningRule::parse`] is the only way from a file to a rule, and it names every mistake at once.
//! A rule asks what the alert itself says, and what the organisation says; what a source or a user
//! could make so is a matter for playbooks.

mod action;
mod book;
mod fill;
mod preview;
mod scope;
#[cfg(test)]
mod tests;
mod why;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub(crate) use self::book::{Tuned, join, unknown_of};
pub use self::{
    action::TuningAction,
    book::TuningBook,
    fill::{Fill, FillError},
    preview::{Later, Preview, PreviewPart, PreviewReport, PreviewWarning, Share, TakenAlert},
    scope::Scope,
};
use crate::{
    alert::Alert,
    condition::{Condition, May, Situation, fold},
    diagnostic::{Code, Diagnostic},
    document::{Cursor, Problems, read_yaml, version_of},
    explanation::{Explanation, Truth, UnknownFact},
    fact::{Need, Unknown, UnknownReason},
    organisation::Organisation,
    playbook::{API_VERSION, DESCRIPTION_LENGTH_MAX},
    rule_name::TuningRuleName,
    source::ServiceSource,
};

/// The furthest that a rule may expire, from when it is checked: a year
pub const EXPIRY_DAYS_MAX: i64 = 366;

/// How many alert types a rule may name
pub(crate) const ALERT_TYPES_MAX: usize = 100;

/// The longest name of an alert type or of a ticket, in characters
pub(crate) const ID_LENGTH_MAX: usize = 256;

/// The word for every alert type
pub(crate) const ANY: &str = "any";

/// Hides or resolves expected alerts
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TuningRule {
    // INVARIANT: passed every check of `TuningRule::parse`.
    name: TuningRuleName,
    version: String,
    owner: String,
    reason: String,
    ticket: Option<String>,
    enabled: bool,
    service_sources: Vec<ServiceSource>,
    alert_types: AlertTypes,
    scope: Scope,
    condition: Condition,
    action: TuningAction,
    expires: Timestamp,
    expires_at: (usize, usize),
    since: Option<Timestamp>,
}

/// Which alert types a rule is about
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlertTypes {
    /// Whatever its type
    Any,
    /// Those detections, by `detectorId`: two alerts of one type may have two titles, so a title
    /// names no type
    Only(Vec<String>),
}

/// How one tuning rule came out
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TuningTrace {
    /// Which
    pub rule: TuningRuleName,
    /// Which text of it
    pub version: String,
    /// What it does
    pub action: TuningAction,
    /// Whether it holds, with every part and its answer
    pub explanation: Explanation,
}

impl TuningTrace {
    /// Whether the rule holds
    pub const fn answer(&self) -> Truth {
        self.explanation.answer
    }
}

impl TuningRule {
    /// The names of its fields
    pub(crate) const FIELDS: [&'static str; 13] = [
        "apiVersion",
        "kind",
        "name",
        "owner",
        "reason",
        "ticket",
        "enabled",
        "serviceSources",
        "alertTypes",
        "scope",
        "condition",
        "action",
        "expires",
    ];

    /// Reads a tuning rule, or says everything that is wrong with it.
    ///
    /// `file` is how messages call it. That it expires within a year is checked by
    /// [`TuningRule::check_expiry`], for that needs the time.
    ///
    /// ```
    /// use defuse_domain::TuningRule;
    ///
    /// let problems = TuningRule::parse("backup.yaml", "kind: TuningRule\naction: hid\n");
    /// assert!(problems.unwrap_err().iter().any(|it| it.help == Some("did you mean `hide`?".into())));
    /// ```
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let node = read_yaml(file, text).map_err(|problem| vec![problem])?;
        let problems = Problems::new(file);
        let rule = Self::read(&Cursor::new(&node, &problems), version_of(text));
        problems.finish(rule)
    }

    fn read(at: &Cursor<'_>, version: String) -> Option<Self> {
        let fields = at.fields(&Self::FIELDS)?;
        // Everything is read before anything counts, so that all problems show at once.
        let api = fields.require("apiVersion").and_then(|it| it.word("version", &[API_VERSION]));
        let kind = fields.require("kind").and_then(|it| it.word("kind", &["TuningRule"]));
        let name = fields.require("name").and_then(TuningRuleName::read);
        let long = |it: &Cursor<'_>| it.short_text(DESCRIPTION_LENGTH_MAX);
        let owner = fields.require("owner").and_then(long);
        let reason = fields.require("reason").and_then(long);
        let ticket = fields.or("ticket", None, |it| it.short_text(ID_LENGTH_MAX).map(Some));
        let enabled = fields.or("enabled", true, Cursor::boolean);
        let service_sources = fields.require("serviceSources").and_then(read_service_sources);
        let alert_types = fields.require("alertTypes").and_then(AlertTypes::read);
        let scope = fields.require("scope").and_then(Scope::read);
        let condition = fields
            .require("condition")
            .and_then(|it| Some((it, Condition::read(it, May::AskTheOrganisation)?)));
        let action = fields.require("action").and_then(TuningAction::read);
        let expires = fields.require("expires").and_then(|it| Some((it.time()?, it.place())));
        if let Some((at, condition)) = &condition {
            check_condition(at, condition);
        }
        api?;
        kind?;
        let (expires, expires_at) = expires?;
        Some(Self {
            name: name?,
            version,
            owner: owner?,
            reason: reason?,
            ticket: ticket?,
            enabled: enabled?,
            service_sources: service_sources?,
            alert_types: alert_types?,
            scope: scope?,
            condition: condition?.1,
            action: action?,
            expires,
            expires_at,
            since: None,
        })
    }

    /// The same rule, for alerts that came at that moment or later: a rule acts on what comes
    /// after it
    #[must_use]
    pub fn in_force_since(self, since: Timestamp) -> Self {
        Self { since: Some(since), ..self }
    }

    /// Its name, unique among tuning rules
    pub const fn name(&self) -> &TuningRuleName {
        &self.name
    }

    /// Names this very text of it
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Who answers for it
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Why these alerts are expected
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Where that was agreed
    pub fn ticket(&self) -> Option<&str> {
        self.ticket.as_deref()
    }

    /// Whether it is turned on
    pub const fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// Whose alerts it is about
    pub fn service_sources(&self) -> &[ServiceSource] {
        &self.service_sources
    }

    /// Which alert types it is about
    pub const fn alert_types(&self) -> &AlertTypes {
        &self.alert_types
    }

    /// Whom it covers
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// What must be true
    pub const fn condition(&self) -> &Condition {
        &self.condition
    }

    /// What it does
    pub const fn action(&self) -> TuningAction {
        self.action
    }

    /// When it ends: at that instant it holds no more
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// Since when it is in force, where that is known
    pub const fn since(&self) -> Option<Timestamp> {
        self.since
    }

    /// Whether it holds of any alert at all at that moment
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.enabled && now < self.expires
    }

    /// Says if it expires later than a year from `now`
    pub fn check_expiry(&self, file: &str, now: Timestamp) -> Option<Diagnostic> {
        let last = now.checked_add(SignedDuration::from_hours(EXPIRY_DAYS_MAX * 24)).ok()?;
        let (line, column) = self.expires_at;
        (self.expires > last).then(|| Diagnostic {
            line,
            column,
            path: "expires".to_owned(),
            help: Some(format!("write {last:.0} or earlier")),
            ..Diagnostic::of_file(
                Code::ExpiresTooLate,
                file,
                format!("{} is more than a year ahead", self.expires),
            )
        })
    }

    /// Names each range of addresses it asks for that is not among `known`
    pub fn check_ranges(&self, file: &str, known: &[&str]) -> Vec<Diagnostic> {
        self.condition.check_ranges(file, known)
    }

    /// Everything it must know to answer; the same question may come more than once
    pub(crate) fn needs(&self, alert: &Alert, organisation: &Organisation) -> Vec<Need> {
        self.condition.needs(alert, organisation)
    }

    /// Whether it holds, with every part and its answer
    pub(crate) fn trace(&self, situation: Situation<'_>) -> TuningTrace {
        let because = vec![
            self.explain_force(situation),
            self.explain_service_source(situation.alert),
            self.alert_types.evaluate(situation.alert),
            self.scope.evaluate(situation.alert),
            self.condition.evaluate(situation),
        ];
        let answer = because.iter().map(|it| it.answer).min().unwrap_or(Truth::Unknown);
        TuningTrace {
            rule: self.name.clone(),
            version: self.version.clone(),
            action: self.action,
            explanation: Explanation::group("all of", answer, because),
        }
    }

    /// Whether it is turned on, has not expired, and was there before the alert
    fn explain_force(&self, situation: Situation<'_>) -> Explanation {
        let part = format!("in force until {}", self.expires);
        let (answer, seen) = match self.since {
            _ if !self.enabled => (Truth::False, Some("the rule is turned off".to_owned())),
            _ if situation.now >= self.expires => {
                (Truth::False, Some("the rule has expired".to_owned()))
            }
            since => match situation.alert.received.zip(since) {
                Some((received, since)) if received < since => {
                    let seen = format!("the alert came at {received}, before the rule of {since}");
                    (Truth::False, Some(seen))
                }
                Some(_) | None => (Truth::True, None),
            },
        };
        Explanation { value: seen, ..Explanation::new(part, answer) }
    }

    fn explain_service_source(&self, alert: &Alert) -> Explanation {
        let names: Vec<&str> = self.service_sources.iter().map(|it| it.name()).collect();
        let part = format!("service source is {}", one_of(&names));
        match alert.known_service_source() {
            Some(found) => Explanation {
                value: Some(found.name().to_owned()),
                ..Explanation::new(part, self.service_sources.contains(&found).into())
            },
            None => unknown(part, "serviceSource", UnknownReason::PropertyMissing),
        }
    }
}

impl AlertTypes {
    fn read(at: &Cursor<'_>) -> Option<Self> {
        if at.is_scalar() {
            return at.word("alert type", &[ANY]).map(|_| Self::Any);
        }
        let types = at.list_of(|it| it.short_text(ID_LENGTH_MAX))?;
        if types.len() > ALERT_TYPES_MAX {
            let message = format!("more than {ALERT_TYPES_MAX} alert types");
            at.problem(Code::OverLimit, message, Some("use `any` and a condition".to_owned()));
        }
        Some(Self::Only(types))
    }

    fn evaluate(&self, alert: &Alert) -> Explanation {
        let types = match self {
            Self::Any => return Explanation::new("any alert type", Truth::True),
            Self::Only(types) => types,
        };
        let names: Vec<&str> = types.iter().map(String::as_str).collect();
        let part = format!("alert type is {}", one_of(&names));
        let common = alert.alert_type.as_ref().map(ToString::to_string);
        let found: Vec<&str> =
            [alert.detector_id.as_deref(), common.as_deref()].into_iter().flatten().collect();
        let Some(first) = found.first() else {
            return unknown(part, "detectorId", UnknownReason::PropertyMissing);
        };
        let is_one = types.iter().any(|it| found.iter().any(|found| fold(found) == fold(it)));
        let value = Some((*first).to_owned());
        Explanation { value, ..Explanation::new(part, is_one.into()) }
    }
}

/// What a condition must be besides well written
fn check_condition(at: &Cursor<'_>, condition: &Condition) {
    if !condition.needs_evidence() {
        let message = "no piece of evidence must be there for this to hold";
        let help = "add one: `evidence: { file: { sha256: … } }`, or `evidence: any`".to_owned();
        at.problem(Code::NoEvidence, message, Some(help));
    }
    if !condition.bounds_severity() {
        let message = "this would tune alerts of any severity";
        let help = "say up to which: `alert: { severity: { atMost: medium } }`".to_owned();
        at.problem(Code::SeverityUnbounded, message, Some(help));
    }
}

fn read_service_sources(at: &Cursor<'_>) -> Option<Vec<ServiceSource>> {
    let names: Vec<&'static str> = ServiceSource::ALL.iter().map(|it| it.name()).collect();
    at.list_of(|it| it.word("service source", &names).and_then(ServiceSource::from_name))
}

fn one_of(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|it| format!("`{it}`")).collect();
    match quoted.as_slice() {
        [one] => one.clone(),
        several => format!("one of {}", several.join(", ")),
    }
}

fn unknown(part: String, property: &str, reason: UnknownReason) -> Explanation {
    let why = Unknown::because(reason);
    let fact = UnknownFact { fact: property.to_owned(), about: None, why };
    Explanation { unknown: Some(fact), ..Explanation::new(part, Truth::Unknown) }
}
