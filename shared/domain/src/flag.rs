//! What was odd in a payload: kept beside the alert, so that nothing is dropped in silence.

use serde::{Deserialize, Serialize};

use crate::wire_name::wire_names;

wire_names! {
    /// What is odd
    Oddity {
        /// Not a member of the enumeration we know
        UnknownMember = "unknownMember",
        /// Another type than the property has
        WrongType = "wrongType",
        /// Not a time stamp
        BadTime = "badTime",
        /// Should be there and is not
        Missing = "missing",
        /// Classification and determination do not belong together
        WrongPair = "wrongPair",
        /// An evidence type we do not know, or none at all
        UnknownEvidence = "unknownEvidence",
        /// A collector wrote the property under another name
        RewrittenKey = "rewrittenKey",
        /// The id's prefix names another service source
        PrefixDisagrees = "prefixDisagrees",
        /// The same piece of evidence twice
        Repeated = "repeated",
        /// Control, invisible or direction-changing characters
        InvisibleCharacters = "invisibleCharacters",
        /// More than the bound, the rest is in the raw payload only
        TooMany = "tooMany",
    }
}

/// One odd thing of a payload
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub struct Flag {
    /// Where: `severity`, `evidence[2].verdict`
    pub property: String,
    /// What is odd
    pub problem: Oddity,
    /// The value as it came, cut to [`FLAG_VALUE_LENGTH_MAX`]
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub value: String,
}

/// How much of an odd value a flag repeats, in characters
pub const FLAG_VALUE_LENGTH_MAX: usize = 64;

/// How many flags one alert carries at the most
pub const FLAGS_MAX: usize = 64;
