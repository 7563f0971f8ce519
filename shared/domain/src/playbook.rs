//! A playbook: trigger, criteria, limits, mode, actions, otherwise, and its own tests.
//!
//! [`Playbook::parse`] is the only way from a file to a playbook, and it names every mistake at
//! once.

pub(crate) mod action;
pub(crate) mod case;

pub use self::{
    action::Action,
    case::{Case, CaseFacts, CaseResult, Expectation},
};
use crate::{
    alert::Alert,
    classification::Classification,
    condition::{Condition, May},
    decision::RuleBook,
    diagnostic::{Code, Diagnostic},
    document::{Cursor, Problems, read_yaml, version_of},
    organisation::Organisation,
    rule_name::PlaybookName,
    wire_name::wire_names,
};

/// What the first line of every playbook says
pub(crate) const API_VERSION: &str = "defuse/v1";

/// The longest description or owner, in characters
pub(crate) const DESCRIPTION_LENGTH_MAX: usize = 1_000;

/// How many cases a playbook may carry
pub(crate) const CASES_MAX: usize = 100;

wire_names! {
    /// What a playbook may do
    Mode {
        /// Its decision is recorded, and nothing else happens
        Shadow = "shadow",
        /// A person says yes first
        Approve = "approve",
        /// It acts
        Enforce = "enforce",
    }
}

/// How often a playbook may resolve
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// In an hour of the clock (UTC)
    pub per_hour: Option<u32>,
    /// In a day (UTC)
    pub per_day: Option<u32>,
    /// For one user in a day (UTC)
    pub per_user_per_day: Option<u32>,
}

/// What is to become of alerts of some kind, when something is true
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Playbook {
    // INVARIANT: passed every check of `Playbook::parse`.
    name: PlaybookName,
    version: String,
    description: String,
    owner: String,
    mode: Mode,
    trigger: Condition,
    criteria: Condition,
    limits: Limits,
    then: Vec<Action>,
    otherwise: Vec<Action>,
    cases: Vec<Case>,
}

impl Playbook {
    /// The names of its fields
    pub(crate) const FIELDS: [&'static str; 12] = [
        "apiVersion",
        "kind",
        "name",
        "description",
        "owner",
        "mode",
        "trigger",
        "criteria",
        "limits",
        "then",
        "otherwise",
        "tests",
    ];

    /// Reads a playbook, or says everything that is wrong with it.
    ///
    /// `file` is how messages call it. Nothing outside is touched: whether channels exist and cases
    /// come out as expected is checked by [`Playbook::check_channels`] and [`Case::check`].
    ///
    /// ```
    /// use defuse_domain::Playbook;
    ///
    /// let problems = Playbook::parse("travel.yaml", "kind: Playbook\ncriteria: { nott: x }\n");
    /// assert!(problems.unwrap_err().iter().any(|it| it.help == Some("did you mean `not`?".into())));
    /// ```
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let node = read_yaml(file, text).map_err(|problem| vec![problem])?;
        let problems = Problems::new(file);
        let playbook = Self::read(&Cursor::new(&node, &problems), version_of(text));
        problems.finish(playbook)
    }

    fn read(at: &Cursor<'_>, version: String) -> Option<Self> {
        let fields = at.fields(&Self::FIELDS)?;
        // Everything is read before anything counts, so that all problems show at once.
        let api = fields.require("apiVersion").and_then(|it| it.word("version", &[API_VERSION]));
        let kind = fields.require("kind").and_then(|it| it.word("kind", &["Playbook"]));
        let name = fields.require("name").and_then(PlaybookName::read);
        let long = |it: &Cursor<'_>| it.short_text(DESCRIPTION_LENGTH_MAX);
        let description = fields.require("description").and_then(long);
        let owner = fields.require("owner").and_then(long);
        let modes: Vec<&'static str> = Mode::ALL.iter().map(|it| it.name()).collect();
        let mode = fields.require("mode").and_then(|it| it.word("mode", &modes));
        let trigger =
            fields.require("trigger").and_then(|it| Condition::read(it, May::AskTheAlert));
        let criteria =
            fields.require("criteria").and_then(|it| Condition::read(it, May::AskAnything));
        let limits = fields.or("limits", Limits::default(), Limits::read);
        let then = fields.require("then").and_then(action::read_then);
        let otherwise = fields.require("otherwise").and_then(action::read_otherwise);
        let cases = fields.or("tests", Vec::new(), |it| case::read_all(it, CASES_MAX));

        // By the words alone, so that one mistake in an action does not hide the others.
        if fields.get("then").is_some_and(action::means_to_resolve) {
            check_resolving(&fields, trigger.as_ref(), criteria.as_ref(), limits);
        }
        api?;
        kind?;
        Some(Self {
            name: name?,
            version,
            description: description?,
            owner: owner?,
            mode: Mode::from_name(mode?)?,
            trigger: trigger?,
            criteria: criteria?,
            limits: limits?,
            then: then?,
            otherwise: otherwise?,
            cases: cases?,
        })
    }

    /// Its name, unique among playbooks
    pub const fn name(&self) -> &PlaybookName {
        &self.name
    }

    /// Names this very text of it
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What it is for
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Who answers for it
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// What it may do
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// Which alerts it is about
    pub const fn trigger(&self) -> &Condition {
        &self.trigger
    }

    /// What must be true
    pub const fn criteria(&self) -> &Condition {
        &self.criteria
    }

    /// How often it may resolve
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// What is done when the criteria are met
    pub fn then(&self) -> &[Action] {
        &self.then
    }

    /// What is done when they are not, or nobody can say
    pub fn otherwise(&self) -> &[Action] {
        &self.otherwise
    }

    /// The tests it carries
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// What it resolves alerts as, if it does
    pub fn resolves_as(&self) -> Option<Classification> {
        self.then.iter().find_map(|it| match it {
            Action::Resolve(classification) => Some(*classification),
            Action::Assign(_) | Action::Comment(_) | Action::Tag(_) | Action::Notify { .. } => None,
        })
    }

    /// What comes of one of its cases, were it in force alone
    pub fn try_case(&self, case: &Case, alert: &Alert, organisation: &Organisation) -> CaseResult {
        let enforced = Self { mode: Mode::Enforce, ..self.clone() };
        let rules = RuleBook::new([enforced], organisation.clone());
        case.check(&self.name, alert, &rules)
    }

    /// Names each range of addresses it asks for that is not among `known`
    pub fn check_ranges(&self, file: &str, known: &[&str]) -> Vec<Diagnostic> {
        self.criteria.check_ranges(file, known)
    }

    /// Names each channel it tells that is not among `known`
    pub fn check_channels(&self, file: &str, known: &[&str]) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        for action in self.then.iter().chain(&self.otherwise) {
            if let Action::Notify { channel, place, path, .. } = action
                && !known.contains(&channel.as_str())
            {
                let (line, column) = *place;
                let near = crate::diagnostic::did_you_mean(channel, known.iter().copied());
                problems.push(Diagnostic {
                    line,
                    column,
                    path: path.clone(),
                    help: Some(near.map_or_else(
                        || "add it to `channels` in settings.yaml".to_owned(),
                        |it| format!("did you mean `{it}`?"),
                    )),
                    ..Diagnostic::of_file(
                        Code::UnknownReference,
                        file,
                        format!("the settings have no channel `{channel}`"),
                    )
                });
            }
        }
        problems
    }
}

impl Limits {
    /// The names of the fields
    pub(crate) const FIELDS: [&'static str; 3] = ["perHour", "perDay", "perUserPerDay"];

    fn read(at: &Cursor<'_>) -> Option<Self> {
        let fields = at.fields(&Self::FIELDS)?;
        let limit = |name| fields.or(name, None, |it| it.count(LIMIT_MAX).map(Some));
        let (per_hour, per_day) = (limit("perHour"), limit("perDay"));
        let per_user_per_day = limit("perUserPerDay");
        Some(Self { per_hour: per_hour?, per_day: per_day?, per_user_per_day: per_user_per_day? })
    }

    const fn is_unlimited(self) -> bool {
        self.per_hour.is_none() && self.per_day.is_none() && self.per_user_per_day.is_none()
    }
}

/// The highest limit: each run is remembered in one item of the table
pub const LIMIT_MAX: u32 = 1_000;

/// What a playbook that resolves must be besides well written
fn check_resolving(
    fields: &crate::document::Fields<'_>,
    trigger: Option<&Condition>,
    criteria: Option<&Condition>,
    limits: Option<Limits>,
) {
    if let (Some(trigger), Some(at)) = (trigger, fields.get("trigger"))
        && !trigger.bounds_severity()
    {
        let message = "this would resolve alerts of any severity";
        let help = "say up to which: `alert: { severity: { atMost: medium } }`".to_owned();
        at.problem(Code::SeverityUnbounded, message, Some(help));
    }
    if let (Some(criteria), Some(at)) = (criteria, fields.get("criteria"))
        && criteria.asks_subject()
        && !criteria.needs_more_than_subject()
    {
        let message = "this would resolve on facts that the user of the alert can set";
        let help = "demand one more that they cannot: `not: userHighRisk`".to_owned();
        at.problem(Code::SubjectAlone, message, Some(help));
    }
    if limits.is_some_and(Limits::is_unlimited) {
        let at = fields.get("limits").or_else(|| fields.get("then"));
        let help = "add `limits: { perHour: 30, perUserPerDay: 2 }`".to_owned();
        if let Some(at) = at {
            at.problem(Code::NoLimit, "nothing limits how often this resolves", Some(help));
        }
    }
}
