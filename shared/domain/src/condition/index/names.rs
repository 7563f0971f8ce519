//! The names that are looked for in the JSON of an alert, and what stands under each.

use std::collections::BTreeMap;

use super::{
    key::mixed,
    slots::{Slot, SlotId},
};
use crate::{
    alert::OTHER_SHAPES,
    catalogue::{EvidenceType, Kind},
    condition::AlertProperty,
};

/// Names, each with what it means; most that are looked for are not there
#[derive(Clone, Debug)]
pub(super) struct Table<T> {
    /// Tells it from the other tables
    pub(super) number: usize,
    /// The place of an entry, from 1; as many as a power of two
    buckets: Vec<u16>,
    entries: Vec<(String, T)>,
}

impl<T> Table<T> {
    fn new(entries: BTreeMap<String, T>) -> Self {
        let n_buckets = (entries.len() * 4).next_power_of_two();
        let mut buckets = vec![0; n_buckets];
        let mut kept = Vec::new();
        for ((name, value), number) in entries.into_iter().zip(1_u16..) {
            let first = hash(first_word(name.as_bytes()), name.len());
            for step in 0..n_buckets {
                if let Some(free @ 0) = buckets.get_mut((first + step) & (n_buckets - 1)) {
                    *free = number;
                    break;
                }
            }
            kept.push((name, value));
        }
        Self { number: 0, buckets, entries: kept }
    }

    pub(super) fn entry(&self, place: usize) -> Option<&T> {
        self.entries.get(place).map(|(_, value)| value)
    }

    /// Each name with what it means
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.entries.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The place of a name's entry
    pub(super) fn find(&self, name: &[u8]) -> Option<usize> {
        let first = hash(first_word(name), name.len());
        let mask = self.buckets.len().wrapping_sub(1);
        for step in 0..self.buckets.len() {
            let number = *self.buckets.get((first.wrapping_add(step)) & mask)?;
            let place = usize::from(number).checked_sub(1)?;
            let (found, _) = self.entries.get(place)?;
            if found.as_bytes() == name {
                return Some(place);
            }
        }
        None
    }
}

fn first_word(name: &[u8]) -> u64 {
    if let Some(word) = name.first_chunk::<8>() {
        return u64::from_le_bytes(*word);
    }
    name.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte))
}

fn hash(first_word: u64, length: usize) -> usize {
    let hash = mixed(first_word ^ ((length as u64) << 56), 0x9E37_79B9_7F4A_7C15);
    usize::try_from(hash & 0xFFFF).unwrap_or(0)
}

/// The properties of an alert that are lists
const LISTS: [AlertProperty; 3] =
    [AlertProperty::Categories, AlertProperty::MitreTechniques, AlertProperty::SystemTags];

/// What stands under a name of the alert
#[derive(Clone, Debug)]
pub(super) enum Own {
    /// It tells that this is an alert of another shape
    OtherShape,
    Evidence,
    /// Slots with the properties that are made of it
    Property(Vec<(SlotId, AlertProperty)>),
}

/// The property that says what a piece of evidence is
pub(super) const TYPE_NAME: &str = "@odata.type";

/// What stands under a name of a piece of evidence
#[derive(Clone, Debug, Default)]
pub(super) struct OfPiece {
    /// The slot that it is itself
    pub(super) slot: Option<(SlotId, Kind)>,
    /// The slots of the properties inside it
    pub(super) inside: Option<Table<(SlotId, Kind)>>,
    /// Every slot that is made of it: what is below this name, and what that holds
    pub(super) all: Vec<(SlotId, Vec<String>, Kind)>,
}

/// All that is looked for
#[derive(Clone, Debug)]
pub(super) struct Names {
    pub(super) own: Table<Own>,
    /// The entries of these
    pub(super) id: Option<usize>,
    pub(super) category: Option<usize>,
    /// By type, and then what pieces of a type that we do not know have
    pieces: Vec<Table<OfPiece>>,
    /// The types by the middle of their name on the wire
    pub(super) types: Table<EvidenceType>,
    pub(super) n_tables: usize,
    /// The slots that hold lists of the alert, which are there when nothing is said of them
    pub(super) lists: Vec<SlotId>,
    /// The slot of the service source, which may be said by the id alone
    pub(super) service_source: Option<SlotId>,
}

impl Names {
    pub(super) fn new(slots: &[Slot]) -> Self {
        let mut own: BTreeMap<String, Own> = BTreeMap::new();
        for name in OTHER_SHAPES {
            own.insert(name.to_owned(), Own::OtherShape);
        }
        own.insert("evidence".to_owned(), Own::Evidence);
        // These tell whether it is an alert of this shape at all.
        for name in ["id", "category"] {
            own.insert(name.to_owned(), Own::Property(Vec::new()));
        }
        let (mut lists, mut service_source) = (Vec::new(), None);
        for (slot, number) in slots.iter().zip(0..) {
            let Slot::Alert(property) = slot else { continue };
            let name = name_of(*property).to_owned();
            if let Own::Property(slots) = own.entry(name).or_insert(Own::Property(Vec::new())) {
                slots.push((number, *property));
            }
            if LISTS.contains(property) {
                lists.push(number);
            }
            if *property == AlertProperty::ServiceSource {
                service_source = Some(number);
            }
        }
        let known = EvidenceType::ALL.iter().map(|it| of_type(slots, Some(*it)));
        let types = EvidenceType::ALL.iter().map(|it| (it.name().to_owned(), *it));
        let mut n_tables = 1;
        let mut pieces: Vec<Table<OfPiece>> = known.chain([of_type(slots, None)]).collect();
        for table in &mut pieces {
            table.number = n_tables;
            n_tables += 1;
            for inside in table.entries.iter_mut().filter_map(|(_, it)| it.inside.as_mut()) {
                inside.number = n_tables;
                n_tables += 1;
            }
        }
        let own = Table::new(own);
        Self {
            id: own.find(b"id"),
            category: own.find(b"category"),
            own,
            pieces,
            n_tables,
            types: Table::new(types.collect()),
            lists,
            service_source,
        }
    }
}

impl Names {
    /// What is looked for in a piece with that number of its type
    pub(super) fn of_piece(&self, evidence_type: u8) -> Option<&Table<OfPiece>> {
        self.pieces.get(usize::from(evidence_type).min(EvidenceType::ALL.len()))
    }
}

/// The property in JSON that a property of the alert is made of
fn name_of(property: AlertProperty) -> &'static str {
    if property == AlertProperty::Type {
        return AlertProperty::DetectorId.name();
    }
    property.name()
}

/// What is looked for in pieces of that type
fn of_type(slots: &[Slot], evidence_type: Option<EvidenceType>) -> Table<OfPiece> {
    let mut names: BTreeMap<String, OfPiece> = BTreeMap::new();
    names.insert(TYPE_NAME.to_owned(), OfPiece::default());
    let mut inside: BTreeMap<String, BTreeMap<String, (SlotId, Kind)>> = BTreeMap::new();
    for (slot, number) in slots.iter().zip(0..) {
        let Slot::Piece(own, path) = slot else { continue };
        if own.is_some() && *own != evidence_type {
            continue;
        }
        let Some(kind) = slot.kind() else { continue };
        let mut steps = path.split('.').map(str::to_owned);
        let Some(first) = steps.next() else { continue };
        let steps: Vec<String> = steps.collect();
        let name = names.entry(first.clone()).or_default();
        match steps.as_slice() {
            [] => name.slot = Some((number, kind)),
            [step] => {
                inside.entry(first).or_default().insert(step.clone(), (number, kind));
            }
            // Nothing in the catalogue lies deeper; it would be read in the usual way.
            [_, ..] => {}
        }
        name.all.push((number, steps, kind));
    }
    for (first, inner) in inside {
        if let Some(name) = names.get_mut(&first)
            && name.all.iter().all(|(_, steps, _)| steps.len() == 1)
        {
            name.inside = Some(Table::new(inner));
        }
    }
    Table::new(names)
}
