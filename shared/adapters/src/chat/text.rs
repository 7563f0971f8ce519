//! Text from outside, made harmless before a channel gives it its form.
//!
//! Links are parted with a hair space (U+200A), which is a separator to every linkifier. The
//! zero-width characters are not: markdown-it, Android's Linkify and cmark-gfm take them for
//! letters of the host, and browsers drop them from it, so that `evil<ZWSP>.com` still leads there.

use std::net::{IpAddr, Ipv4Addr};

/// What parts a link: white space to every program, hardly any to a reader
pub(super) const PART: char = '\u{200A}';

const CUT: char = '…';
/// The longest mail address there is
const ADDRESS_LENGTH_MAX: usize = 254;

/// `text` in one line of at most `length_max` characters, with nothing in it that cannot be seen.
///
/// Control characters, those that turn the direction of writing, and invisible ones are left out;
/// white space of any kind and length becomes one space. What is cut off shows as `…`.
pub(super) fn line(text: &str, length_max: usize) -> String {
    let mut line = Vec::new();
    for it in text.chars() {
        if it.is_whitespace() {
            if line.last().is_some_and(|&last| last != ' ') {
                line.push(' ');
            }
        } else if !is_invisible(it) {
            line.push(it);
        }
        // One more than may stay, not counting a space that may turn out to be the last.
        if line.len() > length_max && line.last() != Some(&' ') {
            line.truncate(length_max.saturating_sub(1));
            line.push(CUT);
            break;
        }
    }
    line.truncate(length_max);
    line.into_iter().collect::<String>().trim_end().to_owned()
}

/// As [`line`], with links, mentions and emoji names parted so that no program makes one of it
pub(super) fn inert(text: &str, length_max: usize) -> String {
    let line = line(text, length_max);
    line.split(' ').map(part_word).collect::<Vec<_>>().join(" ")
}

/// Characters that cannot be seen, or change how others are: Unicode's format characters (`Cf`),
/// its controls, tags, and variation selectors that can carry hidden text
fn is_invisible(it: char) -> bool {
    it.is_control()
        || matches!(it,
            '\u{AD}' | '\u{34F}' | '\u{600}'..='\u{605}' | '\u{61C}' | '\u{6DD}' | '\u{70F}'
            | '\u{890}'..='\u{891}' | '\u{8E2}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFC}' | '\u{110BD}' | '\u{110CD}' | '\u{13430}'..='\u{1345F}'
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Mail addresses and IP addresses stay whole, since people copy them out of a card: the worst that
/// a program makes of one is a `mailto:`, or on some phones a link to the bare address
fn part_word(word: &str) -> String {
    let inner = word.trim_matches(|it| "()[]<>\"',;".contains(it)).trim_end_matches('.');
    if is_mail_address(inner) || inner.parse::<IpAddr>().is_ok() {
        return word.to_owned();
    }
    // The dots of `203.0.113.9/login` are a link's, those of a version are not.
    let has_path = word.contains('/')
        && word
            .split(|it: char| !it.is_ascii_digit() && it != '.')
            .any(|it| it.trim_matches('.').parse::<Ipv4Addr>().is_ok());
    let mut parted = String::new();
    let mut before = None;
    let mut rest = word.chars().peekable();
    while let Some(it) = rest.next() {
        parted.push(it);
        if rest.peek().is_some_and(|&after| parts(before, it, after) || (has_path && it == '.')) {
            parted.push(PART);
        }
        before = Some(it);
    }
    parted
}

/// Whether a link, a mention or an emoji could go on from `it` to `after`
fn parts(before: Option<char>, it: char, after: char) -> bool {
    let between_digits = before.is_some_and(|it| it.is_ascii_digit()) && after.is_ascii_digit();
    match it {
        // `//host`, `https://`
        '/' => after == '/',
        // `mailto:`, `javascript:`, `:fire:`; not `10:30`, `C:\`
        ':' => !between_digits && !":\\".contains(after),
        // `evil.com`, `www.`, `file.exe`, and the dots that browsers read as one; not `1.2.3.4`
        '.' | '․' | '。' | '．' | '｡' => !between_digits && !after.is_ascii_punctuation(),
        // `@here`, `(#general`; not `ca1@2026…#0`
        '@' | '#' | '＠' | '＃' => before.is_none_or(|it| !it.is_alphanumeric()),
        _ => false,
    }
}

fn is_mail_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let labels = || domain.split('.');
    text.len() <= ADDRESS_LENGTH_MAX
        && local.starts_with(|it: char| it.is_ascii_alphanumeric())
        && local.chars().all(|it| it.is_ascii_alphanumeric() || "._+-".contains(it))
        && !local.to_ascii_lowercase().starts_with("www.")
        && labels().count() > 1
        && labels().all(|label| {
            label.starts_with(|it: char| it.is_ascii_alphanumeric())
                && label.chars().all(|it| it.is_ascii_alphanumeric() || it == '-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_visible_and_short() {
        check_line("  a\r\n\tb\u{2028}c\u{85}d  ", 20, "a b c d");
        check_line("a\u{202E}b\u{200B}c\u{0}d\u{1B}[31m\u{E0041}e\u{FEFF}", 20, "abcd[31me");
        check_line("abcde", 5, "abcde");
        check_line("abcdef", 5, "abcd…");
        check_line("abcde  ", 5, "abcde");
        check_line("abcd e", 5, "abcd…");
        check_line("żółw🐢żółw", 5, "żółw…");
        check_line("", 5, "");
        check_line("abc", 0, "");
    }

    #[test]
    fn links_and_mentions_are_parted_and_addresses_are_not() {
        check("https://evil.example/a", "https:~/~/evil.~example/a");
        check("http://203.0.113.55/a", "http:~/~/203.~0.~113.~55/a");
        check("//evil.com", "/~/evil.~com");
        check("WWW.evil.com@x.com", "WWW.~evil.~com@x.~com");
        check("evil。com evil．com", "evil。~com evil．~com");
        check("javascript:alert(1)", "javascript:~alert(1)");
        check("tel:+123 a:1 C:\\Temp 10:30", "tel:~+123 a:~1 C:\\Temp 10:30");
        check("(@here) ca1@2026-11-20T10:00:00.000Z#0", "(@~here) ca1@2026-11-20T10:00:00.000Z#0");
        check("@here #general a@b", "@~here #~general a@b");
        check(":fire:", ":~fire:");
        check("(kim.lee@contoso.example),", "(kim.lee@contoso.example),");
        check("203.0.113.5 2001:db8::beef", "203.0.113.5 2001:db8::beef");
        check("Done. Next...", "Done. Next...");
        check("evil\u{200B}.com", "evil.~com");
    }

    #[track_caller]
    fn check_line(text: &str, length_max: usize, expected: &str) {
        assert_eq!(line(text, length_max), expected, "for {text:?}");
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(inert(text, 100).replace(PART, "~"), expected, "for {text:?}");
    }
}
