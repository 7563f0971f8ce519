//! A tuning rule: hides or resolves alerts that the organisation expects, before any playbook sees
//! them (the seed's "Tune an alert").
//!
//! [`TuningRule::parse`] is the only way from a file to a rule, and it names every mistake at once.
//! A rule asks what the alert itself says, and what the organisation says; what a source or a user
//! could make so is a matter for playbooks.

mod action;
mod alert_types;
mod book;
#[cfg(test)]
mod cases;
mod demands;
mod fill;
mod outlook;
mod preview;
mod scope;
#[cfg(test)]
mod tests;
mod trace;
mod why;
mod window;

use jiff::{SignedDuration, Timestamp, Zoned};

pub use self::{
    action::TuningAction,
    alert_types::AlertTypes,
    book::TuningBook,
    demands::TuningDemands,
    fill::{Fill, FillError},
    outlook::{OpenWindow, TuningOutlook},
    preview::{Later, Preview, PreviewPart, PreviewReport, PreviewWarning, Share, TakenAlert},
    scope::Scope,
    trace::TuningTrace,
    window::Window,
};
pub(crate) use self::{
    action::{ACTIONS, EXPECTED},
    alert_types::{ALERT_TYPES_MAX, ANY},
    book::{Tuned, join, unknown_of},
    scope::{NAME_LENGTH_MAX, NAMES_MAX, ORGANISATION},
    window::{EXDATES_MAX, RRULE_LENGTH_MAX, TIME_ZONE_LENGTH_MAX, WINDOWS_MAX},
};
use crate::{
    alert::Alert,
    condition::{Condition, May},
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

/// The longest name of an alert type or of a ticket, in characters
pub(crate) const ID_LENGTH_MAX: usize = 256;

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
    windows: Vec<Window>,
    since: Option<Timestamp>,
}

impl TuningRule {
    /// The names of its fields
    pub(crate) const FIELDS: [&'static str; 14] = [
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
        "windows",
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
        // Without a time that can be read, a mistake in a window shows all the same.
        let until = expires.map_or(Timestamp::MAX, |(it, _)| it);
        let windows = fields.or("windows", Vec::new(), |it| Window::read_all(it, until));
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
            windows: windows?,
            since: None,
        })
    }

    /// What a text says, as JSON: whether it is a rule is not looked at
    pub fn text_as_json(text: &str) -> Option<serde_json::Value> {
        read_yaml("", text).ok().map(|node| Cursor::new(&node, &Problems::new("")).json())
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

    /// The only times at which it holds; it holds always where there are none
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// Its next `n` windows until it expires, that one first in which `now` is: beginning and end
    pub fn next_windows(&self, now: Timestamp, n: usize) -> Vec<(Zoned, Zoned)> {
        let mut windows: Vec<(Zoned, Zoned)> =
            self.windows.iter().flat_map(|it| it.next(now, n)).collect();
        windows.sort_by_key(|(open, close)| (open.timestamp(), close.timestamp()));
        windows.truncate(n);
        windows
    }

    /// Whether all its windows are past: it is in force and holds of nothing any more
    pub fn windows_are_past(&self, now: Timestamp) -> bool {
        !self.windows.is_empty() && self.next_windows(now, 1).is_empty()
    }

    /// Whether it holds of any alert at all at that moment
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        let is_open = self.windows.is_empty() || self.windows.iter().any(|it| it.contains(now));
        self.enabled && now < self.expires && is_open
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
