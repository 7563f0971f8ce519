//! Reads a view straight from the JSON of an alert of Graph, as its own reader would come to see it.
//!
//! What is not plain (another shape, a value of another type, a member that is not known, a name
//! twice) is refused: then the alert is read in the usual way, which knows what to make of it.

use jiff::Timestamp;
use serde_json::Value as Json;

use super::{
    ConditionIndex,
    key::Scalar,
    names::{OfPiece, Own, Table},
    scan::{Next, Number, Scanner, Text, unescaped},
    slots::SlotId,
    view::{OTHER, View},
};
use crate::{
    alert::RECORD_CATEGORY,
    alert_id::AlertId,
    catalogue::{EvidenceType, Kind},
    condition::evidence_test::read_at,
};

mod own;

/// How the name of an evidence type begins on the wire, and how it ends
const TYPE_BEGIN: &[u8] = b"#microsoft.graph.security.";
const TYPE_END: &[u8] = b"Evidence";

/// The property that says what a piece is
const TYPE_NAME: &[u8] = b"@odata.type";

/// Reads one alert; used again for the next
#[derive(Debug)]
pub(super) struct GraphReader<'i, 'j, 'v> {
    index: &'i ConditionIndex,
    view: &'v mut View,
    json: &'j [u8],
    scanner: Scanner<'j>,
    /// The last text with escapes, without them
    plain: Vec<u8>,
}

/// Which of at most 64 names were there
#[derive(Clone, Copy, Debug, Default)]
struct Names(u64);

impl Names {
    /// Notes a name; `None` if it was there already
    fn note(&mut self, place: usize) -> Option<()> {
        let bit = 1_u64.checked_shl(u32::try_from(place).ok()?)?;
        let is_new = self.0 & bit == 0;
        self.0 |= bit;
        is_new.then_some(())
    }
}

impl<'i, 'j, 'v> GraphReader<'i, 'j, 'v> {
    pub(super) fn new(index: &'i ConditionIndex, json: &'j [u8], view: &'v mut View) -> Self {
        Self { index, view, json, scanner: Scanner::new(json), plain: Vec::new() }
    }

    /// Fills the view; `None` if the alert is not plain
    pub(super) fn read(mut self) -> Option<()> {
        self.view.clear(self.index.slots.len());
        let mut seen = Names::default();
        let mut has_id = false;
        self.scanner.take(b'{')?;
        if !self.scanner.takes(b'}') {
            loop {
                let name = self.scanner.name()?;
                match self.index.names.own.find(name.bytes) {
                    None => self.scanner.skip()?,
                    Some((_, Own::OtherShape)) => return None,
                    Some((place, Own::Evidence)) => {
                        seen.note(place)?;
                        self.evidence()?;
                    }
                    Some((place, Own::Property(slots))) => {
                        seen.note(place)?;
                        has_id |= name.bytes == b"id";
                        self.check(name.bytes)?;
                        match slots.as_slice() {
                            [] => self.scanner.skip()?,
                            [(slot, property)] => self.own(*slot, *property)?,
                            // Of one name some slots are made: each reads it anew.
                            several => {
                                let start = self.scanner;
                                for (slot, property) in several {
                                    self.scanner = start;
                                    self.own(*slot, *property)?;
                                }
                            }
                        }
                    }
                }
                if self.scanner.takes(b',') {
                    continue;
                }
                self.scanner.take(b'}')?;
                break;
            }
        }
        if !has_id || !self.scanner.is_at_end() {
            return None;
        }
        // Not everything was made a text.
        if !self.scanner.is_ascii() && str::from_utf8(self.json).is_err() {
            return None;
        }
        self.finish()
    }

    /// Refuses an id that is none, and a record of the stream
    fn check(&mut self, name: &[u8]) -> Option<()> {
        let start = self.scanner;
        match name {
            b"id" => {
                let id = self.text()?;
                AlertId::parse(id).ok()?;
            }
            b"category"
                if self.scanner.next() == Some(Next::Text)
                    && self.text()?.starts_with(RECORD_CATEGORY) =>
            {
                return None;
            }
            _ => {}
        }
        self.scanner = start;
        Some(())
    }

    /// What is so of every alert, whatever is written
    fn finish(self) -> Option<()> {
        for slot in &self.index.names.lists {
            if self.view.own(*slot).is_none() {
                self.view.begin(*slot);
                self.view.end();
            }
        }
        // Then the id hints at it.
        if self.index.names.service_source.is_some_and(|it| self.view.own(it).is_none()) {
            return None;
        }
        if let Some(triggers) = self.index.triggers {
            self.view.mark_triggers(triggers);
        }
        Some(())
    }

    /// Takes a text, and gives what it says
    fn text(&mut self) -> Option<&str> {
        let text = self.scanner.text()?;
        self.said(text).and_then(|it| str::from_utf8(it).ok())
    }

    fn said<'t>(&'t mut self, text: Text<'t>) -> Option<&'t [u8]> {
        if !text.has_escapes {
            return Some(text.bytes);
        }
        self.plain.clear();
        unescaped(text.bytes, &mut self.plain)?;
        Some(&self.plain)
    }

    /// Takes a text, and pushes it
    fn push_text(&mut self) -> Option<()> {
        let text = self.scanner.text()?;
        if !text.has_escapes {
            return self.view.push_text(text.bytes);
        }
        self.plain.clear();
        unescaped(text.bytes, &mut self.plain)?;
        self.view.push_text(&self.plain)
    }

    fn evidence(&mut self) -> Option<()> {
        if self.scanner.next()? == Next::Null {
            return self.scanner.skip();
        }
        self.scanner.take(b'[')?;
        if self.scanner.takes(b']') {
            return Some(());
        }
        loop {
            self.piece()?;
            if !self.scanner.takes(b',') {
                return self.scanner.take(b']');
            }
        }
    }

    fn piece(&mut self) -> Option<()> {
        self.scanner.take(b'{')?;
        let start = self.scanner;
        let name = self.scanner.name()?;
        let is_first = name.bytes == TYPE_NAME;
        if !is_first {
            self.scanner = start;
            self.skip_to_type()?;
        }
        let evidence_type = self.evidence_type()?;
        let index = self.index;
        let place = usize::from(evidence_type).min(EvidenceType::ALL.len());
        let names = index.names.pieces.get(place)?;
        self.view.begin_piece(evidence_type);
        if is_first {
            if self.scanner.takes(b',') {
                self.properties_of(names, 0)?;
            } else {
                self.scanner.take(b'}')?;
            }
        } else {
            self.scanner = start;
            self.properties_of(names, 1)?;
        }
        self.view.end_piece(index.triggers);
        Some(())
    }

    /// Goes to where it is written what a piece is
    fn skip_to_type(&mut self) -> Option<()> {
        while self.scanner.name()?.bytes != TYPE_NAME {
            self.scanner.skip()?;
            self.scanner.take(b',')?;
        }
        Some(())
    }

    /// The number of the type that a piece is of; it has to be said
    fn evidence_type(&mut self) -> Option<u8> {
        let written = self.scanner.text()?;
        let middle = written.bytes.strip_prefix(TYPE_BEGIN);
        let middle = middle.and_then(|it| it.strip_suffix(TYPE_END));
        if let Some((_, known)) = middle.and_then(|it| self.index.names.types.find(it)) {
            return Some(*known as u8);
        }
        let said = str::from_utf8(self.said(written)?).ok()?;
        let known = EvidenceType::from_odata_type(said);
        (!said.is_empty()).then(|| known.map_or(OTHER, |it| it as u8))
    }

    /// Takes the properties of a piece, of which so many more are the one that says what it is
    fn properties_of(&mut self, names: &Table<OfPiece>, mut n_types_left: u32) -> Option<()> {
        let mut seen = Names::default();
        loop {
            let name = self.scanner.name()?;
            match names.find(name.bytes) {
                None => {
                    if name.bytes == TYPE_NAME {
                        n_types_left = n_types_left.checked_sub(1)?;
                    }
                    self.scanner.skip()?;
                }
                Some((place, of_piece)) => {
                    seen.note(place)?;
                    self.property(of_piece)?;
                }
            }
            if !self.scanner.takes(b',') {
                return self.scanner.take(b'}');
            }
        }
    }

    /// Takes what stands under a name of a piece: at once if it is what the catalogue says, else
    /// in the usual way
    fn property(&mut self, of_piece: &OfPiece) -> Option<()> {
        self.scanner.next()?;
        let start = self.scanner;
        let n_values = self.view.values().len();
        let taken = match (&of_piece.inside, of_piece.slot) {
            (Some(inside), None) => self.object(inside),
            (None, Some((slot, kind))) => self.value(slot, kind),
            (None | Some(_), _) => None,
        };
        if taken.is_some() {
            return Some(());
        }
        self.view.truncate(n_values);
        self.scanner = start;
        self.scanner.skip()?;
        let json: Json = serde_json::from_slice(self.scanner.since(start.place())).ok()?;
        for (slot, steps, kind) in &of_piece.all {
            let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
            self.view.push(*slot, read_at(Some(&json), &steps, *kind));
        }
        Some(())
    }

    fn object(&mut self, inside: &Table<(SlotId, Kind)>) -> Option<()> {
        if self.scanner.next()? == Next::Null {
            return self.scanner.skip();
        }
        let mut seen = Names::default();
        self.scanner.take(b'{')?;
        if self.scanner.takes(b'}') {
            return Some(());
        }
        loop {
            let name = self.scanner.name()?;
            match inside.find(name.bytes) {
                None => self.scanner.skip()?,
                Some((place, (slot, kind))) => {
                    seen.note(place)?;
                    self.value(*slot, *kind)?;
                }
            }
            if !self.scanner.takes(b',') {
                return self.scanner.take(b'}');
            }
        }
    }

    /// Takes one value of that kind
    fn value(&mut self, slot: SlotId, kind: Kind) -> Option<()> {
        let next = self.scanner.next()?;
        if next == Next::Null {
            return self.scanner.word(b"null");
        }
        let fits = match kind {
            Kind::Text | Kind::Time => next == Next::Text,
            Kind::Texts => next == Next::List,
            Kind::Number => next == Next::Number,
            Kind::Boolean => [Next::True, Next::False].contains(&next),
            Kind::Object(_) | Kind::Objects(_) | Kind::Piece | Kind::Pieces | Kind::Dictionary => {
                false
            }
        };
        if !fits {
            return None;
        }
        self.view.begin(slot);
        match next {
            Next::Text if kind == Kind::Time => {
                let time: Timestamp = self.text()?.parse().ok()?;
                self.view.push_scalar(Scalar::time(time));
            }
            Next::Text => self.push_text()?,
            Next::List => self.texts()?,
            Next::Number => {
                let Number::Whole(number) = self.scanner.number()? else { return None };
                self.view.push_scalar(Scalar::whole(number));
            }
            Next::True | Next::False => {
                self.scanner.word(if next == Next::True { b"true" } else { b"false" })?;
                self.view.push_scalar(Scalar::whole(i64::from(next == Next::True)));
            }
            Next::Object | Next::Null => return None,
        }
        self.view.end();
        Some(())
    }

    /// Takes a list of texts, and pushes each
    fn texts(&mut self) -> Option<()> {
        self.scanner.take(b'[')?;
        if self.scanner.takes(b']') {
            return Some(());
        }
        loop {
            if self.scanner.next()? != Next::Text {
                return None;
            }
            self.push_text()?;
            if !self.scanner.takes(b',') {
                return self.scanner.take(b']');
            }
        }
    }
}
