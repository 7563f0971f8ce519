//! Criteria: what a playbook asks of the world. One file each; a new one is a line in the list
//! below.

mod address_in_named_range;
mod allow_listed;
mod named;
mod other_open_alerts;
mod per_user;
mod user_high_risk;
mod user_in_group;
mod user_out_of_office;
mod user_risk;
mod user_tagged;

#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::{
    alert::Alert, condition::Situation, document::Cursor, explanation::Explanation, fact::Need,
    organisation::Organisation,
};

/// Who could have made a fact what it is. Nothing is resolved on the subject's word alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    /// The user of the alert, or who acts as them
    Subject,
    /// The organisation
    Organisation,
    /// A platform that watches the user
    Platform,
}

/// How a criterion is written
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shape {
    /// Whether the name alone will do
    pub(crate) alone: bool,
    /// The JSON Schema of what stands under the name
    pub(crate) body: Value,
}

/// Declares the criteria: the name that authors write, and the type that reads and answers it
macro_rules! criteria {
    ($($variant:ident: $module:ident = $name:literal,)+) => {
        /// What a playbook asks of the world
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub(crate) enum Criterion {
            $($variant($module::$variant),)+
        }

        /// The names that authors write
        pub(crate) const NAMES: [&str; [$($name),+].len()] = [$($name),+];

        /// Who could have made what each asks, in the order of the names
        pub(crate) const MAKERS: [Maker; NAMES.len()] = [$($module::$variant::MAKER),+];

        /// How each is written, by its name
        pub(crate) fn shapes() -> [(&'static str, Shape); NAMES.len()] {
            [$(($name, $module::$variant::schema())),+]
        }

        impl Criterion {
            /// Reads the criterion `name`; `body` is absent where the author wrote the name alone
            pub(crate) fn read(
                name: &str,
                at: &Cursor<'_>,
                body: Option<&Cursor<'_>>,
            ) -> Option<Self> {
                match name {
                    $($name => $module::$variant::read(at, body).map(Self::$variant),)+
                    _ => None,
                }
            }

            pub(crate) const fn maker(&self) -> Maker {
                match self {
                    $(Self::$variant(_) => $module::$variant::MAKER,)+
                }
            }

            /// Everything it must know to answer, each no older than it allows
            pub(crate) fn needs(&self, alert: &Alert, organisation: &Organisation) -> Vec<Need> {
                match self {
                    $(Self::$variant(it) => {
                        let max_age = it.max_age();
                        let questions = $module::$variant::questions(alert, organisation);
                        questions.into_iter().map(|question| Need { question, max_age }).collect()
                    })+
                }
            }

            pub(crate) fn evaluate(&self, situation: Situation<'_>) -> Explanation {
                match self {
                    $(Self::$variant(it) => it.evaluate($name, situation),)+
                }
            }
        }
    };
}

criteria! {
    UserOutOfOffice: user_out_of_office = "userOutOfOffice",
    UserHighRisk: user_high_risk = "userHighRisk",
    UserRisk: user_risk = "userRisk",
    UserInGroup: user_in_group = "userInGroup",
    UserTagged: user_tagged = "userTagged",
    AddressInNamedRange: address_in_named_range = "addressInNamedRange",
    OtherOpenAlerts: other_open_alerts = "otherOpenAlerts",
    AllowListed: allow_listed = "allowListed",
}
