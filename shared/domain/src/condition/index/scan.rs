//! Walks over JSON without building anything, checking every byte of it.
//!
//! It takes less than JSON allows and never more: whatever it cannot say at once (deep nesting,
//! numbers with an exponent, halves of a surrogate pair) it refuses, and the alert is read by
//! `serde_json` instead. It never calls itself, so that no nesting can exhaust the stack.

/// How deep values may lie in values; one bit of a `u64` each
const DEPTH_MAX: u32 = 60;

/// The longest number, in bytes: any is in the range of what `serde_json` takes
const NUMBER_BYTES_MAX: usize = 24;

/// How many words a text is looked through before it counts as long
const SHORT_WORDS: usize = 8;

/// How many bytes of a long text are looked at together
const LONG: usize = 32;

/// Digits that any whole number of 64 bits may have
const WHOLE_DIGITS_MAX: usize = 18;

/// Where in some JSON we are
#[derive(Clone, Copy, Debug)]
pub(super) struct Scanner<'j> {
    json: &'j [u8],
    place: usize,
    /// All bytes of texts that were walked over, and some behind them, joined by OR
    joined: u64,
}

/// A text between quotes
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'j> {
    /// As it is written
    pub(super) bytes: &'j [u8],
    pub(super) has_escapes: bool,
}

/// A number, as far as conditions care
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Whole(i64),
    /// Not whole, or too long for us
    Other,
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
        Self { json, place: 0, joined: 0 }
    }

    pub(super) const fn place(&self) -> usize {
        self.place
    }

    /// What is written from `start` to here
    pub(super) fn since(&self, start: usize) -> &'j [u8] {
        self.json.get(start..self.place).unwrap_or_default()
    }

    /// What is not taken yet
    pub(super) fn rest(&self) -> &'j [u8] {
        self.json.get(self.place..).unwrap_or_default()
    }

    /// Takes bytes that are known to be well written
    pub(super) fn advance(&mut self, n_bytes: usize) {
        self.place += n_bytes;
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
    #[inline]
    pub(super) fn text(&mut self) -> Option<Text<'j>> {
        self.take(b'"')?;
        let start = self.place;
        self.skip_plain();
        let has_escapes = self.byte() == b'\\';
        if has_escapes {
            self.skip_escaped()?;
        }
        let bytes = self.since(start);
        if self.byte() != b'"' {
            return None;
        }
        self.place += 1;
        Some(Text { bytes, has_escapes })
    }

    /// Goes to the end of a text, from an escape in it
    fn skip_escaped(&mut self) -> Option<()> {
        while self.byte() == b'\\' {
            self.escape()?;
            self.skip_plain();
        }
        Some(())
    }

    /// Goes to the next quote, backslash or control character, or to the end
    #[inline]
    fn skip_plain(&mut self) {
        // Most texts end soon.
        let (words, _) = self.rest().as_chunks::<8>();
        let mut joined = self.joined;
        for (word, n_before) in words.iter().zip(0..SHORT_WORDS) {
            let word = u64::from_le_bytes(*word);
            joined |= word;
            let found = special(word);
            if found != 0 {
                self.joined = joined;
                self.place += n_before * 8 + found.trailing_zeros() as usize / 8;
                return;
            }
        }
        self.joined = joined;
        self.place += words.len().min(SHORT_WORDS) * 8;
        self.skip_long();
    }

    fn skip_long(&mut self) {
        while let Some(block) = self.rest().first_chunk::<LONG>() {
            // No way out in the middle, so that several words are looked at in one instruction.
            let (words, _) = block.as_chunks::<8>();
            let (mut found, mut joined) = (0, 0);
            for word in words {
                let word = u64::from_le_bytes(*word);
                found |= special(word);
                joined |= word;
            }
            if found != 0 {
                break;
            }
            self.joined |= joined;
            self.place += LONG;
        }
        let (words, _) = self.rest().as_chunks::<8>();
        for word in words {
            let word = u64::from_le_bytes(*word);
            let found = special(word);
            self.joined |= word;
            if found != 0 {
                self.place += found.trailing_zeros() as usize / 8;
                return;
            }
            self.place += 8;
        }
        for byte in self.rest() {
            if is_special(*byte) {
                return;
            }
            self.joined |= u64::from(*byte);
            self.place += 1;
        }
    }

    /// Whether there is nothing but ASCII in all that was walked over
    pub(super) const fn is_ascii(&self) -> bool {
        self.joined & HIGHS == 0
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

    /// Takes a number
    pub(super) fn number(&mut self) -> Option<Number> {
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
            return Some(Number::Other);
        }
        str::from_utf8(written).ok()?.parse().ok().map(Number::Whole)
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
        if self.byte() == b'"' {
            return self.text().map(|_| ());
        }
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

/// Whether each byte is a quote, a backslash or a control character, in its highest bit; only the
/// first that is so is sure
const fn special(word: u64) -> u64 {
    // Changing that bit brings the quote just behind the control characters.
    let (low, slashed) = (word ^ (ONES * 0x02), word ^ (ONES * 0x5C));
    let control_or_quote = low.wrapping_sub(ONES * 0x21) & !low;
    let backslash = slashed.wrapping_sub(ONES) & !slashed;
    (control_or_quote | backslash) & HIGHS
}

const fn is_special(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | 0..0x20)
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
