//! What stands round alerts: lists, pages, incidents, events of EventBridge, records of a stream.

use std::{borrow::Cow, collections::BTreeMap};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{sentinel, streaming};

/// One alert's text, and the line it begins on
#[derive(Debug)]
pub(super) struct Part<'a> {
    /// A piece of the body; made of several where an alert is
    pub(super) text: Cow<'a, str>,
    /// From 1
    pub(super) line: usize,
    /// The alert that it is a record of, where it is one of several
    record_of: Option<String>,
}

impl<'a> Part<'a> {
    pub(super) fn of(whole: &str, text: &'a str) -> Self {
        Self { text: Cow::Borrowed(text), line: line_of(whole, text), record_of: None }
    }
}

/// What may stand round alerts
#[derive(Debug, Default, Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    value: Option<&'a RawValue>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    alerts: Option<&'a RawValue>,
    #[serde(borrow, default)]
    records: Option<&'a RawValue>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "detail-type")]
    detail_type: Option<&'a RawValue>,
    #[serde(borrow, default)]
    detail: Option<&'a RawValue>,
}

/// What may stand round findings in the `detail` of an event
#[derive(Debug, Deserialize)]
struct Detail<'a> {
    #[serde(borrow, default)]
    findings: Option<&'a RawValue>,
}

/// The alerts inside a document, whatever envelope it has
pub(super) fn unpack<'a>(whole: &'a str, document: &'a str) -> Vec<Part<'a>> {
    if let Some(items) = list(document) {
        return items.into_iter().flat_map(|it| unpack_item(whole, it)).collect();
    }
    let envelope = serde_json::from_str::<Envelope<'a>>(document).unwrap_or_default();
    let page = match envelope {
        Envelope { detail_type: None, value, data, alerts, id: None, .. } => {
            value.or(data).or(alerts).and_then(|it| list(it.get()))
        }
        Envelope { .. } => None,
    };
    match page {
        Some(items) => items.into_iter().flat_map(|it| unpack_item(whole, it)).collect(),
        None => unpack_one(whole, document),
    }
}

/// An item of a list: an alert, or what has alerts of its own
fn unpack_item<'a>(whole: &'a str, item: &'a str) -> Vec<Part<'a>> {
    let envelope = serde_json::from_str::<Envelope<'a>>(item).unwrap_or_default();
    let alerts = envelope.alerts.and_then(|it| list(it.get()));
    alerts.map_or_else(
        || unpack_one(whole, item),
        |alerts| alerts.into_iter().map(|it| part(whole, it)).collect(),
    )
}

/// An event, an incident of Sentinel, records, or an alert
fn unpack_one<'a>(whole: &'a str, item: &'a str) -> Vec<Part<'a>> {
    let envelope = serde_json::from_str::<Envelope<'a>>(item).unwrap_or_default();
    let several = match envelope {
        Envelope { detail_type: Some(_), detail: Some(detail), .. } => {
            let findings = serde_json::from_str::<Detail<'a>>(detail.get()).ok();
            let findings = findings.and_then(|it| it.findings).and_then(|it| list(it.get()));
            Some(findings.unwrap_or_else(|| vec![detail.get()]))
        }
        Envelope { records: Some(records), id: None, .. } => list(records.get()),
        Envelope { .. } => None,
    };
    if let Some(several) = several {
        return several.into_iter().map(|it| part(whole, it)).collect();
    }
    let line = line_of(whole, item);
    sentinel::alerts_of(item).map_or_else(
        || vec![part(whole, item)],
        |texts| {
            let part = |text| Part { text: Cow::Owned(text), line, record_of: None };
            texts.into_iter().map(part).collect()
        },
    )
}

fn part<'a>(whole: &'a str, text: &'a str) -> Part<'a> {
    Part { record_of: streaming::alert_of(text), ..Part::of(whole, text) }
}

/// Puts the records of one alert together, where its first one stood
pub(super) fn joined(parts: Vec<Part<'_>>) -> Vec<Part<'_>> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut whole: Vec<(Part<'_>, Vec<Cow<'_, str>>)> = Vec::new();
    for part in parts {
        let Some(alert) = part.record_of.clone() else {
            whole.push((part, Vec::new()));
            continue;
        };
        let place = *places.entry(alert).or_insert(whole.len());
        if let Some((_, records)) = whole.get_mut(place) {
            records.push(part.text);
        } else {
            let text = part.text.clone();
            whole.push((part, vec![text]));
        }
    }
    whole.into_iter().map(|(part, records)| part_of(part, &records)).collect()
}

fn part_of<'a>(part: Part<'a>, records: &[Cow<'a, str>]) -> Part<'a> {
    if records.is_empty() {
        return part;
    }
    Part { text: Cow::Owned(streaming::envelope(records)), ..part }
}

fn list(text: &str) -> Option<Vec<&str>> {
    if !text.trim_start().starts_with('[') {
        return None;
    }
    let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
    Some(items.into_iter().map(RawValue::get).collect())
}

/// The line that `part`, a piece of `whole`, begins on
fn line_of(whole: &str, part: &str) -> usize {
    let offset = (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
    1 + whole.get(..offset).unwrap_or_default().matches('\n').count()
}

/// Whether at least one line is a JSON object of its own
pub(super) fn has_json_lines(text: &str) -> bool {
    text.lines().any(|line| {
        line.trim_start().starts_with('{') && serde_json::from_str::<&RawValue>(line).is_ok()
    })
}

/// The alerts of a body with a document on each line
pub(super) fn lines(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    for line in text.lines().filter(|it| !it.trim().is_empty()) {
        match serde_json::from_str::<&RawValue>(line) {
            Ok(document) => parts.extend(unpack(text, document.get())),
            Err(_) => parts.push(Part::of(text, line)),
        }
    }
    parts
}
