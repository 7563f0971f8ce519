//! Finds literals inside texts, however many there are, by one walk over the text.
//!
//! Each literal is found by one of its *grams*, a few bytes of it, the ones that the fewest other
//! literals have. At each place of the text the next bytes are looked up among the grams; a filter
//! of bits in front says mostly at once that there is none. So time grows with the text, and not
//! with the number of literals.

use super::{
    filter,
    key::{LiteralId, halves, mixed},
    literals::Literals,
    slots::SlotId,
};

/// How long grams are: the longest that fits into the literal
const WIDTHS: [usize; 4] = [8, 4, 2, 1];

/// How many bits of the filter there are for a gram
const FILTER_BITS: usize = 16;

/// How many counters there are for a gram
const COUNTERS: usize = 2;

/// How many literals are compared with a text of that many bytes before we say that all conditions
/// are candidates: rules that share their grams must not cost more than evaluating them plainly
const fn compared_max(n_bytes: usize, n_conditions: usize) -> usize {
    4_096 + n_bytes * 4 + n_conditions * 2
}

/// The literals that are looked for in the texts of one slot
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) slot: SlotId,
    /// A bit for each of `WIDTHS` that is in use
    pub(super) widths: u32,
    pub(super) filter: Vec<u32>,
    /// A gram and its literals; as many as a power of two
    pub(super) buckets: Vec<u32>,
    /// Each literal that shares its gram, and where in it that stands
    pub(super) literals: Vec<u32>,
}

/// There were too many to compare
#[derive(Clone, Copy, Debug)]
pub(super) struct TooMany;

/// A text on the way through it
#[derive(Debug)]
struct Walk<'t> {
    text: &'t [u8],
    literals: &'t Literals,
    compared_left: usize,
}

/// Place of its width in `WIDTHS`, and its bytes
type Gram = (u32, u64);

/// Numbers that a bucket has: the bytes in two, and what [`Own`] says with the width
const BUCKET: usize = 4;

/// The literals of a gram
#[derive(Clone, Copy, Debug)]
enum Own<'p> {
    /// The one literal and where in it the gram stands
    One([u32; 2]),
    Several(&'p [[u32; 2]]),
}

impl Parts {
    pub(super) fn new(slot: SlotId, literals: &[(LiteralId, &[u8])]) -> Self {
        // Two grams may share a counter: then both count as commoner than they are.
        let n_grams: usize = literals.iter().map(|(_, it)| grams(it).count()).sum();
        let mut counts = vec![0_u32; (n_grams * COUNTERS).next_power_of_two()];
        let counter = |gram, n: usize| usize::try_from(hash(gram)).unwrap_or(0) & (n - 1);
        for (gram, _) in literals.iter().flat_map(|(_, it)| grams(it)) {
            let place = counter(gram, counts.len());
            if let Some(count) = counts.get_mut(place) {
                *count += 1;
            }
        }
        let count = |gram| counts.get(counter(gram, counts.len()));
        let mut chosen: Vec<(Gram, [u32; 2])> = Vec::with_capacity(literals.len());
        for (number, literal) in literals {
            if let Some((gram, place)) = grams(literal).min_by_key(|(gram, _)| count(*gram)) {
                chosen.push((gram, [*number, u32::try_from(place).unwrap_or(u32::MAX)]));
            }
        }
        chosen.sort_unstable();
        let by_gram = || chosen.chunk_by(|(left, _), (right, _)| left == right);
        let n_chosen = by_gram().count();
        let n_words = (n_chosen * FILTER_BITS / 32).max(2).next_power_of_two();
        let mut parts = Self {
            slot,
            filter: vec![0; n_words],
            buckets: vec![0; (n_chosen * 2).max(2).next_power_of_two() * BUCKET],
            ..Self::default()
        };
        for own in by_gram() {
            parts.put(own);
        }
        parts
    }

    /// Puts in a gram with its literals
    fn put(&mut self, own: &[(Gram, [u32; 2])]) {
        let [(gram, [literal, place]), ..] = own else { return };
        let (width, bytes) = *gram;
        self.widths |= 1 << width;
        let hash = hash(*gram);
        filter::put(&mut self.filter, hash);
        let number = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
        // The width is in the last two bits, and whether it is one in the third.
        let (first, second) = if own.len() == 1 && *place <= u32::MAX >> 3 {
            (*literal, (*place << 3) | 4 | width)
        } else {
            let begin = number(self.literals.len() / 2);
            self.literals.extend(own.iter().flat_map(|(_, it)| it));
            (begin, (number(own.len()) << 3) | width)
        };
        let [low, high] = halves(bytes);
        let (buckets, _) = self.buckets.as_chunks_mut::<BUCKET>();
        let n_buckets = buckets.len();
        for step in 0..n_buckets {
            if let Some(found @ [_, _, _, 0]) = buckets.get_mut(bucket(hash, step, n_buckets)) {
                *found = [low, high, first, second];
                return;
            }
        }
    }

    /// Shows each literal that stands in `padded`, a text with at least eight more bytes behind it;
    /// one that stands there twice may be shown twice
    pub(super) fn find(
        &self,
        (padded, length): (&[u8], usize),
        n_conditions: usize,
        literals: &Literals,
        mut found: impl FnMut(LiteralId),
    ) -> Result<(), TooMany> {
        let Some(text) = padded.get(..length) else { return Ok(()) };
        let compared_left = compared_max(length, n_conditions);
        let mut walk = Walk { text, literals, compared_left };
        for (width, n_bytes) in (0_u32..).zip(WIDTHS) {
            if self.widths & (1 << width) == 0 {
                continue;
            }
            let (mask, n_places) = (mask(n_bytes), (length + 1).saturating_sub(n_bytes));
            let filter = self.filter.as_slice();
            for (word, place) in padded.array_windows::<8>().zip(0..n_places) {
                let gram = (width, u64::from_le_bytes(*word) & mask);
                let hash = hash(gram);
                if filter::may_have(filter, hash) {
                    self.compare((gram, hash), place, &mut walk, &mut found)?;
                }
            }
        }
        Ok(())
    }

    /// Compares each literal of a gram with the text around the place where that stands
    #[inline(never)]
    fn compare(
        &self,
        (gram, hash): (Gram, u64),
        place: usize,
        walk: &mut Walk<'_>,
        found: &mut impl FnMut(LiteralId),
    ) -> Result<(), TooMany> {
        let of_gram = match self.literals_of(gram, hash) {
            None => &[][..],
            Some(Own::One(one)) => &[one],
            Some(Own::Several(several)) => several,
        };
        for [literal, at] in of_gram {
            walk.compared_left = walk.compared_left.checked_sub(1).ok_or(TooMany)?;
            let begin = usize::try_from(*at).ok().and_then(|at| place.checked_sub(at));
            let rest = begin.and_then(|it| walk.text.get(it..));
            if let (Some(rest), Some(record)) = (rest, walk.literals.record(*literal))
                && rest.starts_with(record.text)
            {
                found(*literal);
            }
        }
        Ok(())
    }

    fn literals_of(&self, gram: Gram, hash: u64) -> Option<Own<'_>> {
        let (width, bytes) = gram;
        let [low, high] = halves(bytes);
        let (buckets, _) = self.buckets.as_chunks::<BUCKET>();
        for step in 0..buckets.len() {
            let [found_low, found_high, first, second] =
                *buckets.get(bucket(hash, step, buckets.len()))?;
            if second == 0 {
                return None;
            }
            if (found_low, found_high, second & 3) != (low, high, width) {
                continue;
            }
            if second & 4 != 0 {
                return Some(Own::One([first, second >> 3]));
            }
            let (begin, count) = (usize::try_from(first).ok()?, usize::try_from(second >> 3).ok()?);
            let (literals, _) = self.literals.as_chunks::<2>();
            return literals.get(begin..)?.get(..count).map(Own::Several);
        }
        None
    }
}

/// Every gram of a literal, of the greatest width that fits, with its place
fn grams(literal: &[u8]) -> impl Iterator<Item = (Gram, usize)> {
    let fitting = (0_u32..).zip(WIDTHS).find(|(_, n_bytes)| *n_bytes <= literal.len());
    let (width, n_bytes) = fitting.unwrap_or((3, 1));
    literal.windows(n_bytes).enumerate().map(move |(place, window)| {
        let bytes = window.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte));
        ((width, bytes), place)
    })
}

const fn mask(width: usize) -> u64 {
    match width {
        8.. => u64::MAX,
        fewer => (1 << (fewer * 8)) - 1,
    }
}

fn hash((width, bytes): Gram) -> u64 {
    mixed(bytes ^ u64::from(width), 0xA24B_AED4_963E_E407)
}

/// The bucket to look into at that step; `n_buckets` is a power of two
fn bucket(hash: u64, step: usize, n_buckets: usize) -> usize {
    let low = usize::try_from(hash & 0xFFFF_FFFF).unwrap_or(0);
    low.wrapping_add(step) & n_buckets.wrapping_sub(1)
}
