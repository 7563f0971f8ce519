//! Text that ignores case, and patterns with `*` and `?`.

mod fits;

use std::fmt;

pub(crate) use self::fits::fits;
use self::fits::{ANY, ONE};

/// The longest pattern, in characters
pub const PATTERN_LENGTH_MAX: usize = 1_024;

/// How many `*` a pattern may have
pub const PATTERN_STARS_MAX: usize = 16;

/// Each character in its simple case folding, so that `STRASSE`, `ΣΑΣ` and `σας` compare as
/// people expect, whatever the language of the machine
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().map(fold_character).collect()
}

/// A character that has no single counterpart in the other case stays as it is
pub(crate) fn fold_character(character: char) -> char {
    if character.is_ascii() {
        return character.to_ascii_lowercase();
    }
    let upper = single(character.to_uppercase(), character);
    single(upper.to_lowercase(), upper)
}

fn single(mut mapped: impl Iterator<Item = char>, or: char) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => or,
    }
}

/// A text with `*` for any characters and `?` for one; `\` before either means the character
/// itself
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern {
    text: String,
    // INVARIANT: folded UTF-8 with `ONE` and `ANY` between characters, at most
    // `PATTERN_STARS_MAX` of the latter, and no two of those together.
    folded: Vec<u8>,
}

impl Pattern {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.chars().count() > PATTERN_LENGTH_MAX {
            return Err(format!("pattern has more than {PATTERN_LENGTH_MAX} characters"));
        }
        let mut folded = Vec::with_capacity(text.len());
        let push = |folded: &mut Vec<u8>, character: char| {
            let character = fold_character(character);
            folded.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        };
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            match character {
                '*' if folded.last() == Some(&ANY) => {}
                '*' => folded.push(ANY),
                '?' => folded.push(ONE),
                '\\' => match characters.next() {
                    Some(escaped @ ('*' | '?' | '\\')) => push(&mut folded, escaped),
                    Some(other) => {
                        push(&mut folded, '\\');
                        push(&mut folded, other);
                    }
                    None => push(&mut folded, '\\'),
                },
                other => push(&mut folded, other),
            }
        }
        if folded.split(|it| *it == ANY).count() > PATTERN_STARS_MAX + 1 {
            return Err(format!("pattern has more than {PATTERN_STARS_MAX} `*`"));
        }
        Ok(Self { text: text.to_owned(), folded })
    }

    /// Whether the whole of `text` fits; time grows with the length of the text, whatever the
    /// pattern
    pub fn matches(&self, text: &str) -> bool {
        self.matches_folded(&fold(text))
    }

    /// The same for a text that is folded already
    pub(crate) fn matches_folded(&self, text: &str) -> bool {
        fits(&self.folded, text)
    }

    /// The form that [`fits`] takes
    pub(crate) fn folded(&self) -> &[u8] {
        &self.folded
    }

    /// The texts between wildcards
    pub(crate) fn literals(&self) -> impl Iterator<Item = &[u8]> {
        self.folded.split(|it| [ANY, ONE].contains(it)).filter(|it| !it.is_empty())
    }

    /// Whether it has no wildcard, so that it fits one text
    pub(crate) fn is_literal(&self) -> bool {
        !self.folded.iter().any(|it| [ANY, ONE].contains(it))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_the_whole_text() {
        check("impossible*", "Impossible travel", true);
        check("*travel", "Impossible travel", true);
        check("*", "", true);
        check("", "", true);
        check("", "x", false);
        check("a?c", "aBc", true);
        check("a?c", "ac", false);
        check("*a*b*", "xxaxxbxx", true);
        check("*a*b", "xxaxxbxx", false);
        check(r"100\%", r"100\%", true);
        check(r"what\?", "what?", true);
        check(r"what\?", "whatx", false);
        check(r"c:\\*", r"C:\Windows", true);
        check("straße", "STRAßE", true);
        check("ΣΑΣ", "σας", true);
        check("K", "\u{212A}", true);
        check("*?ravel", "Impossible travel", true);
        check("*?a?b*", "xaxaxb", true);
        check("*?", "", false);
        check("?*é", "Éé", true);
        check("?", "ß", true);
        check("??", "ß", false);
        check("*b?", "abab", false);
        check("a*a", "a", false);
    }

    #[track_caller]
    fn check(pattern: &str, text: &str, fits: bool) {
        assert_eq!(Pattern::parse(pattern).unwrap().matches(text), fits, "{pattern:?} {text:?}");
    }

    #[test]
    fn a_pathological_pattern_is_answered_in_time_that_grows_with_the_text() {
        // With a step for each pair of places these would take hours.
        let text = "a".repeat(4 * 1024 * 1024);
        check(&format!("{}b", "*a".repeat(PATTERN_STARS_MAX)), &text, false);
        check(&format!("*{}b*", "a".repeat(PATTERN_LENGTH_MAX - 3)), &text, false);
        let text = "a".repeat(64 * 1024);
        check(&format!("*{}b*", "a?".repeat(PATTERN_LENGTH_MAX / 2 - 2)), &text, false);
        check(&format!("*{}a*", "a?".repeat(PATTERN_LENGTH_MAX / 2 - 2)), &text, true);
        check(&format!("*{}é*", "?".repeat(PATTERN_LENGTH_MAX - 3)), &text, false);
    }

    #[test]
    fn a_pattern_has_bounds() {
        assert!(Pattern::parse(&"*a".repeat(PATTERN_STARS_MAX)).is_ok());
        assert!(Pattern::parse(&"*a".repeat(PATTERN_STARS_MAX + 1)).is_err());
        assert!(Pattern::parse(&"*".repeat(PATTERN_STARS_MAX + 1)).is_ok());
        assert!(Pattern::parse(&"a".repeat(PATTERN_LENGTH_MAX)).is_ok());
        assert!(Pattern::parse(&"a".repeat(PATTERN_LENGTH_MAX + 1)).is_err());
    }
}
