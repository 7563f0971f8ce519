//! Gives each literal a number while plans are made, in the order in which they come.

use super::key::{Key, LiteralId, hash, place};

/// Literals by number, and found again by what they are
#[derive(Clone, Debug, Default)]
pub(super) struct LiteralNumbers {
    keys: Vec<Key>,
    /// The number of a literal, from 1; as many as a power of two, and twice the literals at least
    buckets: Vec<u32>,
}

impl LiteralNumbers {
    pub(super) fn number(&mut self, key: Key) -> LiteralId {
        if self.keys.len() * 2 >= self.buckets.len() {
            self.grow();
        }
        for bucket in places(&key, self.buckets.len()) {
            let number = self.buckets.get(bucket).copied().unwrap_or_default();
            let Some(found) = number.checked_sub(1) else {
                self.keys.push(key);
                let number = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
                if let Some(bucket) = self.buckets.get_mut(bucket) {
                    *bucket = number;
                }
                return number - 1;
            };
            if usize::try_from(found).ok().and_then(|it| self.keys.get(it)) == Some(&key) {
                return found;
            }
        }
        LiteralId::MAX
    }

    /// Makes room for twice as many
    fn grow(&mut self) {
        let n_buckets = (self.buckets.len() * 2).max(64);
        self.buckets = vec![0; n_buckets];
        for (key, number) in self.keys.iter().zip(1_u32..) {
            for bucket in places(key, n_buckets) {
                if let Some(free @ 0) = self.buckets.get_mut(bucket) {
                    *free = number;
                    break;
                }
            }
        }
    }

    pub(super) fn into_keys(self) -> Vec<Key> {
        self.keys
    }
}

/// The buckets to look into, one after the other; `n_buckets` is a power of two
fn places(key: &Key, n_buckets: usize) -> impl Iterator<Item = usize> + use<> {
    let hash = hash(place(key.sort, key.slot), &key.bytes);
    let first = usize::try_from(hash & 0xFFFF_FFFF).unwrap_or(0);
    (0..n_buckets).map(move |step| first.wrapping_add(step) & n_buckets.wrapping_sub(1))
}
