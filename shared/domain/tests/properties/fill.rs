//! A tuning rule filled in from an alert is one that can be read, and holds of that alert.

use defuse_domain::{Alert, EvidenceType, Facts, Fill, FillError, Organisation, Truth, TuningRule};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Map, Value, json};

use crate::arbitrary::now;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "\\PC{0,40}",
        2 => any::<String>(),
        2 => "[\\[\\]{}:,'\"&*!|>%@`#?~ \\\\\\n\\t-]{0,12}",
        1 => "[a-z]{3}".prop_map(|it| it.repeat(800)),
        1 => select(vec!["null", "true", "7", " ", "a*b?c\\*", "\u{202e}x"]).prop_map(str::to_owned),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => text().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => Just(json!(1.5)),
        1 => Just(json!("2026-11-22T10:00:00Z")),
        1 => vec(text().prop_map(Value::from), 0..4).prop_map(Value::from),
        1 => vec(select(vec![json!(null), json!(7), json!("a"), json!({ "b": "c" })]), 0..4)
            .prop_map(Value::from),
    ]
}

/// A piece of any type, with some of its properties, be they right or wrong
fn piece() -> impl Strategy<Value = Value> {
    let known = select(EvidenceType::ALL.to_vec()).prop_flat_map(|evidence_type| {
        let paths = evidence_type.paths();
        (Just(evidence_type), vec((select(paths), value()), 0..8))
    });
    let known = known.prop_map(|(evidence_type, properties)| {
        let mut piece = Map::new();
        piece.insert(
            "@odata.type".to_owned(),
            json!(format!("#microsoft.graph.security.{evidence_type}Evidence")),
        );
        for (path, value) in properties {
            match path.split_once('.') {
                None => _ = piece.insert(path, value),
                Some((first, last)) => {
                    let inner = piece.entry(first.to_owned()).or_insert_with(|| json!({}));
                    if let Some(inner) = inner.as_object_mut() {
                        inner.insert(last.to_owned(), value);
                    }
                }
            }
        }
        Value::Object(piece)
    });
    prop_oneof![
        9 => known,
        1 => text().prop_map(|it| json!({ "@odata.type": it, "verdict": "suspicious" })),
    ]
}

fn alert() -> impl Strategy<Value = Alert> {
    let severity = select(vec!["informational", "low", "medium", "high", "grave"]);
    let source = select(vec!["microsoftDefenderForEndpoint", "microsoftDefenderForIdentity", "x"]);
    let verdicts = vec(select(vec!["suspicious", "benign", "malicious"]), 6);
    (text(), text(), severity, source, vec(piece(), 0..6), verdicts).prop_map(
        |(title, detector, severity, source, mut evidence, verdicts)| {
            for (piece, verdict) in evidence.iter_mut().zip(verdicts) {
                piece["verdict"] = verdict.into();
            }
            let alert = json!({
                "id": "a1", "title": title, "severity": severity, "detectorId": detector,
                "serviceSource": source, "evidence": evidence,
            });
            Alert::read(&alert.to_string()).unwrap()
        },
    )
}

proptest! {
    #[test]
    fn a_filled_rule_is_read_and_holds(
        alert in alert(), trigger_only in any::<bool>(), any_alert_type in any::<bool>(),
    ) {
        let fill = Fill { trigger_only, any_alert_type };
        let text = match fill.rule(&alert, now()) {
            Ok(text) => text,
            Err(error) => {
                prop_assert!(is_right(error, &alert, fill), "{error}");
                return Ok(());
            }
        };
        let text = text.replace("owner: \"\"", "owner: o").replace("reason: \"\"", "reason: r");
        let rule = TuningRule::parse("filled.yaml", &text);
        let rule = rule.map_err(|it| TestCaseError::fail(format!("{text}\n{it:#?}")))?;
        let trace = rule.explain(&alert, &Facts::default(), &Organisation::default(), now());
        prop_assert_eq!(trace.answer(), Truth::True, "{}\n{:#?}", text, trace.explanation);
        prop_assert!(text.lines().all(|it| !it.contains(|it: char| it.is_control())));
    }
}

/// Whether the alert is one about which there can be no such rule
fn is_right(error: FillError, alert: &Alert, fill: Fill) -> bool {
    match error {
        FillError::NoEvidence => alert.evidence.is_empty(),
        FillError::TriggerUnknown => fill.trigger_only,
        FillError::NoServiceSource => alert.known_service_source().is_none(),
        FillError::NoSeverity => alert.known_severity().is_none(),
        FillError::NoAlertType => !fill.any_alert_type,
    }
}
