//! Shapes: the names of the last alert, in the order in which they were written.
//!
//! A source writes its alerts alike. Where the next bytes are those of the name that stood there the
//! last time, it is that name, and need not be read and looked up again. Where nobody looks for the
//! name and its value was the same every time, both are walked over at once.

/// How many names of one object are kept
const NAMES_MAX: usize = 96;

/// The longest name that is kept, and the longest with its value, in bytes as written
const BYTES_MAX: usize = 64;

/// The name is none that is looked for
pub(super) const NO_ENTRY: usize = usize::MAX;

/// A name as it was written, up to its value, and which entry of its table it is
#[derive(Clone, Debug)]
struct Expected {
    /// With the value and the comma behind it, if `steady` says so
    written: Vec<u8>,
    n_bytes_of_name: usize,
    entry: usize,
    steady: Steady,
}

/// Whether a value was the same every time
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Steady {
    NotSeen,
    Yes,
    No,
}

/// What the next bytes are
#[derive(Clone, Copy, Debug)]
pub(super) enum Known {
    /// A name of that length in bytes, and its entry
    Name(usize, usize),
    /// A property that nobody looks for, of that length in bytes, with the comma behind it
    Property(usize),
}

/// By table, the names that were written one after the other
#[derive(Clone, Debug, Default)]
pub(super) struct Shapes(Vec<Vec<Expected>>);

impl Shapes {
    pub(super) fn new(n_tables: usize) -> Self {
        Self(vec![Vec::new(); n_tables])
    }

    /// What `rest` begins with, if that is what stood at that place
    #[inline]
    pub(super) fn known(&mut self, (table, place): (usize, usize), rest: &[u8]) -> Option<Known> {
        let expected = self.0.get_mut(table)?.get_mut(place)?;
        if expected.steady == Steady::Yes && begins(rest, &expected.written) {
            return Some(Known::Property(expected.written.len()));
        }
        let length = expected.n_bytes_of_name;
        if !begins(rest, expected.written.get(..length)?) {
            return None;
        }
        if expected.steady == Steady::Yes {
            expected.steady = Steady::No;
        }
        Some(Known::Name(length, expected.entry))
    }

    pub(super) fn learn(&mut self, (table, place): (usize, usize), written: &[u8], entry: usize) {
        let Some(names) = self.0.get_mut(table) else { return };
        // Its bytes are not looked at again: they have to be text.
        if place >= NAMES_MAX || written.len() > BYTES_MAX || !written.is_ascii() {
            return;
        }
        let expected = Expected {
            written: written.to_vec(),
            n_bytes_of_name: written.len(),
            entry,
            steady: Steady::NotSeen,
        };
        if let Some(other) = names.get_mut(place) {
            *other = expected;
        } else if place == names.len() {
            names.push(expected);
        }
    }

    /// Keeps a property that nobody looks for, from its name to the comma behind its value
    #[inline]
    pub(super) fn learn_value(&mut self, (table, place): (usize, usize), written: &[u8]) {
        let expected = self.0.get_mut(table).and_then(|it| it.get_mut(place));
        let Some(expected) = expected.filter(|it| it.steady == Steady::NotSeen) else { return };
        expected.steady = Steady::No;
        if let Some(value) = written.strip_prefix(expected.written.as_slice())
            && written.len() <= BYTES_MAX
            && value.is_ascii()
        {
            expected.written.extend_from_slice(value);
            expected.steady = Steady::Yes;
        }
    }
}

/// The same as `starts_with`, which for a few bytes takes longer
#[inline]
fn begins(text: &[u8], with: &[u8]) -> bool {
    let Some(text) = text.get(..with.len()) else { return false };
    let (Some(end), Some(with_end)) = (text.last_chunk::<8>(), with.last_chunk::<8>()) else {
        return text == with;
    };
    let word = |it: &[u8; 8]| u64::from_le_bytes(*it);
    let ((words, _), (with, _)) = (text.as_chunks::<8>(), with.as_chunks::<8>());
    word(end) == word(with_end) && words.iter().zip(with).all(|(it, with)| word(it) == word(with))
}

/// Which of at most 64 names were there
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen(u64);

impl Seen {
    /// Notes a name; `None` if it was there already
    pub(super) fn note(&mut self, place: usize) -> Option<()> {
        let bit = 1_u64.checked_shl(u32::try_from(place).ok()?)?;
        let is_new = self.0 & bit == 0;
        self.0 |= bit;
        is_new.then_some(())
    }

    pub(super) const fn has(self, place: usize) -> bool {
        place < 64 && self.0 & (1 << place) != 0
    }
}
