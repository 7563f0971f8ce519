//! One thing that a person did to an alert: who, what, when, from what to what; pure.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Managed, Wish};
use crate::{
    alert::Alert,
    alert_id::{AlertId, Revision},
    classification::Classification,
    run::EffectId,
    severity::Status,
};

/// How many tags an alert has at the most
pub const TAGS_MAX: usize = 32;

/// Who did it
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Actor {
    /// Names them for ever: the object's id at the issuer, or the token's
    pub id: String,
    /// What people call them
    pub name: String,
}

/// One change of one property
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// Where it stands
    Status {
        /// Before; absent where nobody said
        from: Option<Status>,
        /// Since
        to: Status,
    },
    /// Who has it
    AssignedTo {
        /// Before
        from: Option<String>,
        /// Since
        to: Option<String>,
    },
    /// What it turned out to be
    Classification {
        /// Before; absent is *not set*
        from: Option<Classification>,
        /// Since
        to: Option<Classification>,
    },
    /// Our own tags
    Tags {
        /// Those that it got
        added: BTreeSet<String>,
        /// Those that it lost
        removed: BTreeSet<String>,
    },
    /// Something was said of it
    Comment {
        /// What
        text: String,
    },
}

/// One thing that a person did to an alert
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Act {
    /// Which of the alert's acts, from 1
    pub number: u64,
    /// The alert
    pub alert_id: AlertId,
    /// The revision that they saw
    pub revision: Revision,
    /// When
    pub at: Timestamp,
    /// Who
    pub by: Actor,
    /// What, from what to what
    pub steps: Vec<Step>,
    /// Names the request that asked for it, so that a repeat is known
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The digest of the act before; empty for the first
    pub previous: String,
}

/// What an act asks of the alert's source
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActEffect {
    /// Which: `3/change`, `3/comment`
    pub id: EffectId,
    /// What
    pub action: ActAction,
}

/// What is to be done at the source
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActAction {
    /// Make each property what the person said, where it still is what they saw
    Change(Vec<Step>),
    /// Say that
    Comment(String),
}

/// What a person asks for cannot be
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManageError {
    /// Too many tags
    #[error("the alert would have {0} tags, and {TAGS_MAX} are possible")]
    TooManyTags(usize),
    /// Too much that its source was not told yet
    #[error("the alert's source was not told of {0} changes yet: wait until it was")]
    TooMuchUntold(usize),
}

impl Act {
    /// What comes of a wish: nothing where the alert stands like that already
    pub fn of(
        wish: &Wish,
        (alert, managed, tags): (&Alert, &Managed, &BTreeSet<String>),
        by: Actor,
        now: Timestamp,
        (number, previous): (u64, String),
    ) -> Result<Option<(Self, Managed)>, ManageError> {
        let standing = managed.standing(alert, tags.clone());
        let mut steps = Vec::new();
        if let Some(to) = wish.status
            && standing.status != Some(to)
        {
            steps.push(Step::Status { from: standing.status, to });
        }
        if let Some(to) = &wish.assigned_to
            && !is_same_person(standing.assigned_to.as_deref(), to.as_deref())
        {
            steps.push(Step::AssignedTo { from: standing.assigned_to, to: to.clone() });
        }
        if let Some(to) = wish.classification
            && standing.classification != to
        {
            steps.push(Step::Classification { from: standing.classification, to });
        }
        let added: BTreeSet<String> = wish.add_tags.difference(tags).cloned().collect();
        let removed: BTreeSet<String> = wish.remove_tags.intersection(tags).cloned().collect();
        let n_tags = (tags.len() + added.len()).saturating_sub(removed.len());
        if !added.is_empty() && n_tags > TAGS_MAX {
            return Err(ManageError::TooManyTags(n_tags));
        }
        if !added.is_empty() || !removed.is_empty() {
            steps.push(Step::Tags { added, removed });
        }
        steps.extend(wish.comment.clone().map(|text| Step::Comment { text }));
        if steps.is_empty() {
            return Ok(None);
        }
        let managed = managed.after(&steps, (&by.name, number), alert);
        let (alert_id, revision) = (alert.id.clone(), alert.revision());
        let act = Self { number, alert_id, revision, at: now, by, steps, request: None, previous };
        Ok(Some((act, managed)))
    }

    /// The tags after it
    #[must_use]
    pub fn tags(&self, mut tags: BTreeSet<String>) -> BTreeSet<String> {
        for step in &self.steps {
            if let Step::Tags { added, removed } = step {
                tags.retain(|it| !removed.contains(it));
                tags.extend(added.iter().cloned());
            }
        }
        tags
    }

    /// Where it puts the alert, if it says
    pub fn status(&self) -> Option<Status> {
        self.steps.iter().find_map(|it| match it {
            Step::Status { to, .. } => Some(*to),
            Step::AssignedTo { .. }
            | Step::Classification { .. }
            | Step::Tags { .. }
            | Step::Comment { .. } => None,
        })
    }

    /// Whether a rule may no longer do what it had begun to do
    pub fn decides(&self) -> bool {
        !self.for_source().is_empty()
    }

    /// What it asks of the source, in order; tags are our own
    pub fn effects(&self) -> Vec<ActEffect> {
        let mut effects = Vec::new();
        let steps = self.for_source();
        if !steps.is_empty() {
            let id = EffectId(format!("{}/change", self.number));
            effects.push(ActEffect { id, action: ActAction::Change(steps) });
        }
        for step in &self.steps {
            if let Step::Comment { text } = step {
                let id = EffectId(format!("{}/comment", self.number));
                // The end makes it unlike any other, so that a repeat finds it.
                let text = format!("{text}\n({}, Defuse, change {})", self.by.name, self.number);
                effects.push(ActEffect { id, action: ActAction::Comment(text) });
            }
        }
        effects
    }

    fn for_source(&self) -> Vec<Step> {
        let is_for_source = |it: &&Step| match it {
            Step::Status { .. } | Step::AssignedTo { .. } | Step::Classification { .. } => true,
            Step::Tags { .. } | Step::Comment { .. } => false,
        };
        self.steps.iter().filter(is_for_source).cloned().collect()
    }
}

impl ActEffect {
    /// Which act an effect of that id belongs to
    pub fn act_of(id: &EffectId) -> Option<u64> {
        id.0.split_once('/')?.0.parse().ok()
    }
}

fn is_same_person(left: Option<&str>, right: Option<&str>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => left.eq_ignore_ascii_case(right),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{classification::Threat, run::EffectState};

    fn alert(minute: u8, rest: &str) -> Alert {
        Alert::read(&format!(
            r#"{{ "id": "ad1", "lastUpdateDateTime": "2026-11-20T10:{minute:02}:00Z"{rest} }}"#
        ))
        .unwrap()
    }

    fn wish(text: &str) -> Wish {
        Wish::parse(text).unwrap()
    }

    fn act(text: &str, alert: &Alert, managed: &Managed) -> Option<(Act, Managed)> {
        let kim = Actor { id: "1".to_owned(), name: "Kim".to_owned() };
        let on = (alert, managed, &BTreeSet::new());
        Act::of(&wish(text), on, kim, Timestamp::UNIX_EPOCH, (1, String::new())).unwrap()
    }

    const RESOLVE: &str =
        r#"{ "status": "resolved", "classification": { "truePositive": "phishing" } }"#;

    #[test]
    fn an_act_tells_from_what_to_what_and_changes_nothing_twice() {
        let alert = alert(0, r#", "status": "new""#);
        let (first, managed) = act(RESOLVE, &alert, &Managed::default()).unwrap();
        assert_eq!(
            first.steps,
            [
                Step::Status { from: Some(Status::New), to: Status::Resolved },
                Step::Classification {
                    from: None,
                    to: Some(Classification::TruePositive(Threat::Phishing))
                },
            ]
        );
        assert!(first.decides());
        assert_eq!(managed.by.as_deref(), Some("Kim"));
        assert_eq!(act(RESOLVE, &alert, &managed), None);
    }

    #[test]
    fn what_a_person_said_holds_until_the_source_says_otherwise() {
        let seen = alert(0, r#", "status": "new""#);
        let (_, managed) = act(RESOLVE, &seen, &Managed::default()).unwrap();
        let status = |managed: &Managed, alert: &Alert| {
            managed.standing(alert, BTreeSet::new()).status.unwrap()
        };
        let (grown, taken) =
            (alert(1, r#", "status": "new""#), alert(1, r#", "status": "inProgress""#));
        assert_eq!(status(&managed, &seen), Status::Resolved);
        assert_eq!(status(&managed, &grown), Status::Resolved, "the source was not told yet");
        assert_eq!(status(&managed, &taken), Status::InProgress, "somebody took it there");

        let at = Timestamp::UNIX_EPOCH;
        let told = managed.clone().settled(1, &EffectState::Done { at, answer: "200".to_owned() });
        assert_eq!(status(&told, &seen), Status::Resolved, "its echo is on the way");
        assert_eq!(status(&told, &grown), Status::New, "somebody opened it again");

        let refused = managed.settled(1, &EffectState::Overtaken { at });
        assert_eq!(status(&refused, &seen), Status::New);
        assert_eq!(refused.by.as_deref(), Some("Kim"));
    }

    #[test]
    fn a_finding_keeps_who_has_it_and_is_open_when_it_comes_again() {
        let finding = |minute: u8| {
            let times = format!(r#""updatedAt": "2026-11-20T10:{minute:02}:00Z""#);
            let text = format!(
                r#"{{ "schemaVersion": "2.0", "accountId": "1", "type": "a:b", "id": "1", {times} }}"#
            );
            Alert::read(&text).unwrap()
        };
        let asked = r#"{ "status": "resolved", "assignedTo": "kim@contoso.example" }"#;
        let (first, again) = (finding(1), finding(9));
        assert!(first.revision() < again.revision());
        let (_, managed) = act(asked, &first, &Managed::default()).unwrap();
        let told = EffectState::Done { at: Timestamp::UNIX_EPOCH, answer: "kept".to_owned() };
        let standing = managed.settled(1, &told).standing(&again, BTreeSet::new());
        assert_eq!(standing.assigned_to.as_deref(), Some("kim@contoso.example"));
        assert_ne!(standing.status, Some(Status::Resolved));
    }

    #[test]
    fn comments_and_tags_decide_nothing() {
        let alert = alert(0, "");
        let tagged = act(r#"{ "tags": { "add": ["vip"] } }"#, &alert, &Managed::default());
        let (act, managed) = tagged.unwrap();
        assert!(!act.decides() && act.effects().is_empty() && managed.by.is_none());
        assert_eq!(act.tags(BTreeSet::new()).len(), 1);
    }

    #[test]
    fn tags_are_bounded() {
        let alert = alert(0, "");
        let tags: BTreeSet<String> = (0..TAGS_MAX).map(|it| it.to_string()).collect();
        let kim = Actor { id: "1".to_owned(), name: "Kim".to_owned() };
        let on = (&alert, &Managed::default(), &tags);
        let more = wish(r#"{ "tags": { "add": ["more"] } }"#);
        let refused =
            Act::of(&more, on, kim, Timestamp::UNIX_EPOCH, (1, String::new())).unwrap_err();
        assert_eq!(refused, ManageError::TooManyTags(33));
    }
}
