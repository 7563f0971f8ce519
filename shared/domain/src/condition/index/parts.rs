//! Finds literals inside texts, however many there are, by one walk over the text.
//!
//! Each literal is found by one of its *grams*, a few bytes of it, the ones that the fewest other
//! literals have. At each place of the text the next bytes are looked up among the grams; a filter
//! of bits in front says mostly at once that there is none. So time grows with the text, and not
//! with the number of literals.

use std::collections::BTreeMap;

use super::{
    key::{LiteralId, halves},
    slots::SlotId,
};

/// How long grams are: the longest that fits into the literal
const WIDTHS: [usize; 4] = [8, 4, 2, 1];

/// How many bits of the filter there are for a gram
const FILTER_BITS: usize = 16;

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
    /// A gram, and begin and number of its literals; as many as a power of two
    pub(super) buckets: Vec<u32>,
    /// Each literal, and where in it the gram stands
    pub(super) literals: Vec<u32>,
}

/// There were too many to compare
#[derive(Clone, Copy, Debug)]
pub(super) struct TooMany;

/// Place of its width in `WIDTHS`, and its bytes
type Gram = (u32, u64);

/// Numbers that a bucket has: the bytes in two, the begin of its literals, and how many those are
/// with the width in the last two bits
const BUCKET: usize = 4;

impl Parts {
    pub(super) fn new(slot: SlotId, literals: &[(LiteralId, &[u8])]) -> Self {
        let mut counts: BTreeMap<Gram, u32> = BTreeMap::new();
        for (_, literal) in literals {
            for (gram, _) in grams(literal) {
                *counts.entry(gram).or_default() += 1;
            }
        }
        let mut chosen: BTreeMap<Gram, Vec<u32>> = BTreeMap::new();
        for (number, literal) in literals {
            let rarest = grams(literal).min_by_key(|(gram, _)| counts.get(gram));
            if let Some((gram, place)) = rarest {
                let place = u32::try_from(place).unwrap_or(u32::MAX);
                chosen.entry(gram).or_default().extend([*number, place]);
            }
        }
        let n_buckets = (chosen.len() * 2).max(2).next_power_of_two();
        let n_words = (chosen.len() * FILTER_BITS / 32).max(2).next_power_of_two();
        let mut parts = Self {
            slot,
            filter: vec![0; n_words],
            buckets: vec![0; n_buckets * BUCKET],
            ..Self::default()
        };
        for (gram, own) in chosen {
            parts.put(gram, &own);
        }
        parts
    }

    fn put(&mut self, gram: Gram, own: &[u32]) {
        let number = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
        let (width, bytes) = gram;
        self.widths |= 1 << width;
        let hash = hash(gram);
        let (word, bit) = filter_place(hash, self.filter.len());
        if let Some(word) = self.filter.get_mut(word) {
            *word |= bit;
        }
        let [low, high] = halves(bytes);
        let begin = number(self.literals.len() / 2);
        self.literals.extend(own);
        let (buckets, _) = self.buckets.as_chunks_mut::<BUCKET>();
        let n_buckets = buckets.len();
        for step in 0..n_buckets {
            if let Some(found @ [_, _, _, 0]) = buckets.get_mut(bucket(hash, step, n_buckets)) {
                *found = [low, high, begin, (number(own.len() / 2) << 2) | width];
                return;
            }
        }
    }

    /// Shows each literal that stands in `padded`, a text with at least eight more bytes behind it;
    /// one that stands there twice may be shown twice
    pub(super) fn find<'t>(
        &self,
        (padded, length): (&[u8], usize),
        n_conditions: usize,
        text_of: impl Fn(LiteralId) -> Option<&'t [u8]>,
        mut found: impl FnMut(LiteralId),
    ) -> Result<(), TooMany> {
        let Some(text) = padded.get(..length) else { return Ok(()) };
        let mut compared_left = compared_max(length, n_conditions);
        let mut look = |place: usize, gram: Gram| {
            let hash = hash(gram);
            let (word, bit) = filter_place(hash, self.filter.len());
            if self.filter.get(word).is_none_or(|it| it & bit == 0) {
                return Ok(());
            }
            for [literal, at] in self.literals_of(gram, hash) {
                compared_left = compared_left.checked_sub(1).ok_or(TooMany)?;
                let begin = usize::try_from(*at).ok().and_then(|at| place.checked_sub(at));
                let rest = begin.and_then(|it| text.get(it..));
                if let (Some(rest), Some(literal_text)) = (rest, text_of(*literal))
                    && rest.starts_with(literal_text)
                {
                    found(*literal);
                }
            }
            Ok(())
        };
        for (width, n_bytes) in (0_u32..).zip(WIDTHS) {
            if self.widths & (1 << width) == 0 {
                continue;
            }
            let mask = mask(n_bytes);
            for (place, word) in padded.array_windows::<8>().take(length).enumerate() {
                look(place, (width, u64::from_le_bytes(*word) & mask))?;
            }
        }
        Ok(())
    }

    fn literals_of(&self, gram: Gram, hash: u64) -> &[[u32; 2]] {
        let (width, bytes) = gram;
        let [low, high] = halves(bytes);
        let (buckets, _) = self.buckets.as_chunks::<BUCKET>();
        for step in 0..buckets.len() {
            match buckets.get(bucket(hash, step, buckets.len())) {
                None | Some([_, _, _, 0]) => return &[],
                Some([found_low, found_high, begin, count])
                    if (*found_low, *found_high, count & 3) == (low, high, width) =>
                {
                    let (literals, _) = self.literals.as_chunks::<2>();
                    let (Ok(begin), Ok(count)) =
                        (usize::try_from(*begin), usize::try_from(count >> 2))
                    else {
                        return &[];
                    };
                    return literals.get(begin..begin + count).unwrap_or_default();
                }
                Some(_) => {}
            }
        }
        &[]
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
    // The high half of a product has something of every bit, and that is all that is used.
    (bytes ^ u64::from(width)).wrapping_mul(0xA24B_AED4_963E_E407)
}

/// The word of the filter and the bit in it; `n_words` is a power of two
fn filter_place(hash: u64, n_words: usize) -> (usize, u32) {
    let word = usize::try_from(hash >> 40).unwrap_or(0) & n_words.wrapping_sub(1);
    (word, 1 << ((hash >> 35) & 31))
}

/// The bucket to look into at that step; `n_buckets` is a power of two
fn bucket(hash: u64, step: usize, n_buckets: usize) -> usize {
    let high = usize::try_from(hash >> 32).unwrap_or(0);
    high.wrapping_add(step) & n_buckets.wrapping_sub(1)
}
