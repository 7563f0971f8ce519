//! What names one alert, and one of its revisions.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The longest id we take, in characters
pub const ALERT_ID_LENGTH_MAX: usize = 256;

/// Identifies one alert across every service source.
///
/// The text is kept exactly: it is often a two-letter prefix with a provider's id, but neither
/// prefix nor GUID is sure (the documentation's own example is no GUID).
///
/// ```
/// use defuse_domain::AlertId;
///
/// let id = AlertId::parse("da637551227677560813_-961444813")?;
/// assert_eq!(id.as_str(), "da637551227677560813_-961444813");
/// assert!(AlertId::parse("").is_err());
/// # Ok::<(), defuse_domain::AlertIdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct AlertId {
    // INVARIANT: 1 to `ALERT_ID_LENGTH_MAX` characters, none of them white space or control.
    text: String,
}

/// The text is not an alert id
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AlertIdError {
    /// Nothing in it
    #[error("alert id is empty")]
    Empty,
    /// Over [`ALERT_ID_LENGTH_MAX`]
    #[error("alert id has {0} characters, at most {ALERT_ID_LENGTH_MAX} are taken")]
    TooLong(usize),
    /// White space or a control character
    #[error("alert id `{0}` has white space or control characters")]
    BadCharacter(String),
}

impl AlertId {
    /// Takes the text as it is, or says what keeps it from being an id
    pub fn parse(text: &str) -> Result<Self, AlertIdError> {
        let length = text.chars().count();
        if length == 0 {
            return Err(AlertIdError::Empty);
        }
        if length > ALERT_ID_LENGTH_MAX {
            return Err(AlertIdError::TooLong(length));
        }
        if text.chars().any(|it| it.is_whitespace() || it.is_control()) {
            return Err(AlertIdError::BadCharacter(text.escape_debug().to_string()));
        }
        Ok(Self { text: text.to_owned() })
    }

    /// The id as its source wrote it
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first two characters, and the provider's id after them
    pub fn prefix_and_rest(&self) -> Option<(&str, &str)> {
        self.text.split_at_checked(2).filter(|(_, rest)| !rest.is_empty())
    }
}

impl TryFrom<String> for AlertId {
    type Error = AlertIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<AlertId> for String {
    fn from(id: AlertId) -> Self {
        id.text
    }
}

impl fmt::Display for AlertId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// One state of an alert at its source: when it was last updated there.
///
/// An older revision never overwrites a newer one. An alert without a readable update time has
/// the time of its creation, and failing that the epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Revision(Timestamp);

impl Revision {
    /// The revision of that update time
    pub const fn at(updated: Timestamp) -> Self {
        Self(updated)
    }

    /// The update time at the source
    pub const fn updated(self) -> Timestamp {
        self.0
    }
}

impl fmt::Display for Revision {
    /// Nine fractional digits always, so that the text sorts as the time does
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.9}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_any_short_text_without_spaces() {
        check("pid", Ok(()));
        check("fa123a456b-c789-1d2e-12f1g33h445h6i", Ok(()));
        check("é", Ok(()));
        check("", Err(AlertIdError::Empty));
        check("a b", Err(AlertIdError::BadCharacter("a b".to_owned())));
        check("a\nb", Err(AlertIdError::BadCharacter("a\\nb".to_owned())));
        check(&"x".repeat(256), Ok(()));
        check(&"x".repeat(257), Err(AlertIdError::TooLong(257)));
    }

    #[track_caller]
    fn check(text: &str, expected: Result<(), AlertIdError>) {
        assert_eq!(AlertId::parse(text).map(drop), expected, "for {text:?}");
    }

    #[test]
    fn revisions_sort_as_text_as_they_do_in_time() {
        let early = Revision::at("2026-11-20T10:00:00Z".parse().unwrap());
        let late = Revision::at("2026-11-20T10:00:00.5Z".parse().unwrap());
        assert!(early < late);
        assert!(early.to_string() < late.to_string());
    }
}
