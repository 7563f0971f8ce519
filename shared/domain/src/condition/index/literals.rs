//! The literals of an index: found by what they are, each with the conditions anchored at it.

use super::key::{Key, LiteralId, Sort, hash, place, tag};

/// Numbers that a literal has in `records`
const RECORD: usize = 4;

/// Numbers that a bucket has
const BUCKET: usize = 2;

/// How many bits of the filter there are for a bucket
const FILTER_BITS: usize = 4;

/// Literals by number and by content
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Literals {
    /// For each literal: begin and length of its text, its place, the end of its conditions
    pub(super) records: Vec<u32>,
    pub(super) texts: Vec<u8>,
    /// A bit for each literal, so that most of what is looked up need not be looked for further
    pub(super) filter: Vec<u32>,
    /// Tag and number of a literal, the number from 1; as many as a power of two
    pub(super) buckets: Vec<u32>,
    pub(super) conditions: Vec<u32>,
}

/// A literal and the conditions that are anchored at it
#[derive(Debug)]
pub(super) struct Anchored {
    pub(super) key: Key,
    pub(super) conditions: Vec<u32>,
}

impl Literals {
    pub(super) fn new(anchored: &[Anchored]) -> Self {
        let number = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
        let mut literals = Self::default();
        for Anchored { key, conditions } in anchored {
            literals.conditions.extend(conditions);
            literals.records.extend([
                number(literals.texts.len()),
                number(key.bytes.len()),
                place(key.sort, key.slot),
                number(literals.conditions.len()),
            ]);
            literals.texts.extend(&key.bytes);
        }
        // Parts of texts are found in another way.
        let whole = anchored.iter().zip(1_u32..).filter(|(it, _)| it.key.sort != Sort::Part);
        let n_buckets = (whole.clone().count() * 2).max(2).next_power_of_two();
        literals.buckets = vec![0; n_buckets * BUCKET];
        literals.filter = vec![0; (n_buckets * FILTER_BITS / 32).max(1)];
        for (Anchored { key, .. }, number) in whole {
            let hash = hash(place(key.sort, key.slot), &key.bytes);
            literals.put(hash, number);
        }
        literals
    }

    fn put(&mut self, hash: u64, number: u32) {
        let (word, bit) = filter_place(hash, self.filter.len());
        if let Some(word) = self.filter.get_mut(word) {
            *word |= bit;
        }
        let n_buckets = self.n_buckets();
        for step in 0..n_buckets {
            let bucket = bucket(hash, step, n_buckets);
            if let Some(found @ [_, 0]) = self.bucket_mut(bucket) {
                *found = [tag(hash), number];
                return;
            }
        }
    }

    fn n_buckets(&self) -> usize {
        self.buckets.len() / BUCKET
    }

    fn bucket_mut(&mut self, bucket: usize) -> Option<&mut [u32; BUCKET]> {
        self.buckets.as_chunks_mut::<BUCKET>().0.get_mut(bucket)
    }

    pub(super) fn find(&self, place: u32, bytes: &[u8]) -> Option<LiteralId> {
        let hash = hash(place, bytes);
        let (word, bit) = filter_place(hash, self.filter.len());
        if self.filter.get(word).is_none_or(|it| it & bit == 0) {
            return None;
        }
        let (buckets, _) = self.buckets.as_chunks::<BUCKET>();
        for step in 0..buckets.len() {
            let [tagged, number] = buckets.get(bucket(hash, step, buckets.len()))?;
            let literal = number.checked_sub(1)?;
            if *tagged == tag(hash) && self.is(literal, place, bytes) {
                return Some(literal);
            }
        }
        None
    }

    fn is(&self, literal: LiteralId, place: u32, bytes: &[u8]) -> bool {
        self.record(literal).is_some_and(|[_, _, found, _]| *found == place)
            && self.text(literal) == Some(bytes)
    }

    fn record(&self, literal: LiteralId) -> Option<&[u32; RECORD]> {
        self.records.as_chunks().0.get(usize::try_from(literal).ok()?)
    }

    pub(super) fn text(&self, literal: LiteralId) -> Option<&[u8]> {
        let [begin, length, _, _] = self.record(literal)?;
        let text = self.texts.get(usize::try_from(*begin).ok()?..)?;
        text.get(..usize::try_from(*length).ok()?)
    }

    /// The place of a literal: its sort and slot
    pub(super) fn places(&self) -> impl Iterator<Item = u32> {
        self.records.as_chunks::<RECORD>().0.iter().map(|[_, _, place, _]| *place)
    }

    /// The conditions that are anchored at a literal
    pub(super) fn conditions(&self, literal: LiteralId) -> &[u32] {
        let before = literal.checked_sub(1).and_then(|it| self.record(it));
        let begin = before.map_or(0, |[_, _, _, end]| *end);
        let end = self.record(literal).map_or(begin, |[_, _, _, end]| *end);
        let (Ok(begin), Ok(end)) = (usize::try_from(begin), usize::try_from(end)) else {
            return &[];
        };
        self.conditions.get(begin..end).unwrap_or_default()
    }
}

/// The bucket to look into at that step; `n_buckets` is a power of two
fn bucket(hash: u64, step: usize, n_buckets: usize) -> usize {
    let low = usize::try_from(hash & 0xFFFF_FFFF).unwrap_or(0);
    low.wrapping_add(step) & n_buckets.wrapping_sub(1)
}

/// The word of the filter and the bit in it; `n_words` is a power of two
fn filter_place(hash: u64, n_words: usize) -> (usize, u32) {
    let word = usize::try_from(hash >> 37).unwrap_or(0) & n_words.wrapping_sub(1);
    (word, 1 << ((hash >> 32) & 31))
}
