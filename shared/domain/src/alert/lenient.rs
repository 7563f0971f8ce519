//! Reads properties of a JSON object: what is not as it should be is flagged, never fatal.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    flag::{FLAG_VALUE_LENGTH_MAX, FLAGS_MAX, Flag, Oddity},
    wire_name::AsRead,
};

/// An object whose properties are read, with the flags that reading raises
#[derive(Debug)]
pub(super) struct Lenient<'a> {
    object: &'a Map<String, Value>,
    place: String,
    flags: Vec<Flag>,
}

impl<'a> Lenient<'a> {
    pub(super) const fn new(object: &'a Map<String, Value>) -> Self {
        Self { object, place: String::new(), flags: Vec::new() }
    }

    /// A reader of an object inside, which flags under `place`
    pub(super) const fn inside(object: &'a Map<String, Value>, place: String) -> Self {
        Self { object, place, flags: Vec::new() }
    }

    pub(super) fn into_flags(self) -> Vec<Flag> {
        self.flags
    }

    pub(super) fn absorb(&mut self, flags: Vec<Flag>) {
        for flag in flags {
            self.push(flag);
        }
    }

    pub(super) fn flag(&mut self, name: &str, problem: Oddity, value: &str) {
        let property = match self.place.as_str() {
            "" => name.to_owned(),
            place => format!("{place}.{name}"),
        };
        let value = value.chars().take(FLAG_VALUE_LENGTH_MAX).collect();
        self.push(Flag { property, problem, value });
    }

    /// The last flag says that there would be more
    fn push(&mut self, flag: Flag) {
        if self.flags.len() < FLAGS_MAX {
            self.flags.push(flag);
        } else if let Some(last) = self.flags.last_mut() {
            let more = "flags".to_owned();
            *last = Flag { property: more, problem: Oddity::TooMany, value: String::new() };
        }
    }

    pub(super) fn flag_value(&mut self, name: &str, problem: Oddity, value: &Value) {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.flag(name, problem, &text);
    }

    /// The value, unless it is null or absent
    pub(super) fn value(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|it| !it.is_null())
    }

    /// A text; a number or boolean in its place is taken as text and flagged
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let value = self.value(name)?;
        if let Value::String(text) = value {
            return (!text.is_empty()).then(|| text.clone());
        }
        self.flag_value(name, Oddity::WrongType, value);
        (value.is_number() || value.is_boolean()).then(|| value.to_string())
    }

    /// A text that may as well be a number
    pub(super) fn text_or_number(&mut self, name: &str) -> Option<String> {
        if let Value::Number(number) = self.value(name)? {
            return Some(number.to_string());
        }
        self.text(name)
    }

    /// A text that people read: flagged where it holds characters that cannot be seen
    pub(super) fn prose(&mut self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        let unseen: Vec<String> = text
            .chars()
            .filter(|it| is_unseen(*it))
            .map(|it| it.escape_unicode().to_string())
            .collect();
        if !unseen.is_empty() {
            self.flag(name, Oddity::InvisibleCharacters, &unseen.concat());
        }
        Some(text)
    }

    /// A list of texts; a single text in its place is a list of one, and flagged
    pub(super) fn texts(&mut self, name: &str) -> Vec<String> {
        match self.value(name) {
            None => Vec::new(),
            Some(Value::Array(items)) => {
                if let Some(odd) = items.iter().find(|it| !it.is_string()) {
                    self.flag_value(name, Oddity::WrongType, odd);
                }
                items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            Some(odd) => {
                self.flag_value(name, Oddity::WrongType, odd);
                odd.as_str().map(str::to_owned).into_iter().collect()
            }
        }
    }

    /// Texts as a list, or in one text as a list of JSON or with commas between them
    pub(super) fn listed(&mut self, name: &str) -> Vec<String> {
        let Some(Value::String(text)) = self.value(name) else { return self.texts(name) };
        let items = serde_json::from_str::<Vec<Value>>(text).ok().map(|items| {
            items.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
        });
        items.unwrap_or_else(|| {
            let items = text.split(',').map(str::trim).filter(|it| !it.is_empty());
            items.map(str::to_owned).collect()
        })
    }

    /// An object, or one written as a text
    pub(super) fn object_or_text(&mut self, name: &str) -> Map<String, Value> {
        match self.value(name) {
            Some(Value::String(text)) if text.is_empty() => Map::new(),
            Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_else(|_| {
                self.flag(name, Oddity::WrongType, text);
                Map::new()
            }),
            Some(_) | None => self.object(name),
        }
    }

    /// A time stamp with its offset; anything else is flagged
    pub(super) fn time(&mut self, name: &str) -> Option<Timestamp> {
        let value = self.value(name)?;
        let time = value.as_str().and_then(|it| it.parse().ok());
        if time.is_none() {
            self.flag_value(name, Oddity::BadTime, value);
        }
        time
    }

    /// Milliseconds since the epoch
    pub(super) fn milliseconds(&mut self, name: &str) -> Option<Timestamp> {
        let value = self.value(name)?;
        let time = value.as_i64().and_then(|it| Timestamp::from_millisecond(it).ok());
        if time.is_none() {
            self.flag_value(name, Oddity::BadTime, value);
        }
        time
    }

    /// A member of an enumeration; `unknown` and the like are *not set*, and what we do not know
    /// is kept as text and flagged
    pub(super) fn member<T>(
        &mut self,
        name: &str,
        from_name: impl Fn(&str) -> Option<T>,
    ) -> Option<AsRead<T>> {
        let value = self.value(name)?;
        let Some(text) = value.as_str() else {
            self.flag_value(name, Oddity::WrongType, value);
            return Some(AsRead::Other(value.to_string()));
        };
        if text.is_empty() || text.eq_ignore_ascii_case("unknown") {
            return None;
        }
        if let Some(member) = from_name(text) {
            return Some(AsRead::Known(member));
        }
        self.flag(name, Oddity::UnknownMember, text);
        Some(AsRead::Other(text.to_owned()))
    }

    /// A list; anything else is flagged and empty
    pub(super) fn list(&mut self, name: &str) -> &'a [Value] {
        match self.value(name) {
            None => &[],
            Some(Value::Array(items)) => items,
            Some(odd) => {
                self.flag_value(name, Oddity::WrongType, odd);
                &[]
            }
        }
    }

    /// An object; anything else is flagged and empty
    pub(super) fn object(&mut self, name: &str) -> Map<String, Value> {
        match self.value(name) {
            None => Map::new(),
            Some(Value::Object(object)) => object.clone(),
            Some(odd) => {
                self.flag_value(name, Oddity::WrongType, odd);
                Map::new()
            }
        }
    }
}

/// Control characters other than line ends and tabs, zero-width ones, separators, tags, and those
/// that turn the direction of text
fn is_unseen(character: char) -> bool {
    let control = character.is_control() && !matches!(character, '\n' | '\r' | '\t');
    control
        || matches!(
            character,
            '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{E0000}'..='\u{E007F}'
        )
}
