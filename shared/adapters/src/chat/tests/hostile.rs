//! Text that means harm, in every field of every channel.

use std::net::IpAddr;

use defuse_domain::{About, AlertId, Notification, Severity, Template};
use serde_json::Value;

use super::notification;
use crate::chat::{slack, teams, webhook};

const PAYLOADS: [&str; 66] = [
    "[open](https://evil.example/a)",
    "![img](https://evil.example/a.png)",
    "[open][1]\n\n[1]: https://evil.example",
    "<https://evil.example>",
    "https://evil.example/login",
    "HTTP://EVIL.EXAMPLE",
    "hxxp://evil.example",
    "ftp://evil.example",
    "//evil.example/a",
    "www.evil.example",
    "www.evil.com@contoso.example",
    "evil.com/login",
    "evil\u{3002}com",
    "ev\u{200B}il.com",
    "https:\u{200B}//evil.com",
    "https:\n//evil.com",
    "https:///evil.com",
    "xn--80ak6aa92e.com",
    "mailto:a@evil.com?subject=x",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "msteams:/l/chat/0/0?users=a@evil.com",
    "file://evil/share",
    "tel:+15551234",
    "http://203.0.113.9",
    "203.0.113.9/login",
    "**bold** __bold__",
    "*italic* _italic_ ***both***",
    "~~gone~~ ~gone~",
    "`code` ```code```",
    "# heading",
    "1. list",
    "12) list",
    "- list",
    "+ list",
    "> quote",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "---\n===\n***",
    "a\n\n- list\n# heading\n\n> quote",
    "\\[open\\](https://evil.example)",
    "\\\\[open](x)",
    "{{DATE(2026-11-20T10:00:00Z,SHORT)}}",
    "{{TIME(2026-11-20T10:00:00Z)}}",
    "${$root.secret} @{triggerBody()}",
    "<at>everyone</at>",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "&lt;b&gt; &#91;a&#93; &amp;lt;",
    "<!channel>",
    "<!here|here> <!everyone>",
    "<!subteam^S1>",
    "<@U012AB3CD>",
    "<#C012AB3CD|general>",
    "<https://evil.example|Open alert>",
    "&lt;!channel&gt;",
    "@here @channel @everyone",
    "a@here (@channel) \"@everyone\"",
    "\u{FF20}here \u{FF03}general",
    "#general",
    ":fire: :skull_and_crossbones:",
    "<!date^1392734382^{date}^https://evil.example|x>",
    "\"},{\"type\":\"Action.Submit\",\"title\":\"x\"},{\"a\":\"",
    "\u{202E}moc.live\u{202C} \u{2066}a\u{2069} \u{E0001}\u{E0041}",
    "\u{0}\u{7}\u{1B}[31mred\u{1B}[0m\u{9B}",
    "line\r\nline\u{2028}line\u{2029}line\u{85}line\u{B}line",
];

/// The payload in every field that text from outside comes into
fn hostile(payload: &str) -> Notification {
    let id = payload.replace(|it: char| it.is_whitespace() || it.is_control(), "_");
    Notification {
        id: payload.to_owned(),
        title: payload.to_owned(),
        about: About::Alert {
            template: Template::NeedsEyes,
            alert_id: AlertId::parse(&id).unwrap(),
            severity: Some(Severity::Medium),
        },
        facts: vec![(payload.to_owned(), payload.to_owned()), ("User".into(), payload.into())],
        reasons: vec![payload.to_owned(), format!("because {payload}, and {payload}")],
        url: Some(payload.to_owned()).filter(|it| !it.to_ascii_lowercase().contains("https:")),
        ..notification(Template::NeedsEyes)
    }
}

/// The value with every text emptied but those that say what an element is
fn shape(value: &Value) -> Value {
    match value {
        Value::Array(values) => values.iter().map(shape).collect(),
        Value::Object(values) => values
            .iter()
            .map(|(key, value)| match key.as_str() {
                "text" | "title" | "value" if value.is_string() => (key.clone(), Value::Null),
                _ => (key.clone(), shape(value)),
            })
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Object(values) => values
            .iter()
            .flat_map(|(key, value)| match (key.as_str(), value.as_str()) {
                ("text" | "title" | "value", Some(text)) => vec![text.to_owned()],
                _ => texts(value),
            })
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

/// Nothing that a client could turn into a link, a mention or an emoji, and nothing unseen
#[track_caller]
fn check_inert(text: &str) {
    let plain = text.replace('\\', "");
    let is_unseen = |it: char| {
        it != '\n' && it.is_control()
            || matches!(it, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}' | '\u{E0000}'..='\u{E007F}')
    };
    assert!(!text.contains(is_unseen), "unseen characters in {text:?}");
    for word in plain.split(char::is_whitespace) {
        let word = word.trim_matches(|it| "()[]<>\"',;".contains(it));
        let is_host = around(word, &[".", "。"])
            .iter()
            .any(|(before, after)| before.is_some() && after.is_some_and(char::is_alphanumeric));
        assert!(!is_host || word.parse::<IpAddr>().is_ok(), "a host in {text:?}");
        assert!(!word.contains("//"), "a link in {text:?}");
        for (before, _) in around(word, &["@here", "@channel", "@every", "＠here", "#gen", "＃gen"])
        {
            assert!(before.is_some_and(char::is_alphanumeric), "a mention in {text:?}");
        }
        let schemes = ["mailto:", "javascript:", "data:", "msteams:", "tel:", ":fire:", ":skull"];
        for (_, after) in around(&word.to_ascii_lowercase(), &schemes) {
            assert_eq!(after, None, "a scheme or an emoji in {text:?}");
        }
    }
}

/// The characters before and after each place where one of `parts` is
fn around(word: &str, parts: &[&str]) -> Vec<(Option<char>, Option<char>)> {
    let places = parts.iter().flat_map(|part| word.match_indices(part));
    places
        .map(|(index, part)| {
            let (before, rest) = word.split_at(index);
            (before.chars().next_back(), rest.split_at(part.len()).1.chars().next())
        })
        .collect()
}

#[track_caller]
fn check_markdown(text: &str) {
    let mut rest = text.chars().peekable();
    while let Some(it) = rest.next() {
        if it == '\\' {
            let escaped = rest.next();
            assert!(escaped.is_some_and(|it| it.is_ascii_punctuation()), "{text:?}");
        } else {
            assert!(!"`*_~[](){}<>#|&!\n".contains(it), "bare {it:?} in {text:?}");
        }
    }
    let list = text.trim_start_matches(|it: char| it.is_ascii_digit());
    let is_list = list.len() < text.len() && list.starts_with(['.', ')']);
    assert!(!is_list && !text.starts_with(['-', '+', '=', ' ']), "a list in {text:?}");
}

#[track_caller]
fn check_slack(text: &str) {
    assert!(!text.contains(['<', '>']), "{text:?}");
    for (_, rest) in text.match_indices('&').map(|(index, _)| text.split_at(index)) {
        let is_escape = ["&amp;", "&lt;", "&gt;"].iter().any(|it| rest.starts_with(it));
        assert!(is_escape, "bare & in {text:?}");
    }
}

#[test]
fn no_text_becomes_anything_but_text_in_teams() {
    let expected = shape(&teams::card(&hostile("harmless"), false));
    for payload in PAYLOADS {
        let card = teams::card(&hostile(payload), false);
        assert_eq!(shape(&card), expected, "for {payload:?}");
        for text in texts(&card) {
            check_inert(&text);
            check_markdown(&text);
        }
    }
}

#[test]
fn no_text_becomes_anything_but_text_in_slack() {
    let expected = shape(&slack::message(&hostile("harmless"), false));
    for payload in PAYLOADS {
        let message = slack::message(&hostile(payload), false);
        assert_eq!(shape(&message), expected, "for {payload:?}");
        for text in texts(&message) {
            check_inert(&text);
            check_slack(&text);
        }
        let rendered = message.to_string();
        assert!(!rendered.contains("\"type\":\"mrkdwn\""));
    }
}

#[test]
fn a_webhook_gets_every_text_as_it_is() {
    let now = "2026-11-20T10:00:00Z".parse().unwrap();
    for payload in PAYLOADS {
        let sent = hostile(payload);
        let body = webhook::body(&sent, now).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["type"], "alert.needsEyes");
        assert_eq!(body.as_object().unwrap().len(), 3);
        assert_eq!(serde_json::from_value::<Notification>(body["data"].clone()).unwrap(), sent);
    }
}
