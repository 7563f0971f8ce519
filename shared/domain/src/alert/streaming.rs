//! Reads an alert that Defender XDR streamed in records: one of `AdvancedHunting-AlertInfo`, and
//! one of `AdvancedHunting-AlertEvidence` for each piece of evidence.
//!
//! Records come in any order, in several bodies, and twice. The alert is made of all that are there:
//! the same records always make the same alert, and one more makes a newer revision.

mod row;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, TimestampRound, Unit};
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use super::{
    Alert, AlertError, RECORD_CATEGORY, Shape,
    lenient::Lenient,
    pieces::{blank, finish},
};
use crate::{
    alert_id::AlertId,
    flag::Oddity,
    severity::Severity,
    source::{DetectionSource, ServiceSource},
    wire_name::AsRead,
};

/// What the categories of our records begin with
const CATEGORY: &str = "AdvancedHunting-Alert";
/// The end of the category that says what the alert is
const INFO: &str = "AlertInfo";

/// The most records that one alert is made of; those beyond it are kept, and flagged
pub const RECORDS_MAX: usize = 900;

/// As much of a record as says whose it is
#[derive(Debug, Deserialize)]
struct Head {
    #[serde(default)]
    category: Option<String>,
    #[serde(default)]
    properties: Option<HeadProperties>,
}

#[derive(Debug, Deserialize)]
struct HeadProperties {
    #[serde(default, rename = "AlertId")]
    alert_id: Option<String>,
}

/// The alert that `text` is a record of, if it is one
pub(super) fn alert_of(text: &str) -> Option<String> {
    if !text.contains(CATEGORY) {
        return None;
    }
    let head: Head = serde_json::from_str(text).ok()?;
    head.category.filter(|it| it.starts_with(CATEGORY))?;
    head.properties?.alert_id
}

/// Whether the object is a record, or has records inside
pub(super) fn is_streamed(object: &Map<String, Value>) -> bool {
    let category = object.get("category").and_then(Value::as_str);
    let is_record = category.is_some_and(|it| it.starts_with(RECORD_CATEGORY));
    is_record || (object.contains_key("records") && !object.contains_key("id"))
}

/// Records as one payload
pub(super) fn envelope(records: &[impl AsRef<str>]) -> String {
    let records: Vec<&str> = records.iter().map(AsRef::as_ref).collect();
    format!("{{\"records\":[{}]}}", records.join(","))
}

impl Alert {
    /// The alert that those records make, all of one alert, in whatever order
    pub fn of_records(records: &[impl AsRef<str>]) -> Result<Self, AlertError> {
        Self::read(&envelope(records))
    }

    /// The records that a streamed alert was made of, each as it came; none of any other
    pub fn records(&self) -> Vec<String> {
        #[derive(Deserialize)]
        struct Envelope<'a> {
            #[serde(borrow)]
            records: Vec<&'a RawValue>,
        }
        if self.shape != Shape::Streaming {
            return Vec::new();
        }
        match serde_json::from_str::<Envelope<'_>>(&self.raw) {
            Ok(envelope) => envelope.records.iter().map(|it| it.get().to_owned()).collect(),
            // One record without anything round it.
            Err(_) => vec![self.raw.clone()],
        }
    }

    /// Whether its source has said what it is about: only evidence of a streamed alert is no alert
    /// yet
    pub fn is_whole(&self) -> bool {
        let lacks = |it: &crate::flag::Flag| it.property == INFO && it.problem == Oddity::Missing;
        self.shape != Shape::Streaming || !self.flags.iter().any(lacks)
    }
}

/// A record that is ours to read
struct Record {
    is_info: bool,
    properties: Map<String, Value>,
    tenant_id: Option<String>,
    at: Option<Timestamp>,
}

pub(super) fn read(object: &Map<String, Value>, raw: &str) -> Result<Alert, AlertError> {
    let mut from = Lenient::new(object);
    let single = [Value::Object(object.clone())];
    let items = if object.contains_key("records") { from.list("records") } else { &single };
    let (id, records) = records(&mut from, items)?;
    let mut alert = blank(&id, Shape::Streaming, raw)?;

    // Whatever is said of the alert, the info says; pieces of evidence repeat some of it.
    let empty = Map::new();
    let info = records.iter().filter(|it| it.is_info).max_by_key(|it| it.at);
    if info.is_none() {
        from.flag(INFO, Oddity::Missing, "");
    }
    let said = info.or(records.first()).map_or(&empty, |it| &it.properties);
    let mut of_alert = Lenient::new(said);
    alert.title = of_alert.prose("Title");
    alert.severity = of_alert.member("Severity", Severity::from_name);
    alert.service_source = of_alert.member("ServiceSource", |text| {
        ServiceSource::from_name(text).or_else(|| ServiceSource::from_display_name(text))
    });
    alert.detection_source = of_alert.member("DetectionSource", DetectionSource::from_display_name);
    alert.product_name = match &alert.service_source {
        Some(AsRead::Known(source)) => Some(source.display_name().to_owned()),
        Some(AsRead::Other(text)) => Some(text.clone()),
        None => None,
    };
    let category = of_alert.text("Category");
    let categories = of_alert.listed("Categories");
    alert.categories =
        if categories.is_empty() { category.iter().cloned().collect() } else { categories };
    alert.category = category.or_else(|| alert.categories.first().cloned());
    alert.mitre_techniques =
        of_alert.listed("AttackTechniques").iter().map(|it| technique(it)).collect();
    from.absorb(of_alert.into_flags());
    alert.tenant_id = records.iter().find_map(|it| it.tenant_id.clone());
    alert.created = info.and_then(|it| it.at);
    alert.last_update = Some(revised(&records));

    let mut pieces = Vec::new();
    for record in records.iter().filter(|it| !it.is_info) {
        let index = pieces.len();
        pieces.push(row::evidence(&mut from, index, &record.properties));
    }
    finish(alert, from, pieces)
}

/// Every record of the first one's alert, each once: the info before the evidence, and otherwise in
/// the order of their text, so that it means nothing in which order they came
fn records(from: &mut Lenient<'_>, items: &[Value]) -> Result<(AlertId, Vec<Record>), AlertError> {
    let mut id: Option<String> = None;
    let mut found: BTreeMap<(bool, String), Record> = BTreeMap::new();
    let mut others = BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        let place = format!("records[{index}]");
        let Value::Object(object) = item else {
            from.flag_value(&place, Oddity::WrongType, item);
            continue;
        };
        let mut of_record = Lenient::inside(object, place.clone());
        let category = of_record.text("category").unwrap_or_default();
        let properties = of_record.object("properties");
        let mut inner = Lenient::inside(&properties, format!("{place}.properties"));
        let at = inner.time("Timestamp");
        let (alert_id, tenant_id) = (inner.text("AlertId"), of_record.text("tenantId"));
        let at = at.or_else(|| of_record.time("time"));
        from.absorb(inner.into_flags());
        from.absorb(of_record.into_flags());
        let Some(alert_id) = alert_id.filter(|_| category.starts_with(CATEGORY)) else {
            from.flag(&place, Oddity::UnknownMember, &category);
            continue;
        };
        if *id.get_or_insert_with(|| alert_id.clone()) != alert_id {
            others.insert(alert_id);
            continue;
        }
        let is_info = category.ends_with(INFO);
        let text = in_order(&Value::Object(properties.clone())).to_string();
        found.insert((!is_info, text), Record { is_info, properties, tenant_id, at });
    }
    for other in others {
        from.flag("records", Oddity::UnknownMember, &other);
    }
    if found.len() > RECORDS_MAX {
        from.flag("records", Oddity::TooMany, &found.len().to_string());
    }
    let id = AlertId::parse(&id.ok_or(AlertError::NoId)?)?;
    Ok((id, found.into_values().take(RECORDS_MAX).collect()))
}

/// The same with the keys of every object in order: what says the same is the same text, also where
/// `serde_json` keeps keys as they came, which a library that needs it turns on for all
fn in_order(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let sorted: BTreeMap<&String, &Value> = object.iter().collect();
            let entries = sorted.into_iter().map(|(key, value)| (key.clone(), in_order(value)));
            Value::Object(entries.collect())
        }
        Value::Array(items) => items.iter().map(in_order).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// The time of the newest record, and later by a nanosecond for each that there is.
///
/// Why: a record that comes late may be older than the others, and what is made with it must be
/// newer than what was made without. Their times have seven digits at the most, of which the
/// seventh gives way.
fn revised(records: &[Record]) -> Timestamp {
    let newest = records.iter().filter_map(|it| it.at).max().unwrap_or_default();
    let down = TimestampRound::new().smallest(Unit::Microsecond).mode(jiff::RoundMode::Floor);
    let newest = newest.round(down).unwrap_or(newest);
    let n_records = i64::try_from(records.len()).unwrap_or(i64::MAX);
    newest.saturating_add(SignedDuration::from_nanos(n_records)).unwrap_or(newest)
}

/// `T1078` of `Valid Accounts (T1078)`; any other text as it is
fn technique(text: &str) -> String {
    let inner = text.rsplit_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.filter(|it| it.starts_with('T')).unwrap_or(text).to_owned()
}
