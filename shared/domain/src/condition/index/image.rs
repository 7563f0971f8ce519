//! The stored form of an index: one run of bytes that is ready without reading a rule.
//!
//! In front stand what it is, the version of the form, a checksum of all the rest, and which rules
//! it is of. One that is damaged, foreign or of another version is refused, and the index is made
//! of the rules anew. Numbers are little-endian.

use super::{
    ConditionIndex,
    key::hash,
    literals::Literals,
    lookup::Lookups,
    names::Names,
    parts::Parts,
    slots::{Slot, SlotId},
    triggers::TriggerSlots,
};

/// What an image begins with
const MAGIC: &[u8; 8] = b"DEFUSEIX";

/// The version of the form: another one as soon as programs, literals or the folding of text change
const VERSION: u32 = 2;

/// What stands in front of that which the checksum is of
const HEAD_BYTES: usize = 8 + 4 + 8;

/// An image is not what was asked for; the index is to be made of the rules
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// It begins as no image does
    #[error("this is no image of an index")]
    NotAnImage,
    /// Another version of Defuse made it
    #[error("image of an index has version {found}, and {VERSION} is read")]
    OtherVersion {
        /// The version that it says
        found: u32,
    },
    /// Not as it was written
    #[error("image of an index is damaged")]
    Damaged,
    /// It is of other rules
    #[error("image of an index is of rules `{found}`, and not of `{wanted}`")]
    OtherRules {
        /// The rules that it says
        found: String,
        /// Those that were asked for
        wanted: String,
    },
}

impl ConditionIndex {
    /// The index as bytes; `rules` names the rules that it is of, by a digest for example
    pub fn to_image(&self, rules: &str) -> Vec<u8> {
        let mut body = Writer::default();
        body.bytes(rules.as_bytes());
        let slots: Vec<String> = self.slots.iter().map(Slot::name).collect();
        body.bytes(slots.join("\n").as_bytes());
        body.bytes(&self.literals.records);
        body.words(&self.literals.filter);
        body.words(&self.literals.buckets);
        body.words(&[u32::try_from(self.parts.len()).unwrap_or(u32::MAX)]);
        for parts in &self.parts {
            body.words(&[u32::from(parts.slot), parts.widths]);
            body.words(&parts.filter);
            body.words(&parts.buckets);
            body.words(&parts.literals);
        }
        body.words(&self.programs);
        body.words(&self.starts);
        body.bytes(&self.texts);
        body.words(&self.always);

        let mut image = Vec::with_capacity(HEAD_BYTES + body.0.len());
        image.extend(MAGIC);
        image.extend(VERSION.to_le_bytes());
        image.extend(hash(VERSION, &body.0).to_le_bytes());
        image.extend(body.0);
        image
    }

    /// Reads an image of an index over `rules`, or says why it is none
    pub fn from_image(image: &[u8], rules: &str) -> Result<Self, ImageError> {
        let rest = image.strip_prefix(MAGIC).ok_or(ImageError::NotAnImage)?;
        let (version, rest) = rest.split_first_chunk::<4>().ok_or(ImageError::Damaged)?;
        let found = u32::from_le_bytes(*version);
        if found != VERSION {
            return Err(ImageError::OtherVersion { found });
        }
        let (checksum, body) = rest.split_first_chunk::<8>().ok_or(ImageError::Damaged)?;
        if u64::from_le_bytes(*checksum) != hash(VERSION, body) {
            return Err(ImageError::Damaged);
        }
        let mut body = Reader(body);
        let found = body.text().ok_or(ImageError::Damaged)?;
        if found != rules {
            let (found, wanted) = (found.to_owned(), rules.to_owned());
            return Err(ImageError::OtherRules { found, wanted });
        }
        body.index().ok_or(ImageError::Damaged)
    }
}

/// Writes runs, each behind its length
#[derive(Debug, Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn length(&mut self, length: usize) {
        self.0.extend(u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.0.extend(bytes);
    }

    fn words(&mut self, words: &[u32]) {
        self.length(words.len());
        self.0.extend(words.iter().flat_map(|it| it.to_le_bytes()));
    }
}

/// Reads them
#[derive(Debug)]
struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, n_bytes: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(n_bytes)?;
        self.0 = rest;
        Some(taken)
    }

    fn length(&mut self) -> Option<usize> {
        let length = self.take(4)?.first_chunk::<4>()?;
        usize::try_from(u32::from_le_bytes(*length)).ok()
    }

    fn bytes(&mut self) -> Option<&'b [u8]> {
        let length = self.length()?;
        self.take(length)
    }

    fn text(&mut self) -> Option<&'b str> {
        self.bytes().and_then(|it| str::from_utf8(it).ok())
    }

    fn words(&mut self) -> Option<Vec<u32>> {
        let n_bytes = self.length()?.checked_mul(4)?;
        let (words, _) = self.take(n_bytes)?.as_chunks::<4>();
        Some(words.iter().map(|it| u32::from_le_bytes(*it)).collect())
    }

    fn index(&mut self) -> Option<ConditionIndex> {
        let slots: Option<Vec<Slot>> = self.text()?.lines().map(Slot::from_name).collect();
        let slots = slots?;
        let literals = Literals {
            records: self.bytes()?.to_vec(),
            filter: self.words()?,
            buckets: self.words()?,
        };
        let n_parts = self.words()?.first().copied()?;
        let parts: Option<Vec<Parts>> = (0..n_parts).map(|_| self.parts()).collect();
        let index = ConditionIndex {
            lookups: Lookups::new(slots.len(), &literals),
            names: Names::new(&slots),
            triggers: TriggerSlots::among(&slots),
            slots,
            literals,
            parts: parts?,
            programs: self.words()?,
            starts: self.words()?,
            texts: self.bytes()?.to_vec(),
            always: self.words()?,
        };
        self.0.is_empty().then_some(index)
    }

    fn parts(&mut self) -> Option<Parts> {
        let [slot, widths] = *self.words()?.first_chunk::<2>()?;
        Some(Parts {
            slot: SlotId::try_from(slot).ok()?,
            widths,
            filter: self.words()?,
            buckets: self.words()?,
            literals: self.words()?,
        })
    }
}
