//! Walks a document and gathers every problem on the way.

use std::cell::RefCell;

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use serde_json::Value;

use super::{Node, NodeValue, Place};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};

/// What is wrong with one document, as far as it was read
#[derive(Debug)]
pub(crate) struct Problems {
    file: String,
    /// Whether it is JSON, where a text has quotes and a number has none
    is_json: bool,
    list: RefCell<Vec<Diagnostic>>,
}

impl Problems {
    pub(crate) fn new(file: &str) -> Self {
        Self { file: file.to_owned(), is_json: false, list: RefCell::new(Vec::new()) }
    }

    /// The same for a document in JSON
    pub(crate) fn of_json(file: &str) -> Self {
        Self { is_json: true, ..Self::new(file) }
    }

    /// The value, if nothing was wrong; else every problem, in the order of places
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Vec<Diagnostic>> {
        let mut list = self.list.into_inner();
        list.sort();
        match value {
            Some(value) if list.is_empty() => Ok(value),
            Some(_) | None => Err(list),
        }
    }
}

/// A part of a document, the way that led to it, and where problems go
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    node: &'a Node,
    path: String,
    problems: &'a Problems,
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(node: &'a Node, problems: &'a Problems) -> Self {
        Self { node, path: String::new(), problems }
    }

    pub(crate) fn problem(&self, code: Code, message: impl Into<String>, help: Option<String>) {
        self.problem_at((self.node.place, &self.path), code, message.into(), help);
    }

    fn problem_at(
        &self,
        (place, path): (Place, &str),
        code: Code,
        message: String,
        help: Option<String>,
    ) {
        self.problems.list.borrow_mut().push(Diagnostic {
            file: self.problems.file.clone(),
            line: place.line,
            column: place.column,
            code,
            path: path.to_owned(),
            message,
            help,
        });
    }

    fn inside(&self, node: &'a Node, step: &str) -> Self {
        let path = match self.path.as_str() {
            "" => step.to_owned(),
            path if step.starts_with('[') => format!("{path}{step}"),
            path => format!("{path}.{step}"),
        };
        Self { node, path, problems: self.problems }
    }

    fn wrong_type(&self, expected: &str) {
        let found = match &self.node.value {
            NodeValue::Null => "nothing",
            NodeValue::Scalar { .. } => "a text",
            NodeValue::List(_) => "a list",
            NodeValue::Map(_) => "a map",
        };
        self.problem(Code::WrongType, format!("expected {expected}, found {found}"), None);
    }

    /// Line and column
    pub(crate) const fn place(&self) -> (usize, usize) {
        (self.node.place.line, self.node.place.column)
    }

    /// The way that led here
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) const fn is_scalar(&self) -> bool {
        matches!(self.node.value, NodeValue::Scalar { .. })
    }

    pub(crate) const fn is_null(&self) -> bool {
        matches!(self.node.value, NodeValue::Null)
    }

    pub(crate) const fn is_list(&self) -> bool {
        matches!(self.node.value, NodeValue::List(_))
    }

    /// The scalar, whatever it says; no problem if there is none
    pub(crate) fn scalar(&self) -> Option<&'a str> {
        match &self.node.value {
            NodeValue::Scalar { text, .. } => Some(text),
            NodeValue::Null | NodeValue::List(_) | NodeValue::Map(_) => None,
        }
    }

    /// The part as JSON: plain numbers and booleans are such, everything else is text
    pub(crate) fn json(&self) -> Value {
        self.node.json()
    }

    fn is_plain(&self) -> bool {
        matches!(self.node.value, NodeValue::Scalar { plain: true, .. })
    }

    /// A scalar that is no text
    fn plain(&self) -> Option<&'a str> {
        self.scalar().filter(|_| !self.problems.is_json || self.is_plain())
    }

    pub(crate) fn text(&self) -> Option<&'a str> {
        let text = self.scalar().filter(|_| !self.problems.is_json || !self.is_plain());
        if text.is_none() {
            self.wrong_type("a text");
        }
        text
    }

    /// A text of at most `max` characters that is not blank
    pub(crate) fn short_text(&self, max: usize) -> Option<String> {
        let text = self.text()?;
        let length = text.chars().count();
        if length > max {
            let message = format!("text has {length} characters, at most {max} are possible");
            self.problem(Code::OverLimit, message, None);
            return None;
        }
        if text.trim().is_empty() {
            self.problem(Code::WrongType, "text is blank", None);
            return None;
        }
        Some(text.to_owned())
    }

    pub(crate) fn boolean(&self) -> Option<bool> {
        match self.plain() {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => {
                self.wrong_type("`true` or `false`");
                None
            }
        }
    }

    pub(crate) fn number(&self) -> Option<i64> {
        let number = self.plain().and_then(|it| it.parse().ok());
        if number.is_none() {
            self.wrong_type("a whole number");
        }
        number
    }

    /// A whole number from 1 to `max`
    pub(crate) fn count(&self, max: u32) -> Option<u32> {
        let number = self.number()?;
        let count = u32::try_from(number).ok().filter(|it| (1..=max).contains(it));
        if count.is_none() {
            self.problem(Code::OverLimit, format!("`{number}` is not between 1 and {max}"), None);
        }
        count
    }

    /// A duration such as `10m`, `24h`, `-3d`; a day has 24 hours
    pub(crate) fn duration(&self) -> Option<SignedDuration> {
        let text = self.text()?;
        let sign_free = text.strip_prefix('+').unwrap_or(text);
        let days = SpanRelativeTo::days_are_24_hours();
        let duration = sign_free.parse::<Span>().and_then(|it| it.to_duration(days)).ok();
        if duration.is_none() {
            let help = "write it like `10m`, `24h` or `3d`".to_owned();
            self.problem(Code::BadValue, format!("`{text}` is not a duration"), Some(help));
        }
        duration
    }

    /// A point in time with its offset
    pub(crate) fn time(&self) -> Option<Timestamp> {
        let text = self.text()?;
        let time = text.parse().ok();
        if time.is_none() {
            let help = "write it like `2026-11-23T10:00:00Z`".to_owned();
            self.problem(Code::BadValue, format!("`{text}` is not a time stamp"), Some(help));
        }
        time
    }

    /// One of `known`, exactly
    pub(crate) fn word(&self, what: &str, known: &[&'static str]) -> Option<&'static str> {
        let text = self.text()?;
        let word = known.iter().find(|it| **it == text).copied();
        if word.is_none() {
            self.unknown_word(what, text, known);
        }
        word
    }

    pub(crate) fn unknown_word(&self, what: &str, text: &str, known: &[&str]) {
        let message = format!("`{text}` is no {what}");
        self.problem(Code::UnknownWord, message, Some(offer(text, known)));
    }

    pub(crate) fn items(&self) -> Option<Vec<Self>> {
        let NodeValue::List(items) = &self.node.value else {
            self.wrong_type("a list");
            return None;
        };
        let cursors =
            items.iter().enumerate().map(|(index, it)| self.inside(it, &format!("[{index}]")));
        Some(cursors.collect())
    }

    /// A list of at least one, each read by `read`
    pub(crate) fn list_of<T>(&self, read: impl Fn(&Self) -> Option<T>) -> Option<Vec<T>> {
        let items = self.items()?;
        if items.is_empty() {
            self.problem(Code::WrongType, "list is empty", None);
            return None;
        }
        // Every item is read before the first failure counts, so that all problems show.
        let read: Vec<Option<T>> = items.iter().map(read).collect();
        read.into_iter().collect()
    }

    /// Every key with its value, whatever the keys are; repeated ones are a problem
    pub(crate) fn entries(&self) -> Option<Vec<(&'a str, Self)>> {
        let NodeValue::Map(pairs) = &self.node.value else {
            self.wrong_type("a map");
            return None;
        };
        let mut entries: Vec<(&'a str, Self)> = Vec::new();
        for (key, value) in pairs {
            let NodeValue::Scalar { text, .. } = &key.value else {
                self.inside(key, "").wrong_type("a text for a key");
                continue;
            };
            if entries.iter().any(|(known, _)| known == text) {
                let message = format!("`{text}` stands here twice");
                let path = self.inside(key, text).path;
                self.problem_at((key.place, &path), Code::RepeatedKey, message, None);
                continue;
            }
            entries.push((text, self.inside(value, text)));
        }
        Some(entries)
    }

    /// The fields of a map; keys that are not `known` are a problem each
    pub(crate) fn fields(&self, known: &[&'static str]) -> Option<Fields<'a>> {
        let entries = self.entries()?;
        for (key, value) in &entries {
            if !known.contains(key) {
                self.unknown_key(key, value, known);
            }
        }
        Some(Fields { whole: self.clone(), entries })
    }

    fn unknown_key(&self, key: &str, value: &Self, known: &[&str]) {
        let place = match &self.node.value {
            NodeValue::Map(pairs) => pairs
                .iter()
                .find(|(it, _)| matches!(&it.value, NodeValue::Scalar { text, .. } if text == key))
                .map_or(value.node.place, |(it, _)| it.place),
            NodeValue::Null | NodeValue::Scalar { .. } | NodeValue::List(_) => value.node.place,
        };
        let message = format!("`{key}` is not known here");
        let help = Some(offer(key, known));
        self.problem_at((place, &value.path), Code::UnknownKey, message, help);
    }

    /// The value of `name`, where the part is a map of that key alone
    pub(crate) fn only_field(&self, name: &str) -> Option<Self> {
        let NodeValue::Map(pairs) = &self.node.value else { return None };
        let [(key, value)] = pairs.as_slice() else { return None };
        match &key.value {
            NodeValue::Scalar { text, .. } if text == name => Some(self.inside(value, name)),
            NodeValue::Scalar { .. } | NodeValue::Null | NodeValue::List(_) | NodeValue::Map(_) => {
                None
            }
        }
    }

    /// The one variant that a part names: a text alone, or a map of one key
    pub(crate) fn variant(
        &self,
        what: &str,
        known: &[&'static str],
    ) -> Option<(&'static str, Option<Self>)> {
        if self.is_scalar() {
            return self.word(what, known).map(|it| (it, None));
        }
        let entries = self.entries()?;
        let [(key, value)] = entries.as_slice() else {
            let keys: Vec<&str> = entries.iter().map(|(key, _)| *key).collect();
            let (message, help) = if keys.is_empty() {
                (format!("the {what} is missing"), format!("possible are {}", listed(known)))
            } else {
                let message = format!("one {what} has one key, and here are {}", listed(&keys));
                let help = match what {
                    "condition" => "join them: `all: [{ … }, { … }]`",
                    "action" => "make each an item of the list by itself",
                    _ => "keep one of them",
                };
                (message, help.to_owned())
            };
            self.problem(Code::WrongType, message, Some(help));
            return None;
        };
        let name = known.iter().find(|it| *it == key).copied();
        if name.is_none() {
            self.unknown_key(key, value, known);
        }
        name.map(|it| (it, Some(value.clone())))
    }
}

/// The fields of a map
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    whole: Cursor<'a>,
    entries: Vec<(&'a str, Cursor<'a>)>,
}

impl<'a> Fields<'a> {
    pub(crate) fn get(&self, name: &str) -> Option<&Cursor<'a>> {
        self.entries.iter().find(|(key, _)| *key == name).map(|(_, it)| it)
    }

    /// The field; its absence is a problem
    pub(crate) fn require(&self, name: &str) -> Option<&Cursor<'a>> {
        let field = self.get(name);
        if field.is_none() {
            self.whole.problem(Code::MissingKey, format!("`{name}` is missing"), None);
        }
        field
    }

    /// The one field of `names` that is there; none, or more than one, is a problem
    pub(crate) fn exactly_one(
        &self,
        what: &str,
        names: &[&'static str],
    ) -> Option<(&'static str, &Cursor<'a>)> {
        let found: Vec<(&'static str, &Cursor<'a>)> =
            names.iter().filter_map(|name| Some((*name, self.get(name)?))).collect();
        match found.as_slice() {
            [] => {
                let help = Some(format!("write one of {}", listed(names)));
                self.whole.problem(Code::MissingKey, format!("the {what} is missing"), help);
                None
            }
            [one] => Some(*one),
            [_, second, ..] => {
                let keys: Vec<&str> = found.iter().map(|(name, _)| *name).collect();
                let message = format!("one {what} is enough, and here are {}", listed(&keys));
                let help = Some("keep one of them".to_owned());
                second.1.problem(Code::WrongType, message, help);
                None
            }
        }
    }

    /// The field read by `read`, or `absent` where the author wrote none
    pub(crate) fn or<T>(
        &self,
        name: &str,
        absent: T,
        read: impl Fn(&Cursor<'a>) -> Option<T>,
    ) -> Option<T> {
        self.get(name).map_or(Some(absent), read)
    }
}

fn offer(word: &str, known: &[&str]) -> String {
    match did_you_mean(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("possible are {}", listed(known)),
    }
}

fn listed(known: &[&str]) -> String {
    let quoted: Vec<String> = known.iter().map(|it| format!("`{it}`")).collect();
    quoted.join(", ")
}
