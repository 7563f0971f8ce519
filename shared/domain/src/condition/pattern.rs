//! Text that ignores case, and patterns with `*` and `?`.

use std::fmt;

/// The longest pattern, in characters
pub const PATTERN_LENGTH_MAX: usize = 1_024;

/// How many `*` a pattern may have
pub const PATTERN_STARS_MAX: usize = 16;

/// Each character in its simple case folding, so that `STRASSE`, `ΣΑΣ` and `σας` compare as
/// people expect, whatever the language of the machine
pub(crate) fn fold(text: &str) -> String {
    text.chars().map(fold_character).collect()
}

fn fold_character(character: char) -> char {
    let single =
        |mut mapped: Box<dyn Iterator<Item = char>>, or: char| match (mapped.next(), mapped.next())
        {
            (Some(one), None) => one,
            _ => or,
        };
    let upper = single(Box::new(character.to_uppercase()), character);
    single(Box::new(upper.to_lowercase()), upper)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    Character(char),
    /// `?`
    One,
    /// `*`
    Any,
}

/// A text with `*` for any characters and `?` for one; `\` before either means the character
/// itself
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern {
    text: String,
    // INVARIANT: folded, and at most `PATTERN_STARS_MAX` of them are `Any`.
    pieces: Vec<Piece>,
}

impl Pattern {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.chars().count() > PATTERN_LENGTH_MAX {
            return Err(format!("pattern has more than {PATTERN_LENGTH_MAX} characters"));
        }
        let mut pieces = Vec::new();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            let piece = match character {
                '*' => Piece::Any,
                '?' => Piece::One,
                '\\' => match characters.next() {
                    Some(escaped @ ('*' | '?' | '\\')) => Piece::Character(escaped),
                    Some(other) => {
                        pieces.push(Piece::Character('\\'));
                        Piece::Character(fold_character(other))
                    }
                    None => Piece::Character('\\'),
                },
                other => Piece::Character(fold_character(other)),
            };
            if piece != Piece::Any || pieces.last() != Some(&Piece::Any) {
                pieces.push(piece);
            }
        }
        if pieces.iter().filter(|it| **it == Piece::Any).count() > PATTERN_STARS_MAX {
            return Err(format!("pattern has more than {PATTERN_STARS_MAX} `*`"));
        }
        Ok(Self { text: text.to_owned(), pieces })
    }

    /// Whether the whole of `text` fits; time is bounded by the product of both lengths
    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().map(fold_character).collect();
        let (mut piece, mut place) = (0, 0);
        let mut last_star: Option<(usize, usize)> = None;
        while place < text.len() {
            match (self.pieces.get(piece), text.get(place)) {
                (Some(Piece::Any), _) => {
                    last_star = Some((piece, place));
                    piece += 1;
                }
                (Some(Piece::One), _) => {
                    piece += 1;
                    place += 1;
                }
                (Some(Piece::Character(wanted)), Some(found)) if wanted == found => {
                    piece += 1;
                    place += 1;
                }
                // Let the last star take one character more.
                _ => match last_star {
                    Some((star, taken)) => {
                        last_star = Some((star, taken + 1));
                        piece = star + 1;
                        place = taken + 1;
                    }
                    None => return false,
                },
            }
        }
        self.pieces.iter().skip(piece).all(|it| *it == Piece::Any)
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
    }

    #[track_caller]
    fn check(pattern: &str, text: &str, fits: bool) {
        assert_eq!(Pattern::parse(pattern).unwrap().matches(text), fits, "{pattern:?} {text:?}");
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
