//! Whether a folded text fits a folded pattern, in time that grows with the text.

use std::collections::BTreeMap;

/// `*` in a folded pattern: a byte that no UTF-8 text has
pub(super) const ANY: u8 = 0xFF;

/// `?` in a folded pattern: another
pub(super) const ONE: u8 = 0xFE;

/// How many steps a character of the text may cost before a segment is looked for by bits
const STEPS_MAX: usize = 8;

/// Whether the whole of `text` fits `pattern`.
///
/// The segments between `*` are found one after the other, each as far left as it goes: what
/// follows then has the most room, so no way back is ever needed.
pub(crate) fn fits(pattern: &[u8], text: &str) -> bool {
    let mut segments = pattern.split(|it| *it == ANY);
    let Some(Ok(mut rest)) = segments.next().map(|it| after_start(it, text)) else {
        return false;
    };
    let Some(last) = segments.next_back() else { return rest.is_empty() };
    for segment in segments {
        match after_first(segment, rest) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    ends_with(last, rest)
}

/// What is left of `text` behind `segment`, if it begins with that; else after how many bytes they
/// differ
fn after_start<'t>(segment: &[u8], text: &'t str) -> Result<&'t str, usize> {
    let bytes = text.as_bytes();
    let mut place = 0;
    for wanted in segment {
        match bytes.get(place) {
            Some(first) if *wanted == ONE => place += width(*first),
            Some(found) if wanted == found => place += 1,
            Some(_) | None => return Err(place),
        }
    }
    text.get(place..).ok_or(place)
}

/// How many bytes the character has that begins with this one
const fn width(first: u8) -> usize {
    match first {
        0..0xC0 => 1,
        0xC0..0xE0 => 2,
        0xE0..0xF0 => 3,
        0xF0.. => 4,
    }
}

fn ends_with(segment: &[u8], text: &str) -> bool {
    let mut rest = text.as_bytes();
    for wanted in segment.iter().rev() {
        let Some((found, mut before)) = rest.split_last() else { return false };
        if *wanted == ONE {
            let mut first = *found;
            while (0x80..0xC0).contains(&first) {
                let Some((byte, shorter)) = before.split_last() else { return false };
                (first, before) = (*byte, shorter);
            }
        } else if wanted != found {
            return false;
        }
        rest = before;
    }
    true
}

/// What is left of `text` behind the first place where `segment` stands
fn after_first<'t>(segment: &[u8], text: &'t str) -> Option<&'t str> {
    if !segment.contains(&ONE) {
        let segment = str::from_utf8(segment).ok()?;
        return text.find(segment).and_then(|it| text.get(it + segment.len()..));
    }
    let mut steps_left = text.len().saturating_mul(STEPS_MAX);
    for (start, _) in text.char_indices() {
        let rest = text.get(start..)?;
        let n_steps = match after_start(segment, rest) {
            Ok(after) => return Some(after),
            Err(n_steps) => n_steps,
        };
        match steps_left.checked_sub(n_steps) {
            Some(left) => steps_left = left,
            None => return after_first_by_bits(segment, rest),
        }
    }
    None
}

/// The same for what goes a long way wrong from many places: all places are tried at once, a bit
/// for each (the algorithm is known as *Shift-And*)
fn after_first_by_bits<'t>(segment: &[u8], text: &'t str) -> Option<&'t str> {
    let mut n_characters = 0;
    let mut any: Vec<usize> = Vec::new();
    let mut places: BTreeMap<char, Vec<usize>> = BTreeMap::new();
    for (index, run) in segment.split(|it| *it == ONE).enumerate() {
        if index > 0 {
            any.push(n_characters);
            n_characters += 1;
        }
        for character in str::from_utf8(run).ok()?.chars() {
            places.entry(character).or_default().push(n_characters);
            n_characters += 1;
        }
    }
    let bits = |places: &[usize]| {
        let mut words = vec![0_u64; n_characters.div_ceil(64)];
        for place in places {
            if let Some(word) = words.get_mut(place / 64) {
                *word |= 1 << (place % 64);
            }
        }
        words
    };
    let any_bits = bits(&any);
    let masks: BTreeMap<char, Vec<u64>> = places
        .iter()
        .map(|(character, places)| (*character, bits(&[places.as_slice(), &any].concat())))
        .collect();
    let last = n_characters.checked_sub(1)?;
    let mut state = vec![0_u64; any_bits.len()];
    for (start, character) in text.char_indices() {
        let mask = masks.get(&character).unwrap_or(&any_bits);
        let mut carried = 1;
        for (word, mask) in state.iter_mut().zip(mask) {
            let next = *word >> 63;
            *word = ((*word << 1) | carried) & mask;
            carried = next;
        }
        if state.last().is_some_and(|it| it & (1 << (last % 64)) != 0) {
            return text.get(start + character.len_utf8()..);
        }
    }
    None
}
