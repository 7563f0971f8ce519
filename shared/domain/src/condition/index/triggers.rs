//! Which pieces of evidence triggered an alert, as far as a view shows.

use super::{
    slots::{Slot, SlotId},
    view::View,
};
use crate::{
    condition::evidence_test::ROLES,
    evidence::{SUSPECTED, TRIGGERING},
    explanation::Truth,
};

/// More of what a source says of a piece
pub(super) const DETAILED_ROLES: &str = "detailedRoles";

/// What a source makes of a piece
pub(super) const VERDICT: &str = "verdict";

/// Where the role of what triggered the alert goes, and what it is told by
#[derive(Clone, Copy, Debug)]
pub(super) struct TriggerSlots {
    pub(super) role: SlotId,
    pub(super) roles: SlotId,
    detailed_roles: SlotId,
    verdict: SlotId,
}

impl TriggerSlots {
    /// `None` if no condition asks for it
    pub(super) fn among(slots: &[Slot]) -> Option<Self> {
        let number = |slot: &Slot| {
            let place = slots.iter().position(|it| it == slot);
            place.and_then(|it| SlotId::try_from(it).ok())
        };
        let of_piece = |path: &str| number(&Slot::of_piece(None, path));
        Some(Self {
            role: number(&Slot::Role)?,
            roles: of_piece(ROLES)?,
            detailed_roles: of_piece(DETAILED_ROLES)?,
            verdict: of_piece(VERDICT)?,
        })
    }

    /// Of each piece, whether it triggered the alert: as [`crate::evidence::triggers`] says
    pub(super) fn of(self, view: &View) -> Vec<Truth> {
        let says = |slot: SlotId, words: &[&str], piece| {
            let items = view.of_piece(piece, slot).map(|it| view.items(it)).unwrap_or_default();
            let mut texts = items.iter().filter_map(|it| view.text(it));
            texts.any(|text| words.iter().any(|it| it.as_bytes() == text))
        };
        let pieces = view.pieces();
        let labelled: Vec<bool> = pieces
            .iter()
            .map(|it| {
                says(self.roles, &TRIGGERING, it) || says(self.detailed_roles, &TRIGGERING, it)
            })
            .collect();
        if labelled.contains(&true) {
            return labelled.into_iter().map(Truth::from).collect();
        }
        let suspected: Vec<bool> =
            pieces.iter().map(|it| says(self.verdict, &SUSPECTED, it)).collect();
        if suspected.contains(&true) {
            return suspected.into_iter().map(Truth::from).collect();
        }
        let only = if pieces.len() == 1 { Truth::True } else { Truth::Unknown };
        vec![only; pieces.len()]
    }
}
