//! A notification as the message that a Slack incoming webhook takes.
//!
//! All text is `plain_text`, which has no mark-up. The fallback `text` could have, so mark-up is
//! switched off there; `& < >` are escaped everywhere, as Slack asks.

use defuse_domain::Notification;
use serde_json::{Value, json};

use super::{
    content::{
        ID_LENGTH_MAX, NAME_LENGTH_MAX, OPEN, REASON_LENGTH_MAX, REASONS_MAX, TITLE_LENGTH_MAX,
        VALUE_LENGTH_MAX, facts, heading, link, more, repeat,
    },
    text::inert,
};

/// The longest header that Slack takes, in its characters
pub(super) const HEADER_LENGTH_MAX: usize = 150;
/// The longest text of a section
pub(super) const SECTION_LENGTH_MAX: usize = 3_000;
/// The longest fallback that we send
pub(super) const TEXT_LENGTH_MAX: usize = 500;
/// The most fields of a section
pub(super) const FIELDS_MAX: usize = 10;

/// Room for the line that says how many reasons are left out
const MORE_LENGTH_MAX: usize = 40;

/// The message for a Slack incoming webhook
pub(super) fn message(notification: &Notification, unsure: bool) -> Value {
    let heading = heading(&notification.about);
    let title = escaped(&notification.title, TITLE_LENGTH_MAX);
    let mut blocks = vec![json!({
        "type": "header",
        "text": plain(&shortened(&format!("{heading}: {title}"), HEADER_LENGTH_MAX)),
    })];
    let fields: Vec<Value> = facts(notification)
        .into_iter()
        .map(|(name, value)| {
            let name = escaped(name, NAME_LENGTH_MAX);
            let value = escaped(value, VALUE_LENGTH_MAX);
            // Slack refuses a message that has a text with nothing in it.
            plain(&format!("{name}\n{}", if value.is_empty() { "–" } else { &value }))
        })
        .collect();
    blocks.extend(
        fields.chunks(FIELDS_MAX).map(|fields| json!({ "type": "section", "fields": fields })),
    );
    if let Some(reasons) = reasons(notification) {
        blocks.push(json!({ "type": "section", "text": plain(&reasons) }));
    }
    let id = escaped(&notification.id, ID_LENGTH_MAX);
    let footer = format!("Notification {id}{}", repeat(unsure));
    blocks.push(json!({ "type": "context", "elements": [plain(&footer)] }));
    if let Some(url) = link(notification) {
        let button = json!({ "type": "button", "text": plain(OPEN), "url": url });
        blocks.push(json!({ "type": "actions", "elements": [button] }));
    }
    json!({
        "text": shortened(&format!("{heading}: {title}"), TEXT_LENGTH_MAX),
        "mrkdwn": false,
        "unfurl_links": false,
        "unfurl_media": false,
        "blocks": blocks,
    })
}

/// A line for each reason, as many as go into one section
fn reasons(notification: &Notification) -> Option<String> {
    let mut lines = String::new();
    let mut n_shown = 0;
    for reason in notification.reasons.iter().take(REASONS_MAX) {
        let line = format!("• {}\n", escaped(reason, REASON_LENGTH_MAX));
        if length(&lines) + length(&line) + MORE_LENGTH_MAX > SECTION_LENGTH_MAX {
            break;
        }
        lines.push_str(&line);
        n_shown += 1;
    }
    let n_left_out = notification.reasons.len().saturating_sub(n_shown);
    if n_left_out > 0 {
        lines.push_str(&more(n_left_out));
    }
    let lines = lines.trim_end();
    (!lines.is_empty()).then(|| lines.to_owned())
}

fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text, "emoji": false })
}

/// Text from outside, at most `length_max` long once escaped
fn escaped(text: &str, length_max: usize) -> String {
    let mut escaped = String::new();
    for it in inert(text, length_max).chars() {
        match it {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            _ => escaped.push(it),
        }
    }
    shortened(&escaped, length_max)
}

/// `escaped` cut to `length_max`, never within an escape
fn shortened(escaped: &str, length_max: usize) -> String {
    if length(escaped) <= length_max {
        return escaped.to_owned();
    }
    let mut kept = String::new();
    let mut n_kept = 1;
    for piece in escaped.split_inclusive(';').flat_map(pieces) {
        n_kept += length(piece);
        if n_kept > length_max {
            break;
        }
        kept.push_str(piece);
    }
    kept.push('…');
    kept
}

/// The characters of `text`, an escape at its end as one
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let escape = ["&amp;", "&lt;", "&gt;"].into_iter().find(|it| text.ends_with(it));
    let rest = escape.and_then(|it| text.strip_suffix(it)).unwrap_or(text);
    rest.split_inclusive(|_: char| true).chain(escape)
}

/// As Slack may count: an emoji is two
fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn an_escape_is_never_cut() {
        assert_eq!(escaped("<b> & c", 100), "&lt;b&gt; &amp; c");
        assert_eq!(escaped("a<b", 6), "a&lt;b");
        assert_eq!(escaped("ab<b", 6), "ab…");
        assert_eq!(escaped("a;b<<<<", 8), "a;b&lt;…");
        assert_eq!(escaped("🐢🐢🐢", 5), "🐢🐢…");
    }
}
