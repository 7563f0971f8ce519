//! Text that must not be shown: keys, tokens, passwords.
//!
//! Where it is kept (Secrets Manager) and who reads it is not here.

use std::fmt;

use subtle::ConstantTimeEq;

/// A text that prints as `<secret>`, and that nothing writes out by accident: it is not `Serialize`.
///
/// ```
/// use defuse_adapters::Secret;
///
/// let key = Secret::new("hunter2");
/// assert_eq!(format!("{key} {key:?}"), "<secret> <secret>");
/// assert_eq!(key.expose(), "hunter2");
/// ```
#[derive(Clone, Default)]
pub struct Secret {
    text: String,
}

impl Secret {
    /// Takes the text
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// The text itself, for the one place that must send it
    pub fn expose(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Secret {
    /// In a time that does not tell how much of the text is right
    fn eq(&self, other: &Self) -> bool {
        self.text.as_bytes().ct_eq(other.text.as_bytes()).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_inside_a_struct_is_not_shown() {
        let inside = Some(("key", Secret::new("hunter2")));
        assert_eq!(format!("{inside:?}"), r#"Some(("key", <secret>))"#);
    }

    #[test]
    fn secrets_are_equal_where_their_texts_are() {
        assert_eq!(Secret::new("a"), Secret::new("a"));
        assert_ne!(Secret::new("a"), Secret::new("b"));
        assert_ne!(Secret::new("a"), Secret::new("ab"));
    }
}
