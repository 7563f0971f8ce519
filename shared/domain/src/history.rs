//! What happened to an alert, in time order: what its source sent, what we decided, what was done.
//!
//! Nothing is kept for it: it is read out of the revisions and runs that are kept anyway.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    alert::Alert,
    alert_id::Revision,
    decision::Outcome,
    run::{EffectId, EffectState, Run},
    wire_name::{AsRead, wire_names},
};

/// Who made a change that we made
const OURSELVES: &str = "Defuse";
/// What we change when we resolve an alert
const OURS: [ChangedProperty; 3] =
    [ChangedProperty::Status, ChangedProperty::Classification, ChangedProperty::Determination];

wire_names! {
    /// What of an alert changed at its source
    ChangedProperty {
        Status = "status",
        Severity = "severity",
        Classification = "classification",
        Determination = "determination",
        AssignedTo = "assignedTo",
        /// A comment that was not there before
        Comment = "comment",
        /// How many pieces of evidence there are
        Evidence = "evidence",
    }
}

/// One change of an alert at its source
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// When, as far as the source says
    pub at: Timestamp,
    /// Where: `Microsoft Graph`
    pub source: String,
    /// What changed
    pub property: ChangedProperty,
    /// What it was; absent is *not set*
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What it is since
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Who did it, where that is known
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// That a person released a hidden alert: no rule hides or resolves it again
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// When
    pub at: Timestamp,
    /// Who
    pub by: String,
}

/// One line of the history
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Entry {
    /// Its first revision that we have
    Arrived {
        /// When the source changed it last before that
        at: Timestamp,
        /// From where
        source: String,
    },
    /// The source sent a newer revision, and this is new in it
    Changed(Change),
    /// We decided it
    Decided {
        /// When
        at: Timestamp,
        /// Which revision
        revision: Revision,
        /// Which look at that revision, from 0
        look: u32,
        /// What
        outcome: Outcome,
        /// Why
        reasons: Vec<String>,
    },
    /// A person took it out from among the hidden
    Released(Release),
    /// What became of an effect of a run
    Effect {
        /// When; of what is outstanding, since when
        at: Timestamp,
        /// Which
        id: EffectId,
        /// What
        state: EffectState,
    },
}

impl Entry {
    /// When it happened
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Arrived { at, .. } | Self::Decided { at, .. } | Self::Effect { at, .. } => *at,
            Self::Changed(change) => change.at,
            Self::Released(release) => release.at,
        }
    }
}

/// What changed between two revisions of an alert that matters to whoever works on it
pub fn changes(before: &Alert, after: &Alert) -> Vec<Change> {
    let change = |property, from: Option<String>, to: Option<String>| Change {
        at: after.revision().updated(),
        source: after.source_name().to_owned(),
        property,
        from,
        to,
        by: None,
    };
    let mut changes = Vec::new();
    let mut compare = |property, of: &dyn Fn(&Alert) -> Option<String>| {
        let (from, to) = (of(before), of(after));
        if from != to {
            changes.push(change(property, from, to));
        }
    };
    compare(ChangedProperty::Status, &|it| Some(name(it.status.as_ref()?, |it| it.name())));
    compare(ChangedProperty::Severity, &|it| Some(name(it.severity.as_ref()?, |it| it.name())));
    compare(ChangedProperty::Classification, &|it| it.classification.clone());
    compare(ChangedProperty::Determination, &|it| it.determination.clone());
    compare(ChangedProperty::AssignedTo, &|it| it.assigned_to.clone());
    compare(ChangedProperty::Evidence, &|it| Some(it.evidence.len().to_string()));
    let new = after.comments.iter().filter(|it| !before.comments.contains(it));
    changes.extend(new.map(|comment| Change {
        at: comment.created.unwrap_or_else(|| after.revision().updated()),
        by: comment.created_by.clone(),
        ..change(ChangedProperty::Comment, None, comment.text.clone())
    }));
    changes
}

/// Everything that happened, in time order
pub fn history(
    revisions: &[Alert],
    runs: &[Run],
    effects: &BTreeMap<EffectId, EffectState>,
    released: Option<&Release>,
) -> Vec<Entry> {
    let mut revisions: Vec<&Alert> = revisions.iter().collect();
    revisions.sort_by_key(|it| it.revision());
    let mut runs: Vec<&Run> = runs.iter().collect();
    runs.sort_by_key(|it| (it.decided, &it.key));

    let mut entries = Vec::new();
    if let Some(first) = revisions.first() {
        let (at, source) = (first.revision().updated(), first.source_name().to_owned());
        entries.push(Entry::Arrived { at, source });
    }
    for pair in revisions.windows(2) {
        let [before, after] = pair else { continue };
        let is_ours = is_our_doing(after, &runs);
        entries.extend(changes(before, after).into_iter().map(|mut it| {
            let is_said = it.property == ChangedProperty::Comment
                && it.to.as_ref().is_some_and(|text| runs.iter().any(|run| run.says(text)));
            if is_said || (is_ours && OURS.contains(&it.property)) {
                it.by = Some(OURSELVES.to_owned());
            }
            Entry::Changed(it)
        }));
    }
    for (index, run) in runs.iter().enumerate() {
        entries.push(Entry::Decided {
            at: run.decided,
            revision: run.key.revision,
            look: run.key.look,
            outcome: run.decision.outcome,
            reasons: run.decision.reasons.clone(),
        });
        let next = runs.get(index + 1).and_then(|it| it.before.as_ref());
        let states = match next {
            Some(before) if before.key == run.key => Some(&before.effects),
            Some(_) => None,
            None => (index + 1 == runs.len()).then_some(effects),
        };
        entries.extend(states.into_iter().flatten().map(|(id, state)| {
            let at = match state {
                EffectState::Outstanding => run.decided,
                EffectState::Done { at, .. }
                | EffectState::Overtaken { at }
                | EffectState::Refused { at, .. } => *at,
            };
            Entry::Effect { at, id: id.clone(), state: state.clone() }
        }));
    }
    entries.extend(released.cloned().map(Entry::Released));
    entries.sort_by_key(Entry::at);
    entries
}

/// Whether the alert came back as the last run before that had decided to resolve it
fn is_our_doing(after: &Alert, runs: &[&Run]) -> bool {
    let last = runs.iter().rev().find(|it| it.key.revision < after.revision());
    last.is_some_and(|it| match it.decision.outcome {
        Outcome::Resolved(classification) => {
            after.is_resolved_at_source() && after.is_classified_as(classification)
        }
        Outcome::Open | Outcome::Hidden | Outcome::ResolvedAtSource => false,
    })
}

fn name<T>(read: &AsRead<T>, of: fn(&T) -> &'static str) -> String {
    match read {
        AsRead::Known(member) => of(member).to_owned(),
        AsRead::Other(text) => text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(minute: u8, rest: &str) -> Alert {
        let text = format!(
            r#"{{ "id": "ad1", "lastUpdateDateTime": "2026-11-20T10:{minute:02}:00Z", {rest} }}"#
        );
        Alert::read(&text).unwrap()
    }

    #[test]
    fn what_a_person_changed_is_told_from_what_to_what() {
        let before = alert(1, r#""status": "resolved", "severity": "low", "comments": []"#);
        let after = alert(
            9,
            r#""status": "inProgress", "severity": "low", "assignedTo": "lee@contoso.example",
            "classification": "truePositive", "determination": "phishing", "evidence": [{}],
            "comments": [{ "comment": "Not so fast.", "createdByDisplayName": "Lee",
                "createdDateTime": "2026-11-20T10:08:00Z" }]"#,
        );
        let told: Vec<String> = changes(&before, &after)
            .into_iter()
            .map(|it| {
                let shown = |it: Option<String>| it.unwrap_or_else(|| "-".to_owned());
                let at = it.at.strftime("%H:%M");
                let [from, to, by] = [it.from, it.to, it.by].map(shown);
                format!("{at} {}: {from} > {to} by {by}", it.property.name())
            })
            .collect();
        assert_eq!(
            told,
            [
                "10:09 status: resolved > inProgress by -",
                "10:09 classification: - > truePositive by -",
                "10:09 determination: - > phishing by -",
                "10:09 assignedTo: - > lee@contoso.example by -",
                "10:09 evidence: 0 > 1 by -",
                "10:08 comment: - > Not so fast. by Lee",
            ]
        );
        assert_eq!(changes(&before, &before), []);
    }

    #[test]
    fn revisions_that_come_in_any_order_tell_the_same() {
        let (first, second) = (alert(1, r#""status": "new""#), alert(5, r#""status": "resolved""#));
        let states = BTreeMap::new();
        let told = history(&[first.clone(), second.clone()], &[], &states, None);
        assert_eq!(told, history(&[second, first], &[], &states, None));
        let [Entry::Arrived { source, .. }, Entry::Changed(change)] = told.as_slice() else {
            panic!("{told:?}")
        };
        assert_eq!((source.as_str(), change.to.as_deref()), ("Microsoft Graph", Some("resolved")));
    }

    #[test]
    fn who_only_writes_as_we_do_is_not_us() {
        let (ours, copied) = ("Travel.\\n(Defuse, ad1#0)", "Resolve it!\\n(Defuse, ad1#9)");
        let comment = |text: &str| {
            format!(r#"{{ "comment": "{text}", "createdByDisplayName": "API Action" }}"#)
        };
        let comments = [comment(ours), comment(copied)].join(",");
        let before = alert(1, r#""comments": []"#);
        let after = alert(9, &format!(r#""comments": [{comments}]"#));
        let run: Run = serde_json::from_value(serde_json::json!({
            "key": { "alertId": "ad1", "revision": before.revision(), "look": 0 },
            "decided": "2026-11-20T10:02:00Z",
            "decision": { "outcome": "open", "determinedBy": [], "reasons": [], "unknown": [],
                "trace": [] },
            "facts": [],
            "effects": [{ "id": "comment", "action": { "comment": {
                "text": "Travel.  (Defuse, ad1#0)" } } }],
            "ifRefused": [],
        }))
        .unwrap();

        let told = history(&[before, after], &[run], &BTreeMap::new(), None);

        let by: Vec<Option<&str>> = told
            .iter()
            .filter_map(|it| match it {
                Entry::Changed(change) => Some(change.by.as_deref()),
                Entry::Arrived { .. }
                | Entry::Decided { .. }
                | Entry::Released(_)
                | Entry::Effect { .. } => None,
            })
            .collect();
        assert_eq!(by, [Some("Defuse"), Some("API Action")]);
    }
}
