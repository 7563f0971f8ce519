//! What the organisation says of itself: who is at high risk, which tags users have, which address
//! ranges have a name.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    condition::fold,
    document::{Cursor, Fields},
    fact::{Answer, Fact, Facts, Need, Question, RiskLevel, Unknown, UnknownReason},
    subnet::Subnet,
    user::User,
};

/// The longest name of a tag, group or range, in characters
pub(crate) const NAME_LENGTH_MAX: usize = 256;

/// What the organisation says of itself
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Whom it holds to be at high risk
    pub high_risk: HighRisk,
    /// Address ranges by name
    pub named_ranges: BTreeMap<String, Vec<Subnet>>,
    /// Tags of users, by id or principal name in lower case
    pub user_tags: BTreeMap<String, BTreeSet<String>>,
}

/// Whom an organisation holds to be at high risk: any one of these that holds is enough, and all
/// must be known for "not high risk".
///
/// The seed does not say what "tagged as high risk" is; so it is the organisation's to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HighRisk {
    /// A risk in Entra ID of at least that level
    pub user_risk: Option<RiskLevel>,
    /// Membership of one of these groups, by id or display name
    pub groups: BTreeSet<String>,
    /// One of our own tags
    pub tags: BTreeSet<String>,
}

impl Default for Organisation {
    /// Who Entra ID sees at high risk, or has our tag `high risk`
    fn default() -> Self {
        Self {
            high_risk: HighRisk {
                user_risk: Some(RiskLevel::High),
                groups: BTreeSet::new(),
                tags: BTreeSet::from(["high risk".to_owned()]),
            },
            named_ranges: BTreeMap::new(),
            user_tags: BTreeMap::new(),
        }
    }
}

impl Organisation {
    /// The names of the fields that [`Organisation::read`] takes
    pub(crate) const FIELDS: [&'static str; 3] = ["highRisk", "namedRanges", "userTags"];

    pub(crate) fn read(fields: &Fields<'_>) -> Option<Self> {
        let default = Self::default();
        let high_risk = fields.or("highRisk", default.high_risk, HighRisk::read);
        let named_ranges = fields.or("namedRanges", BTreeMap::new(), |at| {
            by_name(at, |at| at.list_of(subnet), str::to_owned)
        });
        let user_tags =
            fields.or("userTags", BTreeMap::new(), |at| by_name(at, names, str::to_lowercase));
        Some(Self { high_risk: high_risk?, named_ranges: named_ranges?, user_tags: user_tags? })
    }

    /// The tags of a user
    pub fn tags_of(&self, user: &User) -> BTreeSet<String> {
        let keys = [user.id.as_deref(), user.principal_name.as_deref()];
        let tags = keys.into_iter().flatten().filter_map(|it| self.user_tags.get(it));
        tags.flatten().cloned().collect()
    }

    /// What it says itself, which is all that a tuning rule asks besides the alert; of everything
    /// else it is known that nobody asked
    pub fn facts(&self, needs: &[Need], now: Timestamp) -> Facts {
        let answer = |question: &Question| match question {
            Question::Tags(user) if user.directory_key().is_none() => {
                Err(Unknown::because(UnknownReason::UserNotNamed))
            }
            Question::Tags(user) => Ok(Answer::Tags(self.tags_of(user))),
            Question::AutomaticReplies(_)
            | Question::Risk(_)
            | Question::Groups(_)
            | Question::AllowListed(_)
            | Question::OpenAlerts(_) => Err(Unknown::because(UnknownReason::NotAsked)),
        };
        let fact = |need: &Need| Fact {
            answer: answer(&need.question),
            question: need.question.clone(),
            source: "settings".to_owned(),
            read: now,
            history: None,
        };
        needs.iter().map(fact).collect()
    }
}

impl HighRisk {
    /// The names of the fields
    pub(crate) const FIELDS: [&'static str; 3] = ["userRisk", "groups", "tags"];

    /// The names of the fields of `userRisk`
    pub(crate) const USER_RISK: [&'static str; 1] = ["atLeast"];

    fn read(at: &Cursor<'_>) -> Option<Self> {
        let fields = at.fields(&Self::FIELDS)?;
        let user_risk = fields.or("userRisk", None, |at| at_least(at).map(Some));
        let groups = fields.or("groups", BTreeSet::new(), names);
        let tags = fields.or("tags", BTreeSet::new(), names);
        let read = Self { user_risk: user_risk?, groups: groups?, tags: tags? };
        if read.user_risk.is_none() && read.groups.is_empty() && read.tags.is_empty() {
            let message = "nobody could ever be at high risk";
            let help = "give `userRisk`, `groups` or `tags`".to_owned();
            at.problem(crate::diagnostic::Code::MissingKey, message, Some(help));
        }
        Some(read)
    }
}

/// Reads `{ atLeast: high }`
fn at_least(at: &Cursor<'_>) -> Option<RiskLevel> {
    let fields = at.fields(&HighRisk::USER_RISK)?;
    let known: Vec<&'static str> =
        RiskLevel::ALL.iter().filter(|it| **it > RiskLevel::None).map(|it| it.name()).collect();
    RiskLevel::from_name(fields.require("atLeast")?.word("level of risk", &known)?)
}

/// A list of names, compared without case
pub(crate) fn names(at: &Cursor<'_>) -> Option<BTreeSet<String>> {
    if at.is_list() && at.items()?.is_empty() {
        return Some(BTreeSet::new());
    }
    at.list_of(|it| it.short_text(NAME_LENGTH_MAX)).map(|it| it.into_iter().collect())
}

/// Whether any of `wanted` is among `names`, without regard to case
pub(crate) fn shares(names: &BTreeSet<String>, wanted: &BTreeSet<String>) -> bool {
    names.iter().any(|name| wanted.iter().any(|it| fold(it) == fold(name)))
}

fn by_name<T>(
    at: &Cursor<'_>,
    read: impl Fn(&Cursor<'_>) -> Option<T>,
    name: impl Fn(&str) -> String,
) -> Option<BTreeMap<String, T>> {
    let entries = at.entries()?;
    let read: Vec<Option<(String, T)>> =
        entries.iter().map(|(key, it)| read(it).map(|it| (name(key), it))).collect();
    read.into_iter().collect()
}

fn subnet(at: &Cursor<'_>) -> Option<Subnet> {
    match at.text()?.parse() {
        Ok(subnet) => Some(subnet),
        Err(message) => {
            let help = "write it like `203.0.113.0/24`".to_owned();
            at.problem(crate::diagnostic::Code::BadValue, message, Some(help));
            None
        }
    }
}
