//! The literals of an index: found by what they are, each with the conditions anchored at it.
//!
//! With many conditions the time goes into waiting for memory. So all that is wanted of a literal
//! lies beside it, and its number is where that is.

use super::{
    filter,
    key::{Key, LiteralId, Sort, hash, place, tag},
};

/// Bytes in front of a literal: its place, the length of its text, how many conditions it has
const HEAD: usize = 12;

/// Numbers that a bucket has
const BUCKET: usize = 2;

/// How many bits of the filter there are for a bucket
const FILTER_BITS: usize = 4;

/// Literals by number and by content
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Literals {
    /// Each literal: its head, where the program of each of its conditions begins, its text
    pub(super) records: Vec<u8>,
    /// So that most of what is looked up need not be looked for further
    pub(super) filter: Vec<u32>,
    /// Tag and number of a literal, the number from 1; as many as a power of two
    pub(super) buckets: Vec<u32>,
}

/// A literal and where the programs of the conditions begin that are anchored at it
#[derive(Debug)]
pub(super) struct Anchored {
    pub(super) key: Key,
    pub(super) programs: Vec<u32>,
}

/// A literal as it is kept
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'l> {
    /// Its sort and slot
    pub(super) place: u32,
    pub(super) text: &'l [u8],
    programs: &'l [[u8; 4]],
}

impl<'l> Record<'l> {
    /// Where the programs of the conditions begin that are anchored here
    pub(super) fn programs(self) -> impl Iterator<Item = u32> + use<'l> {
        self.programs.iter().map(|it| u32::from_le_bytes(*it))
    }

    pub(super) const fn is_anchor(self) -> bool {
        !self.programs.is_empty()
    }
}

impl Literals {
    /// The number that each literal gets, in their order
    pub(super) fn numbers<'k>(
        literals: impl Iterator<Item = (&'k Key, usize)>,
    ) -> impl Iterator<Item = LiteralId> {
        literals.scan(0, |end, (key, n_conditions)| {
            let begin = *end;
            *end += HEAD + n_conditions * 4 + key.bytes.len();
            Some(number(begin))
        })
    }

    pub(super) fn new(anchored: &[Anchored]) -> Self {
        let mut literals = Self::default();
        // Parts of texts are found in another way.
        let n_whole = anchored.iter().filter(|it| it.key.sort != Sort::Part).count();
        let n_buckets = (n_whole * 2).max(2).next_power_of_two();
        literals.buckets = vec![0; n_buckets * BUCKET];
        literals.filter = vec![0; (n_buckets * FILTER_BITS / 32).max(1)];
        for Anchored { key, programs } in anchored {
            let place = place(key.sort, key.slot);
            if key.sort != Sort::Part {
                literals.put(hash(place, &key.bytes), number(literals.records.len() + 1));
            }
            for it in [place, number(key.bytes.len()), number(programs.len())] {
                literals.records.extend(it.to_le_bytes());
            }
            literals.records.extend(programs.iter().flat_map(|it| it.to_le_bytes()));
            literals.records.extend(&key.bytes);
        }
        literals
    }

    fn put(&mut self, hash: u64, number: u32) {
        filter::put(&mut self.filter, hash);
        let (buckets, _) = self.buckets.as_chunks_mut::<BUCKET>();
        let n_buckets = buckets.len();
        for step in 0..n_buckets {
            if let Some(found @ [_, 0]) = buckets.get_mut(bucket(hash, step, n_buckets)) {
                *found = [tag(hash), number];
                return;
            }
        }
    }

    pub(super) fn find(&self, place: u32, bytes: &[u8]) -> Option<(LiteralId, Record<'_>)> {
        let hash = hash(place, bytes);
        if !filter::may_have(&self.filter, hash) {
            return None;
        }
        let (buckets, _) = self.buckets.as_chunks::<BUCKET>();
        for step in 0..buckets.len() {
            let [tagged, number] = buckets.get(bucket(hash, step, buckets.len()))?;
            let literal = number.checked_sub(1)?;
            if *tagged == tag(hash)
                && let Some(record) = self.record(literal)
                && record.place == place
                && record.text == bytes
            {
                return Some((literal, record));
            }
        }
        None
    }

    pub(super) fn record(&self, literal: LiteralId) -> Option<Record<'_>> {
        self.record_at(usize::try_from(literal).ok()?).map(|(record, _)| record)
    }

    /// The record there, and where the next one begins
    fn record_at(&self, begin: usize) -> Option<(Record<'_>, usize)> {
        let (head, rest) = self.records.get(begin..)?.split_first_chunk::<HEAD>()?;
        let (words, _) = head.as_chunks::<4>();
        let [place, length, n_programs] = words else { return None };
        let number = |it: &[u8; 4]| usize::try_from(u32::from_le_bytes(*it)).ok();
        let (length, n_bytes) = (number(length)?, number(n_programs)?.checked_mul(4)?);
        let (programs, rest) = rest.split_at_checked(n_bytes)?;
        let text = rest.get(..length)?;
        let record = Record {
            place: u32::from_le_bytes(*place),
            text,
            programs: programs.as_chunks::<4>().0,
        };
        Some((record, begin + HEAD + n_bytes + length))
    }

    /// Each literal
    pub(super) fn iter(&self) -> impl Iterator<Item = Record<'_>> {
        let mut begin = 0;
        std::iter::from_fn(move || {
            let (record, end) = self.record_at(begin)?;
            begin = end;
            Some(record)
        })
    }
}

/// What is beyond the numbers is found nowhere, and so never
fn number(it: usize) -> u32 {
    u32::try_from(it).unwrap_or(u32::MAX)
}

/// The bucket to look into at that step; `n_buckets` is a power of two
fn bucket(hash: u64, step: usize, n_buckets: usize) -> usize {
    let low = usize::try_from(hash & 0xFFFF_FFFF).unwrap_or(0);
    low.wrapping_add(step) & n_buckets.wrapping_sub(1)
}
