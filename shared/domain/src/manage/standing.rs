//! How an alert stands: what its source says, with what a person said over it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::act::Step;
use crate::{
    alert::Alert, alert_id::Revision, classification::Classification, run::EffectState,
    severity::Status, wire_name::AsRead,
};

/// One thing that a person said of an alert
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Said<T> {
    /// What they said
    pub to: T,
    /// What the source said then
    pub from: T,
    /// The revision that they saw
    pub revision: Revision,
    /// By which of their acts
    pub act: u64,
    /// Whether the source was told
    #[serde(default)]
    pub told: bool,
}

/// What persons made of an alert
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Managed {
    /// Who decided something of it last; from then on no rule does
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Where it stands
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Said<Option<Status>>>,
    /// Who has it
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_to: Option<Said<Option<String>>>,
    /// What it turned out to be
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classification: Option<Said<Option<Classification>>>,
}

/// How an alert stands, for people
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Where it stands; absent where nobody says
    pub status: Option<Status>,
    /// Who has it
    pub assigned_to: Option<String>,
    /// What it turned out to be
    pub classification: Option<Classification>,
    /// Our own tags
    pub tags: BTreeSet<String>,
}

impl Standing {
    /// What the source says, and our own tags
    pub fn at_source(alert: &Alert, tags: BTreeSet<String>) -> Self {
        Self {
            status: alert.status.as_ref().and_then(|it: &AsRead<Status>| it.known().copied()),
            assigned_to: alert.assigned_person().map(str::to_owned),
            classification: alert.classified(),
            tags,
        }
    }
}

impl Managed {
    /// How the alert stands with what persons said of it
    pub fn standing(&self, alert: &Alert, tags: BTreeSet<String>) -> Standing {
        let source = Standing::at_source(alert, tags);
        // A finding that comes again is open again, whoever resolved it: it says no status itself.
        let status = over(self.status.as_ref(), &source.status, alert, false);
        let keeps = alert.is_ours_alone();
        let assigned_to = over(self.assigned_to.as_ref(), &source.assigned_to, alert, keeps);
        let classification =
            over(self.classification.as_ref(), &source.classification, alert, keeps);
        Standing { status, assigned_to, classification, ..source }
    }

    /// The same after an act: each property that it decides
    #[must_use]
    pub(super) fn after(&self, steps: &[Step], (by, act): (&str, u64), alert: &Alert) -> Self {
        let mut managed = self.clone();
        let source = Standing::at_source(alert, BTreeSet::new());
        let revision = alert.revision();
        for step in steps {
            match step {
                Step::Status { to, .. } => {
                    let (to, from) = (Some(*to), source.status);
                    managed.status = Some(Said { to, from, revision, act, told: false });
                }
                Step::AssignedTo { to, .. } => {
                    let (to, from) = (to.clone(), source.assigned_to.clone());
                    managed.assigned_to = Some(Said { to, from, revision, act, told: false });
                }
                Step::Classification { to, .. } => {
                    let (to, from) = (*to, source.classification);
                    managed.classification = Some(Said { to, from, revision, act, told: false });
                }
                Step::Tags { .. } | Step::Comment { .. } => continue,
            }
            managed.by = Some(by.to_owned());
        }
        managed
    }

    /// The same, after that became of telling the source of an act
    #[must_use]
    pub fn settled(mut self, act: u64, state: &EffectState) -> Self {
        match state {
            EffectState::Outstanding => {}
            EffectState::Done { .. } => {
                mark(self.status.as_mut(), act);
                mark(self.assigned_to.as_mut(), act);
                mark(self.classification.as_mut(), act);
            }
            // The source stands as it is; that a person decided stays true.
            EffectState::Overtaken { .. } | EffectState::Refused { .. } => {
                self.status = self.status.filter(|it| it.act != act);
                self.assigned_to = self.assigned_to.filter(|it| it.act != act);
                self.classification = self.classification.filter(|it| it.act != act);
            }
        }
        self
    }

    /// Whether an act resolved the alert
    pub fn is_resolved_by(&self, act: u64) -> bool {
        self.status.as_ref().is_some_and(|it| it.act == act && it.to == Some(Status::Resolved))
    }
}

fn mark<T>(said: Option<&mut Said<T>>, act: u64) {
    if let Some(said) = said.filter(|it| it.act == act) {
        said.told = true;
    }
}

/// What a person said, while the source had no time to say the same; else what the source says
fn over<T: Clone + PartialEq>(said: Option<&Said<T>>, source: &T, alert: &Alert, keeps: bool) -> T {
    let holds = |it: &&Said<T>| {
        alert.revision() == it.revision || ((!it.told || keeps) && it.from == *source)
    };
    said.filter(holds).map_or_else(|| source.clone(), |it| it.to.clone())
}
