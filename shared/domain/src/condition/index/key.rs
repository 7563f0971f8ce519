//! Literals: what can be looked up, each with the slot that it must stand in.

use super::slots::SlotId;
use crate::{
    condition::test::{Comparison, Operand},
    subnet::Network,
};

/// What a literal is
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// The whole of a folded text
    Text,
    /// A part of a folded text
    Part,
    /// The network of an address
    Network,
    /// A number, a boolean, a severity or a time
    Scalar,
    /// The type of a piece of evidence; its slot means nothing
    Evidence,
}

impl Sort {
    pub(super) const fn number(self) -> u32 {
        match self {
            Self::Text => 0,
            Self::Part => 1,
            Self::Network => 2,
            Self::Scalar => 3,
            Self::Evidence => 4,
        }
    }
}

/// A literal before it has a number
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) sort: Sort,
    pub(super) slot: SlotId,
    pub(super) bytes: Vec<u8>,
}

/// Number of a literal
pub(super) type LiteralId = u32;

/// No literal
pub(super) const NONE: LiteralId = u32::MAX;

/// Sort and slot in one number
pub(super) const fn place(sort: Sort, slot: SlotId) -> u32 {
    (sort.number() << 16) | slot as u32
}

/// A value that is no text, so that two compare as what they stand for
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Scalar {
    pub(super) whole: i64,
    pub(super) nanoseconds: i32,
}

impl Scalar {
    pub(super) const fn whole(whole: i64) -> Self {
        Self { whole, nanoseconds: 0 }
    }

    pub(super) fn time(time: jiff::Timestamp) -> Self {
        Self { whole: time.as_second(), nanoseconds: time.subsec_nanosecond() }
    }

    pub(super) const fn severity(severity: crate::severity::Severity) -> Self {
        Self::whole(severity as i64)
    }

    /// `None` is a text
    pub(super) fn of(operand: &Operand) -> Option<Self> {
        match operand {
            Operand::Text(_) => None,
            Operand::Number(number) => Some(Self::whole(*number)),
            Operand::Boolean(boolean) => Some(Self::whole(i64::from(*boolean))),
            Operand::Severity(severity) => Some(Self::severity(*severity)),
            Operand::Time(time) => Some(Self::time(*time)),
        }
    }

    pub(super) fn bytes(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        let (whole, nanoseconds) = bytes.split_at_mut(8);
        whole.copy_from_slice(&self.whole.to_le_bytes());
        nanoseconds.copy_from_slice(&self.nanoseconds.to_le_bytes());
        bytes
    }

    pub(super) fn compares(self, how: Comparison, operand: Self) -> bool {
        match how {
            Comparison::AtLeast => self >= operand,
            Comparison::AtMost => self <= operand,
            Comparison::Above => self > operand,
            Comparison::Below => self < operand,
        }
    }
}

/// A network as a literal
pub(super) fn network(network: Network) -> [u8; 18] {
    let mut bytes = [0; 18];
    let (head, bits) = bytes.split_at_mut(2);
    head.copy_from_slice(&[if network.is_ipv4 { 4 } else { 6 }, network.length]);
    bits.copy_from_slice(&network.bits.to_le_bytes());
    bytes
}

const FIRST: u64 = 0x9E37_79B9_7F4A_7C15;
const SECOND: u64 = 0xD6E8_FEB8_6659_FD93;

/// Both halves of the product, so that every bit of either counts
pub(super) fn mixed(left: u64, right: u64) -> u64 {
    let product = u128::from(left).wrapping_mul(u128::from(right));
    low_64(product) ^ low_64(product >> 64)
}

#[expect(clippy::cast_possible_truncation, reason = "the low half is what is wanted")]
const fn low_64(product: u128) -> u64 {
    product as u64
}

/// The low half and the high half
#[expect(clippy::cast_possible_truncation, reason = "the low half is what is wanted")]
pub(super) const fn halves(number: u64) -> [u32; 2] {
    [number as u32, (number >> 32) as u32]
}

/// What tells most literals apart that are looked for in the same place
pub(super) const fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// Where a literal is looked for.
///
/// It need not withstand anybody: what is looked up comes from outside, but the tables are made of
/// the organisation's own rules.
pub(super) fn hash(place: u32, bytes: &[u8]) -> u64 {
    let mut hash = mixed(FIRST ^ u64::from(place), SECOND ^ (bytes.len() as u64));
    let (pairs, rest) = bytes.as_chunks::<16>();
    for pair in pairs {
        let (left, right) = pair.split_at(8);
        hash = mixed(word(left) ^ SECOND, word(right) ^ hash);
    }
    if let Some((left, right)) = rest.split_at_checked(8) {
        hash = mixed(word(left) ^ SECOND, word(right) ^ hash);
    } else if !rest.is_empty() {
        hash = mixed(word(rest) ^ SECOND, hash);
    }
    mixed(hash, FIRST)
}

/// At most eight bytes as a number
fn word(bytes: &[u8]) -> u64 {
    if let Some(word) = bytes.first_chunk::<8>() {
        return u64::from_le_bytes(*word);
    }
    bytes.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte))
}
