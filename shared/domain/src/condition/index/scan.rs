//! Walks over JSON without building anything, checking every byte of it.
//!
//! It takes less than JSON allows and never more: whatever it cannot say at once (deep nesting,
//! numbers with an exponent, halves of a surrogate pair) it refuses, and the alert is read by
//! `serde_json` instead. It never calls itself, so that no nesting can exhaust the stack.

/// How deep values may lie in values; one bit of a `u64` each
const DEPTH_MAX: u32 = 60;

/// The longest number, in bytes: any is in the range of what `serde_json` takes
const NUMBER_BYTES_MAX: usize = 24;

/// Digits that any whole number of 64 bits may have
const WHOLE_DIGITS_MAX: usize = 18;

/// Where in some JSON we are
#[derive(Clone, Copy, Debug)]
pub(super) struct Scanner<'j> {
    json: &'j [u8],
    place: usize,
}

/// A text between quotes
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'j> {
    /// As it is written
    pub(super) bytes: &'j [u8],
    pub(super) has_escapes: bool,
}

/// What a value is, before it is read
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Text,
    Object,
    List,
    Number,
    True,
    False,
    Null,
}

impl<'j> Scanner<'j> {
    pub(super) const fn new(json: &'j [u8]) -> Self {
        Self { json, place: 0 }
    }

    pub(super) const fn place(&self) -> usize {
        self.place
    }

    /// What is written from `start` to here
    pub(super) fn since(&self, start: usize) -> &'j [u8] {
        self.json.get(start..self.place).unwrap_or_default()
    }

    /// The next byte; 0, which no JSON has, is the end
    fn byte(&self) -> u8 {
        self.json.get(self.place).copied().unwrap_or(0)
    }

    fn skip_space(&mut self) {
        while matches!(self.byte(), b' ' | b'\n' | b'\r' | b'\t') {
            self.place += 1;
        }
    }

    /// Takes that byte, after any space
    pub(super) fn take(&mut self, wanted: u8) -> Option<()> {
        self.takes(wanted).then_some(())
    }

    /// Whether that byte is next, after any space; if so it is taken
    pub(super) fn takes(&mut self, wanted: u8) -> bool {
        if self.byte() <= b' ' {
            self.skip_space();
        }
        let takes = self.byte() == wanted;
        self.place += usize::from(takes);
        takes
    }

    /// Whether nothing follows but space
    pub(super) fn is_at_end(&mut self) -> bool {
        self.skip_space();
        self.place >= self.json.len()
    }

    pub(super) fn next(&mut self) -> Option<Next> {
        if self.byte() <= b' ' {
            self.skip_space();
        }
        match self.byte() {
            b'"' => Some(Next::Text),
            b'{' => Some(Next::Object),
            b'[' => Some(Next::List),
            b't' => Some(Next::True),
            b'f' => Some(Next::False),
            b'n' => Some(Next::Null),
            b'-' | b'0'..=b'9' => Some(Next::Number),
            _ => None,
        }
    }

    /// Takes a text
    pub(super) fn text(&mut self) -> Option<Text<'j>> {
        self.take(b'"')?;
        let start = self.place;
        let mut has_escapes = false;
        loop {
            self.place = plain_until(self.json, self.place);
            match self.byte() {
                b'"' => {
                    let bytes = self.since(start);
                    self.place += 1;
                    return Some(Text { bytes, has_escapes });
                }
                b'\\' => {
                    has_escapes = true;
                    self.escape()?;
                }
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<()> {
        self.place += 1;
        let escaped = self.byte();
        self.place += 1;
        match escaped {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => {
                let digits = self.json.get(self.place..self.place + 4)?;
                self.place += 4;
                let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
                let is_surrogate = matches!(digits, [b'd' | b'D', second, ..] if *second >= b'8');
                (is_hex && !is_surrogate).then_some(())
            }
            _ => None,
        }
    }

    /// Takes the name of a property, unless it is written with escapes
    pub(super) fn name(&mut self) -> Option<Text<'j>> {
        let name = self.text()?;
        self.take(b':')?;
        (!name.has_escapes).then_some(name)
    }

    /// Takes a number, and gives it if it is whole
    pub(super) fn number(&mut self) -> Option<Option<i64>> {
        let start = self.place;
        self.place += usize::from(self.byte() == b'-');
        let n_digits = self.digits()?;
        let first = self.json.get(self.place - n_digits);
        if n_digits > 1 && first == Some(&b'0') {
            return None;
        }
        let is_whole = self.byte() != b'.';
        if !is_whole {
            self.place += 1;
            self.digits()?;
        }
        let written = self.since(start);
        if matches!(self.byte(), b'e' | b'E') || written.len() > NUMBER_BYTES_MAX {
            return None;
        }
        // What `-0` is, is not ours to say.
        if !is_whole || n_digits > WHOLE_DIGITS_MAX || written == b"-0" {
            return Some(None);
        }
        Some(str::from_utf8(written).ok()?.parse().ok())
    }

    fn digits(&mut self) -> Option<usize> {
        let rest = self.json.get(self.place..)?;
        let n_digits = rest.iter().take_while(|it| it.is_ascii_digit()).count();
        self.place += n_digits;
        (n_digits > 0).then_some(n_digits)
    }

    pub(super) fn word(&mut self, word: &[u8]) -> Option<()> {
        self.json.get(self.place..)?.starts_with(word).then(|| self.place += word.len())
    }

    /// Takes a value, whatever it is
    pub(super) fn skip(&mut self) -> Option<()> {
        // A bit for each list or object that we are in, the innermost last: 1 is an object.
        let mut inside = 1_u64;
        loop {
            match self.next()? {
                Next::Text => self.text().map(|_| ())?,
                Next::Number => self.number().map(|_| ())?,
                Next::True => self.word(b"true")?,
                Next::False => self.word(b"false")?,
                Next::Null => self.word(b"null")?,
                Next::Object => {
                    self.place += 1;
                    if !self.takes(b'}') {
                        inside = pushed(inside, 1)?;
                        self.text()?;
                        self.take(b':')?;
                        continue;
                    }
                }
                Next::List => {
                    self.place += 1;
                    if !self.takes(b']') {
                        inside = pushed(inside, 0)?;
                        continue;
                    }
                }
            }
            // Behind a value: out of as many as end here.
            loop {
                if inside == 1 {
                    return Some(());
                }
                let is_object = inside & 1 == 1;
                if self.takes(b',') {
                    if is_object {
                        self.text()?;
                        self.take(b':')?;
                    }
                    break;
                }
                self.take(if is_object { b'}' } else { b']' })?;
                inside >>= 1;
            }
        }
    }
}

const fn pushed(inside: u64, bit: u64) -> Option<u64> {
    if inside.leading_zeros() < 64 - DEPTH_MAX {
        return None;
    }
    Some((inside << 1) | bit)
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The first place at or behind `place` of a quote, a backslash, a control character, or the end
fn plain_until(json: &[u8], mut place: usize) -> usize {
    while let Some(chunk) = json.get(place..).and_then(|it| it.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let is_zero = |it: u64| it.wrapping_sub(ONES) & !it;
        let quote = is_zero(word ^ (ONES * 0x22));
        let backslash = is_zero(word ^ (ONES * 0x5C));
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let found = (quote | backslash | control) & HIGHS;
        if found != 0 {
            // Bits above the first are not sure, but the first is.
            return place + (found.trailing_zeros() / 8) as usize;
        }
        place += 8;
    }
    let rest = json.get(place..).unwrap_or_default();
    place + rest.iter().take_while(|it| !matches!(it, b'"' | b'\\' | 0..0x20)).count()
}

/// What a text with escapes says; the scanner has checked them
pub(super) fn unescaped(bytes: &[u8], to: &mut Vec<u8>) -> Option<()> {
    let mut rest = bytes;
    while let Some(place) = rest.iter().position(|it| *it == b'\\') {
        let (plain, escape) = rest.split_at_checked(place)?;
        to.extend_from_slice(plain);
        let [_, what, after @ ..] = escape else { return None };
        rest = after;
        let byte = match what {
            b'b' => 0x08,
            b'f' => 0x0C,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let (digits, after) = rest.split_at_checked(4)?;
                rest = after;
                let code = u32::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
                let character = char::from_u32(code)?;
                to.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
            itself => *itself,
        };
        to.push(byte);
    }
    to.extend_from_slice(rest);
    Some(())
}
