//! Reads an alert of Microsoft Graph (`alerts_v2`).

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Alert, AlertError, Comment, Shape, lenient::Lenient};
use crate::{
    alert_id::AlertId,
    alert_type::AlertType,
    catalogue::{BASE, EvidenceType, Kind},
    classification::{Classification, classification_name, determination_name},
    evidence::Evidence,
    flag::{Flag, Oddity},
    severity::{Severity, Status},
    source::{DetectionSource, ServiceSource},
    wire_name::AsRead,
};

pub(super) fn read(object: &Map<String, Value>, raw: &str) -> Result<Alert, AlertError> {
    let mut from = Lenient::new(object);
    let id = AlertId::parse(&from.text("id").ok_or(AlertError::NoId)?)?;

    for name in ["severity", "status", "lastUpdateDateTime", "title"] {
        if from.value(name).is_none_or(|it| it == "") {
            from.flag(name, Oddity::Missing, "");
        }
    }
    let detector_id = from.text("detectorId");
    let (classification, determination) = classified(&mut from);
    let mut alert = Alert {
        service_source: service_source(&mut from, &id),
        id,
        shape: Shape::Graph,
        provider_alert_id: from.text("providerAlertId"),
        incident_id: from.text_or_number("incidentId"),
        tenant_id: from.text("tenantId"),
        title: from.prose("title"),
        description: from.prose("description"),
        category: from.text("category"),
        categories: from.texts("categories"),
        severity: from.member("severity", Severity::from_name),
        status: from.member("status", Status::from_name),
        classification,
        determination,
        detection_source: from.member("detectionSource", DetectionSource::from_name),
        product_name: from.text("productName"),
        alert_type: detector_id.as_deref().map(AlertType::new),
        detector_id,
        alert_policy_id: from.text("alertPolicyId"),
        actor_display_name: from.text("actorDisplayName"),
        threat_display_name: from.text("threatDisplayName"),
        threat_family_name: from.text("threatFamilyName"),
        assigned_to: from.text("assignedTo"),
        recommended_actions: from.text("recommendedActions"),
        mitre_techniques: from.texts("mitreTechniques"),
        first_activity: from.time("firstActivityDateTime"),
        last_activity: from.time("lastActivityDateTime"),
        created: from.time("createdDateTime"),
        last_update: from.time("lastUpdateDateTime"),
        resolved: from.time("resolvedDateTime"),
        alert_web_url: from.text("alertWebUrl"),
        incident_web_url: from.text("incidentWebUrl"),
        investigation_state: from.text("investigationState"),
        system_tags: from.texts("systemTags"),
        additional_data: from.object("additionalData"),
        custom_details: from.object("customDetails"),
        // Last, so that what is odd in a long list crowds out no flag of the alert itself.
        comments: comments(&mut from),
        evidence: evidence(&mut from),
        flags: Vec::new(),
        raw: raw.to_owned(),
        received: None,
    };
    alert.flags = from.into_flags();
    Ok(alert)
}

/// What `serviceSource` says, and only where it says nothing, what the prefix of the id hints at
fn service_source(from: &mut Lenient<'_>, id: &AlertId) -> Option<AsRead<ServiceSource>> {
    let said = from.member("serviceSource", |text| {
        ServiceSource::from_name(text).or_else(|| ServiceSource::from_display_name(text))
    });
    let hinted = ServiceSource::from_prefix(id);
    match (&said, hinted) {
        (Some(AsRead::Known(said)), Some(hinted)) if *said != hinted => {
            from.flag("id", Oddity::PrefixDisagrees, id.as_str());
        }
        (None, _) => from.flag("serviceSource", Oddity::Missing, ""),
        (Some(_), _) => {}
    }
    said.or(hinted.map(AsRead::Known))
}

/// Where the retired determinations belonged
const RETIRED_PAIRS: [(&str, &str); 2] =
    [("truePositive", "apt"), ("informationalExpectedActivity", "securityPersonnel")];

/// Classification and determination by their current names; a pair that does not belong together
/// is read as it is, and flagged
fn classified(from: &mut Lenient<'_>) -> (Option<String>, Option<String>) {
    let mut name = |property: &str, of: fn(&str) -> Option<&'static str>| from.member(property, of);
    let classification = name("classification", classification_name);
    let determination = name("determination", determination_name);
    if let (Some(AsRead::Known(left)), Some(AsRead::Known(right))) =
        (&classification, &determination)
        && Classification::from_names(left, right).is_none()
        && !RETIRED_PAIRS.contains(&(left, right))
    {
        from.flag("determination", Oddity::WrongPair, &format!("{left}, {right}"));
    }
    let text = |it: AsRead<&'static str>| match it {
        AsRead::Known(name) => name.to_owned(),
        AsRead::Other(text) => text,
    };
    (classification.map(text), determination.map(text))
}

fn comments(from: &mut Lenient<'_>) -> Vec<Comment> {
    let mut comments = Vec::new();
    let mut flags = Vec::new();
    for (index, item) in from.list("comments").iter().enumerate() {
        let Value::Object(object) = item else {
            from.flag_value(&format!("comments[{index}]"), Oddity::WrongType, item);
            continue;
        };
        let mut inner = Lenient::inside(object, format!("comments[{index}]"));
        comments.push(Comment {
            text: inner.text("comment"),
            created_by: inner.text("createdByDisplayName"),
            created: inner.time("createdDateTime"),
        });
        flags.extend(inner.into_flags());
    }
    from.absorb(flags);
    comments
}

fn evidence(from: &mut Lenient<'_>) -> Vec<Evidence> {
    let mut pieces: Vec<Evidence> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut flags = Vec::new();
    for (index, item) in from.list("evidence").iter().enumerate() {
        let place = format!("evidence[{index}]");
        if !seen.insert(item.to_string()) {
            from.flag(&place, Oddity::Repeated, "");
        }
        if let Value::Object(object) = item {
            pieces.push(piece(object, &place, &mut flags));
        } else {
            // It stays a piece that nobody can read, so that no condition overlooks it.
            from.flag_value(&place, Oddity::WrongType, item);
            let evidence_type = AsRead::Other(String::new());
            pieces.push(Evidence { evidence_type, properties: Map::new() });
        }
    }
    from.absorb(flags);
    pieces
}

/// One piece of evidence; the type may stand under a key that a collector rewrote
fn piece(object: &Map<String, Value>, place: &str, flags: &mut Vec<Flag>) -> Evidence {
    let mut from = Lenient::inside(object, place.to_owned());
    let rewritten = ["at_sign_odata_type", "odata_type", "@odata_type"];
    let written = from.text("@odata.type").or_else(|| {
        let key = rewritten.into_iter().find(|it| object.contains_key(*it))?;
        from.flag("@odata.type", Oddity::RewrittenKey, key);
        from.text(key)
    });
    let evidence_type = match written {
        None => {
            from.flag("@odata.type", Oddity::UnknownEvidence, "");
            AsRead::Other(String::new())
        }
        Some(text) => {
            if let Some(evidence_type) = EvidenceType::from_odata_type(&text) {
                AsRead::Known(evidence_type)
            } else {
                from.flag("@odata.type", Oddity::UnknownEvidence, &text);
                AsRead::Other(text)
            }
        }
    };
    if let AsRead::Known(evidence_type) = evidence_type {
        for (name, kind) in evidence_type.properties().iter().chain(BASE) {
            if let Some(value) = from.value(name) {
                check_kind(&mut from, name, *kind, value);
            }
        }
    }
    flags.extend(from.into_flags());
    Evidence { evidence_type, properties: object.clone() }
}

/// Flags a value of another kind than the catalogue gives, one level deep
fn check_kind(from: &mut Lenient<'_>, name: &str, kind: Kind, value: &Value) {
    let fits = match kind {
        Kind::Text => value.is_string(),
        Kind::Texts | Kind::Objects(_) | Kind::Pieces => value.is_array(),
        Kind::Number => value.is_number(),
        Kind::Boolean => value.is_boolean(),
        Kind::Object(_) | Kind::Piece | Kind::Dictionary => value.is_object(),
        Kind::Time => {
            from.time(name);
            true
        }
    };
    if !fits {
        from.flag_value(name, Oddity::WrongType, value);
    }
    if let (Kind::Object(inner), Value::Object(object)) = (kind, value) {
        for (leaf, kind) in inner {
            let odd = object.get(*leaf).filter(|it| !it.is_null()).filter(|it| match kind {
                Kind::Text | Kind::Time => !it.is_string(),
                Kind::Number => !it.is_number(),
                Kind::Boolean => !it.is_boolean(),
                Kind::Texts | Kind::Objects(_) | Kind::Pieces => !it.is_array(),
                Kind::Object(_) | Kind::Piece | Kind::Dictionary => !it.is_object(),
            });
            if let Some(odd) = odd {
                from.flag_value(&format!("{name}.{leaf}"), Oddity::WrongType, odd);
            }
        }
    }
}
