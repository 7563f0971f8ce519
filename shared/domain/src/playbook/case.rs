//! A playbook's own tests: an alert, what is known, and what is to come of it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::{
    alert::Alert,
    allow_list::{AllowedOn, Listed},
    decision::{Decision, Outcome, RuleBook, decide},
    diagnostic::Code,
    document::Cursor,
    explanation::UnknownFact,
    fact::{
        Answer, AutomaticReplies, Fact, Facts, OpenAlert, Question, Risk, RiskLevel, Unknown,
        UnknownReason,
    },
    organisation::{HighRisk, Organisation, names},
    rule_name::PlaybookName,
    severity::Severity,
    user::User,
};

/// The longest name of a case, or path of its alert, in characters
pub(crate) const TEXT_LENGTH_MAX: usize = 256;

/// How many open alerts a case may invent
pub(crate) const OPEN_ALERTS_MAX: u32 = 20;

/// How automatic replies may stand
pub(crate) const REPLIES: [&str; 3] = ["disabled", "alwaysEnabled", "scheduled"];

/// The fields of replies that are scheduled
pub(crate) const SCHEDULED: [&str; 2] = ["from", "to"];

/// The key of what is known of some users by name
pub(crate) const USERS: &str = "users";

/// What a case may expect
pub(crate) const OUTCOMES: [&str; 2] = ["resolved", "open"];

/// One test that a playbook carries
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What it shows, in the author's words
    pub name: String,
    /// The file with the alert, from the project's folder
    pub alert: String,
    /// When it is decided; the alert's own newest time where the author says nothing
    pub now: Option<Timestamp>,
    /// What it expects
    pub expect: Expectation,
    /// Line and column in the file
    pub place: (usize, usize),
    /// What is known
    pub given: CaseFacts,
}

/// What a case knows: of every user, and of some by name
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseFacts {
    known: Known,
    of_users: Vec<(String, Known)>,
}

/// What a case expects
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// The playbook resolves the alert
    Resolved,
    /// The alert stays open; where a fact is named, because that is unknown
    Open(Option<String>),
}

/// What came of a case
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseResult {
    /// What was decided
    pub decision: Decision,
    /// What is other than expected, if anything: "is open, and …"
    pub failure: Option<String>,
}

/// What a case says of a user; times are from the time of deciding
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    out_of_office: Option<Given<Replies>>,
    high_risk: Option<Given<bool>>,
    risk: Option<Given<RiskLevel>>,
    groups: Option<Given<BTreeSet<String>>>,
    tags: Option<Given<BTreeSet<String>>>,
    open_alerts: Option<Given<u32>>,
    allow_listed: Option<Given<bool>>,
    /// How long ago all of it was read
    age: Option<SignedDuration>,
}

/// A value, or unknown with a reason
type Given<T> = Result<T, Unknown>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Replies {
    Disabled,
    AlwaysEnabled,
    Scheduled { from: SignedDuration, to: SignedDuration },
}

pub(super) fn read_all(at: &Cursor<'_>, max: usize) -> Option<Vec<Case>> {
    let cases = at.list_of(Case::read)?;
    if cases.len() > max {
        at.problem(Code::OverLimit, format!("more than {max} tests"), None);
    }
    Some(cases)
}

impl Case {
    /// The names of its fields
    pub(crate) const FIELDS: [&'static str; 5] = ["name", "alert", "now", "facts", "expect"];

    fn read(at: &Cursor<'_>) -> Option<Self> {
        let fields = at.fields(&Self::FIELDS)?;
        let text = |it: &Cursor<'_>| it.short_text(TEXT_LENGTH_MAX);
        let name = fields.require("name").and_then(text);
        let alert = fields.require("alert").and_then(text);
        let now = fields.or("now", None, |it| it.time().map(Some));
        let expect = fields.require("expect").and_then(Expectation::read);
        let nothing = CaseFacts::default();
        let given = fields.or("facts", nothing, |it| {
            let fields = it.fields(&[&Known::FIELDS[..], &[USERS]].concat())?;
            let known = Known::read(&fields);
            let of_users = fields.or(USERS, Vec::new(), |it| {
                let entries = it.entries()?;
                let read: Vec<Option<(String, Known)>> = entries
                    .iter()
                    .map(|(user, it)| {
                        let known = Known::read(&it.fields(&Known::FIELDS)?)?;
                        Some(((*user).to_owned(), known))
                    })
                    .collect();
                read.into_iter().collect()
            });
            Some(CaseFacts { known: known?, of_users: of_users? })
        });
        let place = at.place();
        Some(Self { name: name?, alert: alert?, now: now?, expect: expect?, place, given: given? })
    }

    /// What a case knows, as the answers to `questions` at the time `now`
    pub fn facts(&self, questions: &BTreeSet<Question>, now: Timestamp) -> Facts {
        self.facts_in(&Organisation::default(), questions, now)
    }

    fn facts_in(
        &self,
        organisation: &Organisation,
        questions: &BTreeSet<Question>,
        now: Timestamp,
    ) -> Facts {
        let high_risk = &organisation.high_risk;
        questions
            .iter()
            .map(|question| {
                let own = self
                    .given
                    .of_users
                    .iter()
                    .find(|(name, _)| question.user().is_some_and(|it| it.is_called(name)));
                let answer = own.and_then(|(_, known)| known.answer(question, high_risk, now));
                let answer = answer.or_else(|| self.given.known.answer(question, high_risk, now));
                let age =
                    own.and_then(|(_, it)| it.age).or(self.given.known.age).unwrap_or_default();
                Fact {
                    question: question.clone(),
                    answer: answer
                        .unwrap_or_else(|| Err(Unknown::because(UnknownReason::NotGiven))),
                    source: "test".to_owned(),
                    read: now.checked_sub(age).unwrap_or(Timestamp::MIN),
                    history: None,
                }
            })
            .collect()
    }

    /// Decides the case by `rules` and compares with what it expects of `playbook`
    pub fn check(&self, playbook: &PlaybookName, alert: &Alert, rules: &RuleBook) -> CaseResult {
        let own = [alert.last_update, alert.created, alert.first_activity].into_iter().flatten();
        let now = self.now.or_else(|| own.max()).unwrap_or(Timestamp::UNIX_EPOCH);
        let facts = self.facts_in(rules.organisation(), &rules.questions(alert), now);
        let decision = decide(alert, &facts, rules, now);
        let failure = match (&self.expect, decision.outcome) {
            (Expectation::Resolved, Outcome::Resolved(_)) => {
                let by = decision.determined_by.contains(playbook);
                (!by).then(|| "is resolved, as expected, but by another playbook".to_owned())
            }
            (Expectation::Open(None), Outcome::Open) => None,
            (Expectation::Open(Some(fact)), Outcome::Open) => {
                let unknown = decision.unknown.iter().any(|it: &UnknownFact| it.fact == *fact);
                (!unknown)
                    .then(|| format!("is open, as expected, but not because `{fact}` is unknown"))
            }
            (Expectation::Resolved, Outcome::Open) => {
                let why = decision.reasons.join("; ");
                Some(format!("is open, and `resolved` is expected: {why}"))
            }
            (_, Outcome::Hidden) => Some("is hidden by a tuning rule".to_owned()),
            (_, Outcome::ResolvedAtSource) => {
                Some("is resolved at its source already, so no playbook is asked".to_owned())
            }
            (Expectation::Open(_), Outcome::Resolved(_)) => {
                Some("is resolved, and `open` is expected".to_owned())
            }
        };
        CaseResult { decision, failure }
    }
}

impl Expectation {
    fn read(at: &Cursor<'_>) -> Option<Self> {
        match at.variant("outcome", &OUTCOMES)? {
            ("resolved", None) => Some(Self::Resolved),
            ("open", None) => Some(Self::Open(None)),
            ("open", Some(fact)) => Some(Self::Open(Some(fact.text()?.to_owned()))),
            _ => {
                at.problem(Code::WrongType, "`resolved` has no value here", None);
                None
            }
        }
    }
}

impl Known {
    /// The names of the fields
    pub(crate) const FIELDS: [&'static str; 8] = [
        "userOutOfOffice",
        "userHighRisk",
        "userRisk",
        "userInGroup",
        "userTagged",
        "otherOpenAlerts",
        "allowListed",
        "age",
    ];

    fn read(fields: &crate::document::Fields<'_>) -> Option<Self> {
        let out_of_office =
            fields.or("userOutOfOffice", None, |it| given(it, Replies::read).map(Some));
        let high_risk = fields.or("userHighRisk", None, |it| given(it, Cursor::boolean).map(Some));
        let risk = fields.or("userRisk", None, |it| given(it, risk_level).map(Some));
        let groups = fields.or("userInGroup", None, |it| given(it, names).map(Some));
        let tags = fields.or("userTagged", None, |it| given(it, names).map(Some));
        let open_alerts = fields.or("otherOpenAlerts", None, |it| given(it, how_many).map(Some));
        let allow_listed =
            fields.or("allowListed", None, |it| given(it, Cursor::boolean).map(Some));
        let age = fields.or("age", None, |it| it.duration().map(Some));
        Some(Self {
            out_of_office: out_of_office?,
            high_risk: high_risk?,
            risk: risk?,
            groups: groups?,
            tags: tags?,
            open_alerts: open_alerts?,
            allow_listed: allow_listed?,
            age: age?,
        })
    }

    /// The answer to `question`, if anything here says it; `userHighRisk` stands for every sign of
    /// high risk that is not given by itself
    fn answer(
        &self,
        question: &Question,
        high_risk: &HighRisk,
        now: Timestamp,
    ) -> Option<Result<Answer, Unknown>> {
        let high = self.high_risk.as_ref();
        // Whoever is at high risk has every sign of it that the organisation looks for.
        let named = |high: &bool, all: &BTreeSet<String>| -> BTreeSet<String> {
            if *high { all.clone() } else { BTreeSet::new() }
        };
        match question {
            Question::AutomaticReplies(_) => {
                let given = self.out_of_office.as_ref()?;
                Some(given.clone().map(|it| Answer::AutomaticReplies(it.at(now))))
            }
            Question::Risk(_) => {
                let level = |high: &bool| if *high { RiskLevel::High } else { RiskLevel::None };
                let by_high_risk = || high.map(|it| it.as_ref().map(level).map_err(Clone::clone));
                let given = self.risk.clone().or_else(by_high_risk)?;
                Some(given.map(|level| Answer::Risk(Risk { level, confirmed_compromised: false })))
            }
            Question::Groups(_) => {
                let by_high_risk =
                    || high.map(|it| it.clone().map(|it| named(&it, &high_risk.groups)));
                Some(self.groups.clone().or_else(by_high_risk)?.map(Answer::Groups))
            }
            Question::Tags(_) => {
                let by_high_risk =
                    || high.map(|it| it.clone().map(|it| named(&it, &high_risk.tags)));
                Some(self.tags.clone().or_else(by_high_risk)?.map(Answer::Tags))
            }
            Question::OpenAlerts(user) => {
                let given = self.open_alerts.clone()?;
                Some(given.map(|count| Answer::OpenAlerts(open_alerts(user, count, now))))
            }
            Question::AllowListed(_) => {
                let given = self.allow_listed.clone()?;
                Some(given.map(|is_listed| Answer::AllowListed(is_listed.then(|| listed(now)))))
            }
        }
    }
}

impl Replies {
    fn read(at: &Cursor<'_>) -> Option<Self> {
        match at.variant("state of automatic replies", &REPLIES)? {
            ("disabled", None) => Some(Self::Disabled),
            ("alwaysEnabled", None) => Some(Self::AlwaysEnabled),
            ("scheduled", Some(body)) => {
                let fields = body.fields(&SCHEDULED)?;
                let from = fields.require("from").and_then(Cursor::duration);
                let to = fields.require("to").and_then(Cursor::duration);
                Some(Self::Scheduled { from: from?, to: to? })
            }
            (name, _) => {
                at.problem(Code::WrongType, format!("`{name}` is written otherwise"), None);
                None
            }
        }
    }

    fn at(self, now: Timestamp) -> AutomaticReplies {
        let after = |duration: SignedDuration| now.checked_add(duration).unwrap_or(now);
        match self {
            Self::Disabled => AutomaticReplies::Disabled,
            Self::AlwaysEnabled => AutomaticReplies::AlwaysEnabled,
            Self::Scheduled { from, to } => {
                AutomaticReplies::Scheduled { start: after(from), end: after(to) }
            }
        }
    }
}

/// A value, or `{ unknown: timedOut }`
fn given<'a, T>(at: &Cursor<'a>, read: impl Fn(&Cursor<'a>) -> Option<T>) -> Option<Given<T>> {
    if let Some(reason) = at.only_field("unknown") {
        let reason = reason.short_text(TEXT_LENGTH_MAX)?;
        return Some(Err(Unknown { reason, detail: None }));
    }
    read(at).map(Ok)
}

fn risk_level(at: &Cursor<'_>) -> Option<RiskLevel> {
    let known: Vec<&'static str> = RiskLevel::ALL.iter().map(|it| it.name()).collect();
    RiskLevel::from_name(at.word("level of risk", &known)?)
}

fn how_many(at: &Cursor<'_>) -> Option<u32> {
    if at.scalar() == Some("0") { Some(0) } else { at.count(OPEN_ALERTS_MAX) }
}

/// An entry for all devices that is in force
fn listed(now: Timestamp) -> Listed {
    let expires = now.checked_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX);
    Listed { title: "test".to_owned(), on: AllowedOn::AllDevices, expires }
}

/// Alerts of medium severity, an hour old
fn open_alerts(user: &User, count: u32, now: Timestamp) -> Vec<OpenAlert> {
    let created = now.checked_sub(SignedDuration::from_hours(1)).unwrap_or(now);
    let id = |index: u32| crate::alert_id::AlertId::parse(&format!("other-{index}-{user}"));
    (0..count)
        .filter_map(|index| id(index).ok())
        .map(|id| OpenAlert { id, severity: Some(Severity::Medium), created })
        .collect()
}
