//! Indicators: values that identify evidence, such as the hash of a file.
//!
//! Which of them an alert has is in `identified`; which of them are allowed, in `allow_list`.

mod identified;
mod value;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::identified::{IDENTIFIED_MAX, Identified};
use crate::wire_name::wire_names;

/// The longest value, in bytes
pub const INDICATOR_LENGTH_MAX: usize = 900;

wire_names! {
    /// What an indicator is; Defender for Endpoint's `indicatorType`
    IndicatorKind {
        FileSha1 = "fileSha1",
        FileMd5 = "fileMd5",
        FileSha256 = "fileSha256",
        CertificateThumbprint = "certificateThumbprint",
        IpAddress = "ipAddress",
        DomainName = "domainName",
        Url = "url",
    }
}

/// A value that identifies evidence, in the one form that stands for all ways to write it.
///
/// ```
/// use defuse_domain::{Indicator, IndicatorKind};
///
/// let domain = Indicator::parse(IndicatorKind::DomainName, "Updates.Contoso.Example.")?;
/// assert_eq!(domain.value(), "updates.contoso.example");
/// assert!(Indicator::parse(IndicatorKind::IpAddress, "203.0.113.0/24").is_err());
/// # Ok::<(), defuse_domain::IndicatorError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Indicator {
    kind: IndicatorKind,
    // INVARIANT: as `value::parse` gives it: ASCII, of at most `INDICATOR_LENGTH_MAX` bytes.
    value: String,
}

/// An indicator as it stands in JSON
#[derive(Deserialize, Serialize)]
struct Written {
    #[serde(rename = "type")]
    kind: IndicatorKind,
    value: String,
}

/// The text is no indicator
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndicatorError {
    /// Longer than any list takes
    #[error("the value has more than {INDICATOR_LENGTH_MAX} bytes")]
    TooLong,
    /// A hash of another length, or with other characters
    #[error("`{text}` is no {kind}: it has {digits} hexadecimal digits")]
    NotAHash {
        /// What it was to be
        kind: IndicatorKind,
        /// As it was written
        text: String,
        /// How many such a hash has
        digits: usize,
    },
    /// Not one address
    #[error("`{0}` is no IP address; write one address, for ranges are not taken")]
    NotAnAddress(String),
    /// An address that means something else in every network
    #[error("`{0}` is a private or reserved address; only public ones can be allowed")]
    NotPublic(String),
    /// Not a name as DNS has them
    #[error(
        "`{0}` is no domain name; write it like `updates.contoso.example`, other alphabets in their \
         `xn--` form"
    )]
    NotADomain(String),
    /// Not an address of the web
    #[error("`{0}` is no URL; write it like `https://updates.contoso.example/path`")]
    NotAUrl(String),
    /// Nothing that we know looks like that
    #[error("`{0}` is no hash, IP address, domain name or URL")]
    Nothing(String),
}

impl Indicator {
    /// The value of that kind that `text` stands for
    pub fn parse(kind: IndicatorKind, text: &str) -> Result<Self, IndicatorError> {
        value::parse(kind, text).map(|value| Self { kind, value })
    }

    /// The indicator that `text` looks like; forty digits are the SHA-1 of a file
    pub fn guess(text: &str) -> Result<Self, IndicatorError> {
        match value::guess(text) {
            Some(kind) => Self::parse(kind, text),
            None => Err(IndicatorError::Nothing(value::shown(text))),
        }
    }

    /// What it is
    pub const fn kind(&self) -> IndicatorKind {
        self.kind
    }

    /// Its value
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl TryFrom<Written> for Indicator {
    type Error = IndicatorError;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        Self::parse(written.kind, &written.value)
    }
}

impl From<Indicator> for Written {
    fn from(Indicator { kind, value }: Indicator) -> Self {
        Self { kind, value }
    }
}

impl fmt::Display for Indicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.value)
    }
}
