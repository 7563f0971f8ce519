//! A piece of evidence: an entity or artifact in an alert.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    catalogue::EvidenceType, condition::fold, explanation::Truth, user::User, wire_name::AsRead,
};

/// How many steps a nested piece of evidence is followed for its users and addresses
const NESTING_MAX: usize = 4;

/// An entity or artifact of an alert, with its role and verdict.
///
/// Its properties are those that [`EvidenceType::properties`] lists, and whatever else the source
/// sent: the object is kept whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// What it is; a type we do not know keeps its `@odata.type`
    pub evidence_type: AsRead<EvidenceType>,
    /// The object as it came
    pub properties: Map<String, Value>,
}

impl Evidence {
    /// The value at a path such as `userAccount.userPrincipalName`; null counts as absent
    pub fn get(&self, path: &str) -> Option<&Value> {
        let mut steps = path.split('.');
        let mut value = self.properties.get(steps.next()?)?;
        for step in steps {
            value = value.get(step)?;
        }
        Some(value).filter(|it| !it.is_null())
    }

    /// The text at a path, unless it is absent or empty
    pub fn text(&self, path: &str) -> Option<&str> {
        self.get(path).and_then(Value::as_str).filter(|it| !it.is_empty())
    }

    /// The roles the source gives it (`compromised`, `attacker`, …)
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.get("roles").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// When it was added to the alert, which is not when it happened
    pub fn created(&self) -> Option<Timestamp> {
        self.text("createdDateTime").and_then(|it| it.parse().ok())
    }

    /// The user that this piece is or belongs to: of a user, a mailbox, or a logon session.
    ///
    /// The account that a process ran under is not one: it is often a system account.
    pub(crate) fn user(&self) -> Option<User> {
        let Some(&evidence_type) = self.evidence_type.known() else {
            // What it is nobody can say; that somebody is meant can be seen all the same.
            return self.account("userAccount");
        };
        if evidence_type == EvidenceType::User {
            return self.account("userAccount");
        }
        if evidence_type == EvidenceType::Mailbox {
            return self.account("userAccount").or_else(|| {
                let name = self.text("upn").or_else(|| self.text("primaryAddress"))?;
                Some(User { principal_name: Some(name.to_lowercase()), ..User::default() })
            });
        }
        [EvidenceType::CloudLogonSession, EvidenceType::HostLogonSession]
            .contains(&evidence_type)
            .then(|| self.account("account.userAccount"))?
    }

    fn account(&self, path: &str) -> Option<User> {
        let part = |name: &str| self.text(&format!("{path}.{name}")).map(str::to_lowercase);
        let user = User {
            id: part("azureAdUserId"),
            principal_name: part("userPrincipalName"),
            account_name: None,
        };
        if user.directory_key().is_some() {
            return Some(user);
        }
        let account_name = part("accountName").or_else(|| part("displayName"));
        // A user entity that names nobody still stands for somebody, who cannot be asked about.
        let is_entity = self.evidence_type.known() == Some(&EvidenceType::User);
        (account_name.is_some() || is_entity).then_some(User { account_name, ..User::default() })
    }

    /// Every IP address in this piece and in the pieces inside it
    pub(crate) fn addresses(&self) -> Vec<&str> {
        let mut found = Vec::new();
        collect_addresses(&self.properties, NESTING_MAX, &mut found);
        found
    }
}

/// What a source may say of a piece that triggered the alert
pub(crate) const TRIGGERING: [&str; 2] = ["trigger", "triggering"];

/// The verdicts that tell what an alert is about
pub(crate) const SUSPECTED: [&str; 2] = ["malicious", "suspicious"];

/// Of each piece, whether it triggered the alert.
///
/// Graph has no word for it. Where a piece's roles say so, that counts; else the pieces whose
/// verdict is malicious or suspicious did; else the only piece there is. Otherwise nobody can say.
pub(crate) fn triggers(evidence: &[Evidence]) -> Vec<Truth> {
    let says = |it: &Evidence, list: &str| {
        let words = it.get(list).and_then(Value::as_array).into_iter().flatten();
        words.filter_map(Value::as_str).any(|word| is_one_of(&TRIGGERING, word))
    };
    let labelled = |it: &Evidence| says(it, "roles") || says(it, "detailedRoles");
    let suspected = |it: &Evidence| it.text("verdict").is_some_and(|it| is_one_of(&SUSPECTED, it));
    for is_trigger in [&labelled as &dyn Fn(&Evidence) -> bool, &suspected] {
        if evidence.iter().any(is_trigger) {
            return evidence.iter().map(|it| is_trigger(it).into()).collect();
        }
    }
    let only = if evidence.len() == 1 { Truth::True } else { Truth::Unknown };
    vec![only; evidence.len()]
}

fn is_one_of(words: &[&str], found: &str) -> bool {
    let found = fold(found);
    words.contains(&found.as_str())
}

/// The properties that hold an address of one of the parties
const ADDRESS_PROPERTIES: [&str; 6] =
    ["ipAddress", "senderIp", "senderIP", "hostIpAddress", "sourceAddress", "clusterIP"];

fn collect_addresses<'a>(object: &'a Map<String, Value>, depth: usize, found: &mut Vec<&'a str>) {
    for name in ADDRESS_PROPERTIES {
        match object.get(name) {
            Some(Value::String(text)) if !text.is_empty() => found.push(text),
            Some(Value::Object(inner)) if depth > 0 => collect_addresses(inner, depth - 1, found),
            _ => {}
        }
    }
}
