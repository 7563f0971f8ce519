//! Teams, Slack and a plain webhook, with the limits they are known for.

use axum::{Router, body::Bytes, http::StatusCode, routing::post};
use serde_json::Value;

use super::state::Shared;

/// The most that Teams takes in one message
const TEAMS_BYTES_MAX: usize = 28 * 1024;
const SLACK_BLOCKS_MAX: usize = 50;
const SLACK_SECTION_CHARS_MAX: usize = 3000;
const SLACK_HEADER_CHARS_MAX: usize = 150;

const CARD_TYPE: &str = "application/vnd.microsoft.card.adaptive";

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/teams/{channel}", post(teams))
        .route("/slack/{channel}", post(slack))
        .route("/webhook/{channel}", post(webhook))
}

/// A workflow's webhook: accepted is not yet delivered, and there is no body
async fn teams(body: Bytes) -> (StatusCode, &'static str) {
    if body.len() > TEAMS_BYTES_MAX {
        return (StatusCode::PAYLOAD_TOO_LARGE, "message is over 28 KB");
    }
    if serde_json::from_slice(&body).is_ok_and(|message| is_card_message(&message)) {
        return (StatusCode::ACCEPTED, "");
    }
    (StatusCode::BAD_REQUEST, "not a message with an Adaptive Card")
}

fn is_card_message(message: &Value) -> bool {
    let is = |value: &Value, name: &str, text: &str| value.get(name).is_some_and(|it| it == text);
    let items = |value: &Value, name: &str| {
        value.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let is_card = |attachment: &Value| {
        let content = attachment.get("content").unwrap_or(&Value::Null);
        is(attachment, "contentType", CARD_TYPE)
            && is(content, "type", "AdaptiveCard")
            && content.get("version").is_some_and(Value::is_string)
            && !items(content, "body").is_empty()
            // Why: a webhook cannot take anything back from the reader.
            && items(content, "actions").iter().all(|it| is(it, "type", "Action.OpenUrl"))
    };
    let attachments = items(message, "attachments");
    is(message, "type", "message") && !attachments.is_empty() && attachments.iter().all(is_card)
}

/// An incoming webhook, which answers in plain text
async fn slack(body: Bytes) -> (StatusCode, &'static str) {
    match check_slack(&body) {
        Ok(()) => (StatusCode::OK, "ok"),
        Err(reason) => (StatusCode::BAD_REQUEST, reason),
    }
}

fn check_slack(body: &[u8]) -> Result<(), &'static str> {
    let Ok(Value::Object(message)) = serde_json::from_slice(body) else {
        return Err("invalid_payload");
    };
    let blocks = match message.get("blocks") {
        None => &Vec::new(),
        Some(blocks) => blocks.as_array().ok_or("invalid_blocks")?,
    };
    let text = message.get("text").and_then(Value::as_str).unwrap_or_default();
    if text.is_empty() && blocks.is_empty() {
        return Err("no_text");
    }
    if blocks.len() > SLACK_BLOCKS_MAX || !blocks.iter().all(is_block) {
        return Err("invalid_blocks");
    }
    Ok(())
}

fn is_block(block: &Value) -> bool {
    let text = block.pointer("/text/text").and_then(Value::as_str);
    let n_chars = text.map_or(0, |text| text.chars().count());
    match block.get("type").and_then(Value::as_str) {
        Some("section") => n_chars <= SLACK_SECTION_CHARS_MAX,
        Some("header") => (1..=SLACK_HEADER_CHARS_MAX).contains(&n_chars),
        Some(_) => true,
        None => false,
    }
}

async fn webhook() -> StatusCode {
    StatusCode::NO_CONTENT
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn slack_says_what_is_wrong_in_its_own_words() {
        let section = |n_chars: usize| json!({ "type": "section", "text": { "type": "mrkdwn", "text": "é".repeat(n_chars) } });
        let blocks = |blocks: Vec<Value>| json!({ "text": "hello", "blocks": blocks });

        check(json!({ "text": "hello" }), Ok(()));
        check(json!("hello"), Err("invalid_payload"));
        check(json!({ "text": "" }), Err("no_text"));
        check(blocks(vec![section(1); 50]), Ok(()));
        check(blocks(vec![section(1); 51]), Err("invalid_blocks"));
        check(blocks(vec![section(3000)]), Ok(()));
        check(blocks(vec![section(3001)]), Err("invalid_blocks"));
        check(blocks(vec![json!({ "text": "no type" })]), Err("invalid_blocks"));
        check(json!({ "text": "hello", "blocks": {} }), Err("invalid_blocks"));
    }

    #[track_caller]
    fn check(message: Value, expected: Result<(), &'static str>) {
        assert_eq!(check_slack(message.to_string().as_bytes()), expected, "for {message}");
    }

    #[test]
    fn teams_takes_cards_that_only_open_links() {
        let message = |action: &str| {
            json!({ "type": "message", "attachments": [{ "contentType": CARD_TYPE, "content": {
                "type": "AdaptiveCard", "version": "1.2",
                "body": [{ "type": "TextBlock", "text": "hello" }],
                "actions": [{ "type": action, "title": "Open", "url": "https://example.com" }],
            }}]})
        };

        assert!(is_card_message(&message("Action.OpenUrl")));
        assert!(!is_card_message(&message("Action.Submit")));
        assert!(!is_card_message(&json!({ "text": "the old connectors took this" })));
        assert!(!is_card_message(&json!({ "type": "message", "attachments": [] })));
    }
}
