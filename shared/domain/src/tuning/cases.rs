//! The table of cases in `tests/tuning_cases/`: for each a rule, an alert, what the rule comes to,
//! and why.
//!
//! A row gives what is special about it; everything else is as in the plain rule and alert here.

use std::{collections::BTreeSet, fs, path::Path};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::TuningRule;
use crate::{
    alert::Alert,
    catalogue::EvidenceType,
    condition::{OPERATORS, Situation},
    document::{Cursor, Problems, read_yaml},
    explanation::Truth,
    fact::{Answer, Facts, Question},
    organisation::Organisation,
    test_kit::{NOW, alert_with, fact, organisation, time},
};

/// What a row may say
const FIELDS: [&str; 12] = [
    "case",
    "when",
    "condition",
    "rule",
    "alert",
    "evidence",
    "tags",
    "since",
    "received",
    "now",
    "expect",
    "why",
];

/// One row of a table
#[derive(Debug)]
struct Case {
    file: String,
    name: String,
    fields: Map<String, Value>,
}

impl Case {
    fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    fn text(&self, name: &str) -> &str {
        let text = self.get(name).and_then(Value::as_str);
        text.unwrap_or_else(|| panic!("{}, `{}`: `{name}` is missing", self.file, self.name))
    }

    fn moment(&self, name: &str) -> Option<Timestamp> {
        self.get(name).map(|_| time(self.text(name)))
    }

    /// The plain rule, with the row's own fields
    fn rule(&self) -> TuningRule {
        let condition = self.get("condition").cloned().unwrap_or_else(|| {
            let when = self.get("when").cloned().unwrap_or(json!({ "evidence": "any" }));
            let severity = json!({ "alert": { "severity": { "atMost": "high" } } });
            json!({ "all": [severity, { "evidence": "any" }, when] })
        });
        let mut rule = json!({
            "apiVersion": "defuse/v1",
            "kind": "TuningRule",
            "name": "a-case",
            "owner": "secops@contoso.example",
            "reason": "a case",
            "serviceSources": ["microsoftDefenderForCloudApps"],
            "alertTypes": "any",
            "scope": "organisation",
            "condition": condition,
            "action": "hide",
            "expires": "2027-01-01T00:00:00Z",
        });
        extend(&mut rule, self.get("rule"));
        let rule = TuningRule::parse(&self.file, &rule.to_string());
        let rule = rule.unwrap_or_else(|it| panic!("{}, `{}`: {it:?}", self.file, self.name));
        match self.moment("since") {
            Some(since) => rule.in_force_since(since),
            None => rule,
        }
    }

    /// The plain alert of kim from 203.0.113.9, with the row's own properties and evidence
    fn alert(&self) -> Alert {
        let mut properties = json!({});
        if let Some(Value::Array(pieces)) = self.get("evidence") {
            properties["evidence"] = pieces.iter().cloned().map(typed).collect();
        }
        extend(&mut properties, self.get("alert"));
        Alert { received: self.moment("received"), ..alert_with(properties) }
    }

    /// What the row expects, and what the rule comes to
    fn answers(&self) -> (Truth, Truth) {
        let expected = match self.get("expect") {
            Some(Value::Bool(expected)) => Truth::from(*expected),
            Some(Value::String(word)) if word == "unknown" => Truth::Unknown,
            other => panic!("{}, `{}`: nobody expects {other:?}", self.file, self.name),
        };
        let (rule, alert) = (self.rule(), self.alert());
        let tags = self.get("tags").map(|it| serde_json::from_value(it.clone()).unwrap());
        let facts: Facts = tags
            .iter()
            .flat_map(|tags: &BTreeSet<String>| {
                let users = alert.users().into_iter();
                users.map(|it| fact(Question::Tags(it), Ok(Answer::Tags(tags.clone()))))
            })
            .collect();
        let organisation = the_organisation();
        let now = self.moment("now").unwrap_or_else(|| time(NOW));
        let situation =
            Situation { alert: &alert, facts: &facts, organisation: &organisation, now };
        (expected, rule.trace(situation).answer())
    }
}

fn the_organisation() -> Organisation {
    organisation("namedRanges: { office: [198.51.100.0/24] }\n")
}

fn extend(object: &mut Value, more: Option<&Value>) {
    if let Some(Value::Object(more)) = more {
        object.as_object_mut().unwrap().extend(more.clone());
    }
}

/// A piece of evidence that says its type by our short word for it
fn typed(mut piece: Value) -> Value {
    let fields = piece.as_object_mut().unwrap();
    if let Some(Value::String(name)) = fields.remove("piece") {
        let name = format!("#microsoft.graph.security.{name}Evidence");
        fields.insert("@odata.type".to_owned(), name.into());
    }
    piece
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tuning_cases");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    paths.sort();
    let mut cases = Vec::new();
    for path in paths {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let node = read_yaml(&file, &text).unwrap();
        let rows = Cursor::new(&node, &Problems::new(&file)).json();
        let Value::Array(rows) = rows else { panic!("{file} is no list") };
        for row in rows {
            let Value::Object(fields) = row else { panic!("{file}: {row}") };
            let name = fields["case"].as_str().unwrap().to_owned();
            let odd = fields.keys().find(|it| !FIELDS.contains(&it.as_str()));
            assert_eq!(odd, None, "{file}, `{name}`");
            cases.push(Case { file: file.clone(), name, fields });
        }
    }
    cases
}

#[test]
fn every_case_comes_out_as_it_says() {
    let wrong: Vec<String> = cases()
        .iter()
        .filter_map(|case| {
            let (expected, found) = case.answers();
            let Case { file, name, .. } = case;
            let why = case.text("why");
            (found != expected)
                .then(|| format!("{file}, `{name}`: {found:?}, and not {expected:?}: {why}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} cases are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_cases_leave_nothing_out() {
    let cases = cases();
    assert!(cases.len() >= 150, "only {} cases", cases.len());
    let names: BTreeSet<&str> = cases.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "two cases share a name");

    let mut tested = BTreeSet::new();
    let mut missed = BTreeSet::new();
    let mut operators: BTreeSet<&str> = BTreeSet::new();
    for case in &cases {
        let (expected, _) = case.answers();
        for condition in ["when", "condition"].iter().filter_map(|it| case.get(it)) {
            collect(condition, &mut |name, body| {
                if name == "evidence" {
                    let types = body.as_object().map(|it| it.keys().cloned().collect());
                    let types: Vec<String> =
                        types.unwrap_or_else(|| vec![body.as_str().unwrap().to_owned()]);
                    if expected == Truth::True { &mut tested } else { &mut missed }.extend(types);
                }
                operators.extend(OPERATORS.iter().find(|it| **it == name));
            });
        }
    }
    assert_eq!(operators.len(), OPERATORS.len(), "{operators:?}");
    for name in EvidenceType::ALL.iter().map(|it| it.name()).chain(["any"]) {
        assert!(tested.contains(name), "no case in which evidence of type {name} fits");
        assert!(missed.contains(name), "no case in which evidence of type {name} does not fit");
    }
    for field in FIELDS {
        assert!(cases.iter().any(|it| it.get(field).is_some()), "no case says `{field}`");
    }
}

/// Shows every key of a condition with what stands under it
fn collect(value: &Value, show: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(map) => {
            for (name, body) in map {
                show(name, body);
                collect(body, show);
            }
        }
        Value::Array(items) => items.iter().for_each(|it| collect(it, show)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
