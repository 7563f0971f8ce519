//! Looks up what was seen of an alert among the literals of an index.

use std::net::IpAddr;

use super::{
    ConditionIndex,
    key::{LiteralId, NONE, Sort, network, place},
    lookup::Lookup,
    parts::TooMany,
    view::{Item, PADDING, SlotValue, View},
};
use crate::subnet::Network;

/// How many literals of one text are gathered before they are counted once each
const FEW: usize = 64;

impl ConditionIndex {
    /// Gathers the literals that were seen, and notes at each whole text which one it is
    pub(super) fn look_up(
        &self,
        view: &mut View,
        seen: &mut Vec<LiteralId>,
    ) -> Result<(), TooMany> {
        if self.lookups.evidence {
            let mut last = None;
            for piece in view.pieces() {
                if last.replace(piece.evidence_type) != Some(piece.evidence_type) {
                    self.gather(place(Sort::Evidence, 0), &[piece.evidence_type], seen);
                }
            }
        }
        for number in 0..view.values().len() {
            let Some(value) = view.values().get(number).copied() else { break };
            let Some(lookup) = self.lookups.of(value.slot) else { continue };
            let (items, texts) = view.items_and_texts_mut(value);
            for item in items {
                self.look_up_item((lookup, value), (item, texts), seen)?;
            }
        }
        Ok(())
    }

    fn look_up_item(
        &self,
        (lookup, value): (&Lookup, SlotValue),
        (item, texts): (&mut Item, &[u8]),
        seen: &mut Vec<LiteralId>,
    ) -> Result<(), TooMany> {
        if lookup.scalars {
            self.gather(place(Sort::Scalar, value.slot), &item.scalar.bytes(), seen);
        }
        let Some((start, length)) = item.text else { return Ok(()) };
        let Some(text) = texts.get(start..start + length) else { return Ok(()) };
        if lookup.texts {
            item.literal = self.gather(place(Sort::Text, value.slot), text, seen).unwrap_or(NONE);
        }
        if !lookup.networks.is_empty()
            && let Some(address) =
                str::from_utf8(text).ok().and_then(|it| it.parse::<IpAddr>().ok())
        {
            let address = address.to_canonical();
            for (is_ipv4, n_bits) in &lookup.networks {
                if address.is_ipv4() == *is_ipv4
                    && let Some(found) = Network::of(address, *n_bits)
                {
                    self.gather(place(Sort::Network, value.slot), &network(found), seen);
                }
            }
        }
        if let Some(parts) = lookup.parts.and_then(|it| self.parts.get(it)) {
            let padded = texts.get(start..start + length + PADDING.len()).unwrap_or_default();
            let first = seen.len();
            let padded = (padded, length);
            parts.find(padded, self.starts.len(), &self.literals, |it| seen.push(it))?;
            // A short one may stand there many times.
            if seen.len() > first + FEW {
                seen.sort_unstable();
                seen.dedup();
            }
        }
        Ok(())
    }

    /// Finds a literal, and gathers it if a condition is anchored there
    fn gather(&self, place: u32, bytes: &[u8], seen: &mut Vec<LiteralId>) -> Option<LiteralId> {
        let (literal, record) = self.literals.find(place, bytes)?;
        if record.is_anchor() {
            seen.push(literal);
        }
        Some(literal)
    }
}
