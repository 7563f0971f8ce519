//! Single tests in a program: how each is written, and how it is answered.

use std::net::IpAddr;

use super::{Reader, Writer};
use crate::{
    condition::{
        index::{
            key::{LiteralId, NONE, Scalar},
            plan::{Ask, SlotTest},
            slots::SlotId,
            view::{Item, SlotValue},
        },
        pattern::fits,
        test::Comparison,
    },
    explanation::Truth,
    subnet::Network,
};

const TEXT_IN: u32 = 0;
const LIKE: u32 = 1;
const CONTAINS: u32 = 2;
const STARTS_WITH: u32 = 3;
const ENDS_WITH: u32 = 4;
const IN_SUBNET: u32 = 5;
const EXISTS: u32 = 6;
const SCALAR_IN: u32 = 7;
const COMPARE: u32 = 8;

/// How many literals of a set are looked through before it is halved
const FEW: usize = 8;

pub(super) fn write_test(
    to: &mut Writer,
    test: &SlotTest,
    literal: &impl Fn(LiteralId) -> LiteralId,
) {
    let what = match &test.ask {
        Ask::TextIn(_) => TEXT_IN,
        Ask::Like(_, _) => LIKE,
        Ask::Contains(_, _) => CONTAINS,
        Ask::StartsWith(_, _) => STARTS_WITH,
        Ask::EndsWith(_, _) => ENDS_WITH,
        Ask::InSubnet(_, _) => IN_SUBNET,
        Ask::Exists(_) => EXISTS,
        Ask::ScalarIn(_) => SCALAR_IN,
        Ask::Compare(_, _, _) => COMPARE,
    };
    to.part(what, |to| {
        to.words.push(u32::from(test.slot));
        match &test.ask {
            Ask::TextIn(literals) => {
                let mut literals: Vec<LiteralId> = literals.iter().map(|it| literal(*it)).collect();
                literals.sort_unstable();
                to.words.extend(literals);
            }
            Ask::Like(part, _)
            | Ask::Contains(part, _)
            | Ask::StartsWith(part, _)
            | Ask::EndsWith(part, _) => to.text(part),
            Ask::InSubnet(network, _) => {
                to.words.extend([u32::from(network.is_ipv4), network.length.into()]);
                words_of(to, &network.bits.to_le_bytes());
            }
            Ask::Exists(wanted) => to.words.push(u32::from(*wanted)),
            Ask::ScalarIn(values) => {
                for (scalar, _) in values {
                    words_of(to, &scalar.bytes());
                }
            }
            Ask::Compare(how, scalar, _) => {
                to.words.push(match how {
                    Comparison::AtLeast => 0,
                    Comparison::AtMost => 1,
                    Comparison::Above => 2,
                    Comparison::Below => 3,
                });
                words_of(to, &scalar.bytes());
            }
        }
    });
}

fn words_of(to: &mut Writer, bytes: &[u8]) {
    let (words, _) = bytes.as_chunks::<4>();
    to.words.extend(words.iter().map(|it| u32::from_le_bytes(*it)));
}

/// Answers one test as plain evaluation does
pub(super) fn answer<'v>(
    reader: Reader<'v>,
    what: u32,
    words: &[u32],
    value: impl Fn(SlotId) -> Option<&'v SlotValue>,
) -> Truth {
    let Some((slot, words)) = words.split_first() else { return Truth::Unknown };
    let value = SlotId::try_from(*slot).ok().and_then(value);
    if value.is_some_and(|it| it.is_unreadable) {
        return Truth::Unknown;
    }
    if what == EXISTS {
        let wanted = words.first() == Some(&1);
        let exists = value.map_or(Truth::False, |it| it.exists);
        return if wanted { exists } else { !exists };
    }
    let Some(value) = value else { return Truth::Unknown };
    let mut lacks_one = value.lacks_one;
    for item in reader.view.items(value) {
        match passes(reader, what, words, item) {
            Some(true) => return Truth::True,
            Some(false) => {}
            None => lacks_one = true,
        }
    }
    if lacks_one { Truth::Unknown } else { Truth::False }
}

/// Whether a single value passes; `None` if nobody can say
fn passes(reader: Reader<'_>, what: u32, words: &[u32], item: &Item) -> Option<bool> {
    match what {
        TEXT_IN => return Some(item.literal != NONE && contains(words, item.literal)),
        SCALAR_IN => {
            let mut scalars = words.chunks_exact(3).filter_map(scalar);
            return Some(scalars.any(|it| it == item.scalar));
        }
        COMPARE => {
            let (how, words) = words.split_first()?;
            let how = match how {
                0 => Comparison::AtLeast,
                1 => Comparison::AtMost,
                2 => Comparison::Above,
                _ => Comparison::Below,
            };
            return scalar(words).map(|it| item.scalar.compares(how, it));
        }
        _ => {}
    }
    let text = reader.view.text(item)?;
    if what == IN_SUBNET {
        let address: IpAddr = str::from_utf8(text).ok()?.parse().ok()?;
        let [is_ipv4, length, bits @ ..] = words else { return None };
        let bits = number(bits)?;
        let length = u8::try_from(*length).ok()?;
        let wanted = Network { is_ipv4: *is_ipv4 == 1, length, bits };
        return Some(Network::of(address.to_canonical(), length) == Some(wanted));
    }
    let [start, length] = words else { return None };
    let start = usize::try_from(*start).ok()?;
    let part = reader.texts.get(start..)?.get(..usize::try_from(*length).ok()?)?;
    match what {
        STARTS_WITH => Some(text.starts_with(part)),
        ENDS_WITH => Some(text.ends_with(part)),
        CONTAINS => Some(str::from_utf8(text).ok()?.contains(str::from_utf8(part).ok()?)),
        LIKE => Some(fits(part, str::from_utf8(text).ok()?)),
        _ => None,
    }
}

fn contains(literals: &[u32], literal: LiteralId) -> bool {
    if literals.len() <= FEW {
        return literals.contains(&literal);
    }
    literals.binary_search(&literal).is_ok()
}

/// The scalar that the first three numbers are
fn scalar(words: &[u32]) -> Option<Scalar> {
    let [low, high, nanoseconds] = words.first_chunk::<3>()?;
    let whole = (u64::from(*high) << 32) | u64::from(*low);
    Some(Scalar { whole: whole.cast_signed(), nanoseconds: nanoseconds.cast_signed() })
}

fn number(words: &[u32]) -> Option<u128> {
    let words = words.first_chunk::<4>()?;
    Some(words.iter().rev().fold(0, |bits, word| (bits << 32) | u128::from(*word)))
}
