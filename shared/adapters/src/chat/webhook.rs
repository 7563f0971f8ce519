//! A notification as JSON for anybody's webhook, by the Standard Webhooks conventions.
//!
//! Here text goes out as it is: the receiver gets data, and gives it its own form. The same
//! notification has the same `webhook-id` whenever it is posted, so the receiver can drop repeats.

use std::fmt::Write;

use defuse_domain::{
    About, AllowListTemplate, ChannelTemplate, Notification, SourceTemplate, TuningTemplate,
};
use defuse_flow::Cause;
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    Secret, SigningKey,
    signature::{WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP},
};

#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: String,
    timestamp: Timestamp,
    data: &'a Notification,
}

/// The body; `type` is `alert.` with the template's name, `source.down`, `source.up`,
/// `tuning.expires`, `allowList.refused`, or `channel.test`
pub(super) fn body(
    notification: &Notification,
    now: Timestamp,
) -> Result<Vec<u8>, serde_json::Error> {
    let kind = match &notification.about {
        About::Alert { template, .. } => format!("alert.{template}"),
        About::Source { template: SourceTemplate::Down, .. } => "source.down".to_owned(),
        About::Source { template: SourceTemplate::Up, .. } => "source.up".to_owned(),
        About::TuningRule { template: TuningTemplate::Expires, .. } => "tuning.expires".to_owned(),
        About::Channel { template: ChannelTemplate::Test, .. } => "channel.test".to_owned(),
        About::Indicator { template: AllowListTemplate::Refused, .. } => {
            "allowList.refused".to_owned()
        }
    };
    serde_json::to_vec(&Event { kind, timestamp: now, data: notification })
}

/// The headers that name the message and, with a key, prove where it is from
pub(super) fn headers(
    notification: &Notification,
    key: Option<&Secret>,
    now: Timestamp,
    body: &[u8],
) -> Result<Vec<(&'static str, String)>, Cause> {
    let id = header_id(&notification.id);
    let mut headers = Vec::new();
    if let Some(key) = key {
        let key = SigningKey::parse(key.expose())?;
        headers.push((WEBHOOK_SIGNATURE, key.sign(&id, now, body)));
    }
    headers.push((WEBHOOK_ID, id));
    headers.push((WEBHOOK_TIMESTAMP, now.as_second().to_string()));
    Ok(headers)
}

/// The notification's id, percent-encoded where a header could not carry it.
///
/// Why: an alert id may have any letters. A dot is encoded too, for it ends the id in what is
/// signed, and the specification allows none where the id comes from outside.
fn header_id(id: &str) -> String {
    let mut header = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_graphic() && !b".%".contains(&byte) {
            header.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(header, "%{byte:02X}");
        }
    }
    header
}

#[cfg(test)]
mod tests {
    use super::header_id;

    #[test]
    fn an_id_goes_into_a_header_and_stays_apart_from_others() {
        assert_eq!(header_id("ca1@2026-11-20T10:00:00Z#0/soc"), "ca1@2026-11-20T10:00:00Z#0/soc");
        assert_eq!(header_id("a.1.b"), "a%2E1%2Eb");
        assert_eq!(header_id("a%2E1"), "a%252E1");
        assert_eq!(header_id("é\r\nx: y"), "%C3%A9%0D%0Ax:%20y");
    }
}
