//! A user whom an alert touches.

use std::fmt;

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
    /// What a directory can be asked by: the id, else the principal name
    pub fn directory_key(&self) -> Option<&str> {
        self.id.as_deref().or(self.principal_name.as_deref())
    }

    /// Whether `name` is this user's id or principal name, whatever the case
    pub fn is_called(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.id.as_deref() == Some(&name) || self.principal_name.as_deref() == Some(&name)
    }

    /// Takes what `other` knows of the same person
    fn learn(&mut self, other: &Self) {
        self.id = self.id.take().or_else(|| other.id.clone());
        self.principal_name = self.principal_name.take().or_else(|| other.principal_name.clone());
    }

    /// Whether both name the same person by the same name
    fn is_same(&self, other: &Self) -> bool {
        if let (Some(left), Some(right)) = (&self.id, &other.id) {
            return left == right;
        }
        match (&self.principal_name, &other.principal_name) {
            (Some(left), Some(right)) => left == right,
            (Some(_), None) | (None, Some(_)) => false,
            (None, None) => self.id == other.id && self.account_name == other.account_name,
        }
    }
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.principal_name.as_ref().or(self.id.as_ref()).or(self.account_name.as_ref());
        f.write_str(name.map_or("(unnamed user)", String::as_str))
    }
}

/// Each person once, in order
pub(crate) fn distinct(users: impl IntoIterator<Item = User>) -> Vec<User> {
    let mut people: Vec<User> = Vec::new();
    for user in users {
        match people.iter_mut().find(|it| it.is_same(&user)) {
            Some(known) => known.learn(&user),
            None => people.push(user),
        }
    }
    people.sort();
    people
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_named_twice_is_one_user() {
        let by_name =
            User { principal_name: Some("kim@contoso.example".into()), ..User::default() };
        let by_both = User { id: Some("1".into()), ..by_name.clone() };
        let other = User { id: Some("2".into()), ..User::default() };
        let unnamed = User { account_name: Some("root".into()), ..User::default() };

        assert_eq!(distinct([by_name, by_both.clone()]), vec![by_both.clone()]);
        assert_eq!(distinct([other.clone(), by_both.clone(), other.clone()]).len(), 2);
        assert_eq!(distinct([unnamed.clone(), unnamed.clone(), by_both]).len(), 2);
    }
}
