//! A user whom an alert touches.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};

/// A user as an alert names them: by directory id, by user principal name, or, where the alert
/// says no more, by a mere account name, which no directory can be asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Object id in Entra ID (`azureAdUserId`), in lower case
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// User principal name, in lower case
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_name: Option<String>,
    /// Account name, where there is neither
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_name: Option<String>,
}

impl User {
    /// What a directory can be asked by: its own id, else the principal name.
    ///
    /// Some sources put an id of their own in its place, which is no GUID and may be the same for
    /// everybody (Cloud Apps: `11161`); that is the last resort.
    pub fn directory_key(&self) -> Option<&str> {
        let directory_id = self.id.as_deref().filter(|_| self.has_directory_id());
        directory_id.or(self.principal_name.as_deref()).or(self.id.as_deref())
    }

    /// Whether its id is one as a directory gives them
    pub fn has_directory_id(&self) -> bool {
        self.id.as_deref().is_some_and(is_guid)
    }

    /// Whether `name` is this user's id or principal name, whatever the case
    pub fn is_called(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.id.as_deref() == Some(&name) || self.principal_name.as_deref() == Some(&name)
    }
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.principal_name.as_ref().or(self.id.as_ref()).or(self.account_name.as_ref());
        f.write_str(name.map_or("(unnamed user)", String::as_str))
    }
}

/// Whether it is an id as a directory gives them
fn is_guid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|it| it.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|it| it.is_ascii_hexdigit()))
}

/// Each person once, in order.
///
/// An id tells people apart. A principal name without an id is the person who has that name
/// somewhere else in the alert; an account name alone is somebody else.
pub(crate) fn distinct(users: impl IntoIterator<Item = User>) -> Vec<User> {
    let users: Vec<User> = users.into_iter().collect();
    let mut by_id: BTreeMap<&str, User> = BTreeMap::new();
    let mut named: BTreeSet<&str> = BTreeSet::new();
    for user in &users {
        let Some(id) = user.id.as_deref() else { continue };
        named.extend(user.principal_name.as_deref());
        let known = by_id.entry(id).or_insert_with(|| user.clone());
        known.principal_name = known.principal_name.take().or_else(|| user.principal_name.clone());
    }
    let others = users.iter().filter(|user| match (&user.id, &user.principal_name) {
        (Some(_), _) => false,
        (None, Some(name)) => !named.contains(name.as_str()),
        (None, None) => true,
    });
    let people: BTreeSet<User> = others.chain(by_id.values()).cloned().collect();
    people.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_asked_by_its_own_id_or_by_name() {
        const GUID: &str = "11111111-2222-3333-4444-555555555555";
        let check = |id: Option<&str>, name: Option<&str>, expected| {
            let owned = |it: Option<&str>| it.map(str::to_owned);
            let user = User { id: owned(id), principal_name: owned(name), account_name: None };
            assert_eq!(user.directory_key(), expected, "for {user:?}");
        };
        check(Some(GUID), Some("kim"), Some(GUID));
        check(Some("11161"), Some("kim"), Some("kim"));
        check(Some("11161"), None, Some("11161"));
        check(None, Some("kim"), Some("kim"));
        check(None, None, None);
    }

    #[test]
    fn one_person_named_twice_is_one_user() {
        let by_name =
            User { principal_name: Some("kim@contoso.example".into()), ..User::default() };
        let by_both = User { id: Some("1".into()), ..by_name.clone() };
        let other = User { id: Some("2".into()), ..User::default() };
        let unnamed = User { account_name: Some("root".into()), ..User::default() };

        assert_eq!(distinct([by_name.clone(), by_both.clone()]), vec![by_both.clone()]);
        assert_eq!(distinct([other.clone(), by_both.clone(), other.clone()]).len(), 2);
        // Whatever the order: a name on its own, an id on its own, and what joins them.
        let by_id = User { principal_name: None, ..by_both.clone() };
        for users in [
            [by_name.clone(), by_id.clone(), by_both.clone()],
            [by_id.clone(), by_both.clone(), by_name.clone()],
            [by_both.clone(), by_name.clone(), by_id],
        ] {
            assert_eq!(distinct(users), vec![by_both.clone()]);
        }
        assert_eq!(distinct([unnamed.clone(), unnamed.clone(), by_both]).len(), 2);
    }
}
