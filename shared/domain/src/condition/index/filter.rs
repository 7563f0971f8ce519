//! Filters: a few bits for each of many things, which mostly say at once that one is not among them.
//!
//! Each thing has two bits of one word, so that one look at memory answers.

/// Puts in what has that hash; `words` are as many as a power of two
pub(super) fn put(words: &mut [u32], hash: u64) {
    let (word, bits) = place(hash, words.len());
    if let Some(word) = words.get_mut(word) {
        *word |= bits;
    }
}

/// Whether what has that hash may have been put in
#[inline]
pub(super) fn may_have(words: &[u32], hash: u64) -> bool {
    let (word, bits) = place(hash, words.len());
    words.get(word).is_some_and(|it| it & bits == bits)
}

/// The word, by the highest bits of the hash, and the bits in it
#[inline]
fn place(hash: u64, n_words: usize) -> (usize, u32) {
    let word = usize::try_from(hash >> 40).unwrap_or(0) & n_words.wrapping_sub(1);
    (word, (1 << ((hash >> 35) & 31)) | (1 << ((hash >> 30) & 31)))
}
