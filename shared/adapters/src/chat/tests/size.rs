//! The largest notification keeps within each channel's limits.

use defuse_domain::{Notification, Template};
use serde_json::Value;

use super::notification;
use crate::chat::{slack, teams};

const MEGABYTE: usize = 1024 * 1024;

/// Each text `unit` over and over, in as many facts and reasons as `n`
fn large(unit: &str, n_bytes: usize, n: usize) -> Notification {
    let text = unit.repeat(n_bytes / unit.len());
    Notification {
        id: text.clone(),
        title: text.clone(),
        facts: vec![(text.clone(), text.clone()); n],
        reasons: vec![text; n],
        ..notification(Template::NeedsEyes)
    }
}

/// What takes most room once escaped, counted in bytes or in characters
const UNITS: [&str; 8] = ["a", "\\", "&", "🐢", "a.", "\"", "* ", "@🐢"];

fn texts<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(values) => values.iter().for_each(|it| self::texts(it, texts)),
        Value::Object(values) => values.values().for_each(|it| self::texts(it, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn a_teams_message_stays_small_with_title_facts_and_link() {
    for unit in UNITS {
        for (n_bytes, n) in [(MEGABYTE, 1), (2_000, 300), (100, 1_000)] {
            let card = teams::card(&large(unit, n_bytes, n), true);
            let n_bytes = card.to_string().len();
            assert!(n_bytes <= teams::MESSAGE_BYTES_MAX, "{n_bytes} bytes of {unit:?}");
            let content = &card["attachments"][0]["content"];
            assert!(content["body"][0]["text"].as_str().unwrap().starts_with("Alert needs"));
            assert_eq!(content["body"][1]["type"], "FactSet");
            assert_eq!(content["actions"][0]["type"], "Action.OpenUrl");
            assert_eq!(n == 1, !card.to_string().contains(" more\""), "{unit:?} × {n}");
        }
    }
}

#[test]
fn a_long_reason_is_cut_and_the_first_ones_stay() {
    let card = teams::card(&large("reason ", MEGABYTE, 100), false);
    let body = card["attachments"][0]["content"]["body"].as_array().unwrap();
    assert!(body[2]["text"].as_str().unwrap().ends_with('…'));
    let n_shown = body.len() - 4;
    assert!(n_shown > 1, "{n_shown} reasons");
    let more = body[body.len() - 2]["text"].as_str().unwrap();
    assert_eq!(more, format!("and {} more", 100 - n_shown));
}

#[test]
fn a_slack_message_keeps_to_every_limit() {
    for unit in UNITS {
        for (n_bytes, n) in [(MEGABYTE, 1), (2_000, 300), (100, 1_000)] {
            let message = slack::message(&large(unit, n_bytes, n), true);
            let length = |text: &Value| text.as_str().unwrap().encode_utf16().count();
            assert!(length(&message["text"]) <= slack::TEXT_LENGTH_MAX);
            let blocks = message["blocks"].as_array().unwrap();
            assert!(blocks.len() <= 50);
            assert!(length(&blocks[0]["text"]["text"]) <= slack::HEADER_LENGTH_MAX);
            for block in blocks {
                let fields = block["fields"].as_array().map_or(0, Vec::len);
                assert!(fields <= slack::FIELDS_MAX);
                let mut texts_of_block = Vec::new();
                texts(block, &mut texts_of_block);
                for text in texts_of_block {
                    let length = text.encode_utf16().count();
                    assert!(length <= slack::SECTION_LENGTH_MAX, "{length} of {unit:?}");
                }
            }
        }
    }
}

#[test]
fn slack_says_how_many_reasons_it_leaves_out() {
    let message = slack::message(&large("reason ", 1_000, 100), false).to_string();
    assert!(message.contains("and 96 more"), "{message}");
}

#[test]
fn a_link_that_is_too_long_or_not_https_is_left_out() {
    let long = format!("https://x.example/{}", "a".repeat(2_048));
    for url in [&long, "http://x.example/", "javascript:alert(1)", "https://u:p@x.example/", ""] {
        let url = Some(url.to_owned());
        let notification = Notification { url, ..notification(Template::Resolved) };
        assert!(!teams::card(&notification, false).to_string().contains("OpenUrl"));
        assert!(!slack::message(&notification, false).to_string().contains("button"));
    }
}
