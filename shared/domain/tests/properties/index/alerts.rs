//! Generates alerts as text: of Graph, mostly, with odd values, names twice, escapes and white space.

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Map, Value, json};

use super::{ADDRESSES, TEXTS, TIMES, number, one_of, or_odd, text};

/// An object of which each property is there or not
fn object(
    properties: Vec<(&'static str, BoxedStrategy<Value>)>,
) -> impl Strategy<Value = Map<String, Value>> {
    let each: Vec<BoxedStrategy<Option<(String, Value)>>> = properties
        .into_iter()
        .map(|(name, value)| {
            let there = value.prop_map(move |it| Some((name.to_owned(), it)));
            prop_oneof![3 => there, 1 => Just(None)].boxed()
        })
        .collect();
    each.prop_map(|it| it.into_iter().flatten().collect())
}

fn list(of: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Value> {
    or_odd(vec(of, 0..3).prop_map(Value::from)).boxed()
}

fn piece() -> impl Strategy<Value = Value> {
    let text = || or_odd(text()).boxed();
    let address = || or_odd(one_of(&ADDRESSES)).boxed();
    let number = || or_odd(number()).boxed();
    let base = || {
        vec![
            (
                "roles",
                list(
                    prop_oneof![3 => one_of(&["compromised", "ATTACKER"]), 1 => one_of(&["Trigger"]), 1 => or_odd(one_of(&["alpha"]))],
                ),
            ),
            (
                "detailedRoles",
                list(prop_oneof![4 => one_of(&["main"]), 1 => one_of(&["triggering"])]),
            ),
            ("verdict", or_odd(one_of(&["malicious", "Suspicious", "clean", "alpha"])).boxed()),
            ("tags", list(or_odd(one_of(&TEXTS)))),
            ("createdDateTime", or_odd(one_of(&TIMES)).boxed()),
        ]
    };
    let typed = |name: &'static str, own: Vec<(&'static str, BoxedStrategy<Value>)>| {
        let name = select(vec![
            format!("#microsoft.graph.security.{name}Evidence"),
            format!("#microsoft.graph.security.{}Evidence", name.to_uppercase()),
        ]);
        (name, object([own, base()].concat())).prop_map(|(name, properties)| {
            let mut piece = Map::from_iter([("@odata.type".to_owned(), Value::from(name))]);
            piece.extend(properties);
            Value::Object(piece)
        })
    };
    let inner = |own| or_odd(object(own).prop_map(Value::Object)).boxed();
    let details = inner(vec![("fileName", text()), ("sha256", text()), ("fileSize", number())]);
    let file = typed("file", vec![("fileDetails", details), ("mdeDeviceId", text())]);
    let location = inner(vec![("city", text())]);
    let ip = typed("ip", vec![("ipAddress", address()), ("location", location)]);
    let users = list(or_odd(inner(vec![("accountName", text())])));
    let device = typed(
        "device",
        vec![
            ("ipInterfaces", list(or_odd(one_of(&ADDRESSES)))),
            ("loggedOnUsers", users),
            ("osBuild", number()),
            ("deviceDnsName", text()),
        ],
    );
    let privileged = or_odd(any::<bool>().prop_map(Value::from)).boxed();
    let container = typed(
        "container",
        vec![("isPrivileged", privileged), ("args", list(or_odd(one_of(&TEXTS))))],
    );
    prop_oneof![
        6 => file, 5 => ip, 5 => device, 2 => container,
        2 => typed("quantum", vec![("fileDetails", text())]),
        1 => object(base()).prop_map(Value::Object),
        1 => Just(json!("nonsense")),
        1 => Just(json!({ "odata_type": "#microsoft.graph.security.fileEvidence", "tags": ["alpha"] })),
    ]
}

/// An alert as text: of Graph, mostly, in any order, with some white space and escapes
pub(super) fn alert() -> impl Strategy<Value = String> {
    let text = || or_odd(text()).boxed();
    let time = || or_odd(one_of(&TIMES)).boxed();
    let word = |words: &[&str]| or_odd(one_of(words)).boxed();
    let id = one_of(&["da1", "a1", "dafa1828b-dd4e-405c-8a3b-aa28596830dd_1"]).boxed();
    let detectors = ["impossibleTravel", "MCAS_ALERT_ANUBIS_DETECTION_VELOCITY", "Alpha", "alpha"];
    let properties = object(vec![
        ("title", text()),
        (
            "category",
            prop_oneof![12 => text(), 1 => Just(json!("AdvancedHunting-AlertInfo"))].boxed(),
        ),
        ("categories", list(or_odd(one_of(&TEXTS)))),
        ("systemTags", list(or_odd(one_of(&TEXTS)))),
        ("severity", word(&["low", "Medium", "high", "grave", ""])),
        ("status", word(&["new", "RESOLVED", "snoozed"])),
        ("classification", word(&["truePositive", "benignPositive", "odd"])),
        ("determination", word(&["malware", "clean"])),
        ("serviceSource", word(&["microsoftDefenderForEndpoint", "MDATP", "Contoso"])),
        ("detectionSource", word(&["antivirus", "EDR", "microsoftDefenderForEndpoint"])),
        ("detectorId", word(&detectors)),
        ("incidentId", or_odd(select(vec![json!("7"), json!(7), json!(4096)])).boxed()),
        ("createdDateTime", time()),
        ("lastUpdateDateTime", time()),
        (
            "evidence",
            prop_oneof![12 => vec(piece(), 0..5).prop_map(Value::from), 1 => Just(json!("odd"))]
                .boxed(),
        ),
        ("more", text()),
    ]);
    let other =
        select(vec!["", "", "", "", "", "", "", "", "", "_id", "ProductArn", "type", "records"]);
    let how = select(vec![How::Plain, How::Plain, How::Pretty, How::Escaped, How::Twice]);
    (id, properties, other, how, any::<u64>()).prop_map(
        |(id, mut properties, other, how, order)| {
            if !other.is_empty() {
                properties.insert(other.to_owned(), json!("alpha"));
            }
            properties.insert("id".to_owned(), id);
            written(&Value::Object(properties), how, order)
        },
    )
}

#[derive(Clone, Copy, Debug)]
enum How {
    Plain,
    Pretty,
    Escaped,
    Twice,
}

/// Writes JSON with its keys in another order
fn written(value: &Value, how: How, order: u64) -> String {
    let space = if matches!(how, How::Pretty) { "\n  " } else { "" };
    match value {
        Value::Object(object) => {
            let mut pairs: Vec<String> = object
                .iter()
                .map(|(name, value)| {
                    format!(
                        "{}{space}:{space}{}",
                        string(name, How::Plain),
                        written(value, how, order)
                    )
                })
                .collect();
            if !pairs.is_empty() {
                let n_pairs = pairs.len();
                pairs.rotate_left(usize::try_from(order % 7).unwrap() % n_pairs);
                if order.is_multiple_of(3) {
                    // As OData writes it.
                    pairs.sort_by_key(|it| !it.starts_with("\"@odata.type"));
                }
                if matches!(how, How::Twice) && order.is_multiple_of(2) {
                    let first = &object.iter().next().unwrap();
                    pairs.push(format!("{}:{}", string(first.0, How::Plain), first.1));
                }
            }
            format!("{{{space}{}{space}}}", pairs.join(&format!("{space},{space}")))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|it| written(it, how, order)).collect();
            format!("[{space}{}{space}]", items.join(&format!("{space},")))
        }
        Value::String(text) => string(text, how),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

fn string(text: &str, how: How) -> String {
    if matches!(how, How::Escaped) {
        let escaped = text.encode_utf16().map(|it| format!("\\u{it:04x}"));
        return format!("\"{}\"", escaped.collect::<String>());
    }
    Value::from(text).to_string()
}
