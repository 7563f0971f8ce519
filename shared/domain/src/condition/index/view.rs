//! A view: of one alert what the conditions of an index can test, and nothing else.

use super::{
    key::{LiteralId, NONE, Scalar},
    scan::unescaped,
    slots::SlotId,
    triggers::TriggerSlots,
};
use crate::{
    condition::{evidence_test::TRIGGER, fold, property::Value},
    explanation::Truth,
    fact::Unknown,
};

/// The type of a piece that says of no type
pub(super) const UNTYPED: u8 = u8::MAX;

/// The type of a piece of a type that we do not know
pub(super) const OTHER: u8 = u8::MAX - 1;

/// How many bytes may be read behind a text
pub(super) const PADDING: [u8; 8] = [0; 8];

/// What was seen of one alert; used again for the next
#[derive(Debug, Default)]
pub(super) struct View {
    /// Folded, one behind the other, with `PADDING` behind each
    texts: Vec<u8>,
    items: Vec<Item>,
    values: Vec<SlotValue>,
    pieces: Vec<Piece>,
    /// By slot, where in `values` the alert's own value is
    own: Vec<usize>,
    is_in_piece: bool,
}

/// One value, or one of several
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    /// Where its text begins, and how long that is
    pub(super) text: Option<(usize, usize)>,
    /// The literal that its whole text is
    pub(super) literal: LiteralId,
    pub(super) scalar: Scalar,
}

/// What a slot holds; nothing there at all is a slot without
#[derive(Clone, Copy, Debug)]
pub(super) struct SlotValue {
    pub(super) slot: SlotId,
    /// Whether there is a value, which may be unknown
    pub(super) exists: Truth,
    /// Whether it came in a form that cannot be read
    pub(super) is_unreadable: bool,
    /// Whether of several one is missing or unreadable
    pub(super) lacks_one: bool,
    first: usize,
    end: usize,
}

/// A piece of evidence
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) evidence_type: u8,
    first: usize,
    end: usize,
}

impl View {
    pub(super) fn clear(&mut self, n_slots: usize) {
        self.texts.clear();
        self.items.clear();
        self.values.clear();
        self.pieces.clear();
        self.own.clear();
        self.own.resize(n_slots, usize::MAX);
        self.is_in_piece = false;
    }

    pub(super) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    pub(super) fn values(&self) -> &[SlotValue] {
        &self.values
    }

    pub(super) fn items(&self, value: &SlotValue) -> &[Item] {
        self.items.get(value.first..value.end).unwrap_or_default()
    }

    pub(super) fn items_and_texts_mut(&mut self, value: SlotValue) -> (&mut [Item], &[u8]) {
        (self.items.get_mut(value.first..value.end).unwrap_or_default(), &self.texts)
    }

    pub(super) fn text(&self, item: &Item) -> Option<&[u8]> {
        item.text.and_then(|(start, length)| self.texts.get(start..start + length))
    }

    /// The alert's own value
    pub(super) fn own(&self, slot: SlotId) -> Option<&SlotValue> {
        self.own.get(usize::from(slot)).and_then(|it| self.values.get(*it))
    }

    /// The value of a piece of evidence
    pub(super) fn of_piece(&self, piece: &Piece, slot: SlotId) -> Option<&SlotValue> {
        let values = self.values.get(piece.first..piece.end).unwrap_or_default();
        values.iter().find(|it| it.slot == slot)
    }

    /// Begins a piece of evidence; the values until [`View::end_piece`] are its own, all others
    /// the alert's
    pub(super) fn begin_piece(&mut self, evidence_type: u8) {
        let first = self.values.len();
        self.pieces.push(Piece { evidence_type, first, end: first });
        self.is_in_piece = true;
    }

    /// Ends it; if conditions ask who triggered the alert, room is left for that
    pub(super) fn end_piece(&mut self, triggers: Option<TriggerSlots>) {
        self.end_values();
        if let (Some(slots), Some(piece)) = (triggers, self.pieces.last().copied()) {
            let roles = self.of_piece(&piece, slots.roles).copied();
            self.begin(slots.role);
            if let Some(roles) = roles {
                self.items.extend_from_within(roles.first..roles.end);
            }
            self.end();
            let is_unreadable = roles.is_some_and(|it| it.is_unreadable);
            let lacks_one = roles.is_some_and(|it| it.lacks_one);
            if let Some(role) = self.values.last_mut() {
                *role = SlotValue { is_unreadable, lacks_one, ..*role };
            }
            self.push_text(TRIGGER.as_bytes());
            self.end_values();
        }
        self.is_in_piece = false;
    }

    fn end_values(&mut self) {
        let end = self.values.len();
        if let Some(piece) = self.pieces.last_mut() {
            piece.end = end;
        }
    }

    /// Gives the pieces that triggered the alert their role
    pub(super) fn mark_triggers(&mut self, slots: TriggerSlots) {
        let triggers = slots.of(self);
        for (piece, trigger) in self.pieces.iter().zip(triggers) {
            let values = self.values.get_mut(piece.first..piece.end).unwrap_or_default();
            let Some(role) = values.iter_mut().find(|it| it.slot == slots.role) else { continue };
            match trigger {
                // The item that waits behind the others.
                Truth::True => role.end += 1,
                Truth::Unknown => role.lacks_one = true,
                Truth::False => {}
            }
        }
    }

    /// Begins a value of which each item is pushed
    pub(super) fn begin(&mut self, slot: SlotId) {
        let first = self.items.len();
        if !self.is_in_piece
            && let Some(own) = self.own.get_mut(usize::from(slot))
        {
            *own = self.values.len();
        }
        self.values.push(SlotValue {
            slot,
            exists: Truth::False,
            is_unreadable: false,
            lacks_one: false,
            first,
            end: first,
        });
    }

    /// Ends it; a list without items is no value, but known to be none
    pub(super) fn end(&mut self) {
        let end = self.items.len();
        if let Some(value) = self.values.last_mut() {
            value.end = end;
            if end > value.first {
                value.exists = Truth::True;
            }
        }
    }

    /// Takes back the alert's last value if it is an empty text, which says nothing
    pub(super) fn drop_empty_text(&mut self) {
        if let Some(value) = self.values.last().copied()
            && self.items(&value).iter().all(|it| it.text.is_some_and(|(_, length)| length == 0))
        {
            self.values.pop();
            if let Some(own) = self.own.get_mut(usize::from(value.slot)) {
                *own = usize::MAX;
            }
        }
    }

    /// Takes back the values from here on
    pub(super) fn truncate(&mut self, n_values: usize) {
        if let Some(value) = self.values.get(n_values) {
            self.items.truncate(value.first);
        }
        self.values.truncate(n_values);
    }

    pub(super) fn push_scalar(&mut self, scalar: Scalar) {
        self.items.push(Item { text: None, literal: NONE, scalar });
    }

    /// `None` if it is no text
    pub(super) fn push_text(&mut self, text: &[u8]) -> Option<()> {
        let start = self.texts.len();
        self.texts.extend_from_slice(text);
        self.fold_from(start)
    }

    /// The same for a text as JSON writes it with escapes
    pub(super) fn push_escaped(&mut self, text: &[u8]) -> Option<()> {
        let start = self.texts.len();
        unescaped(text, &mut self.texts)?;
        self.fold_from(start)
    }

    /// Makes an item of the text that begins there
    fn fold_from(&mut self, start: usize) -> Option<()> {
        let text = self.texts.get_mut(start..)?;
        if text.is_ascii() {
            text.make_ascii_lowercase();
        } else {
            let folded = fold(str::from_utf8(text).ok()?);
            self.texts.truncate(start);
            self.texts.extend_from_slice(folded.as_bytes());
        }
        let length = self.texts.len() - start;
        self.texts.extend_from_slice(&PADDING);
        let text = Some((start, length));
        self.items.push(Item { text, literal: NONE, scalar: Scalar::default() });
        Some(())
    }

    /// A value as plain evaluation sees it
    pub(super) fn push(&mut self, slot: SlotId, value: Result<Option<Value>, Unknown>) {
        let value = match value {
            Ok(None) => return,
            Ok(Some(value)) => Some(value),
            Err(_unknown) => None,
        };
        self.begin(slot);
        let shape = value.as_ref().map(|it| self.push_items(it));
        self.end();
        if let Some(found) = self.values.last_mut() {
            found.is_unreadable = shape.is_none();
            if let Some((exists, lacks_one)) = shape {
                found.exists = exists;
                found.lacks_one = lacks_one;
            }
        }
    }

    /// Pushes each single value, and gives whether there is one and whether one lacks
    fn push_items(&mut self, value: &Value) -> (Truth, bool) {
        match value {
            Value::Text(text) => {
                let pushed = self.push_text(text.as_bytes());
                return (Truth::True, pushed.is_none());
            }
            Value::Several(values) => {
                let mut lacks_one = false;
                for value in values {
                    lacks_one |= value.as_ref().is_none_or(|it| self.push_items(it).1);
                }
                let exists = match values.as_slice() {
                    [] => Truth::False,
                    several if several.iter().all(Option::is_none) => Truth::Unknown,
                    _ => Truth::True,
                };
                return (exists, lacks_one);
            }
            Value::Number(number) => self.push_scalar(Scalar::whole(*number)),
            Value::Boolean(boolean) => self.push_scalar(Scalar::whole(i64::from(*boolean))),
            Value::Severity(severity) => self.push_scalar(Scalar::severity(*severity)),
            Value::Time(time) => self.push_scalar(Scalar::time(*time)),
        }
        (Truth::True, false)
    }
}
