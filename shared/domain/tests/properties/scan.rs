//! The walk over JSON takes nothing that its reader refuses, and sees what that sees.

use defuse_domain::{Alert, Condition, ConditionIndex, Match};
use proptest::{collection::vec, prelude::*, sample::select};

/// Bits of JSON that are put together in any way
const BITS: [&str; 40] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\"id\":\"a\"",
    "\"title\":\"x\"",
    "\"evidence\":[",
    "\"@odata.type\":\"#microsoft.graph.security.fileEvidence\"",
    "\"fileDetails\":{\"fileName\":\"x\"}",
    "null",
    "true",
    "false",
    "nul",
    "0",
    "-0",
    "01",
    "1.5",
    "1.",
    "1e5",
    "1E400",
    "-",
    "123456789012345678901234567890",
    "\\u0041",
    "\\ud800",
    "\\x",
    "\"\\u0041\"",
    "\"\\ud83d\\ude00\"",
    "\u{1}",
    "é",
    " ",
    "\n",
    "\"a\"",
    "\"b\":1",
    "{}",
    "[]",
    "\u{FEFF}",
];

/// What is damaged; of some names nobody looks for the value
const WHOLE: &str = r##"{"id":"a","title":"x","s":null,"n":[1,-2.5,{"a":null,"b":[true,false,{}]}],"x":"\u00e9\\é","evidence":[{"@odata.type":"#microsoft.graph.security.fileEvidence","verdict":"unknown", "roles":[],"fileDetails":{"md5":"b","fileName":"x"}},{"@odata.type":"#microsoft.graph.security.ipEvidence","ipAddress":"10.0.0.1"}]}"##;

/// Like an alert, with a few bytes changed
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let change = (
        any::<prop::sample::Index>(),
        select(b"{}[]\",:\\0123-+.eEtfnu a\x00\x1f\x7f\xc3\xff".to_vec()),
        0..3_u8,
    );
    vec(change, 0..3).prop_map(move |changes| {
        let mut bytes = WHOLE.as_bytes().to_vec();
        for (place, byte, how) in changes {
            let place = place.index(bytes.len());
            match how {
                0 => bytes[place] = byte,
                1 => bytes.insert(place, byte),
                _ => drop(bytes.remove(place)),
            }
        }
        bytes
    })
}

fn in_bits() -> impl Strategy<Value = Vec<u8>> {
    vec(select(BITS.to_vec()), 0..12)
        .prop_map(|it| format!("{{\"id\":\"a\",{}}}", it.concat()).into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_096))]

    #[test]
    fn what_is_walked_over_can_be_read(json in prop_oneof![damaged(), in_bits()]) {
        let rules = [
            "alert: { title: x }", "not: { alert: { title: x } }", "evidence: { file: { fileName: x } }",
            "evidence: { ip: { ipAddress: { inSubnet: 10.0.0.0/8 } } }", "not: { evidence: ip }", "alert: { id: a }",
            "alert: { title: { exists: false } }",
        ];
        let rules = rules.map(|it| Condition::parse("c.yaml", it).unwrap());
        let index = ConditionIndex::new(&rules);
        let read = str::from_utf8(&json).ok().and_then(|it| Alert::read(it).ok());
        let expected = read.map(|it| index.matcher().of_alert(&it).to_vec());
        let found = index.matcher().of_json(&json).map(<[Match]>::to_vec).ok();
        prop_assert_eq!(&found, &expected, "{:?}", String::from_utf8_lossy(&json));
        // One that knows how alerts are written sees the same.
        let mut matcher = index.matcher();
        for _ in 0..3 {
            prop_assert!(matcher.of_json(WHOLE.as_bytes()).is_ok());
        }
        let found = matcher.of_json(&json).map(<[Match]>::to_vec).ok();
        prop_assert_eq!(&found, &expected, "{:?}", String::from_utf8_lossy(&json));
        // And forgets nothing that it needs.
        let found = matcher.of_json(WHOLE.as_bytes()).map(<[Match]>::to_vec);
        prop_assert_eq!(found, index.matcher().of_json(WHOLE.as_bytes()).map(<[Match]>::to_vec));
    }
}
