//! Settings and channels, as they are sent and answered.

use defuse_domain::{ChannelKind, EntraIdProtection};
use serde_json::{Value, json};

use crate::shape::{Shape, list, object, or_null, text, time, words};

/// Settings as they count
pub(super) const SETTINGS: Shape = Shape { name: "Settings", schema: settings };
/// What is to change
pub(super) const CHANGE: Shape = Shape {
    name: "SettingsChange",
    schema: || object(&[("entraIdProtection", or_null(level()))], &[]),
};
/// Every channel
pub(super) const CHANNELS: Shape = Shape {
    name: "Channels",
    schema: || {
        let kind = words(ChannelKind::ALL.iter().map(|it| it.name()));
        let channel = object(&[("name", text()), ("kind", kind)], &[]);
        object(&[("channels", list(channel))], &[])
    },
};
/// That a message is on its way
pub(super) const SENT: Shape =
    Shape { name: "SentTest", schema: || object(&[("id", text()), ("channel", text())], &[]) };

fn level() -> Value {
    words(EntraIdProtection::ALL.iter().map(|it| it.name()))
}

fn settings() -> Value {
    let change = object(
        &[
            ("version", json!({ "type": "integer" })),
            ("level", or_null(level())),
            ("by", text()),
            ("at", time()),
        ],
        &[],
    );
    let entra = object(
        &[
            ("level", level()),
            ("deployed", or_null(level())),
            ("set", or_null(level())),
            ("mayBeSet", json!({ "type": "boolean" })),
            ("history", list(change)),
        ],
        &[],
    );
    object(&[("entraIdProtection", entra)], &[])
}
