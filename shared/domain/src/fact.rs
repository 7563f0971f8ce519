//! Questions about the world, and their answers with source and age, or unknown with a reason.

use std::{collections::BTreeSet, fmt};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    alert_id::AlertId, allow_list::Listed, indicator::Indicator, severity::Severity,
    sighting::History, user::User, wire_name::wire_names,
};

/// Something that a criterion must know from elsewhere
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Question {
    /// The automatic replies of a user's mailbox, as they stand
    AutomaticReplies(User),
    /// The risk that Entra ID sees in a user
    Risk(User),
    /// The groups a user is in, directly or through other groups: ids and display names
    Groups(User),
    /// The tags that we gave a user
    Tags(User),
    /// The alerts of a user that are open, of the last [`OPEN_ALERTS_DAYS`] days
    OpenAlerts(User),
    /// Whether an indicator stands on our own allow list
    AllowListed(Indicator),
}

/// How far back open alerts are looked for, in days
pub const OPEN_ALERTS_DAYS: i64 = 30;

/// How many open alerts an answer names at the most
pub const OPEN_ALERTS_MAX: usize = 100;

impl Question {
    /// The user that it is about, if it is about one
    pub const fn user(&self) -> Option<&User> {
        match self {
            Self::AutomaticReplies(user)
            | Self::Risk(user)
            | Self::Groups(user)
            | Self::Tags(user)
            | Self::OpenAlerts(user) => Some(user),
            Self::AllowListed(_) => None,
        }
    }

    /// Whom or what it is about, for people
    pub fn about(&self) -> String {
        match self {
            Self::AutomaticReplies(user)
            | Self::Risk(user)
            | Self::Groups(user)
            | Self::Tags(user)
            | Self::OpenAlerts(user) => user.to_string(),
            Self::AllowListed(indicator) => indicator.to_string(),
        }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Self::AutomaticReplies(_) => "automatic replies",
            Self::Risk(_) => "risk",
            Self::Groups(_) => "groups",
            Self::Tags(_) => "tags",
            Self::OpenAlerts(_) => "open alerts",
            Self::AllowListed(_) => "allow list entry",
        };
        write!(f, "{what} of {}", self.about())
    }
}

/// A question that must be answered, and how old the answer may be
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// What must be known
    pub question: Question,
    /// An answer that was read longer ago is none
    pub max_age: SignedDuration,
}

/// What a question may be answered
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Answer {
    /// To [`Question::AutomaticReplies`]
    AutomaticReplies(AutomaticReplies),
    /// To [`Question::Risk`]
    Risk(Risk),
    /// To [`Question::Groups`], ids and display names alike
    Groups(BTreeSet<String>),
    /// To [`Question::Tags`]
    Tags(BTreeSet<String>),
    /// To [`Question::OpenAlerts`], newest first
    OpenAlerts(Vec<OpenAlert>),
    /// To [`Question::AllowListed`]: the entry, whether it is still in force or not
    AllowListed(Option<Listed>),
}

/// Automatic replies as they stand at the time of reading (Graph `automaticRepliesSetting`)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AutomaticReplies {
    /// Off, whatever stale times the setting shows
    Disabled,
    /// On, and nobody can say since when
    AlwaysEnabled,
    /// On between two points in time
    Scheduled {
        /// From
        start: Timestamp,
        /// Until
        end: Timestamp,
    },
}

impl AutomaticReplies {
    /// Whether they are given at that moment
    pub fn is_on(self, moment: Timestamp) -> bool {
        match self {
            Self::Disabled => false,
            Self::AlwaysEnabled => true,
            Self::Scheduled { start, end } => (start..=end).contains(&moment),
        }
    }
}

wire_names! {
    /// The risk of a user (Entra ID `riskLevel`; `hidden` is unknown: the tenant lacks the licence)
    RiskLevel {
        None = "none",
        Low = "low",
        Medium = "medium",
        High = "high",
    }
}

/// The risk that Entra ID sees in a user
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Risk {
    /// How high
    pub level: RiskLevel,
    /// Whether a person confirmed that the account is compromised
    pub confirmed_compromised: bool,
}

/// One of a user's open alerts
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenAlert {
    /// Which
    pub id: AlertId,
    /// How grave; `None` is a severity we do not know
    pub severity: Option<Severity>,
    /// When the source created it
    pub created: Timestamp,
}

wire_names! {
    /// Why something is unknown
    UnknownReason {
        /// No answer within the time limit
        TimedOut = "timedOut",
        /// Asked too often
        Throttled = "throttled",
        /// The permission is missing
        Refused = "refused",
        /// The service failed or could not be reached
        Unavailable = "unavailable",
        /// The answer could not be understood
        Unreadable = "unreadable",
        /// The user has no mailbox
        MailboxMissing = "mailboxMissing",
        /// The directory has no such user
        UserMissing = "userMissing",
        /// The tenant has no licence for it
        NotLicensed = "notLicensed",
        /// No service is configured that could be asked
        NotConfigured = "notConfigured",
        /// The file of facts does not say
        NotGiven = "notGiven",
        /// Nobody was asked
        NotAsked = "notAsked",
        /// The alert names no user
        NoUser = "noUser",
        /// The alert names the user in no way that a directory can be asked by
        UserNotNamed = "userNotNamed",
        /// It holds of some users of the alert and not of others
        UsersDiffer = "usersDiffer",
        /// It holds of some addresses of the alert and not of others
        AddressesDiffer = "addressesDiffer",
        /// The alert names no IP address
        NoAddress = "noAddress",
        /// The alert has nothing that an indicator could identify
        NoIndicator = "noIndicator",
        /// The alert does not say when its first activity happened
        NoFirstActivity = "noFirstActivity",
        /// Nobody can say since when
        NoStartTime = "noStartTime",
        /// Read too long ago
        Stale = "stale",
        /// The alert lacks the property
        PropertyMissing = "propertyMissing",
        /// The alert's value is none we understand
        PropertyUnreadable = "propertyUnreadable",
    }
}

impl UnknownReason {
    /// For people
    const fn in_words(self) -> &'static str {
        match self {
            Self::TimedOut => "no answer within the time limit",
            Self::Throttled => "asked too often",
            Self::Refused => "the permission to ask is missing",
            Self::Unavailable => "the service could not be reached",
            Self::Unreadable => "the answer could not be understood",
            Self::MailboxMissing => "the user has no mailbox",
            Self::UserMissing => "the directory has no such user",
            Self::NotLicensed => "the tenant has no licence for it",
            Self::NotConfigured => "the settings do not say whom or what to ask",
            Self::NotGiven => "the facts given do not say",
            Self::NotAsked => "nobody was asked",
            Self::NoUser => "the alert names no user",
            Self::UserNotNamed => "the alert names the user in no way that a directory knows",
            Self::UsersDiffer => "it holds of some users and not of others",
            Self::AddressesDiffer => "it holds of some addresses and not of others",
            Self::NoAddress => "the alert names no IP address",
            Self::NoIndicator => "the alert names nothing that an allow list could have",
            Self::NoFirstActivity => "the alert does not say when its first activity was",
            Self::NoStartTime => "nobody can say since when",
            Self::Stale => "the answer is too old",
            Self::PropertyMissing => "the alert does not say",
            Self::PropertyUnreadable => "what the alert says cannot be understood",
        }
    }
}

/// Not known, and why
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unknown {
    /// One of [`UnknownReason`], or an author's own word in a test
    pub reason: String,
    /// More, for people
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Unknown {
    /// Unknown for that reason
    pub fn because(reason: UnknownReason) -> Self {
        Self { reason: reason.name().to_owned(), detail: None }
    }

    /// Unknown for that reason, with more for people
    pub fn with_detail(reason: UnknownReason, detail: impl Into<String>) -> Self {
        Self { reason: reason.name().to_owned(), detail: Some(detail.into()) }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UnknownReason::from_name(&self.reason) {
            Some(reason) => f.write_str(reason.in_words())?,
            None => f.write_str(&self.reason)?,
        }
        match &self.detail {
            Some(detail) => write!(f, " ({detail})"),
            None => Ok(()),
        }
    }
}

/// The answer to a question, where it came from and when it was read
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fact {
    /// What was asked
    pub question: Question,
    /// What came of it
    pub answer: Result<Answer, Unknown>,
    /// Who answered: `Microsoft Graph`, `settings`, `stored alerts`
    pub source: String,
    /// When it was read
    pub read: Timestamp,
    /// Since when it is seen so, where somebody keeps that
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<History>,
}

/// The facts of one run: each question once
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Facts {
    // INVARIANT: sorted by question, no question twice.
    facts: Vec<Fact>,
}

impl Facts {
    /// Keeps the first fact of each question
    pub fn new(mut facts: Vec<Fact>) -> Self {
        facts.sort_by(|left, right| left.question.cmp(&right.question));
        facts.dedup_by(|later, earlier| later.question == earlier.question);
        Self { facts }
    }

    /// The fact that answers `question`, if it was asked
    pub fn get(&self, question: &Question) -> Option<&Fact> {
        let index = self.facts.binary_search_by(|it| it.question.cmp(question)).ok()?;
        self.facts.get(index)
    }

    /// Every fact, in the order of questions
    pub fn iter(&self) -> impl Iterator<Item = &Fact> {
        self.facts.iter()
    }
}

impl FromIterator<Fact> for Facts {
    fn from_iter<I: IntoIterator<Item = Fact>>(facts: I) -> Self {
        Self::new(facts.into_iter().collect())
    }
}
