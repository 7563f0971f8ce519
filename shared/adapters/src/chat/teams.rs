//! A notification as the Adaptive Card that a Teams workflow posts.
//!
//! Text blocks and fact sets take Markdown and `{{DATE(…)}}`, so every special character from
//! outside is escaped. Clients on phones have shown such back slashes, and never made a link of what
//! they part; links are parted by `text` besides. No `Action.Submit`: workflows do not take it.

use defuse_domain::{
    About, AllowListTemplate, ChannelTemplate, Notification, SourceTemplate, Template,
    TuningTemplate,
};
use serde_json::{Value, json};

use super::{
    content::{
        ID_LENGTH_MAX, NAME_LENGTH_MAX, OPEN, REASON_LENGTH_MAX, REASONS_MAX, TITLE_LENGTH_MAX,
        VALUE_LENGTH_MAX, facts, heading, link, more, repeat,
    },
    text::inert,
};

/// The largest message we post, in bytes. Teams takes about 28 KB, by its own way of counting.
pub(super) const MESSAGE_BYTES_MAX: usize = 20 * 1024;

/// The message for a Teams workflow.
///
/// Where it would be too large, reasons are left out from the end; title, facts and link stay.
pub(super) fn card(notification: &Notification, unsure: bool) -> Value {
    let mut reasons: Vec<String> = notification
        .reasons
        .iter()
        .take(REASONS_MAX)
        .map(|it| markdown(it, REASON_LENGTH_MAX))
        .filter(|it| !it.is_empty())
        .collect();
    loop {
        let message = envelope(notification, &reasons, unsure);
        if message.to_string().len() <= MESSAGE_BYTES_MAX || reasons.pop().is_none() {
            return message;
        }
    }
}

fn envelope(notification: &Notification, reasons: &[String], unsure: bool) -> Value {
    let mut card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": body(notification, reasons, unsure),
        "msteams": { "width": "Full" },
    });
    if let (Some(url), Some(card)) = (link(notification), card.as_object_mut()) {
        let open = json!([{ "type": "Action.OpenUrl", "title": OPEN, "url": url }]);
        card.insert("actions".to_owned(), open);
    }
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": card,
        }],
    })
}

fn body(notification: &Notification, reasons: &[String], unsure: bool) -> Vec<Value> {
    let title = markdown(&notification.title, TITLE_LENGTH_MAX);
    let facts: Vec<Value> = facts(notification)
        .into_iter()
        .map(|(name, value)| {
            json!({
                "title": markdown(name, NAME_LENGTH_MAX),
                "value": markdown(value, VALUE_LENGTH_MAX),
            })
        })
        .collect();
    let mut body = vec![
        json!({
            "type": "TextBlock",
            "size": "Medium",
            "weight": "Bolder",
            "color": color(&notification.about),
            "wrap": true,
            "text": format!("{}: {title}", heading(&notification.about)),
        }),
        json!({ "type": "FactSet", "facts": facts }),
    ];
    body.extend(reasons.iter().map(|it| json!({ "type": "TextBlock", "wrap": true, "text": it })));
    let n_left_out = notification.reasons.len().saturating_sub(reasons.len());
    if n_left_out > 0 {
        body.push(small(&more(n_left_out)));
    }
    let id = markdown(&notification.id, ID_LENGTH_MAX);
    body.push(small(&format!("Notification {id}{}", repeat(unsure))));
    body
}

fn small(text: &str) -> Value {
    json!({ "type": "TextBlock", "size": "Small", "isSubtle": true, "wrap": true, "text": text })
}

/// One of the colours that a text block has: each client has its own shade of it
const fn color(about: &About) -> &'static str {
    match about {
        About::Alert { template: Template::Resolved, .. }
        | About::Source { template: SourceTemplate::Up, .. } => "Good",
        About::Alert { template: Template::NeedsEyes, .. }
        | About::Source { template: SourceTemplate::Down, .. } => "Attention",
        About::TuningRule { template: TuningTemplate::Expires, .. }
        | About::Indicator { template: AllowListTemplate::Refused, .. } => "Warning",
        About::Channel { template: ChannelTemplate::Test, .. } => "Accent",
    }
}

/// Text from outside as Markdown that shows it as it is
fn markdown(text: &str, length_max: usize) -> String {
    let inert = inert(text, length_max);
    let mut escaped = String::with_capacity(inert.len());
    let mut at_start = true;
    for it in inert.chars() {
        let is_special = match it {
            '\\' | '`' | '*' | '_' | '~' | '[' | ']' | '(' | ')' | '{' | '}' | '<' | '>' | '#'
            | '|' | '&' | '!' => true,
            // Lists and rules: `- a`, `+ a`, `1. a`, `===`
            '-' | '+' | '=' | '.' => at_start,
            _ => false,
        };
        if is_special {
            escaped.push('\\');
        }
        escaped.push(it);
        at_start &= it.is_ascii_digit();
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::markdown;

    #[test]
    fn markdown_shows_the_text_as_it_is() {
        check("[a](https://x.y)", r"\[a\]\(https:~/~/x.~y\)");
        check("*a* _b_ ~~c~~ `d`", r"\*a\* \_b\_ \~\~c\~\~ \`d\`");
        check("- a - b", r"\- a - b");
        check("12. a 3. b", r"12\. a 3. b");
        check("1) a", r"1\) a");
        check("{{DATE(2026-01-01)}}", r"\{\{DATE\(2026-01-01\)\}\}");
        check("<at>a</at> &lt;", r"\<at\>a\</at\> \&lt;");
        check(r"CONTOSO\kim", r"CONTOSO\\kim");
        check("a\n# b", r"a \# b");
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(markdown(text, 100).replace(super::super::text::PART, "~"), expected);
    }
}
