//! A file of facts: what a directory would answer, written down, so that an alert can be decided
//! without one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    alert_id::AlertId,
    allow_list::{AllowedOn, Listed},
    diagnostic::{Code, Diagnostic},
    document::{Cursor, Problems, read_yaml},
    fact::{OpenAlert, Unknown},
    indicator::Indicator,
    organisation::names,
    severity::Severity,
    sighting::History,
    user::User,
};

/// A value, or unknown with a reason
pub type Given<T> = Result<T, Unknown>;

/// The longest reason, in characters
pub(crate) const TEXT_LENGTH_MAX: usize = 256;

/// How many open alerts a number may stand for
pub(crate) const OPEN_ALERTS_MAX: u32 = 100;

/// The fields of an open alert
pub(crate) const OPEN_ALERT: [&str; 3] = ["id", "severity", "createdDateTime"];

/// The fields of how automatic replies were seen
pub(crate) const SEEN: [&str; 2] = ["since", "lastOther"];

/// The key that says why something is not known
pub(crate) const UNKNOWN: &str = "unknown";

/// What is known of one user; what is absent is not known
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserFacts {
    /// Graph's `automaticRepliesSetting`
    pub automatic_replies: Option<Given<Value>>,
    /// Since when the automatic replies are seen as they are
    pub automatic_replies_seen: Option<History>,
    /// Graph's `riskyUser`
    pub risky_user: Option<Given<Value>>,
    /// Graph's `memberOf`
    pub member_of: Option<Given<Value>>,
    /// Our own tags
    pub tags: Option<Given<BTreeSet<String>>>,
    /// Other alerts of the user that are open
    pub open_alerts: Option<Given<Vec<OpenAlert>>>,
}

/// A file of facts
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FactsDocument {
    /// When it was read at the directory; the time of deciding where absent
    pub read: Option<Timestamp>,
    /// By user: id or principal name
    pub users: BTreeMap<String, UserFacts>,
    /// Open alerts of every user who has none of their own
    pub open_alerts: Option<Given<Vec<OpenAlert>>>,
    /// Every indicator that stands on our own allow list
    pub allow_list: Option<Given<BTreeSet<Indicator>>>,
}

impl FactsDocument {
    /// The names of the fields
    pub(crate) const FIELDS: [&'static str; 4] = ["read", "users", "otherOpenAlerts", "allowList"];

    /// Reads a file of facts, or says everything that is wrong with it.
    ///
    /// `now` dates open alerts that are given by number only.
    pub fn parse(file: &str, text: &str, now: Timestamp) -> Result<Self, Vec<Diagnostic>> {
        let node = read_yaml(file, text).map_err(|problem| vec![problem])?;
        let problems = Problems::new(file);
        let document = Self::read(&Cursor::new(&node, &problems), now);
        problems.finish(document)
    }

    fn read(at: &Cursor<'_>, now: Timestamp) -> Option<Self> {
        let fields = at.fields(&Self::FIELDS)?;
        let read = fields.or("read", None, |it| it.time().map(Some));
        let users = fields.or("users", BTreeMap::new(), |it| {
            let entries = it.entries()?;
            let read: Vec<Option<(String, UserFacts)>> = entries
                .iter()
                .map(|(user, it)| UserFacts::read(it, now).map(|it| (user.to_lowercase(), it)))
                .collect();
            read.into_iter().collect()
        });
        let open_alerts =
            fields.or("otherOpenAlerts", None, |it| given_open_alerts(it, now).map(Some));
        let allow_list = fields.or("allowList", None, |it| given(it, indicators).map(Some));
        Some(Self {
            read: read?,
            users: users?,
            open_alerts: open_alerts?,
            allow_list: allow_list?,
        })
    }

    /// What the file says of a user
    pub fn of(&self, user: &User) -> Option<&UserFacts> {
        self.users.iter().find(|(name, _)| user.is_called(name)).map(|(_, facts)| facts)
    }

    /// What the file says of an indicator; those that it lists are allowed on all devices
    pub fn allow_listed(&self, indicator: &Indicator) -> Option<Given<Option<Listed>>> {
        let (title, on) = ("facts file".to_owned(), AllowedOn::AllDevices);
        let listed = Listed { title, on, expires: Timestamp::MAX };
        let known = self.allow_list.as_ref()?;
        Some(known.clone().map(|it| it.contains(indicator).then_some(listed)))
    }
}

impl UserFacts {
    /// The names of the fields
    pub(crate) const FIELDS: [&'static str; 6] = [
        "automaticRepliesSetting",
        "automaticRepliesSeen",
        "riskyUser",
        "memberOf",
        "tags",
        "otherOpenAlerts",
    ];

    fn read(at: &Cursor<'_>, now: Timestamp) -> Option<Self> {
        if let Some(reason) = at.only_field(UNKNOWN) {
            // Nothing is known of this user, for one reason.
            let why = why(&reason)?;
            return Some(Self {
                automatic_replies: Some(Err(why.clone())),
                automatic_replies_seen: None,
                risky_user: Some(Err(why.clone())),
                member_of: Some(Err(why.clone())),
                tags: None,
                open_alerts: None,
            });
        }
        let fields = at.fields(&Self::FIELDS)?;
        let json = |name| fields.or(name, None, |it| given(it, |it| Some(it.json())).map(Some));
        let automatic_replies = json("automaticRepliesSetting");
        let automatic_replies_seen =
            fields.or("automaticRepliesSeen", None, |it| history(it).map(Some));
        let risky_user = json("riskyUser");
        let member_of = json("memberOf");
        let tags = fields.or("tags", None, |it| given(it, names).map(Some));
        let open_alerts =
            fields.or("otherOpenAlerts", None, |it| given_open_alerts(it, now).map(Some));
        Some(Self {
            automatic_replies: automatic_replies?,
            automatic_replies_seen: automatic_replies_seen?,
            risky_user: risky_user?,
            member_of: member_of?,
            tags: tags?,
            open_alerts: open_alerts?,
        })
    }
}

fn history(at: &Cursor<'_>) -> Option<History> {
    let fields = at.fields(&SEEN)?;
    let seen_since = fields.require("since").and_then(Cursor::time);
    let last_other = fields.or("lastOther", None, |it| it.time().map(Some));
    Some(History { seen_since: seen_since?, last_other: last_other? })
}

fn given<'a, T>(at: &Cursor<'a>, read: impl Fn(&Cursor<'a>) -> Option<T>) -> Option<Given<T>> {
    match at.only_field(UNKNOWN) {
        Some(reason) => why(&reason).map(Err),
        None => read(at).map(Ok),
    }
}

/// Reads the reason in `{ unknown: timedOut }`
fn why(reason: &Cursor<'_>) -> Option<Unknown> {
    reason.short_text(TEXT_LENGTH_MAX).map(|reason| Unknown { reason, detail: None })
}

/// Values, each by its looks
fn indicators(at: &Cursor<'_>) -> Option<BTreeSet<Indicator>> {
    let items = at.items()?;
    let read: Vec<Option<Indicator>> = items
        .iter()
        .map(|it| match Indicator::guess(it.text()?) {
            Ok(indicator) => Some(indicator),
            Err(error) => {
                it.problem(Code::BadValue, error.to_string(), None);
                None
            }
        })
        .collect();
    read.into_iter().collect()
}

fn given_open_alerts(at: &Cursor<'_>, now: Timestamp) -> Option<Given<Vec<OpenAlert>>> {
    given(at, |it| open_alerts(it, now))
}

/// A number (of medium severity, created now), or a list of alerts
fn open_alerts(at: &Cursor<'_>, now: Timestamp) -> Option<Vec<OpenAlert>> {
    if at.is_list() {
        let items = at.items()?;
        let read: Vec<Option<OpenAlert>> =
            items.iter().enumerate().map(|(index, it)| open_alert(it, index, now)).collect();
        return read.into_iter().collect();
    }
    let count = if at.scalar() == Some("0") { 0 } else { at.count(OPEN_ALERTS_MAX)? };
    let alerts = (0..count).filter_map(|index| {
        let id = AlertId::parse(&format!("other-{index}")).ok()?;
        Some(OpenAlert { id, severity: Some(Severity::Medium), created: now })
    });
    Some(alerts.collect())
}

fn open_alert(at: &Cursor<'_>, index: usize, now: Timestamp) -> Option<OpenAlert> {
    let fields = at.fields(&OPEN_ALERT)?;
    let unnamed = format!("other-{index}");
    let id = fields.or("id", unnamed, |it| it.text().map(str::to_owned))?;
    let id = match AlertId::parse(&id) {
        Ok(id) => id,
        Err(error) => {
            at.problem(Code::BadValue, error.to_string(), None);
            return None;
        }
    };
    let severity = fields.or("severity", None, |it| {
        let names: Vec<&'static str> = Severity::ALL.iter().map(|it| it.name()).collect();
        it.word("severity", &names).map(Severity::from_name)
    })?;
    let created = fields.or("createdDateTime", now, Cursor::time)?;
    Some(OpenAlert { id, severity, created })
}
