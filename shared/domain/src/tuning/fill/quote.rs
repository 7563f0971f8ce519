//! Text from outside as a YAML scalar: quoted, so that nothing in it is more than text.

use std::fmt::Write as _;

/// The text in double quotes; what cannot be seen, ends a line or turns direction stands as its
/// number
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            it if is_plain(it) => quoted.push(it),
            it => {
                let number = u32::from(it);
                let written = if number <= 0xFFFF {
                    write!(quoted, "\\u{number:04X}")
                } else {
                    write!(quoted, "\\U{number:08X}")
                };
                debug_assert!(written.is_ok(), "a text takes whatever is written");
            }
        }
    }
    quoted.push('"');
    quoted
}

/// Whether people see it as what it is
fn is_plain(character: char) -> bool {
    character == '\'' || character.is_alphanumeric() || character.escape_debug().len() == 1
}
