//! Reads a view straight from the JSON of an alert of Graph, as its own reader would come to see it.
//!
//! What is not plain (another shape, a value of another type, a member that is not known, a name
//! twice) is refused: then the alert is read in the usual way, which knows what to make of it.

use jiff::Timestamp;
use serde_json::Value as Json;

use super::{
    ConditionIndex,
    key::Scalar,
    names::{OfPiece, Own, TYPE_NAME, Table},
    scan::{Next, Number, Scanner, Text, unescaped},
    shapes::{Known, NO_ENTRY, Seen, Shapes},
    slots::SlotId,
    view::{OTHER, View},
};
use crate::{
    alert::RECORD_CATEGORY,
    alert_id::{ALERT_ID_LENGTH_MAX, AlertId},
    catalogue::{EvidenceType, Kind},
    condition::evidence_test::read_at,
};

mod own;

/// How the name of an evidence type begins on the wire, and how it ends
const TYPE_BEGIN: &[u8] = b"#microsoft.graph.security.";
const TYPE_END: &[u8] = b"Evidence";

/// Reads one alert; used again for the next
#[derive(Debug)]
pub(super) struct GraphReader<'i, 'j, 'v> {
    index: &'i ConditionIndex,
    view: &'v mut View,
    shapes: &'v mut Shapes,
    json: &'j [u8],
    scanner: Scanner<'j>,
    /// The last text with escapes, without them
    plain: Vec<u8>,
}

impl<'i, 'j, 'v> GraphReader<'i, 'j, 'v> {
    pub(super) fn new(
        index: &'i ConditionIndex,
        json: &'j [u8],
        (view, shapes): (&'v mut View, &'v mut Shapes),
    ) -> Self {
        Self { index, view, shapes, json, scanner: Scanner::new(json), plain: Vec::new() }
    }

    /// Takes a name with its colon, or the whole property with the comma behind it
    #[inline]
    fn name<T>(&mut self, table: &Table<T>, place: usize) -> Option<Known> {
        let at = (table.number, place);
        let Some(known) = self.shapes.known(at, self.scanner.rest()) else {
            return self.new_name(table, at);
        };
        let (Known::Name(length, _) | Known::Property(length)) = known;
        self.scanner.advance(length);
        Some(known)
    }

    fn new_name<T>(&mut self, table: &Table<T>, at: (usize, usize)) -> Option<Known> {
        let start = self.scanner.place();
        let name = self.scanner.name()?;
        let entry = table.find(name.bytes).unwrap_or(NO_ENTRY);
        let written = self.scanner.since(start);
        self.shapes.learn(at, written, entry);
        Some(Known::Name(written.len(), entry))
    }

    /// Takes what follows a property; gives whether another one follows
    #[inline]
    fn goes_on(&mut self, (entry, start): (usize, usize), at: (usize, usize)) -> Option<bool> {
        if !self.scanner.takes(b',') {
            return self.scanner.take(b'}').map(|()| false);
        }
        if entry == NO_ENTRY {
            self.shapes.learn_value(at, self.scanner.since(start));
        }
        Some(true)
    }

    /// Fills the view; `None` if the alert is not plain
    pub(super) fn read(mut self) -> Option<()> {
        self.view.clear(self.index.slots.len());
        let names = &self.index.names;
        let mut seen = Seen::default();
        self.scanner.take(b'{')?;
        for place in 0.. {
            let start = self.scanner.place();
            let Known::Name(_, entry) = self.name(&names.own, place)? else { continue };
            match names.own.entry(entry) {
                None => self.scanner.skip()?,
                Some(Own::OtherShape) => return None,
                Some(Own::Evidence) => {
                    seen.note(entry)?;
                    self.evidence()?;
                }
                Some(Own::Property(slots)) => {
                    seen.note(entry)?;
                    if Some(entry) == names.id {
                        self.check_id()?;
                    } else if Some(entry) == names.category {
                        self.check_category()?;
                    }
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
            if !self.goes_on((entry, start), (names.own.number, place))? {
                break;
            }
        }
        let has_id = names.id.is_some_and(|it| seen.has(it));
        if !has_id || !self.scanner.is_at_end() {
            return None;
        }
        // Not everything was made a text.
        if !self.scanner.is_ascii() && str::from_utf8(self.json).is_err() {
            return None;
        }
        self.finish()
    }

    /// Refuses an id that is none
    fn check_id(&mut self) -> Option<()> {
        let start = self.scanner;
        let id = self.text()?;
        // Most are short and of letters and digits.
        let is_usual = (1..=ALERT_ID_LENGTH_MAX).contains(&id.len())
            && id.bytes().all(|it| it.is_ascii_graphic());
        if !is_usual {
            AlertId::parse(id).ok()?;
        }
        self.scanner = start;
        Some(())
    }

    /// Refuses a record of the stream
    fn check_category(&mut self) -> Option<()> {
        let start = self.scanner;
        if self.scanner.next()? == Next::Text && self.text()?.starts_with(RECORD_CATEGORY) {
            return None;
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
        if text.has_escapes {
            self.view.push_escaped(text.bytes)
        } else {
            self.view.push_text(text.bytes)
        }
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
        let mut is_first = true;
        while self.scanner.name()?.bytes != TYPE_NAME.as_bytes() {
            is_first = false;
            self.scanner.skip()?;
            self.scanner.take(b',')?;
        }
        let evidence_type = self.evidence_type()?;
        let index = self.index;
        let names = index.names.of_piece(evidence_type)?;
        self.view.begin_piece(evidence_type);
        let mut seen = Seen::default();
        if !is_first {
            self.scanner = start;
            self.properties_of(names, seen)?;
        } else if self.scanner.takes(b',') {
            seen.note(names.find(TYPE_NAME.as_bytes())?)?;
            self.properties_of(names, seen)?;
        } else {
            self.scanner.take(b'}')?;
        }
        self.view.end_piece(index.triggers);
        Some(())
    }

    /// The number of the type that a piece is of; it has to be said
    fn evidence_type(&mut self) -> Option<u8> {
        let written = self.scanner.text()?;
        let types = &self.index.names.types;
        let middle = written.bytes.strip_prefix(TYPE_BEGIN);
        let middle = middle.and_then(|it| it.strip_suffix(TYPE_END));
        let known = middle.and_then(|it| types.find(it)).and_then(|it| types.entry(it));
        if let Some(known) = known {
            return Some(*known as u8);
        }
        let said = str::from_utf8(self.said(written)?).ok()?;
        let known = EvidenceType::from_odata_type(said);
        (!said.is_empty()).then(|| known.map_or(OTHER, |it| it as u8))
    }

    /// Takes the properties of a piece, of which some were seen
    fn properties_of(&mut self, names: &Table<OfPiece>, mut seen: Seen) -> Option<()> {
        for place in 0.. {
            let start = self.scanner.place();
            let Known::Name(_, entry) = self.name(names, place)? else { continue };
            match names.entry(entry) {
                None => self.scanner.skip()?,
                Some(of_piece) => {
                    seen.note(entry)?;
                    self.property(of_piece)?;
                }
            }
            if !self.goes_on((entry, start), (names.number, place))? {
                break;
            }
        }
        Some(())
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
            (None, None) if of_piece.all.is_empty() => self.scanner.skip(),
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
        let mut seen = Seen::default();
        self.scanner.take(b'{')?;
        if self.scanner.takes(b'}') {
            return Some(());
        }
        for place in 0.. {
            let start = self.scanner.place();
            let Known::Name(_, entry) = self.name(inside, place)? else { continue };
            match inside.entry(entry) {
                None => self.scanner.skip()?,
                Some((slot, kind)) => {
                    seen.note(entry)?;
                    self.value(*slot, *kind)?;
                }
            }
            if !self.goes_on((entry, start), (inside.number, place))? {
                break;
            }
        }
        Some(())
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
