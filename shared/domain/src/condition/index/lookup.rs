//! Which literals are looked up in which slot.

use super::{
    key::{Sort, place},
    literals::Literals,
    slots::SlotId,
};

/// What is looked up in the values of one slot
#[derive(Clone, Debug, Default)]
pub(super) struct Lookup {
    pub(super) texts: bool,
    pub(super) scalars: bool,
    /// Of each network: whether of IPv4, and how long
    pub(super) networks: Vec<(bool, u8)>,
    /// The place among all `Parts`
    pub(super) parts: Option<usize>,
}

/// The same by slot, and for types of evidence
#[derive(Clone, Debug, Default)]
pub(super) struct Lookups {
    by_slot: Vec<Lookup>,
    pub(super) evidence: bool,
}

impl Lookups {
    pub(super) fn new(n_slots: usize, literals: &Literals) -> Self {
        let mut lookups = Self { by_slot: vec![Lookup::default(); n_slots], evidence: false };
        let mut parts: Vec<SlotId> = Vec::new();
        for literal in literals.iter() {
            let found = literal.place;
            let slot = SlotId::try_from(found & 0xFFFF).unwrap_or_default();
            if found == place(Sort::Evidence, slot) {
                lookups.evidence = true;
                continue;
            }
            let Some(lookup) = lookups.by_slot.get_mut(usize::from(slot)) else { continue };
            if found == place(Sort::Text, slot) {
                lookup.texts = true;
            } else if found == place(Sort::Scalar, slot) {
                lookup.scalars = true;
            } else if found == place(Sort::Part, slot) {
                parts.push(slot);
            } else if let [family, length, ..] = literal.text {
                lookup.networks.push((*family == 4, *length));
                lookup.networks.sort_unstable();
                lookup.networks.dedup();
            }
        }
        // In the same order as they are made.
        parts.sort_unstable();
        parts.dedup();
        for (index, slot) in parts.into_iter().enumerate() {
            if let Some(lookup) = lookups.by_slot.get_mut(usize::from(slot)) {
                lookup.parts = Some(index);
            }
        }
        lookups
    }

    pub(super) fn of(&self, slot: SlotId) -> Option<&Lookup> {
        self.by_slot.get(usize::from(slot))
    }
}
