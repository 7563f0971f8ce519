//! Shapes: the names of the last alert, in the order in which they were written.
//!
//! A source writes its alerts alike. Where the next bytes are those of the name that stood there the
//! last time, it is that name, and need not be read and looked up again.

/// How many names of one object are kept
const NAMES_MAX: usize = 96;

/// The longest name that is kept, in bytes as written
const NAME_BYTES_MAX: usize = 64;

/// The name is none that is looked for
pub(super) const NO_ENTRY: usize = usize::MAX;

/// A name as it was written, up to its value, and which entry of its table it is
#[derive(Clone, Debug)]
struct Expected {
    written: Vec<u8>,
    entry: usize,
}

/// By table, the names that were written one after the other
#[derive(Clone, Debug, Default)]
pub(super) struct Shapes(Vec<Vec<Expected>>);

impl Shapes {
    pub(super) fn new(n_tables: usize) -> Self {
        Self(vec![Vec::new(); n_tables])
    }

    /// The length and the entry of the name at that place, if `rest` begins with it
    pub(super) fn expected(
        &self,
        (table, place): (usize, usize),
        rest: &[u8],
    ) -> Option<(usize, usize)> {
        let expected = self.0.get(table)?.get(place)?;
        rest.starts_with(&expected.written).then_some((expected.written.len(), expected.entry))
    }

    pub(super) fn learn(&mut self, (table, place): (usize, usize), written: &[u8], entry: usize) {
        let Some(names) = self.0.get_mut(table) else { return };
        // Its bytes are not looked at again: they have to be text.
        if place >= NAMES_MAX || written.len() > NAME_BYTES_MAX || !written.is_ascii() {
            return;
        }
        let expected = Expected { written: written.to_vec(), entry };
        if let Some(other) = names.get_mut(place) {
            *other = expected;
        } else if place == names.len() {
            names.push(expected);
        }
    }
}
