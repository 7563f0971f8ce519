//! Slots: the properties that the conditions of an index test, each by a number.

use std::collections::BTreeMap;

use crate::{
    catalogue::{BASE, EvidenceType, Kind},
    condition::{AlertProperty, evidence_test::value_kind, property::ValueKind},
};

/// A property that some condition tests; a property that every piece of evidence has is one slot,
/// whatever the type of the piece
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slot {
    Alert(AlertProperty),
    Piece(Option<EvidenceType>, String),
    /// The roles of a piece, with the one for what triggered the alert
    Role,
}

/// Number of a slot
pub(super) type SlotId = u16;

impl Slot {
    pub(super) fn of_piece(evidence_type: Option<EvidenceType>, path: &str) -> Self {
        let own = evidence_type.filter(|it| {
            let has =
                |properties: &[(&str, Kind)]| properties.iter().any(|(name, _)| *name == path);
            has(it.properties()) || !has(BASE)
        });
        Self::Piece(own, path.to_owned())
    }

    /// What the catalogue says it holds
    pub(super) fn kind(&self) -> Option<Kind> {
        match self {
            Self::Alert(_) => None,
            Self::Role => Some(Kind::Texts),
            Self::Piece(Some(evidence_type), path) => evidence_type.kind_of(path),
            Self::Piece(None, path) => {
                BASE.iter().find(|(name, _)| name == path).map(|(_, kind)| *kind)
            }
        }
    }

    pub(super) fn value_kind(&self) -> Option<ValueKind> {
        match self {
            Self::Alert(property) => Some(property.kind()),
            Self::Piece(_, _) | Self::Role => self.kind().and_then(value_kind),
        }
    }

    /// A name that [`Slot::from_name`] reads
    pub(super) fn name(&self) -> String {
        match self {
            Self::Alert(property) => format!("alert {property}"),
            Self::Role => "role".to_owned(),
            Self::Piece(None, path) => format!("evidence any {path}"),
            Self::Piece(Some(evidence_type), path) => format!("evidence {evidence_type} {path}"),
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        let steps: Vec<&str> = name.split(' ').collect();
        let slot = match steps.as_slice() {
            ["role"] => Self::Role,
            ["alert", property] => Self::Alert(AlertProperty::from_name(property)?),
            ["evidence", "any", path] => Self::Piece(None, (*path).to_owned()),
            ["evidence", evidence_type, path] => {
                Self::Piece(Some(EvidenceType::from_name(evidence_type)?), (*path).to_owned())
            }
            _ => return None,
        };
        slot.value_kind().map(|_| slot)
    }
}

/// Gives each slot a number, in the order in which they come
#[derive(Debug, Default)]
pub(super) struct SlotNumbers {
    numbers: BTreeMap<Slot, SlotId>,
    slots: Vec<Slot>,
}

impl SlotNumbers {
    pub(super) fn number(&mut self, slot: Slot) -> SlotId {
        if let Some(number) = self.numbers.get(&slot) {
            return *number;
        }
        // The catalogue has a few hundred paths.
        let number = SlotId::try_from(self.slots.len()).unwrap_or(SlotId::MAX);
        self.slots.push(slot.clone());
        self.numbers.insert(slot, number);
        number
    }

    pub(super) fn into_slots(self) -> Vec<Slot> {
        self.slots
    }
}
