//! The people of the tenant, as a test or a demo puts them there.

use std::collections::BTreeMap;

use serde_json::Value;

/// One user, and what each endpoint has to say about them
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserRecord {
    /// Object id; compared without regard to case
    pub id: String,
    /// Sign-in name; compared without regard to case
    pub user_principal_name: String,
    /// Name for people
    pub display_name: String,
    /// The `automaticRepliesSetting` as Graph would give it; none means no mailbox
    pub automatic_replies: Option<Value>,
    /// The `riskyUser` as Graph would give it; none means never at risk
    pub risk: Option<Value>,
    /// Groups the user is in, directly or not: id and display name
    pub groups: Vec<(String, String)>,
    /// Endpoints that answer something else about this user
    pub overrides: BTreeMap<UserEndpoint, Override>,
}

/// An endpoint of Graph that is about one user
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UserEndpoint {
    /// `GET /users/{id}`
    User,
    /// `GET /users/{id}/mailboxSettings/automaticRepliesSetting`
    AutomaticReplies,
    /// `GET /identityProtection/riskyUsers/{id}`
    Risk,
    /// `GET /users/{id}/transitiveMemberOf/microsoft.graph.group`
    Groups,
}

/// What an endpoint answers about a user in place of the facts
#[derive(Clone, Debug, PartialEq)]
pub enum Override {
    /// 403 with the error of that endpoint, as when a permission was not granted
    Forbidden,
    /// This status and body
    Answer {
        /// Status code
        status: u16,
        /// Body, sent as JSON
        body: Value,
    },
}

impl UserRecord {
    /// A user with a mailbox whose automatic replies are off, never at risk, in no group
    pub fn new(id: &str, user_principal_name: &str) -> Self {
        Self {
            id: id.to_owned(),
            user_principal_name: user_principal_name.to_owned(),
            display_name: user_principal_name.to_owned(),
            automatic_replies: Some(serde_json::json!({
                "status": "disabled",
                "externalAudience": "none",
                "internalReplyMessage": "",
                "externalReplyMessage": "",
            })),
            ..Self::default()
        }
    }

    /// Whether `id_or_name` is this user's id or sign-in name
    pub(super) fn answers_to(&self, id_or_name: &str) -> bool {
        self.id.eq_ignore_ascii_case(id_or_name)
            || self.user_principal_name.eq_ignore_ascii_case(id_or_name)
    }
}
