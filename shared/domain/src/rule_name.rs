//! Names of playbooks and of tuning rules: lower-case letters, digits and hyphens.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{diagnostic::Code, document::Cursor};

/// The longest name, in characters
pub(crate) const NAME_LENGTH_MAX: usize = 64;

/// Declares a name: each kind of rule has a type of its own
macro_rules! rule_names {
    ($($(#[$meta:meta])* $name:ident, for example $example:literal;)+) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
            #[serde(transparent)]
            pub struct $name(String);

            impl $name {
                /// The name that a text is, if it can be one
                pub fn parse(text: &str) -> Option<Self> {
                    is_name(text).then(|| Self(text.to_owned()))
                }

                /// The text
                pub fn as_str(&self) -> &str {
                    &self.0
                }

                pub(crate) fn read(at: &Cursor<'_>) -> Option<Self> {
                    read(at, $example).map(Self)
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(&self.0)
                }
            }
        )+
    };
}

rule_names! {
    /// A playbook's name: lower-case letters, digits and hyphens
    PlaybookName, for example "legitimate-travel";
    /// A tuning rule's name: lower-case letters, digits and hyphens
    TuningRuleName, for example "backup-agent";
}

fn read(at: &Cursor<'_>, example: &str) -> Option<String> {
    let text = at.short_text(NAME_LENGTH_MAX)?;
    if !is_name(&text) {
        let help = format!("use lower-case letters, digits and hyphens: `{example}`");
        at.problem(Code::BadValue, format!("`{text}` cannot be a name"), Some(help));
        return None;
    }
    Some(text)
}

fn is_name(text: &str) -> bool {
    let fits = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-';
    !text.is_empty() && text.len() <= NAME_LENGTH_MAX && text.chars().all(fits)
}
