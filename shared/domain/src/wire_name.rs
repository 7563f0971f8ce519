//! Closed sets with names from outside: read leniently, written exactly.

use serde::{Deserialize, Serialize};

/// A value of a closed set as a source wrote it: one we know, or the text as it came.
///
/// Enumerations at Microsoft grow (`unknownFutureValue`), so a new member must never drop an alert.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AsRead<T> {
    /// A member we know
    Known(T),
    /// Any other text, kept as it came
    Other(String),
}

impl<T> AsRead<T> {
    /// The member, where we know it
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(member) => Some(member),
            Self::Other(_) => None,
        }
    }
}

/// Declares a closed set: each variant with its wire name, in the order that `Ord` gives them.
macro_rules! wire_names {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize, serde::Serialize)]
        pub enum $name {
            $(
                $(#[$variant_meta])*
                #[doc = concat!("`", $text, "`")]
                #[serde(rename = $text)]
                $variant,
            )+
        }

        impl $name {
            /// Every member, in order
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name on the wire
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// The member of that name, whatever the case of its letters
            pub fn from_name(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.name().eq_ignore_ascii_case(text))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

pub(crate) use wire_names;
