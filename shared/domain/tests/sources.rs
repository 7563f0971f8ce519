//! The mapping tables in `docs/reference/sources.md` are right and whole: what they say is put into a
//! sample event of each source, and what changes is what they say.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]
#![expect(clippy::indexing_slicing, reason = "a test ends at the first surprise")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use defuse_domain::{Alert, AsRead, Shape, read_body};
use serde_json::{Value, json};

/// One source, or one form that its alerts come in
struct Source {
    title: String,
    shape: String,
    samples: Vec<Value>,
    rows: Vec<Row>,
    always: BTreeSet<String>,
}

/// Their path, an example, and what of ours it changes
struct Row {
    theirs: String,
    example: Value,
    ours: BTreeSet<String>,
}

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn sources() -> Vec<Source> {
    let document = fs::read_to_string(root().join("docs/reference/sources.md")).unwrap();
    let sections = document.split("\n## ").skip(1).filter(|it| it.contains("\nShape: `"));
    sections.map(source).collect()
}

fn source(section: &str) -> Source {
    let line = |start: &str| section.lines().find_map(|it| it.strip_prefix(start)).unwrap_or("");
    let samples = line("Samples: ").split("](").skip(1).map(|it| it.split(')').next().unwrap());
    let samples = samples.map(|it| {
        let path = root().join("docs/reference").join(it);
        let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let alert = read_body(&text).remove(0).unwrap();
        serde_json::from_str(&alert.raw).unwrap()
    });
    let rows = section.lines().filter(|it| it.starts_with("| `")).map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
        let example = quoted(cells[1]).next().unwrap_or_else(|| panic!("no example: {line}"));
        let example = example.replace("\\|", "|");
        Row {
            theirs: quoted(cells[0]).next().unwrap().to_owned(),
            example: serde_json::from_str(&example)
                .unwrap_or_else(|error| panic!("{example}: {error}")),
            ours: quoted(cells[2]).map(str::to_owned).collect(),
        }
    });
    Source {
        title: section.lines().next().unwrap().to_owned(),
        shape: quoted(line("Shape: ")).next().unwrap_or("`").to_owned(),
        samples: samples.collect(),
        rows: rows.collect(),
        always: quoted(line("Always: ")).map(str::to_owned).collect(),
    }
}

/// The value at a path such as `records[User].properties.AccountUpn`, made where it is not there;
/// nothing where no item of the list has that word in it
fn place<'a>(value: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    let mut value = value;
    for step in path.split('.') {
        let (name, word) = match step.split_once('[') {
            Some((name, rest)) => (name, Some(rest.trim_end_matches(']'))),
            None => (step, None),
        };
        if !value.is_object() {
            *value = json!({});
        }
        value = value.as_object_mut().unwrap().entry(name).or_insert(Value::Null);
        let Some(word) = word else { continue };
        if !value.is_array() {
            if !word.is_empty() {
                return None;
            }
            *value = json!([{}]);
        }
        let items = value.as_array_mut().unwrap();
        if word.is_empty() && items.is_empty() {
            items.push(json!({}));
        }
        let has = |it: &Value| {
            let text = it.to_string();
            let ends = [format!("\"{word}\""), format!(".{word}\"")];
            word.is_empty() || ends.iter().any(|it| text.contains(it))
        };
        value = items.iter_mut().find(|it| has(it))?;
    }
    Some(value)
}

/// Everything that we have of an alert, by our names
fn fields(alert: &Alert) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    let mut add = |name: &str, value: String| {
        let is_nothing = ["None", "[]", "{}"].contains(&value.as_str());
        if !is_nothing {
            fields.insert(name.to_owned(), value);
        }
    };
    macro_rules! each {
        ($($name:ident $ours:literal),+ $(,)?) => { $(add($ours, format!("{:?}", alert.$name));)+ };
    }
    each!(
        id "id", provider_alert_id "providerAlertId", incident_id "incidentId",
        tenant_id "tenantId", title "title", description "description", category "category",
        categories "categories", severity "severity", status "status",
        classification "classification", determination "determination",
        service_source "serviceSource", detection_source "detectionSource",
        product_name "productName", alert_type "alertType", detector_id "detectorId",
        alert_policy_id "alertPolicyId", actor_display_name "actorDisplayName",
        threat_display_name "threatDisplayName", threat_family_name "threatFamilyName",
        assigned_to "assignedTo", recommended_actions "recommendedActions",
        mitre_techniques "mitreTechniques", first_activity "firstActivity",
        last_activity "lastActivity", created "created", last_update "lastUpdate",
        resolved "resolved", alert_web_url "alertWebUrl", incident_web_url "incidentWebUrl",
        investigation_state "investigationState", comments "comments", system_tags "systemTags",
        additional_data "additionalData", custom_details "customDetails",
    );
    let mut leaves: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for piece in &alert.evidence {
        let name = match &piece.evidence_type {
            AsRead::Known(known) => known.to_string(),
            AsRead::Other(other) => other.clone(),
        };
        for (property, value) in &piece.properties {
            collect(&format!("evidence.{name}.{property}"), value, &mut leaves);
        }
    }
    for (name, values) in leaves {
        add(&name, format!("{values:?}"));
    }
    fields
}

fn collect(path: &str, value: &Value, leaves: &mut BTreeMap<String, Vec<String>>) {
    match value {
        Value::Null => {}
        _ if path.ends_with(".@odata.type") => {}
        Value::Object(members) => {
            members.iter().for_each(|(name, it)| collect(&format!("{path}.{name}"), it, leaves));
        }
        Value::Array(items) => items.iter().for_each(|it| collect(path, it, leaves)),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            leaves.entry(path.to_owned()).or_default().push(value.to_string());
        }
    }
}

/// What of ours differs where their value is not there, and where it is the example
fn changed(sample: &Value, row: &Row) -> Option<BTreeSet<String>> {
    let mut without = sample.clone();
    *place(&mut without, &row.theirs)? = Value::Null;
    let mut with = sample.clone();
    *place(&mut with, &row.theirs)? = row.example.clone();
    let with = fields(&Alert::read(&with.to_string()).ok()?);
    // Without its id an alert is none.
    let Ok(without) = Alert::read(&without.to_string()) else {
        let before = fields(&Alert::read(&sample.to_string()).unwrap());
        return Some(differing(&before, &with));
    };
    Some(differing(&fields(&without), &with))
}

fn differing(
    left: &BTreeMap<String, String>,
    right: &BTreeMap<String, String>,
) -> BTreeSet<String> {
    let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    names.into_iter().filter(|it| left.get(*it) != right.get(*it)).cloned().collect()
}

#[test]
fn what_a_row_says_is_what_changes() {
    let mut wrong = Vec::new();
    for source in sources() {
        for row in &source.rows {
            let found = source.samples.iter().find_map(|it| changed(it, row));
            if found.as_ref() != Some(&row.ours) {
                wrong.push(format!(
                    "{}: `{}` changes {found:?}, and the table says {:?}",
                    source.title, row.theirs, row.ours
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn everything_that_we_have_of_a_sample_is_in_a_row() {
    let mut missing = Vec::new();
    for source in sources() {
        let told: BTreeSet<&String> =
            source.rows.iter().flat_map(|it| &it.ours).chain(&source.always).collect();
        for sample in &source.samples {
            let alert = Alert::read(&sample.to_string()).unwrap();
            assert_eq!(alert.shape.name(), source.shape, "{}", source.title);
            let is_told = |name: &String| {
                let (whole, _) = name.split_once('.').unwrap_or((name, ""));
                told.contains(name) || told.iter().any(|it| *it == whole)
            };
            for name in fields(&alert).keys().filter(|it| !is_told(it)) {
                missing.push(format!("{}: nothing tells of `{name}`", source.title));
            }
        }
    }
    missing.dedup();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_shape_has_a_section() {
    let told: BTreeSet<String> = sources().into_iter().map(|it| it.shape).collect();
    let known: BTreeSet<String> = Shape::ALL.iter().map(|it| it.name().to_owned()).collect();
    assert_eq!(told, known);
}

#[test]
fn a_wrong_row_is_noticed() {
    let sources = sources();
    let sample = &sources[0].samples[0];
    let row = |theirs: &str, example: Value| Row {
        theirs: theirs.to_owned(),
        example,
        ours: BTreeSet::new(),
    };
    assert_eq!(changed(sample, &row("notThere", json!("x"))), Some(BTreeSet::new()));
    let title = changed(sample, &row("title", json!("x")));
    assert_eq!(title, Some(BTreeSet::from(["title".to_owned()])));
}
